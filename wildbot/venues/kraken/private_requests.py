"""The frames we send on Kraken's private WebSocket v2: orders, amends, cancels, subscriptions, the dead man's switch.

Rules: prices and sizes are written with the pair's own digits as JSON numbers, never by way of a float. Fees are asked
    in the quote currency. Every order and amend carries a deadline after which the venue must not act on it.
Source: Kraken WebSocket v2 "Add Order", "Amend Order", "Cancel Order", "Cancel All Orders After", "Executions".
"""

from datetime import date, timedelta
from functools import lru_cache

import msgspec

from wildbot.model.instrument import NANOS_PER_MS, Instrument
from wildbot.model.orders import AmendOrder, NewOrder, OrderType, TimeInForce

MS_PER_DAY = 86_400_000
EPOCH = date(1970, 1, 1)
STOP_LOSS_LIMIT = "stop-loss-limit"

_encode = msgspec.json.Encoder().encode


def add_order(order: NewOrder, instrument: Instrument, *, token: str, req_id: int, deadline_ns: int) -> bytes:
    """Return the frame that places one order. A stop-loss triggers on the last trade price and is a limit order then."""
    is_stop = order.order_type is OrderType.STOP_LOSS
    params: dict[str, object] = {
        "order_type": STOP_LOSS_LIMIT if is_stop else order.order_type.value,
        "side": order.side.value,
        "symbol": order.pair,
        "order_qty": _number(instrument.lots_text(order.lots)),
        "cl_ord_id": order.cl_ord_id,
        "fee_preference": "quote",
        "deadline": rfc3339_ms(deadline_ns),
        "token": token,
    }
    price = _number(instrument.price_text(order.ticks))
    if is_stop:
        assert order.limit_ticks > 0, f"stop-loss {order.cl_ord_id} has no worst price"
        params["triggers"] = {"reference": "last", "price": price, "price_type": "static"}
        params["limit_price"] = _number(instrument.price_text(order.limit_ticks))
    else:
        params["limit_price"] = price
        params["time_in_force"] = order.time_in_force.value
        if order.time_in_force is TimeInForce.GTC:
            params["post_only"] = order.post_only
    return _request("add_order", params, req_id)


def amend_order(order: AmendOrder, instrument: Instrument, *, token: str, req_id: int, deadline_ns: int) -> bytes:
    """Return the frame that moves one resting order in place; the size is the new total."""
    params: dict[str, object] = {
        "cl_ord_id": order.cl_ord_id,
        "order_qty": _number(instrument.lots_text(order.lots)),
        "limit_price": _number(instrument.price_text(order.limit_ticks or order.ticks)),
        "post_only": order.post_only,
        "deadline": rfc3339_ms(deadline_ns),
        "token": token,
    }
    if order.limit_ticks:
        params["trigger_price"] = _number(instrument.price_text(order.ticks))
    return _request("amend_order", params, req_id)


def cancel_order(cl_ord_id: str, *, token: str, req_id: int) -> bytes:
    """Return the frame that takes one order back."""
    return _request("cancel_order", {"cl_ord_id": [cl_ord_id], "token": token}, req_id)


def cancel_all_orders_after(timeout_s: int, *, token: str, req_id: int) -> bytes:
    """Return the frame that arms the account-wide timer (0 disarms it)."""
    return _request("cancel_all_orders_after", {"timeout": timeout_s, "token": token}, req_id)


def subscribe_executions(*, token: str, req_id: int) -> bytes:
    """Return the subscription to our orders and fills: a snapshot of both first, then every change."""
    params = {"channel": "executions", "snap_orders": True, "snap_trades": True, "token": token}
    return _request("subscribe", params, req_id)


def subscribe_balances(*, token: str, req_id: int) -> bytes:
    """Return the subscription to our balances."""
    return _request("subscribe", {"channel": "balances", "snapshot": True, "token": token}, req_id)


def ping(req_id: int) -> bytes:
    """Return a frame that makes the venue say something."""
    return _encode({"method": "ping", "req_id": req_id})


def rfc3339_ms(ts_ns: int) -> str:
    """Return a UTC time as text with milliseconds: "2026-01-21T12:33:34.457Z"; finer digits are cut off."""
    day, ms = divmod(ts_ns // NANOS_PER_MS, MS_PER_DAY)
    seconds, ms = divmod(ms, 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{_day_text(day)}T{hours:02d}:{minutes:02d}:{seconds:02d}.{ms:03d}Z"


@lru_cache(maxsize=2)
def _day_text(day: int) -> str:
    return str(EPOCH + timedelta(days=day))


def _request(method: str, params: dict[str, object], req_id: int) -> bytes:
    return _encode({"method": method, "params": params, "req_id": req_id})


def _number(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())
