"""REST account calls of the simulated exchange: balances, orders, trades, fees, the key itself.

Rules: amounts are strings; lists are paged by 50, newest first; ids are the keys of the answer.
Source: Kraken REST account pages and recorded answers.
Known limit: the account's value counts the quote currency as dollars, and assets at the middle of their book.
"""

import random
from collections.abc import Iterable

from wildbot.model.errors import VenueRefusal
from wildbot.model.exchange import ASSET_DECIMALS, Execution, Kind, OrderStatus, OrderView
from wildbot.model.instrument import (
    MONEY_DECIMALS,
    NANOS_PER_SECOND,
    Instrument,
    Liquidity,
    money_text,
    round_half_up,
    scaled_text,
)
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_keys import PERMISSIONS, TOKEN_TTL_S, ApiKey
from wildbot.venues.kraken.server_names import PairNames, asset_id, pair_altname, precision
from wildbot.venues.kraken.server_orders import TRIGGERED, invalid
from wildbot.venues.kraken.server_rest_orders import order_text, text_of, truth, whole_of
from wildbot.venues.kraken.server_text import asset_text, average_ticks, cost_price_text, cost_text, unix_number

PAGE = 50
QUERY_MAX = 50
Result = dict[str, object]

STATUSES = {
    OrderStatus.PENDING_NEW: "pending",
    OrderStatus.NEW: "open",
    OrderStatus.PARTIALLY_FILLED: "open",
    OrderStatus.FILLED: "closed",
    OrderStatus.CANCELED: "canceled",
    OrderStatus.EXPIRED: "expired",
}


