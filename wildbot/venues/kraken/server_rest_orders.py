"""REST order calls of the simulated exchange: their names translated to the common tongue of `server_orders`.

Rules: booleans may be written true, True or 1; numbers come as text. The description's wording is exact, since clients
    split it.
Source: Kraken REST trading pages, recorded answers, and the requests of two third-party clients.
Known limit: EditOrder is not served (AmendOrder is); relative prices ("+1%") are refused.
"""

from wildbot.model.errors import ProtocolError, VenueRefusal
from wildbot.model.exchange import AmendPlaced, OrderView, PlaceOrder, Refusal
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Instrument
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_names import PairNames, pair_altname
from wildbot.venues.kraken.server_orders import LIMITED, TRIGGERED, amend_order, invalid, place_order
from wildbot.venues.kraken.server_text import exact_integer, timestamp
from wildbot.venues.kraken.server_trading import (
    BATCH_ADD_MAX,
    BATCH_ADD_MIN,
    BATCH_CANCEL_MAX,
    TIMEOUT_MAX_S,
    cancels_of,
    find_open,
    switch_result,
)

Result = dict[str, object]
REST_TEXTS = {"EGeneral:Invalid arguments:volume minimum not met": "EOrder:Order minimum not met"}
"""The engine speaks as the WebSocket does; where REST is documented to say it otherwise, so do we."""

ORDER_FLAGS = frozenset({"post", "fcib", "fciq", "viqc", "nompp"})
KIND_WORDS = {
    "stop-loss": "stop loss",
    "stop-loss-limit": "stop loss",
    "take-profit": "take profit",
    "take-profit-limit": "take profit",
}


class RestOrders:
    """One method per endpoint, called by name."""

    def __init__(self, exchange: Exchange, names: PairNames) -> None:
        self._exchange = exchange
        self._names = names
        self.endpoints = {
            "AddOrder": self._add,
            "AddOrderBatch": self._add_batch,
            "AmendOrder": self._amend,
            "CancelOrder": self._cancel,
            "CancelOrderBatch": self._cancel_batch,
            "CancelAll": self._cancel_all,
            "CancelAllOrdersAfter": self._cancel_all_after,
        }

    def _add(self, body: Params, account: str, now_ns: int) -> Result:
        instrument = self._names.pair(text_of(body, "pair"))
        request = place_order(instrument, common_fields(body, now_ns), account, now_ns)
        reply = self._exchange.place(request, now_ns)
        if isinstance(reply, Refusal):
            raise VenueRefusal(REST_TEXTS.get(reply.error, reply.error))
        descr: Result = {"descr": {"order": request_text(instrument, request)}}
        return descr if request.validate_only else {"txid": [reply.order_id], **descr}

    def _add_batch(self, body: Params, account: str, now_ns: int) -> Result:
        orders = body.get("orders")
        if not isinstance(orders, list) or not BATCH_ADD_MIN <= len(orders) <= BATCH_ADD_MAX:
            raise invalid("orders")
        instrument = self._names.pair(text_of(body, "pair"))
        common = {name: body[name] for name in ("deadline", "validate") if name in body}
        requests = []
        for order in orders:
            if not isinstance(order, dict):
                raise invalid("orders")
            requests.append(place_order(instrument, common_fields(order | common, now_ns), account, now_ns))
        rows: list[Result] = []
        for request in requests:
            reply = self._exchange.place(request, now_ns)
            if isinstance(reply, Refusal):
                rows.append({"error": reply.error})
            else:
                rows.append({"txid": reply.order_id, "descr": {"order": request_text(instrument, request)}})
        return {"orders": rows}

    def _amend(self, body: Params, account: str, now_ns: int) -> Result:
        order_id, cl_ord_id = text_of(body, "txid"), text_of(body, "cl_ord_id")
        if bool(order_id) == bool(cl_ord_id):
            raise invalid("txid")
        order = find_open(self._exchange, account, order_id, cl_ord_id)
        if order is None:
            request = AmendPlaced(account=account, order_id=order_id, cl_ord_id=cl_ord_id)
        else:
            fields: Params = {
                name: body[name] for name in ("order_qty", "limit_price", "trigger_price", "deadline") if name in body
            }
            fields |= {"order_id": order_id, "cl_ord_id": cl_ord_id, "post_only": truth(body, "post_only")}
            request = amend_order(self._exchange.instruments[order.pair], fields, account, now_ns)
        reply = self._exchange.amend(request, now_ns)
        if isinstance(reply, Refusal):
            raise VenueRefusal(reply.error)
        return {"amend_id": reply.amend_id}

    def _cancel(self, body: Params, account: str, now_ns: int) -> Result:
        kind = "cl_ord_id" if body.get("cl_ord_id") else "order_id"
        value = text_of(body, "cl_ord_id") or text_of(body, "txid") or text_of(body, "userref")
        if not value:
            raise invalid("txid")
        return {"count": self._cancel_each([(kind, value)], account, now_ns)}

    def _cancel_batch(self, body: Params, account: str, now_ns: int) -> Result:
        wanted: list[tuple[str, object]] = []
        for name, kind in (("orders", "order_id"), ("cl_ord_ids", "cl_ord_id")):
            values = body.get(name, [])
            if not isinstance(values, list):
                raise invalid(name)
            wanted += [(kind, str(value)) for value in values]
        if not 0 < len(wanted) <= BATCH_CANCEL_MAX:
            raise invalid("orders")
        return {"count": self._cancel_each(wanted, account, now_ns)}

    def _cancel_each(self, wanted: list[tuple[str, object]], account: str, now_ns: int) -> int:
        count, error = 0, "EOrder:Unknown order"
        for kind, value in wanted:
            for request in cancels_of(self._exchange, account, kind, value):
                reply = self._exchange.cancel(request, now_ns)
                if isinstance(reply, Refusal):
                    error = reply.error
                else:
                    count += reply.count
        if not count:
            raise VenueRefusal(error)
        return count

    def _cancel_all(self, body: Params, account: str, now_ns: int) -> Result:
        return {"count": self._exchange.cancel_all(account, now_ns).count}

    def _cancel_all_after(self, body: Params, account: str, now_ns: int) -> Result:
        timeout = whole_of(body, "timeout")
        if timeout is None or not 0 <= timeout < TIMEOUT_MAX_S:
            raise invalid("timeout")
        return switch_result(self._exchange, account, timeout, now_ns)


