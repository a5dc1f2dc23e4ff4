"""One request on a WebSocket connection, read strictly, and the frames that answer it.

Rules: whatever arrives, an answer comes out; nothing here raises but `VenueRefusal`, whose text is the answer. Numbers
    keep their digits. Replies have their keys in alphabetical order, as the gateway builds them.
Source: Kraken WebSocket v2 request and reply frames; error texts as recorded.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from wildbot.model.errors import VenueRefusal
from wildbot.venues.kraken.server_text import json_text, timestamp

Params = dict[str, object]

TOO_FAST = '{"Error":"Exceeded msg rate"}'
"""All that a connection hears which sends too many requests in one second."""

NAME_SHOWN_MAX = 64
"""So much of an unknown name is repeated in an error."""

_decoder = msgspec.json.Decoder(float_hook=Decimal)

TEXT, NUMBER, INTEGER, BOOLEAN, OBJECT, ARRAY = "string", "number_float", "number_integer", "boolean", "object", "array"

_ORDER = {
    "order_type": TEXT,
    "side": TEXT,
    "order_qty": NUMBER,
    "limit_price": NUMBER,
    "limit_price_type": TEXT,
    "triggers": OBJECT,
    "time_in_force": TEXT,
    "post_only": BOOLEAN,
    "reduce_only": BOOLEAN,
    "margin": BOOLEAN,
    "effective_time": TEXT,
    "expire_time": TEXT,
    "cl_ord_id": TEXT,
    "order_userref": INTEGER,
    "stp_type": TEXT,
    "fee_preference": TEXT,
    "cash_order_qty": NUMBER,
    "display_qty": NUMBER,
    "conditional": OBJECT,
    "no_mpp": BOOLEAN,
    "sender_sub_id": TEXT,
}
ORDER_FIELDS = _ORDER
"""One order inside `batch_add`."""

_TOKEN = {"token": TEXT}

FIELDS: dict[str, dict[str, str]] = {
    "add_order": {**_ORDER, **_TOKEN, "symbol": TEXT, "deadline": TEXT, "validate": BOOLEAN},
    "amend_order": {
        **_TOKEN,
        "order_id": TEXT,
        "cl_ord_id": TEXT,
        "order_qty": NUMBER,
        "limit_price": NUMBER,
        "limit_price_type": TEXT,
        "display_qty": NUMBER,
        "post_only": BOOLEAN,
        "trigger_price": NUMBER,
        "trigger_price_type": TEXT,
        "deadline": TEXT,
        "symbol": TEXT,
    },
    "edit_order": {
        **_TOKEN,
        "order_id": TEXT,
        "symbol": TEXT,
        "order_qty": NUMBER,
        "limit_price": NUMBER,
        "triggers": OBJECT,
        "post_only": BOOLEAN,
        "reduce_only": BOOLEAN,
        "order_userref": INTEGER,
        "display_qty": NUMBER,
        "fee_preference": TEXT,
        "no_mpp": BOOLEAN,
        "deadline": TEXT,
        "validate": BOOLEAN,
    },
    "cancel_order": {**_TOKEN, "order_id": ARRAY, "cl_ord_id": ARRAY, "order_userref": ARRAY},
    "cancel_all": _TOKEN,
    "cancel_all_orders_after": {**_TOKEN, "timeout": INTEGER},
    "batch_add": {**_TOKEN, "orders": ARRAY, "symbol": TEXT, "deadline": TEXT, "validate": BOOLEAN},
    "batch_cancel": {**_TOKEN, "orders": ARRAY, "cl_ord_id": ARRAY},
}
"""The fields of every trading method and their JSON types."""


class Request(msgspec.Struct, frozen=True):
    """One request: `req_id` None when the client gave none. `received_ns` becomes `time_in`."""

    method: str
    params: Params
    req_id: int | None
    received_ns: int


class Malformed(msgspec.Struct, frozen=True):
    """No request: the frame that says so."""

    frame: str


def read_request(text: str, now_ns: int) -> Request | Malformed:
    """Return the request in a text frame."""
    try:
        document = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError, ArithmeticError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("method"), str):
        return Malformed(error_frame(Request("error", {}, None, now_ns), "Malformed request", now_ns))
    method, req_id = document["method"][:NAME_SHOWN_MAX], document.get("req_id")
    if req_id is not None and not _is(req_id, INTEGER):
        refused = Request(method, {}, None, now_ns)
        return Malformed(error_frame(refused, "Req_id field must be a number_integer", now_ns))
    request = Request(method, {}, req_id, now_ns)
    if "params" in document and method == "ping":
        text = "Unsupported field: 'params' for the given msg type: ping"
        return Malformed(error_frame(request, text, now_ns))
    params = document.get("params", {})
    if not isinstance(params, dict):
        return Malformed(error_frame(request, "Params field must be a object", now_ns))
    return Request(method, params, req_id, now_ns)


def check_fields(method: str, params: Params, fields: dict[str, str]) -> None:
    """Refuse unknown fields and wrong JSON types. Raises: VenueRefusal."""
    for name, value in params.items():
        kind = fields.get(name)
        if kind is None:
            raise VenueRefusal(
                f"Unsupported field: '{name[:NAME_SHOWN_MAX]}' for the given msg type: {method.replace('_', ' ')}"
            )
        if not _is(value, kind):
            raise VenueRefusal(f"{name.capitalize()} field must be a {kind}")


def _is(value: object, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "number_float":
            return isinstance(value, Decimal | int) and not isinstance(value, bool)
        case "number_integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case _:
            return isinstance(value, list)


def reply_frame(request: Request, result: object, now_ns: int, top_level: Sequence[tuple[str, object]] = ()) -> str:
    """Return a success reply; `top_level` fields stand in place of the result."""
    reply: Params = {"method": request.method, **dict(top_level)}
    if request.req_id is not None:
        reply["req_id"] = request.req_id
    if not top_level:
        reply["result"] = result
    return json_text(reply | {"success": True, **_times(request, now_ns)})


def error_frame(request: Request, error: str, now_ns: int, symbol: str | None = None) -> str:
    """Return an error reply; `symbol` when it concerns one symbol of a list."""
    reply: Params = {"error": error, "method": request.method}
    if request.req_id is not None:
        reply["req_id"] = request.req_id
    reply["success"] = False
    if symbol is not None:
        reply["symbol"] = symbol[:NAME_SHOWN_MAX]
    return json_text(reply | _times(request, now_ns))


def pong_frame(request: Request, now_ns: int) -> str:
    """Return the answer to a ping: no result, no success."""
    reply: Params = {"method": "pong"}
    if request.req_id is not None:
        reply["req_id"] = request.req_id
    return json_text(reply | _times(request, now_ns))


def _times(request: Request, now_ns: int) -> Params:
    return {"time_in": timestamp(request.received_ns), "time_out": timestamp(max(now_ns, request.received_ns))}
