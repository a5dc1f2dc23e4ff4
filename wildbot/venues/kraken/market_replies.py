"""Replies on the public connection: acknowledgements, pongs, refusals, complaints of the gateway.

Source: Kraken WebSocket v2 request / reply frames; `{"Error":"Exceeded msg rate"}` was seen by other clients.
"""

import msgspec

from wildbot.venues.kraken.market_counters import Ignored
from wildbot.venues.kraken.market_subscriptions import Alarms, Subscriptions
from wildbot.venues.kraken.market_wire import Envelope, result_decoder

_PRIVATE_METHODS = frozenset(
    {
        "add_order", "amend_order", "edit_order", "cancel_order", "cancel_all", "cancel_all_orders_after", "batch_add",
        "batch_cancel",
    }
)  # fmt: skip


def answer_to(envelope: Envelope, subscriptions: Subscriptions, alarms: Alarms, now_ns: int) -> Ignored | None:
    """Let a reply have its effect on the subscriptions; return what it was, None when nothing we know.

    Raises:
        msgspec.DecodeError: if its parts are not of the documented types.
    """
    if bytes(envelope.params):
        return Ignored.CLIENT_REQUEST
    error = envelope.gateway_error or _text(envelope.error)
    if error and not envelope.method:
        alarms.sound("gateway", f"the exchange complains: {error}")
        return Ignored.GATEWAY_ERROR
    if envelope.success is False:
        if envelope.method != "unsubscribe":
            _refuse(envelope, error, subscriptions, alarms, now_ns)
        return Ignored.ERROR_REPLY
    match envelope.method:
        case "pong":
            subscriptions.ponged()
            alarms.clear("gateway")
            return Ignored.PONG
        case "ping":
            return Ignored.CLIENT_REQUEST
        case "subscribe":
            result = result_decoder.decode(envelope.result)
            subscriptions.acknowledged(result.channel, result.symbol, result.depth, now_ns)
            return Ignored.SUBSCRIBE_ACK
        case "unsubscribe":
            return Ignored.UNSUBSCRIBE_ACK
        case method:
            return Ignored.PRIVATE_REPLY if method in _PRIVATE_METHODS else None


def _refuse(envelope: Envelope, error: str, subscriptions: Subscriptions, alarms: Alarms, now_ns: int) -> None:
    if not subscriptions.refused(envelope.req_id, envelope.symbol, error, now_ns):
        alarms.sound("gateway", f"the exchange refused a {envelope.method or 'request'}: {error}")


def _text(raw: msgspec.Raw) -> str:
    return str(msgspec.json.decode(raw)) if bytes(raw) else ""
