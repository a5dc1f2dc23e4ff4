"""The fields of a REST order call, read and translated to their WebSocket names.

Rules: booleans may be written true, True or 1; numbers come as text. A list may come as JSON or as form fields with
    brackets: `orders[0][volume]=1`.
Source: Kraken REST trading pages and the requests of two third-party clients.
"""

import re

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_orders import LIMITED, TRIGGERED, invalid
from wildbot.venues.kraken.server_text import exact_integer, parse_time, timestamp

ORDER_FLAGS = frozenset({"post", "fcib", "fciq", "viqc", "nompp"})
DEADLINE_MIN_NS = 2 * NANOS_PER_SECOND
"""A REST deadline lies at least so far ahead; the WebSocket's own least is shorter."""

_BRACKETS = re.compile(r"(\w+)\[(\d{0,3})\](?:\[(\w+)\])?", re.ASCII)


def edit_fields(body: Params, kind: str) -> Params:
    """Return what an EditOrder body changes, by the WebSocket names; `kind` is the order's type. Raises: VenueRefusal."""
    fields: Params = {"validate": truth(body, "validate")}
    for name, theirs in (("volume", "order_qty"), ("deadline", "deadline"), ("cl_ord_id", "cl_ord_id")):
        if text_of(body, name):
            fields[theirs] = text_of(body, name)
    if text_of(body, "oflags"):
        fields["post_only"] = "post" in _flags(body)
        fields |= _fee_preference(_flags(body))
    if text_of(body, "displayvol"):
        fields["display_qty"] = True
    if text_of(body, "userref"):
        fields["order_userref"] = whole_of(body, "userref")
    trigger = text_of(body, "price") if kind in TRIGGERED else ""
    limit = text_of(body, "price2" if kind in TRIGGERED else "price")
    if trigger:
        fields["triggers"] = {"price": trigger, "reference": text_of(body, "trigger") or "last"}
    return fields | ({"limit_price": limit} if limit else {})


def listed(body: Params, name: str) -> list[object]:
    """Return a list of a body: a JSON array, or the form fields `name[0]`, `name[0][field]`, `name[]` in their order.

    Raises: VenueRefusal when it is no list.
    """
    value = body.get(name)
    if value is not None:
        if not isinstance(value, list):
            raise invalid(name)
        return value
    rows: dict[str, object] = {}
    for field, text in body.items():
        match = _BRACKETS.fullmatch(field)
        if match is None or match[1] != name:
            continue
        if not match[3]:
            rows[match[2]] = text
            continue
        row = rows.setdefault(match[2], {})
        if not isinstance(row, dict):
            raise invalid(name)
        row[match[3]] = text
    return list(rows.values())


def check_deadline(body: Params, now_ns: int) -> None:
    """Refuse a deadline that is nearer than REST allows. Raises: VenueRefusal."""
    if not text_of(body, "deadline"):
        return
    try:
        deadline_ns = parse_time(body["deadline"])
    except ProtocolError:
        raise invalid("deadline") from None
    if now_ns < deadline_ns < now_ns + DEADLINE_MIN_NS - 500 * NANOS_PER_MS:
        raise invalid("deadline")


def common_fields(body: Params, now_ns: int) -> Params:
    """Return an AddOrder body's fields by their WebSocket names. Raises: VenueRefusal."""
    kind = text_of(body, "ordertype")
    flags = _flags(body)
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
        "cash_order_qty" if "viqc" in flags else "order_qty": text_of(body, "volume"),
    }
    fields |= _fee_preference(flags)
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


def _flags(body: Params) -> set[str]:
    flags = {flag for flag in text_of(body, "oflags").split(",") if flag}
    if flags - ORDER_FLAGS or {"fcib", "fciq"} <= flags:
        raise invalid("oflags")
    return flags


def _fee_preference(flags: set[str]) -> Params:
    """Nothing when neither flag is there: then the exchange's default holds."""
    return {"fee_preference": "base" if "fcib" in flags else "quote"} if {"fcib", "fciq"} & flags else {}


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