class RestAccount:
    """One method per endpoint, called by name."""

    def __init__(self, exchange: Exchange, names: PairNames, rng: random.Random) -> None:
        self._exchange = exchange
        self._names = names
        self._rng = rng
        self.endpoints = {
            "Balance": self._balance,
            "BalanceEx": self._balance_ex,
            "TradeBalance": self._trade_balance,
            "OpenOrders": self._open_orders,
            "ClosedOrders": self._closed_orders,
            "QueryOrders": self._query_orders,
            "QueryTrades": self._query_trades,
            "TradesHistory": self._trades_history,
            "TradeVolume": self._trade_volume,
            "GetWebSocketsToken": self._token,
            "GetApiKeyInfo": self._key_info,
        }

    # --- money ------------------------------------------------------------------------------------------------------

    def _balance(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        balances = sorted(self._exchange.balances(key.account).items())
        return {asset_id(asset): asset_text(units, precision(asset)) for asset, units in balances}

    def _balance_ex(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        holds = self._exchange.holds(key.account)
        return {
            asset_id(asset): {
                "balance": asset_text(units, precision(asset)),
                "hold_trade": asset_text(holds.get(asset, 0), precision(asset)),
            }
            for asset, units in sorted(self._exchange.balances(key.account).items())
        }

    def _trade_balance(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        balances = self._exchange.balances(key.account)
        quotes = {instrument.quote for instrument in self._exchange.instruments.values()}
        value = sum(units for asset, units in balances.items() if asset in quotes)
        for instrument in self._exchange.instruments.values():
            bids, asks = self._exchange.depth(instrument.pair, 1)
            if bids and asks and instrument.base in balances:
                middle = bids[0][0] + asks[0][0]
                value += round_half_up(balances[instrument.base] * middle, 2 * 10**instrument.price_decimals)
        text = scaled_text(round_half_up(value, 10 ** (ASSET_DECIMALS - 4)), 4)
        zero = "0.0000"
        return {"eb": text, "tb": text, "m": zero, "uv": zero, "n": zero, "c": zero, "v": zero, "e": text, "mf": text}

    def _trade_volume(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        volume = money_text(self._exchange.volume_money(key.account), 4)
        if not text_of(body, "pair"):
            return {"currency": "ZUSD", "volume": volume, "fees": None, "fees_maker": None}
        taker: Result = {}
        maker: Result = {}
        for name in text_of(body, "pair").split(","):
            instrument = self._names.pair(name.strip())
            fees = self._exchange.fee_schedule(key.account, instrument.pair)
            taker[instrument.rest_key] = _fee_entry(fees.taker_ppm)
            maker[instrument.rest_key] = _fee_entry(fees.maker_ppm)
        return {"currency": "ZUSD", "volume": volume, "fees": taker, "fees_maker": maker}

    # --- orders -----------------------------------------------------------------------------------------------------

    def _open_orders(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        orders = _chosen(self._exchange.open_orders(key.account), body)
        return {"open": self._orders(orders, body)}

    def _closed_orders(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        orders = _chosen(self._exchange.closed_orders(key.account), body)
        times = text_of(body, "closetime") or "both"
        start, end = self._span(body)
        orders = [order for order in orders if start < (order.opened_ns if times == "open" else order.closed_ns) <= end]
        page = orders[_offset(body) :][:PAGE]
        result: Result = {"closed": self._orders(page, body)}
        return result if truth(body, "without_count") else {**result, "count": len(orders)}

    def _query_orders(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        if text_of(body, "cl_ord_id"):
            return self._orders(self._exchange.orders_by_cl_ord_id(key.account, text_of(body, "cl_ord_id")), body)
        orders = []
        for order_id in _ids(body):
            order = self._exchange.order(key.account, order_id)
            if order is None:
                raise VenueRefusal("EOrder:Invalid order")
            orders.append(order)
        return self._orders(orders, body)

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
            "fee": cost_text(instrument, order.fee),
            "price": cost_price_text(instrument, average_ticks(instrument, order.cost, order.filled_lots)),
            "stopprice": cost_price_text(instrument, order.trigger_ticks),
            "limitprice": cost_price_text(instrument, order.ticks if order.kind in TRIGGERED else 0),
            "misc": "",
            "oflags": "post,fciq" if order.post_only else "fciq",
        }
        if order.closed_ns:
            entry |= {"reason": order.reason or None, "closetm": unix_number(order.closed_ns)}
        if with_trades and order.exec_ids:
            entry["trades"] = list(order.exec_ids)
        return entry

    # --- trades -----------------------------------------------------------------------------------------------------

    def _trades_history(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        start, end = self._span(body)
        trades = [each for each in self._exchange.executions(key.account) if start < each.ts_ns <= end]
        page = {each.exec_id: self._trade(each) for each in trades[_offset(body) :][:PAGE]}
        return {"trades": page} if truth(body, "without_count") else {"count": len(trades), "trades": page}

    def _query_trades(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        by_id = {each.exec_id: each for each in self._exchange.executions(key.account)}
        wanted = _ids(body)
        if any(exec_id not in by_id for exec_id in wanted):
            raise invalid("txid")
        return {exec_id: self._trade(by_id[exec_id]) for exec_id in wanted}

    def _trade(self, execution: Execution) -> Result:
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
            "fee": cost_text(instrument, execution.fee),
            "vol": instrument.lots_text(execution.lots),
            "margin": zero,
            "leverage": "0",
            "misc": "",
            "trade_id": execution.trade_id,
            "maker": execution.liquidity is Liquidity.MAKER,
        }

    # --- the key ----------------------------------------------------------------------------------------------------

    def _token(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        return {"token": key.new_token(self._rng, now_ns), "expires": TOKEN_TTL_S}

    def _key_info(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        return {
            "api_key_name": key.account,
            "api_key": key.key,
            "nonce": str(key.nonces.last),
            "nonce_window": "0",
            "permissions": PERMISSIONS,
            "iban": "",
            "valid_until": "0",
            "query_from": "0",
            "query_to": "0",
            "created_time": "0",
            "modified_time": "0",
            "ip_allowlist": ["127.0.0.1"],
            "last_used": str(key.last_used_ns // NANOS_PER_SECOND),
        }

    def _span(self, body: Params) -> tuple[int, int]:
        return _time(body, "start", 0), _time(body, "end", 1 << 62)


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


def _fee_entry(ppm: int) -> Result:
    percent = scaled_text(ppm, 4)
    return {
        "fee": percent,
        "minfee": percent,
        "maxfee": percent,
        "nextfee": None,
        "nextvolume": None,
        "tiervolume": "0.0000",
    }


def _chosen(orders: list[OrderView], body: Params) -> list[OrderView]:
    if text_of(body, "cl_ord_id"):
        orders = [order for order in orders if order.cl_ord_id == text_of(body, "cl_ord_id")]
    if text_of(body, "userref"):
        orders = [order for order in orders if order.userref == whole_of(body, "userref")]
    return orders


def _ids(body: Params) -> list[str]:
    wanted = [text.strip() for text in text_of(body, "txid").split(",") if text.strip()]
    if not 0 < len(wanted) <= QUERY_MAX:
        raise invalid("txid")
    return wanted


def _offset(body: Params) -> int:
    return max(0, whole_of(body, "ofs") or 0)


def _time(body: Params, name: str, default: int) -> int:
    """Return a unix time in seconds, with or without a fraction, as nanoseconds."""
    whole, _, fraction = text_of(body, name).partition(".")
    if not whole:
        return default
    if not (whole + fraction).isascii() or not (whole + fraction).isdigit() or len(whole) > MONEY_DECIMALS + 1:
        raise invalid(name)
    return int(whole) * NANOS_PER_SECOND + int(fraction[:9].ljust(9, "0"))
