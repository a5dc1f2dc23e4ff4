"""The trading methods of the private WebSocket: from a request's fields to the exchange and back.

Rules: returns the answers, never sends them; a list of orders gets one answer per order. The engine's refusals keep their
    text.
Source: Kraken WebSocket v2 trading pages and recorded replies.
"""

from dataclasses import dataclass
from functools import partial

from wildbot.model.errors import VenueRefusal
from wildbot.model.exchange import AmendPlaced, CancelPlaced, OrderView, Placed, PlaceOrder, Refusal
from wildbot.model.instrument import Instrument
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_fixed_costs import ADD, AMEND, BATCH_ADD_EACH, EDIT, priced
from wildbot.venues.kraken.server_frames import FIELDS, ORDER_FIELDS, Params, Request, check_fields
from wildbot.venues.kraken.server_orders import amend_order, edit_order, invalid, place_order
from wildbot.venues.kraken.server_text import timestamp_seconds
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

BATCH_ADD_MIN, BATCH_ADD_MAX = 2, 15
BATCH_CANCEL_MIN, BATCH_CANCEL_MAX = 2, 50
CANCEL_MAX = 50
TIMEOUT_MAX_S = 86_400
UNKNOWN_ORDER, INVALID_ORDER = "EOrder:Unknown order", "EOrder:Invalid order"
RATE_LIMIT = "EOrder:Rate limit exceeded"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a result, or an error when `error` is not empty; `top_level` fields stand beside the result or, when
    that is None, instead of it."""

    result: object = None
    error: str = ""
    top_level: tuple[tuple[str, object], ...] = ()


class WebSocketTrading:
    """The eight methods."""

    def __init__(self, exchange: Exchange, assume: Unconfirmed = DEFAULTS) -> None:
        self._exchange = exchange
        self._assume = assume
        self._methods = {
            "add_order": self._add,
            "amend_order": self._amend,
            "edit_order": self._edit,
            "cancel_order": self._cancel,
            "cancel_all": self._cancel_all,
            "cancel_all_orders_after": self._cancel_all_after,
            "batch_add": self._batch_add,
            "batch_cancel": self._batch_cancel,
        }

    def knows(self, method: str) -> bool:
        """Whether this is a trading method."""
        return method in self._methods

    def carry_out(self, request: Request, account: str, now_ns: int) -> list[Answer]:
        """Do what is asked and return the answers, at least one."""
        try:
            check_fields(request.method, request.params, FIELDS[request.method])
            return self._methods[request.method](request.params, account, now_ns)
        except VenueRefusal as error:
            return [Answer(error=str(error))]

    def _instrument(self, params: Params) -> Instrument:
        symbol = str(params.get("symbol", ""))
        try:
            return self._exchange.instruments[symbol]
        except KeyError:
            raise VenueRefusal(f"Currency pair not supported {symbol[:40]}") from None

    def _add(self, params: Params, account: str, now_ns: int) -> list[Answer]:
        instrument = self._instrument(params)
        read = partial(place_order, instrument, params, account, now_ns, self._assume)
        reply = self._exchange.place(priced(self._exchange, account, instrument.pair, ADD, now_ns, read), now_ns)
        return [Answer(error=reply.error) if isinstance(reply, Refusal) else Answer(_placed(reply, params))]

    def _batch_add(self, params: Params, account: str, now_ns: int) -> list[Answer]:
        orders = params.get("orders")
        if not isinstance(orders, list) or not BATCH_ADD_MIN <= len(orders) <= BATCH_ADD_MAX:
            raise invalid("orders")
        instrument = self._instrument(params)
        common = {name: params[name] for name in ("deadline", "validate") if name in params}
        for order in orders:
            if not isinstance(order, dict):
                raise invalid("orders")
            check_fields("batch_add", order, ORDER_FIELDS)

        def read() -> list[PlaceOrder]:
            return [place_order(instrument, order | common, account, now_ns, self._assume) for order in orders]

        cost = BATCH_ADD_EACH * len(orders)
        requests = priced(self._exchange, account, instrument.pair, cost, now_ns, read)
        replies = self._exchange.place_many(requests, now_ns)
        if all(isinstance(reply, Refusal) and reply.error == RATE_LIMIT for reply in replies):
            return [Answer(error=RATE_LIMIT)]
        return [Answer([self._batch_row(reply, order) for reply, order in zip(replies, orders, strict=True)])]

    def _batch_row(self, reply: Placed | Refusal, order: Params) -> Params:
        if not isinstance(reply, Refusal):
            return _placed(reply, order)
        return {"error": reply.error} | ({"success": False} if self._assume.batch_failure == "flagged" else {})

    def _amend(self, params: Params, account: str, now_ns: int) -> list[Answer]:
        order_id, cl_ord_id = str(params.get("order_id", "")), str(params.get("cl_ord_id", ""))
        if bool(order_id) == bool(cl_ord_id):
            raise invalid("order_id")
        order = find_open(self._exchange, account, order_id, cl_ord_id)
        if order is None:  # let the engine word it; it knows whether there ever was such an order
            request = AmendPlaced(account=account, order_id=order_id, cl_ord_id=cl_ord_id)
        else:
            read = partial(amend_order, self._exchange.instruments[order.pair], params, account, now_ns)
            request = priced(self._exchange, account, order.pair, AMEND, now_ns, read)
        reply = self._exchange.amend(request, now_ns)
        if isinstance(reply, Refusal):
            return [Answer(error=reply.error)]
        named = {"order_id": reply.order_id} if order_id else {"cl_ord_id": cl_ord_id}
        return [Answer({"amend_id": reply.amend_id, **named})]

    def _edit(self, params: Params, account: str, now_ns: int) -> list[Answer]:
        instrument, order_id = self._instrument(params), str(params.get("order_id", ""))
        order = find_open(self._exchange, account, order_id, "")
        if order is None or order.pair != instrument.pair:
            closed = self._exchange.order(account, order_id)
            return [Answer(error=UNKNOWN_ORDER if closed is not None else INVALID_ORDER)]
        fields = {name: params[name] for name in params if name not in ("token", "symbol", "order_id")}
        read = partial(edit_order, instrument, order, fields, now_ns, self._assume)
        reply = self._exchange.edit(priced(self._exchange, account, order.pair, EDIT, now_ns, read), now_ns)
        if isinstance(reply, Refusal):
            return [Answer(error=reply.error)]
        named = {"order_id": reply.order_id} if reply.order_id else {}
        return [Answer({**named, "original_order_id": reply.original_order_id})]

    def _cancel(self, params: Params, account: str, now_ns: int) -> list[Answer]:
        wanted = [(kind, value) for kind in ("order_id", "cl_ord_id", "order_userref") for value in _list(params, kind)]
        if not 0 < len(wanted) <= CANCEL_MAX:
            raise invalid("order_id")
        answers = []
        for kind, value in wanted:
            error = self._cancel_one(account, kind, value, now_ns)
            answers.append(Answer(error=error) if error else Answer({kind: value}))
        return answers

    def _cancel_one(self, account: str, kind: str, value: object, now_ns: int) -> str:
        error = UNKNOWN_ORDER
        for request in cancels_of(self._exchange, account, kind, value):
            reply = self._exchange.cancel(request, now_ns)
            error = reply.error if isinstance(reply, Refusal) else ""
        return error

    def _batch_cancel(self, params: Params, account: str, now_ns: int) -> list[Answer]:
        wanted = [("order_id", value) for value in _list(params, "orders")]
        wanted += [("cl_ord_id", value) for value in _list(params, "cl_ord_id")]
        if not BATCH_CANCEL_MIN <= len(wanted) <= BATCH_CANCEL_MAX:
            raise invalid("orders")
        cancels = [each for kind, value in wanted for each in cancels_of(self._exchange, account, kind, value)]
        count = self._exchange.cancel_many(cancels, now_ns).count
        if self._assume.batch_cancel == "top_level":
            return [Answer(top_level=(("orders_cancelled", count),))]
        return [Answer({"count": count})]

    def _cancel_all(self, params: Params, account: str, now_ns: int) -> list[Answer]:
        return [Answer({"count": self._exchange.cancel_all(account, now_ns).count})]

    def _cancel_all_after(self, params: Params, account: str, now_ns: int) -> list[Answer]:
        timeout = params.get("timeout")
        if not isinstance(timeout, int) or not 0 <= timeout < TIMEOUT_MAX_S:
            raise invalid("timeout")
        return [Answer(switch_result(self._exchange, account, timeout, now_ns, self._assume))]


def switch_result(exchange: Exchange, account: str, timeout_s: int, now_ns: int, assume: Unconfirmed) -> Params:
    """Set the dead man's switch and return the answer both interfaces give."""
    at_ns = exchange.cancel_all_after(account, timeout_s, now_ns)
    trigger = "0" if not at_ns and assume.disarmed == "zero" else timestamp_seconds(at_ns)
    return {"currentTime": timestamp_seconds(now_ns), "triggerTime": trigger}


