"""REST order calls of the simulated exchange: their names translated to the common tongue of `server_orders`.

Rules: every call is form or JSON alike; a batch is judged whole for its form and order by order for the engine's checks.
Source: Kraken REST trading pages, recorded answers, and the requests of two third-party clients.
"""

from functools import partial

from wildbot.model.errors import VenueRefusal
from wildbot.model.exchange import AmendPlaced, CancelPlaced, EditPlaced, Placed, PlaceOrder, Refusal
from wildbot.model.instrument import Instrument
from wildbot.venues.kraken.server_descriptions import request_text
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_fixed_costs import ADD, AMEND, BATCH_ADD_EACH, EDIT, priced
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_names import PairNames
from wildbot.venues.kraken.server_orders import amend_order, edit_order, invalid, place_order
from wildbot.venues.kraken.server_relative_prices import with_absolute_prices
from wildbot.venues.kraken.server_rest_fields import (
    check_deadline,
    common_fields,
    edit_fields,
    listed,
    text_of,
    truth,
    whole_of,
)
from wildbot.venues.kraken.server_trading import (
    BATCH_ADD_MAX,
    BATCH_ADD_MIN,
    BATCH_CANCEL_MAX,
    INVALID_ORDER,
    RATE_LIMIT,
    TIMEOUT_MAX_S,
    UNKNOWN_ORDER,
    cancels_of,
    find_open,
    switch_result,
)
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

Result = dict[str, object]
REST_TEXTS = {"EGeneral:Invalid arguments:volume minimum not met": "EOrder:Order minimum not met"}
"""The engine speaks as the WebSocket does; where REST is documented to say it otherwise, so do we."""


