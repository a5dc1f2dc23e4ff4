"""What the exchange refuses before an order reaches the book, with its own error texts.

Rules: each check returns the error text or None; the first that speaks decides. House participants ("~") pass only
    through `mode_error` and the price grid.
Source: Kraken "Spot Error Messages", "Spot Client Order Identifiers", `instrument` and `status` channels.
"""

import re

from wildbot.model.exchange import Kind, PlaceOrder, Tif
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument, PairStatus
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import CL_ORD_ID_MAX, Side
from wildbot.simulation.live_order import LIMIT_KINDS
from wildbot.simulation.stop_orders import TRIGGER_KINDS

EXPIRY_NS_MAX = 31 * 86_400 * NANOS_PER_SECOND
"""A good-till-date order may stand for one month."""

INSUFFICIENT_FUNDS = "EOrder:Insufficient funds"
RATE_LIMIT = "EOrder:Rate limit exceeded"
ORDERS_LIMIT = "EOrder:Orders limit exceeded"
POST_ONLY = "EOrder:Post only order"
UNKNOWN_ORDER = "EOrder:Unknown order"
INVALID_ORDER = "EOrder:Invalid order"
UNKNOWN_PAIR = "EQuery:Unknown asset pair"
DEADLINE = "EService:Deadline elapsed"
UNAVAILABLE = "EService:Unavailable"
NOT_UNIQUE = "EGeneral:Invalid arguments:cl_ord_id not unique"
MINIMUM = "EGeneral:Invalid arguments:volume minimum not met"
COST_MINIMUM = "EOrder:Cost minimum not met"
TICK_SIZE = "EOrder:Tick size check failed"
INVALID_PRICE = "EOrder:Invalid price"
INVALID_VOLUME = "EGeneral:Invalid arguments:volume"
REDUCE_ONLY = "EOrder:Reduce only:No position exists"
"""Spot without margin has no positions, so nothing can be reduced."""

_CLIENT_ID = re.compile(
    rf"[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}|[0-9a-fA-F]{{32}}|[a-z0-9-]{{1,{CL_ORD_ID_MAX}}}"
)


def mode_error(system: SystemStatus, pair: PairStatus, *, kind: Kind, post_only: bool, side: Side) -> str | None:
    """Return why the engine or the pair takes no such order now."""
    for mode in (system.value, pair.value):
        if mode == "online":
            continue
        if mode in ("cancel_only", "post_only", "limit_only", "reduce_only"):
            allowed = (
                (mode == "post_only" and kind is Kind.LIMIT and post_only)
                or (mode == "limit_only" and kind in LIMIT_KINDS)
                or (mode == "reduce_only" and side is Side.SELL)
            )
            if not allowed:
                return f"EService:Market in {mode} mode"
        else:
            return UNAVAILABLE
    return None


def identity_error(request: PlaceOrder, any_client_id: bool = False) -> str | None:
    """Return what is wrong with the client's own ids; `any_client_id` lets every printable text of the length pass."""
    if not request.cl_ord_id:
        return None
    if request.userref:
        return "EGeneral:Invalid arguments:cl_ord_id and userref exclude each other"
    if any_client_id and len(request.cl_ord_id) <= CL_ORD_ID_MAX and request.cl_ord_id.isprintable():
        return None
    return None if _CLIENT_ID.fullmatch(request.cl_ord_id) else "EGeneral:Invalid arguments:cl_ord_id"


def shape_error(request: PlaceOrder, now_ns: int) -> str | None:
    """Return which of the order's options do not go together."""
    is_limit = request.kind in LIMIT_KINDS
    if request.quote_money and (request.kind is not Kind.MARKET or request.side is not Side.BUY or request.lots):
        return "EGeneral:Invalid arguments:cash_order_qty"
    if request.post_only and (not is_limit or request.tif in (Tif.IOC, Tif.FOK)):
        return "EGeneral:Invalid arguments:post_only"
    if request.tif is Tif.FOK and request.kind is not Kind.LIMIT:
        return "EGeneral:Invalid arguments:time_in_force"
    if request.reduce_only:
        return REDUCE_ONLY
    expires = request.tif is Tif.GTD
    if expires and not now_ns < request.expire_ns <= now_ns + EXPIRY_NS_MAX:
        return "EGeneral:Invalid arguments:expire_time"
    if (request.kind in TRIGGER_KINDS) != (request.trigger_ticks > 0):
        return "EGeneral:Invalid arguments:triggers"
    if is_limit != (request.ticks > 0):
        return INVALID_PRICE
    return None


def price_error(instrument: Instrument, *prices: int) -> str | None:
    """Return whether a price is off the tick grid; 0 stands for a price that the order does not have."""
    for ticks in prices:
        if ticks < 0:
            return INVALID_PRICE
        if ticks % instrument.tick_step:
            return TICK_SIZE
    return None


def size_error(instrument: Instrument, lots: int, reference_ticks: int) -> str | None:
    """Return which minimum the size misses; costs are judged at `reference_ticks`, not at all when that is 0."""
    if lots % instrument.lot_step:
        return INVALID_VOLUME
    if lots < max(1, instrument.min_lots):
        return MINIMUM
    if reference_ticks and instrument.cost(reference_ticks, lots) < instrument.min_cost:
        return COST_MINIMUM
    return None
