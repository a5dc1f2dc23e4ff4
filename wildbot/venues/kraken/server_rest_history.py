"""REST answers about an account's orders and trades.

Rules: amounts are strings; lists are paged by 50, newest first; ids are the keys of the answer. There are no positions:
    spot without margin has none.
Source: Kraken REST account pages and recorded answers.
"""

from collections.abc import Iterable

from wildbot.model.errors import VenueRefusal
from wildbot.model.exchange import Amendment, Execution, Kind, OrderStatus, OrderView
from wildbot.model.instrument import NANOS_PER_MS, Instrument, Liquidity, scaled_text
from wildbot.venues.kraken.server_descriptions import order_text
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_keys import ApiKey
from wildbot.venues.kraken.server_names import PairNames, pair_altname
from wildbot.venues.kraken.server_orders import TRIGGERED, invalid
from wildbot.venues.kraken.server_pages import offset_of, page_of, span_of, wanted_ids
from wildbot.venues.kraken.server_rest_fields import text_of, truth, whole_of
from wildbot.venues.kraken.server_text import average_ticks, cost_price_text, cost_text, fee_text, unix_number

Result = dict[str, object]

STATUSES = {
    OrderStatus.PENDING_NEW: "pending",
    OrderStatus.NEW: "open",
    OrderStatus.PARTIALLY_FILLED: "open",
    OrderStatus.FILLED: "closed",
    OrderStatus.CANCELED: "canceled",
    OrderStatus.EXPIRED: "expired",
}
TRADE_KINDS = frozenset({"all", "any position", "closed position", "closing position", "no position"})