class RestOrders:
    """One method per endpoint, called by name."""

    def __init__(self, exchange: Exchange, names: PairNames, assume: Unconfirmed = DEFAULTS) -> None:
        self._exchange = exchange
        self._names = names
        self._assume = assume
        self.endpoints = {
            "AddOrder": self._add,
            "AddOrderBatch": self._add_batch,
            "AmendOrder": self._amend,
            "EditOrder": self._edit,
            "CancelOrder": self._cancel,
            "CancelOrderBatch": self._cancel_batch,
            "CancelAll": self._cancel_all,
            "CancelAllOrdersAfter": self._cancel_all_after,
        }

    def _request(self, instrument: Instrument, body: Params, account: str, now_ns: int) -> PlaceOrder:
        check_deadline(body, now_ns)
        body = with_absolute_prices(instrument, body, self._exchange.day_stats(instrument.pair).last_ticks)
        return place_order(instrument, common_fields(body, now_ns), account, now_ns, self._assume)

    def _add(self, body: Params, account: str, now_ns: int) -> Result:
        instrument = self._names.pair(text_of(body, "pair"))
        read = partial(self._request, instrument, body, account, now_ns)
        request = priced(self._exchange, account, instrument.pair, ADD, now_ns, read)
        reply = self._exchange.place(request, now_ns)
        if isinstance(reply, Refusal):
            raise VenueRefusal(_rest_text(reply))
        descr: Result = {"descr": {"order": request_text(instrument, request)}}
        return descr if request.validate_only else {"txid": [reply.order_id], **descr}

    def _add_batch(self, body: Params, account: str, now_ns: int) -> Result:
        orders = [_object(order) for order in listed(body, "orders")]
        if not BATCH_ADD_MIN <= len(orders) <= BATCH_ADD_MAX:
            raise invalid("orders")
        instrument = self._names.pair(text_of(body, "pair"))
        common = {name: body[name] for name in ("deadline", "validate") if name in body}

        def read() -> list[PlaceOrder]:
            return [self._request(instrument, order | common, account, now_ns) for order in orders]

        cost = BATCH_ADD_EACH * len(orders)
        requests = priced(self._exchange, account, instrument.pair, cost, now_ns, read)
        replies = self._exchange.place_many(requests, now_ns)
        if all(isinstance(reply, Refusal) and reply.error == RATE_LIMIT for reply in replies):
            raise VenueRefusal(RATE_LIMIT)
        rows = [_batch_row(instrument, request, reply) for request, reply in zip(requests, replies, strict=True)]
        return {"orders": rows}

    def _amend(self, body: Params, account: str, now_ns: int) -> Result:
        order_id, cl_ord_id = text_of(body, "txid"), text_of(body, "cl_ord_id")
        if bool(order_id) == bool(cl_ord_id):
            raise invalid("txid")
        order = find_open(self._exchange, account, order_id, cl_ord_id)
        if order is None:
            request = AmendPlaced(account=account, order_id=order_id, cl_ord_id=cl_ord_id)
        else:
            names = ("order_qty", "display_qty", "limit_price", "trigger_price", "deadline")
            fields: Params = {name: body[name] for name in names if name in body}
            fields |= {"order_id": order_id, "cl_ord_id": cl_ord_id, "post_only": truth(body, "post_only")}
            wanted = self._exchange.instruments[order.pair]

            def read() -> AmendPlaced:
                check_deadline(body, now_ns)
                return amend_order(wanted, fields, account, now_ns)

            request = priced(self._exchange, account, order.pair, AMEND, now_ns, read)
        reply = self._exchange.amend(request, now_ns)
        if isinstance(reply, Refusal):
            raise VenueRefusal(_rest_text(reply))
        return {"amend_id": reply.amend_id}

    def _edit(self, body: Params, account: str, now_ns: int) -> Result:
        instrument = self._names.pair(text_of(body, "pair"))
        order_id = text_of(body, "txid")
        if not order_id:
            raise invalid("txid")
        order = find_open(self._exchange, account, order_id, "")
        if order is None or order.pair != instrument.pair:
            closed = self._exchange.order(account, order_id)
            raise VenueRefusal(UNKNOWN_ORDER if closed is not None else INVALID_ORDER)
        standing = order

        def read() -> EditPlaced:
            check_deadline(body, now_ns)
            return edit_order(instrument, standing, edit_fields(body, standing.kind), now_ns, self._assume)

        request = priced(self._exchange, account, order.pair, EDIT, now_ns, read)
        reply = self._exchange.edit(request, now_ns)
        if isinstance(reply, Refusal):
            raise VenueRefusal(_rest_text(reply))
        wanted = request.replacement
        descr: Result = {"descr": {"order": request_text(instrument, wanted)}}
        if wanted.validate_only:
            return {"status": "ok", **descr}
        return {
            "status": "ok",
            "txid": reply.order_id,
            "originaltxid": reply.original_order_id,
            "newuserref": wanted.userref,
            "volume": instrument.lots_text(reply.lots),
            "price": instrument.price_text(wanted.trigger_ticks or wanted.ticks),
            "orders_cancelled": 1,
            **descr,
        }

    def _cancel(self, body: Params, account: str, now_ns: int) -> Result:
        kind = "cl_ord_id" if body.get("cl_ord_id") else "order_id"
        value = text_of(body, "cl_ord_id") or text_of(body, "txid") or text_of(body, "userref")
        if not value:
            raise invalid("txid")
        count, error = 0, UNKNOWN_ORDER
        for request in cancels_of(self._exchange, account, kind, value):
            reply = self._exchange.cancel(request, now_ns)
            if isinstance(reply, Refusal):
                error = reply.error
            else:
                count += reply.count
        if not count:
            raise VenueRefusal(error)
        return {"count": count}

    def _cancel_batch(self, body: Params, account: str, now_ns: int) -> Result:
        wanted = [("order_id", value) for value in listed(body, "orders")]
        wanted += [("cl_ord_id", value) for value in listed(body, "cl_ord_ids")]
        if not 0 < len(wanted) <= BATCH_CANCEL_MAX:
            raise invalid("orders")
        cancels: list[CancelPlaced] = []
        for kind, value in wanted:
            cancels += cancels_of(self._exchange, account, kind, str(value))
        count = self._exchange.cancel_many(cancels, now_ns).count
        if not count:
            raise VenueRefusal(UNKNOWN_ORDER)
        return {"count": count}

    def _cancel_all(self, body: Params, account: str, now_ns: int) -> Result:
        return {"count": self._exchange.cancel_all(account, now_ns).count}

    def _cancel_all_after(self, body: Params, account: str, now_ns: int) -> Result:
        timeout = whole_of(body, "timeout")
        if timeout is None or not 0 <= timeout < TIMEOUT_MAX_S:
            raise invalid("timeout")
        return switch_result(self._exchange, account, timeout, now_ns, self._assume)


def _rest_text(refusal: Refusal) -> str:
    return REST_TEXTS.get(refusal.error, refusal.error)


def _object(order: object) -> Params:
    if not isinstance(order, dict):
        raise invalid("orders")
    return order


def _batch_row(instrument: Instrument, request: PlaceOrder, reply: Placed | Refusal) -> Result:
    if isinstance(reply, Refusal):
        return {"error": _rest_text(reply)}
    descr: Result = {"descr": {"order": request_text(instrument, request)}}
    return descr if request.validate_only else {"txid": reply.order_id, **descr}
