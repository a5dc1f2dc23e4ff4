"""Turns the order fields of a request into the exchange's own commands.

Rules: WebSocket names are the common tongue; the REST face translates its names to them first. Only what the wire format
    itself forbids is refused here; minimums, funds, ticks and rates are the engine's to judge.
Source: Kraken add_order, amend_order pages and error texts.
Known limit: no margin, iceberg, trailing, conditional close, relative prices or scheduled start; each is refused by name.
"""

import re
from enum import StrEnum
from typing import TypeVar

from wildbot.model.errors import ProtocolError, VenueRefusal
from wildbot.model.exchange import AmendPlaced, EditPlaced, Kind, OrderView, PlaceOrder, SelfTrade, Tif
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_MS, NANOS_PER_SECOND, Instrument, Money
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_text import (
    CL_ORD_ID,
    CL_ORD_ID_ASCII,
    exact_integer,
    parse_time,
    request_lots,
    request_ticks,
    timestamp,
)
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

DEADLINE_MIN_NS = 500 * NANOS_PER_MS
DEADLINE_MAX_NS = 60 * NANOS_PER_SECOND
EXPIRY_MAX_NS = 31 * 86_400 * NANOS_PER_SECOND
ORDER_ID = re.compile(r"[A-Z0-9]{6}-[A-Z0-9]{5}-[A-Z0-9]{6}", re.ASCII)
USERREF_MAX = 2**31 - 1

LIMITED = (Kind.LIMIT, Kind.STOP_LOSS_LIMIT, Kind.TAKE_PROFIT_LIMIT)
TRIGGERED = (Kind.STOP_LOSS, Kind.STOP_LOSS_LIMIT, Kind.TAKE_PROFIT, Kind.TAKE_PROFIT_LIMIT)
E = TypeVar("E", bound=StrEnum)

ABSENT_FEATURES = ("margin", "conditional", "display_qty", "effective_time")


def invalid(what: str) -> VenueRefusal:
    """Return the refusal of one argument, to be raised."""
    return VenueRefusal(f"EGeneral:Invalid arguments:{what}")


def place_order(
    instrument: Instrument, params: Params, account: str, now_ns: int, assume: Unconfirmed = DEFAULTS
) -> PlaceOrder:
    """Return the order a request asks for.

    Raises: VenueRefusal with Kraken's text when the wire format forbids it.
    """
    kind = _one_of(Kind, params, "order_type", None)
    for name in ABSENT_FEATURES:
        if params.get(name):
            raise invalid(name)
    if params.get("no_mpp") and kind is not Kind.MARKET:
        raise invalid("no_mpp order option is only available when ordertype = market")
    if params.get("limit_price_type", "static") != "static":
        raise invalid("limit_price_type")
    quote_money, lots = _size(instrument, params, kind)
    tif = _one_of(Tif, params, "time_in_force", Tif.GTC)
    post_only = bool(params.get("post_only", False))
    if post_only and (kind not in LIMITED or tif in (Tif.IOC, Tif.FOK)):
        raise invalid("post_only")
    if tif is Tif.FOK and kind is not Kind.LIMIT:
        raise invalid("time_in_force")
    cl_ord_id, userref = _client_ids(params, assume)
    side = _one_of(Side, params, "side", None)
    return PlaceOrder(
        account=account,
        pair=instrument.pair,
        side=side,
        kind=kind,
        lots=lots,
        ticks=_limit_ticks(instrument, params, kind),
        trigger_ticks=_trigger_ticks(instrument, params, kind),
        quote_money=quote_money,
        tif=tif,
        post_only=post_only,
        reduce_only=bool(params.get("reduce_only", False)),
        fee_in_base=_fee_in_base(params, side, assume),
        cl_ord_id=cl_ord_id,
        userref=userref,
        stp=_one_of(SelfTrade, params, "stp_type", SelfTrade.CANCEL_NEWEST),
        deadline_ns=deadline(params, now_ns),
        expire_ns=_expiry(params, tif, now_ns),
        validate_only=bool(params.get("validate", False)),
    )


def amend_order(instrument: Instrument, params: Params, account: str, now_ns: int) -> AmendPlaced:
    """Return the amend a request asks for; `instrument` is that of the order it names. Raises: VenueRefusal."""
    if "display_qty" in params:
        raise invalid("display_qty")
    for name in ("limit_price_type", "trigger_price_type"):
        if params.get(name, "static") != "static":
            raise invalid(name)
    ticks = request_ticks(instrument, params["limit_price"]) if "limit_price" in params else None
    trigger = request_ticks(instrument, params["trigger_price"]) if "trigger_price" in params else None
    lots = request_lots(instrument, params["order_qty"]) if "order_qty" in params else None
    if ticks is None and lots is None and trigger is None:
        raise invalid("nothing to amend")
    return AmendPlaced(
        account=account,
        order_id=str(params.get("order_id", "")),
        cl_ord_id=str(params.get("cl_ord_id", "")),
        ticks=ticks,
        lots=lots,
        trigger_ticks=trigger,
        post_only=bool(params.get("post_only", False)),
        deadline_ns=deadline(params, now_ns),
    )