def find_open(exchange: Exchange, account: str, order_id: str, cl_ord_id: str) -> OrderView | None:
    """Return the open order with one of these ids."""
    return next(
        (
            order
            for order in exchange.open_orders(account)
            if (order_id and order.order_id == order_id) or (cl_ord_id and order.cl_ord_id == cl_ord_id)
        ),
        None,
    )


def cancels_of(exchange: Exchange, account: str, kind: str, value: object) -> list[CancelPlaced]:
    """Return the cancels that one identifier asks for: one for an id, any number for a user reference."""
    if kind == "order_id" and isinstance(value, str) and not value.lstrip("-").isdigit():
        return [CancelPlaced(account=account, order_id=value)]
    if kind == "cl_ord_id" and isinstance(value, str):
        return [CancelPlaced(account=account, cl_ord_id=value)]
    return [
        CancelPlaced(account=account, order_id=order.order_id)
        for order in exchange.open_orders(account)
        if str(order.userref) == str(value) and order.userref
    ]


def _placed(reply: Placed, params: Params) -> Params:
    result: Params = {}
    if reply.cl_ord_id:
        result["cl_ord_id"] = reply.cl_ord_id
    if reply.order_id:
        result["order_id"] = reply.order_id
    if "order_userref" in params:
        result["order_userref"] = reply.userref
    return result


def _list(params: Params, name: str) -> list[object]:
    value = params.get(name, [])
    return value if isinstance(value, list) else [value]