def common_fields(body: Params, now_ns: int) -> Params:
    """Return an AddOrder body's fields by their WebSocket names. Raises: VenueRefusal."""
    kind = text_of(body, "ordertype")
    flags = {flag for flag in text_of(body, "oflags").split(",") if flag}
    if flags - ORDER_FLAGS:
        raise invalid("oflags")
    fields: Params = {
        "order_type": kind,
        "side": text_of(body, "type"),
        "post_only": "post" in flags,
        "reduce_only": truth(body, "reduce_only"),
        "validate": truth(body, "validate"),
        "margin": text_of(body, "leverage") not in ("", "none", "0", "1", "1:1"),
        "effective_time": text_of(body, "starttm") not in ("", "0"),
        "conditional": any(name.startswith("close") for name in body),
        "display_qty": bool(text_of(body, "displayvol")),
        "fee_preference": "base" if "fcib" in flags else "quote",
        "cash_order_qty" if "viqc" in flags else "order_qty": text_of(body, "volume"),
    }
    if text_of(body, "timeinforce"):
        fields["time_in_force"] = text_of(body, "timeinforce")
    if text_of(body, "stptype"):
        fields["stp_type"] = text_of(body, "stptype").replace("-", "_")
    if text_of(body, "deadline"):
        fields["deadline"] = text_of(body, "deadline")
    if text_of(body, "cl_ord_id"):
        fields["cl_ord_id"] = text_of(body, "cl_ord_id")
    if text_of(body, "userref"):
        fields["order_userref"] = whole_of(body, "userref")
    if text_of(body, "expiretm") not in ("", "0"):
        fields["expire_time"] = timestamp(_expiry_ns(text_of(body, "expiretm"), now_ns))
    return fields | _prices(body, kind)


def _prices(body: Params, kind: str) -> Params:
    price, second = text_of(body, "price"), text_of(body, "price2")
    if kind in TRIGGERED:
        fields: Params = {"triggers": {"price": price, "reference": text_of(body, "trigger") or "last"}}
        return fields | ({"limit_price": second} if kind in LIMITED else {})
    return {"limit_price": price} if kind in LIMITED and price else {}


def _expiry_ns(text: str, now_ns: int) -> int:
    try:
        seconds = exact_integer(text.removeprefix("+"), 0)
    except ProtocolError:
        raise invalid("expiretm") from None
    return now_ns + seconds * NANOS_PER_SECOND if text.startswith("+") else seconds * NANOS_PER_SECOND


def text_of(body: Params, name: str) -> str:
    """Return a field as text, "" when it is absent; JSON numbers and booleans become their text."""
    value = body.get(name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        raise invalid(name)
    return str(value)


def truth(body: Params, name: str) -> bool:
    """Return a boolean field in any of its spellings. Raises: VenueRefusal for another one."""
    text = text_of(body, name).lower()
    if text not in ("", "true", "false", "1", "0"):
        raise invalid(name)
    return text in ("true", "1")


def whole_of(body: Params, name: str) -> int | None:
    """Return a whole-number field, None when it is absent. Raises: VenueRefusal."""
    text = text_of(body, name)
    if not text:
        return None
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > MONEY_DECIMALS + 10:
        raise invalid(name)
    return int(text)


def request_text(instrument: Instrument, request: PlaceOrder) -> str:
    """Return the description of an order being placed."""
    size = instrument.lots_text(request.lots)
    if request.quote_money:
        size = instrument.lots_text(request.quote_money * 10**instrument.lot_decimals // 10**MONEY_DECIMALS)
    return _text(instrument, request.side, size, request.kind, request.ticks, request.trigger_ticks)


def order_text(instrument: Instrument, order: OrderView) -> str:
    """Return the description of an order that stands."""
    size = instrument.lots_text(order.lots)
    return _text(instrument, order.side, size, order.kind, order.ticks, order.trigger_ticks)


def _text(instrument: Instrument, side: Side, size: str, kind: str, ticks: int, trigger_ticks: int) -> str:
    head = f"{side} {size} {pair_altname(instrument)} @"
    if kind not in KIND_WORDS:
        return f"{head} limit {instrument.price_text(ticks)}" if ticks else f"{head} market"
    limit = f" -> limit {instrument.price_text(ticks)}" if ticks else ""
    return f"{head} {KIND_WORDS[kind]} {instrument.price_text(trigger_ticks)}{limit}"