class RestHistory:
    """One method per endpoint, called by name."""

    def __init__(self, exchange: Exchange, names: PairNames) -> None:
        self._exchange = exchange
        self._names = names
        self.endpoints = {
            "OpenOrders": self._open_orders,
            "ClosedOrders": self._closed_orders,
            "QueryOrders": self._query_orders,
            "OrderAmends": self._order_amends,
            "QueryTrades": self._query_trades,
            "TradesHistory": self._trades_history,
            "OpenPositions": self._open_positions,
        }

    def _open_orders(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        orders = _chosen(self._exchange.open_orders(key.account), body)
        return {"open": self._orders(orders, body)}

    def _closed_orders(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        orders = _chosen(self._exchange.closed_orders(key.account), body)
        times = text_of(body, "closetime") or "both"
        start, end = span_of(body, {order.order_id: order.opened_ns for order in orders})
        orders = [order for order in orders if start < (order.opened_ns if times == "open" else order.closed_ns) <= end]
        page = page_of(orders, offset_of(body))
        result: Result = {"closed": self._orders(page, body)}
        return result if truth(body, "without_count") else {**result, "count": len(orders)}

    def _query_orders(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        if text_of(body, "cl_ord_id"):
            return self._orders(self._exchange.orders_by_cl_ord_id(key.account, text_of(body, "cl_ord_id")), body)
        orders = []
        for order_id in wanted_ids(body, "txid"):
            order = self._exchange.order(key.account, order_id)
            if order is None:
                raise VenueRefusal("EOrder:Invalid order")
            orders.append(order)
        return self._orders(orders, body)

    def _order_amends(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        order_id = text_of(body, "order_id")
        if not order_id:
            raise invalid("order_id")
        order = self._exchange.order(key.account, order_id)
        if order is None:
            raise VenueRefusal("EOrder:Invalid order")
        instrument = self._exchange.instruments[order.pair]
        amends = [_amend(instrument, each) for each in self._exchange.amendments(key.account, order_id)]
        return {"amends": amends, "count": len(amends)}

    def _orders(self, orders: Iterable[OrderView], body: Params) -> Result:
        with_trades = truth(body, "trades")
        return {order.order_id: self._order(order, with_trades=with_trades) for order in orders}

    def _order(self, order: OrderView, *, with_trades: bool) -> Result:
        instrument = self._exchange.instruments[order.pair]
        entry: Result = {"refid": None, "userref": order.userref}
        if order.cl_ord_id:
            entry["cl_ord_id"] = order.cl_ord_id
        entry |= {
            "status": STATUSES[order.status],
            "opentm": unix_number(order.opened_ns),
            "starttm": 0,
            "expiretm": unix_number(order.expire_ns) if order.expire_ns else 0,
            "descr": _description(instrument, order),
            "vol": instrument.lots_text(order.lots),
            "vol_exec": instrument.lots_text(order.filled_lots),
            "cost": cost_text(instrument, order.cost),
            "fee": fee_text(instrument, order.fee, in_base=order.fee_in_base),
            "price": cost_price_text(instrument, average_ticks(instrument, order.cost, order.filled_lots)),
            "stopprice": cost_price_text(instrument, order.trigger_ticks),
            "limitprice": cost_price_text(instrument, order.ticks if order.kind in TRIGGERED else 0),
            "misc": "",
            "oflags": ("post," if order.post_only else "") + ("fcib" if order.fee_in_base else "fciq"),
        }
        if order.closed_ns:
            entry |= {"reason": order.reason or None, "closetm": unix_number(order.closed_ns)}
        if with_trades and order.exec_ids:
            entry["trades"] = list(order.exec_ids)
        return entry

    # --- trades -----------------------------------------------------------------------------------------------------

    def _trades_history(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        kind = text_of(body, "type") or "all"
        if kind not in TRADE_KINDS:
            raise invalid("type")
        trades = self._exchange.executions(key.account) if kind in ("all", "no position") else []
        start, end = span_of(body, {each.exec_id: each.ts_ns for each in trades})
        trades = [each for each in trades if start < each.ts_ns <= end]
        shown = page_of(trades, offset_of(body))
        legs = self._legs(key.account) if truth(body, "ledgers") else {}
        page = {each.exec_id: self._trade(each, legs.get(each.exec_id)) for each in shown}
        return {"trades": page} if truth(body, "without_count") else {"count": len(trades), "trades": page}

    def _query_trades(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        by_id = {each.exec_id: each for each in self._exchange.executions(key.account)}
        wanted = wanted_ids(body, "txid")
        legs = self._legs(key.account) if truth(body, "ledgers") else {}
        if any(exec_id not in by_id for exec_id in wanted):
            raise invalid("txid")
        return {exec_id: self._trade(by_id[exec_id], legs.get(exec_id)) for exec_id in wanted}

    def _open_positions(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        return {}

    def _legs(self, account: str) -> dict[str, list[str]]:
        """Return the ledger ids of each trade."""
        legs: dict[str, list[str]] = {}
        for entry in reversed(self._exchange.ledger_entries(account)):
            legs.setdefault(entry.ref_id, []).append(entry.ledger_id)
        return legs

    def _trade(self, execution: Execution, ledgers: list[str] | None) -> Result:
        instrument = self._exchange.instruments[execution.pair]
        zero = scaled_text(0, instrument.cost_decimals)
        return {
            "ordertxid": execution.order_id,
            "postxid": execution.exec_id,
            "pair": instrument.rest_key,
            "time": unix_number(execution.ts_ns),
            "type": execution.side,
            "ordertype": execution.kind,
            "price": cost_price_text(instrument, execution.ticks),
            "cost": cost_text(instrument, execution.cost),
            "fee": fee_text(instrument, execution.fee, in_base=execution.fee_asset == instrument.base),
            "vol": instrument.lots_text(execution.lots),
            "margin": zero,
            "leverage": "0",
            "misc": "",
            "trade_id": execution.trade_id,
            "maker": execution.liquidity is Liquidity.MAKER,
            **({"ledgers": ledgers} if ledgers else {}),
        }


def _description(instrument: Instrument, order: OrderView) -> Result:
    triggered = order.kind in TRIGGERED
    return {
        "pair": pair_altname(instrument),
        "type": order.side,
        "ordertype": order.kind,
        "price": instrument.price_text(order.trigger_ticks if triggered else order.ticks)
        if order.kind is not Kind.MARKET
        else "0",
        "price2": instrument.price_text(order.ticks) if triggered and order.ticks else "0",
        "leverage": "none",
        "order": order_text(instrument, order),
        "close": "",
    }


def _amend(instrument: Instrument, amendment: Amendment) -> Result:
    return {
        "amend_id": amendment.amend_id,
        "amend_type": amendment.kind,
        "order_qty": instrument.lots_text(amendment.lots),
        "remaining_qty": instrument.lots_text(amendment.left_lots),
        **({"limit_price": instrument.price_text(amendment.ticks)} if amendment.ticks else {}),
        **({"trigger_price": instrument.price_text(amendment.trigger_ticks)} if amendment.trigger_ticks else {}),
        **({"reason": amendment.reason} if amendment.reason else {}),
        "post_only": amendment.post_only,
        "timestamp": amendment.ts_ns // NANOS_PER_MS,
    }


def _chosen(orders: list[OrderView], body: Params) -> list[OrderView]:
    if text_of(body, "cl_ord_id"):
        orders = [order for order in orders if order.cl_ord_id == text_of(body, "cl_ord_id")]
    if text_of(body, "userref"):
        orders = [order for order in orders if order.userref == whole_of(body, "userref")]
    return orders