def edit_order(
    instrument: Instrument, order: OrderView, params: Params, now_ns: int, assume: Unconfirmed = DEFAULTS
) -> EditPlaced:
    """Return the edit a request asks for: the order that stands, with the fields of `params` in place of its own.

    Raises: VenueRefusal with Kraken's text.
    """
    if "cl_ord_id" in params:
        raise invalid("cl_ord_id")
    fields: Params = {
        "order_type": order.kind,
        "side": order.side,
        "order_qty": instrument.lots_text(order.lots),
        "time_in_force": order.tif,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
        "fee_preference": "base" if order.fee_in_base else "quote",
        "order_userref": order.userref,
    }
    if order.ticks:
        fields["limit_price"] = instrument.price_text(order.ticks)
    if order.trigger_ticks:
        fields["triggers"] = {"price": instrument.price_text(order.trigger_ticks)}
    if order.expire_ns:
        fields["expire_time"] = timestamp(order.expire_ns)
    return EditPlaced(
        order_id=order.order_id,
        replacement=place_order(instrument, fields | params, order.account, now_ns, assume),
    )


def deadline(params: Params, now_ns: int) -> int:
    """Return the request's deadline in nanoseconds, 0 when it has none. Raises: VenueRefusal."""
    if "deadline" not in params:
        return 0
    try:
        deadline_ns = parse_time(params["deadline"])
    except ProtocolError:
        raise invalid("deadline") from None
    if deadline_ns <= now_ns:
        raise VenueRefusal("EService:Deadline elapsed")
    if not now_ns + DEADLINE_MIN_NS <= deadline_ns <= now_ns + DEADLINE_MAX_NS + 500 * NANOS_PER_MS:
        raise invalid("deadline")
    return deadline_ns


def _one_of(words: type[E], params: Params, name: str, default: E | None) -> E:
    text = params.get(name, default)
    try:
        return words(str(text).lower())
    except ValueError:
        raise invalid(name) from None


def _fee_in_base(params: Params, side: Side, assume: Unconfirmed) -> bool:
    default = assume.sell_fee if side is Side.SELL else assume.buy_fee
    wanted = params.get("fee_preference", default)
    if wanted not in ("base", "quote"):
        raise invalid("fee_preference")
    return wanted == "base"


def _size(instrument: Instrument, params: Params, kind: Kind) -> tuple[Money, int]:
    if "cash_order_qty" in params:
        if kind is not Kind.MARKET or params.get("side") != "buy" or "order_qty" in params:
            raise invalid("cash_order_qty")
        try:
            money = exact_integer(params["cash_order_qty"], MONEY_DECIMALS)
        except ProtocolError:
            raise invalid("cash_order_qty") from None
        if money <= 0:
            raise invalid("cash_order_qty")
        return Money(money), 0
    if "order_qty" not in params:
        raise invalid("volume")
    return Money(0), request_lots(instrument, params["order_qty"])


def _limit_ticks(instrument: Instrument, params: Params, kind: Kind) -> int:
    if kind not in LIMITED:
        if "limit_price" in params:
            raise invalid("limit_price")
        return 0
    if "limit_price" not in params:
        raise VenueRefusal("EOrder:Invalid price")
    return request_ticks(instrument, params["limit_price"])


def _trigger_ticks(instrument: Instrument, params: Params, kind: Kind) -> int:
    triggers = params.get("triggers")
    if kind not in TRIGGERED:
        if triggers is not None:
            raise invalid("triggers")
        return 0
    if not isinstance(triggers, dict) or "price" not in triggers:
        raise invalid("triggers")
    if triggers.get("reference", "last") not in ("last", "index") or triggers.get("price_type", "static") != "static":
        raise invalid("triggers")
    return request_ticks(instrument, triggers["price"])


def _client_ids(params: Params, assume: Unconfirmed) -> tuple[str, int]:
    cl_ord_id, userref = params.get("cl_ord_id", ""), params.get("order_userref", 0)
    if cl_ord_id and "order_userref" in params:
        raise invalid("cl_ord_id")
    allowed = CL_ORD_ID if assume.cl_ord_id == "lower" else CL_ORD_ID_ASCII
    if not isinstance(cl_ord_id, str) or ("cl_ord_id" in params and not allowed.fullmatch(cl_ord_id)):
        raise invalid("cl_ord_id")
    if not isinstance(userref, int) or not -USERREF_MAX - 1 <= userref <= USERREF_MAX:
        raise invalid("userref")
    return cl_ord_id, userref


def _expiry(params: Params, tif: Tif, now_ns: int) -> int:
    if tif is not Tif.GTD:
        if "expire_time" in params:
            raise invalid("expire_time")
        return 0
    try:
        expire_ns = parse_time(params.get("expire_time"))
    except ProtocolError:
        raise invalid("expire_time") from None
    if not now_ns < expire_ns <= now_ns + EXPIRY_MAX_NS:
        raise invalid("expire_time")
    return expire_ns
