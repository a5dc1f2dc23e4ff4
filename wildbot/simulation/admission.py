"""Whether a request is taken, given the whole state it meets: modes, grids, minimums, client ids, limits and funds.

Rules: returns the exchange's error text of the first check that fails, or None; changes nothing.
"""

from wildbot.model.exchange import AmendPlaced, Kind, PlaceOrder
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side
from wildbot.simulation import order_checks
from wildbot.simulation.accounts import Account
from wildbot.simulation.funds import affordable_lots, hold_needed, lots_for_quote, quote_rates
from wildbot.simulation.live_order import LiveOrder
from wildbot.simulation.pair_engine import PairEngine


def sized_lots(engine: PairEngine, request: PlaceOrder) -> int:
    """Return the order's size, which for a market buy by quote amount is what the book gives for it."""
    if request.quote_money and request.kind is Kind.MARKET and request.side is Side.BUY and not request.lots:
        return lots_for_quote(engine.book, engine.instrument, request.quote_money, engine.rules.protection_ppm)
    return request.lots


def place_error(
    engine: PairEngine,
    account: Account,
    system: SystemStatus,
    request: PlaceOrder,
    lots: int,
    now_ns: int,
    replacing: int = 0,
) -> str | None:
    """Return why a new order is refused; `replacing` open orders will be gone when it stands."""
    instrument = engine.instrument
    error = order_checks.mode_error(
        system, instrument.status, kind=request.kind, post_only=request.post_only, side=request.side
    ) or order_checks.price_error(instrument, request.ticks, request.trigger_ticks)
    if error or account.is_house:
        return error or (order_checks.MINIMUM if lots <= 0 else None)
    reference = request.ticks or request.trigger_ticks or _last_or_best(engine, request.side)
    error = (
        order_checks.shape_error(request, now_ns)
        or order_checks.identity_error(request, engine.rules.any_client_id)
        or order_checks.size_error(instrument, lots, reference)
    )
    if error:
        return error
    if request.cl_ord_id and request.cl_ord_id in account.by_client:
        return order_checks.NOT_UNIQUE
    if not account.may_open_another(request.pair, replacing):
        return order_checks.ORDERS_LIMIT
    return _funds_error(engine, account, request, lots)


def amend_error(
    engine: PairEngine, account: Account, system: SystemStatus, order: LiveOrder, request: AmendPlaced
) -> str | None:
    """Return why a change of an open order is refused."""
    instrument = engine.instrument
    ticks = order.ticks if request.ticks is None else request.ticks
    trigger_ticks = order.trigger_ticks if request.trigger_ticks is None else request.trigger_ticks
    lots = order.lots if request.lots is None else request.lots
    post_only = request.post_only or order.request.post_only
    error = order_checks.mode_error(
        system, instrument.status, kind=order.request.kind, post_only=post_only, side=order.request.side
    ) or order_checks.price_error(instrument, ticks, trigger_ticks)
    if error:
        return error
    if (request.ticks is not None and (ticks == 0 or not order.has_limit)) or (
        request.trigger_ticks is not None and (trigger_ticks == 0 or not order.awaits_trigger)
    ):
        return order_checks.INVALID_PRICE
    matching_stopped = system is SystemStatus.POST_ONLY
    may_match = not order.awaits_trigger and engine.book.would_match(order.request.side, ticks)
    if may_match and (request.post_only or matching_stopped):
        return engine.rules.amend_post_only
    if account.is_house:
        return order_checks.MINIMUM if lots <= 0 else None
    if 0 < lots <= order.filled_lots:
        return None  # the rest is cancelled, so no minimum applies
    return order_checks.size_error(instrument, lots, ticks or trigger_ticks) or _amend_funds_error(
        engine, instrument, account, order, ticks=ticks, trigger_ticks=trigger_ticks, lots=lots
    )


def _amend_funds_error(
    engine: PairEngine,
    instrument: Instrument,
    account: Account,
    order: LiveOrder,
    *,
    ticks: int,
    trigger_ticks: int,
    lots: int,
) -> str | None:
    left = max(0, lots - order.filled_lots)
    fees = engine.rates(account)
    asset, units = hold_needed(instrument, fees, order.request, ticks=ticks, trigger_ticks=trigger_ticks, lots=left)
    # An order may always shrink, also when rounding or a fee change has left nothing free.
    if units > order.hold and units - order.hold > account.free(asset):
        return order_checks.INSUFFICIENT_FUNDS
    return None


def _funds_error(engine: PairEngine, account: Account, request: PlaceOrder, lots: int) -> str | None:
    instrument, fees = engine.instrument, engine.rates(account)
    if request.kind is Kind.MARKET and request.side is Side.BUY:
        free, fees = account.free(instrument.quote), quote_rates(fees, request)
        if free <= 0 or affordable_lots(engine.book, instrument, fees, lots, free, engine.rules.protection_ppm) < lots:
            return order_checks.INSUFFICIENT_FUNDS
        return None
    asset, units = hold_needed(
        instrument, fees, request, ticks=request.ticks, trigger_ticks=request.trigger_ticks, lots=lots
    )
    return order_checks.INSUFFICIENT_FUNDS if units > account.free(asset) else None


def _last_or_best(engine: PairEngine, side: Side) -> int:
    return engine.book.best(side.opposite) or engine.window.last_ticks
