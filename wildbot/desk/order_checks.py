"""The second, independent look at every order: what the gateway itself knows, against limits it holds itself.

Rules: nothing the trader claims is believed except what it wants. Limits are written as "allow if", so that a value that
    cannot be compared is denied. Each denial is a code and a sentence with the rule and the value. Cancels are not
    checked: they always pass.
Source: docs on reliability: two checkers with nothing in common but the model; the gateway's is final.
    A stop-loss has its trigger inside the exit collar and executes at the collar's edge at worst: never at the market.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import msgspec

from wildbot.desk.market_watch import Sight
from wildbot.model.desk import CapitalLease, PositionState
from wildbot.model.instrument import MONEY_ONE, NANOS_PER_MS, PPM, FeeSchedule, Instrument, Money, PairStatus, money_text
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import OWN_PREFIX, NewOrder, OrderType, Purpose, Side, TimeInForce, epoch_of
from wildbot.trading.rate_budget import RateBudget

TICKS_MAX = 10**15
LOTS_MAX = 10**18


class Code(StrEnum):
    """Why an order was denied."""

    NOT_READY = "not_ready"
    HALTED = "halted"
    EPOCH = "epoch_fenced"
    LATE = "too_late"
    UNKNOWN_ORDER = "no_such_order"
    BUSY = "amend_outstanding"
    PAIR = "pair_not_in_universe"
    PAIR_STATUS = "pair_status"
    ENTRIES = "entries_closed"
    SYSTEM = "system_status"
    FORM = "malformed"
    TICK = "off_tick"
    LOT = "off_lot"
    MIN_SIZE = "below_min_size"
    MIN_COST = "below_min_cost"
    POST_ONLY = "not_post_only"
    COLLAR = "outside_collar"
    DATA = "market_data"
    NOTIONAL = "order_notional"
    ORDER_RATE = "order_rate"
    OPEN_ORDERS = "open_orders"
    TURNOVER = "daily_turnover"
    SHORT = "cannot_sell_unowned"
    LEASE = "no_lease"
    CAPITAL = "beyond_lease"
    BUDGET = "rate_budget"
    UNKNOWN_OUTCOME = "unknown_outstanding"
    SAFETY_TIMER = "safety_timer"
    ERROR = "check_failed"


class Denial(NamedTuple):
    """A code for machines and a sentence for people."""

    code: Code
    text: str


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """The gateway's own limits, all in one place. Collars in parts per million of the mid; `cancel_reserve` is a share of
    the rate budget; `request_age_ns_max` is from the trader's decision to here; `open_orders_max` counts all pairs;
    `daily_turnover_max` is the cost of all fills of a UTC day, and beyond it only exits leave.
    """

    order_notional_max: Money
    orders_per_s: float = 5.0
    entry_collar_ppm: int = 10_000
    exit_collar_ppm: int = 30_000
    data_silence_ns_max: int = 2_000 * NANOS_PER_MS
    cancel_reserve: float = 0.4
    request_age_ns_max: int = 500 * NANOS_PER_MS
    open_orders_max: int = 24
    daily_turnover_max: Money = Money(1_000_000 * MONEY_ONE)  # noqa: RUF009 - a NewType is no call
    allow_short: bool = False


class Facts(msgspec.Struct, frozen=True):
    """What an order is judged by, as the gateway knows it.

    `resting_buys` is the cost with fees of all other buys of the pair that may still execute, `resting_sell_lots` the
    same of sells; `lease` is the one of the order's epoch, or None; `budget_cost` is what this request costs;
    `entries_closed` is why the supervisor lets nothing be entered, or empty.
    """

    instrument: Instrument
    fees: FeeSchedule
    position: PositionState
    lease: CapitalLease | None
    sight: Sight
    system: SystemStatus
    silence_ns: int
    resting_buys: Money
    resting_sell_lots: int
    unknown_on_side: bool
    open_orders: int
    turnover: Money
    may_send: bool
    budget: RateBudget
    budget_cost: float
    now_ns: int
    entries_closed: str = ""


def find_fault(order: NewOrder, facts: Facts, limits: GatewayLimits) -> Denial | None:
    """Return why this order must not leave, or None. An amend is judged as the order it would become."""
    try:
        return (
            _form_fault(order)
            or _entry_fault(order, facts)
            or _venue_fault(order, facts)
            or _grid_fault(order, facts.instrument)
            or _style_fault(order)
            or _price_fault(order, facts, limits)
            or _size_fault(order, facts, limits)
            or _rate_fault(facts, limits)
        )
    except Exception as error:  # whatever went wrong in here, the answer is no
        return Denial(Code.ERROR, f"a check failed with {type(error).__name__}: {error}")


def buy_cost(ticks: int, lots: int, instrument: Instrument, fees: FeeSchedule) -> Money:
    """Return what a buy may take out of the lease: its cost and the larger of the two fees."""
    cost = instrument.cost(ticks, lots)
    return Money(cost + max(0, instrument.fee(cost, max(fees.maker_ppm, fees.taker_ppm))))


def worst_ticks(order: NewOrder, facts: Facts, limits: GatewayLimits) -> int:
    """Return the last price on the tick grid that is still inside the exit collar, on the side where `order` loses."""
    step, double_mid = facts.instrument.tick_step, facts.sight.double_mid
    if order.side is Side.SELL:
        return max(step, -(-double_mid * (PPM - limits.exit_collar_ppm) // (2 * PPM * step)) * step)
    return double_mid * (PPM + limits.exit_collar_ppm) // (2 * PPM * step) * step


def _form_fault(order: NewOrder) -> Denial | None:
    if not order.cl_ord_id.startswith(OWN_PREFIX) or epoch_of(order.cl_ord_id) is None:
        return Denial(Code.FORM, f"client order id {order.cl_ord_id[:20]!r} is not of the form wb<epoch>x<counter>")
    if not 0 < order.ticks <= TICKS_MAX:
        return Denial(Code.FORM, f"price of {order.ticks} ticks is not between 1 and {TICKS_MAX}")
    if not 0 < order.lots <= LOTS_MAX:
        return Denial(Code.FORM, f"size of {order.lots} lots is not between 1 and {LOTS_MAX}")
    return None


def _entry_fault(order: NewOrder, facts: Facts) -> Denial | None:
    if facts.entries_closed and not (order.purpose is Purpose.EXIT and _shrinks(order, facts)):
        return Denial(Code.ENTRIES, f"no entries: {facts.entries_closed}")
    return None


def _shrinks(order: NewOrder, facts: Facts) -> bool:
    return facts.position.lots * order.side.sign < 0 and order.lots <= abs(facts.position.lots)


def _venue_fault(order: NewOrder, facts: Facts) -> Denial | None:
    status, rests = facts.instrument.status, order.post_only and order.time_in_force is TimeInForce.GTC
    if facts.system is SystemStatus.POST_ONLY and not rests:
        return Denial(Code.SYSTEM, "the venue is post_only and this order may cross")
    if facts.system not in (SystemStatus.ONLINE, SystemStatus.POST_ONLY):
        return Denial(Code.SYSTEM, f"the venue is {facts.system}, orders need online")
    if status is PairStatus.POST_ONLY and not rests:
        return Denial(Code.PAIR_STATUS, f"{order.pair} is post_only and this order may cross")
    if status is PairStatus.REDUCE_ONLY and order.purpose is not Purpose.EXIT:
        return Denial(Code.PAIR_STATUS, f"{order.pair} is reduce_only and this is an entry")
    if status is PairStatus.LIMIT_ONLY and order.order_type is not OrderType.LIMIT:
        return Denial(Code.PAIR_STATUS, f"{order.pair} is limit_only and this is a {order.order_type}")
    accepting = (PairStatus.ONLINE, PairStatus.POST_ONLY, PairStatus.LIMIT_ONLY, PairStatus.REDUCE_ONLY)
    if status not in accepting:
        return Denial(Code.PAIR_STATUS, f"{order.pair} is {status}, orders need online")
    return None


def _grid_fault(order: NewOrder, instrument: Instrument) -> Denial | None:
    if order.ticks % instrument.tick_step:
        return Denial(Code.TICK, f"price {instrument.price_text(order.ticks)} is no multiple of the tick size")
    if order.lots % instrument.lot_step:
        return Denial(Code.LOT, f"size {instrument.lots_text(order.lots)} is no multiple of the lot size")
    if order.lots < instrument.min_lots:
        least = instrument.lots_text(instrument.min_lots)
        return Denial(Code.MIN_SIZE, f"size {instrument.lots_text(order.lots)} is below the pair's minimum {least}")
    cost = instrument.cost(order.ticks, order.lots)
    if cost < instrument.min_cost:
        least = money_text(instrument.min_cost, 2)
        return Denial(Code.MIN_COST, f"cost {money_text(cost, 4)} is below the pair's minimum {least}")
    return None


def _style_fault(order: NewOrder) -> Denial | None:
    if order.order_type is OrderType.STOP_LOSS:
        if order.purpose is not Purpose.EXIT or order.post_only:
            return Denial(Code.POST_ONLY, "a stop-loss is an exit and cannot be post-only")
        return None
    if order.time_in_force is TimeInForce.IOC:
        return Denial(Code.POST_ONLY, "an immediate order cannot be post-only") if order.post_only else None
    if order.time_in_force is not TimeInForce.GTC:
        return Denial(Code.FORM, f"time in force {order.time_in_force} is not used here")
    if not order.post_only:
        return Denial(Code.POST_ONLY, "every resting order must be post-only")
    return None


def _price_fault(order: NewOrder, facts: Facts, limits: GatewayLimits) -> Denial | None:
    entry = order.purpose is Purpose.ENTRY
    if entry and not facts.silence_ns <= limits.data_silence_ns_max:
        silent_ms, limit_ms = facts.silence_ns // NANOS_PER_MS, limits.data_silence_ns_max // NANOS_PER_MS
        return Denial(Code.DATA, f"market data is silent for {silent_ms} ms, entries need less than {limit_ms} ms")
    if entry and not facts.sight.valid:
        return Denial(Code.DATA, f"the book of {order.pair} is not valid here")
    if facts.sight.double_mid <= 0:
        return Denial(Code.DATA, f"no mid of {order.pair} has been seen here yet")
    collar_ppm = limits.entry_collar_ppm if entry else limits.exit_collar_ppm
    distance = abs(2 * order.ticks - facts.sight.double_mid) * PPM
    if distance <= facts.sight.double_mid * collar_ppm:
        return None
    price, mid = (facts.instrument.price_text(ticks) for ticks in (order.ticks, facts.sight.double_mid // 2))
    away = distance / facts.sight.double_mid / 10_000
    return Denial(
        Code.COLLAR, f"price {price} is {away:.2f} % from the mid {mid}, {order.purpose} limit {collar_ppm / 1e4:g} %"
    )


def _size_fault(order: NewOrder, facts: Facts, limits: GatewayLimits) -> Denial | None:
    instrument = facts.instrument
    cost = instrument.cost(order.ticks, order.lots)
    if not cost <= limits.order_notional_max:
        return Denial(
            Code.NOTIONAL, f"cost {money_text(cost, 4)} exceeds the limit {money_text(limits.order_notional_max, 2)}"
        )
    if order.purpose is Purpose.ENTRY and not facts.turnover + cost <= limits.daily_turnover_max:
        today, most = money_text(facts.turnover, 2), money_text(limits.daily_turnover_max, 2)
        return Denial(Code.TURNOVER, f"{today} traded today and {money_text(cost, 4)} for this exceed {most} a day")
    if facts.unknown_on_side:
        return Denial(Code.UNKNOWN_OUTCOME, f"another {order.side} of {order.pair} has an unknown outcome")
    if order.side is Side.SELL and not limits.allow_short:
        free = facts.position.lots - facts.resting_sell_lots
        if not order.lots <= free:
            return Denial(
                Code.SHORT,
                f"sell of {instrument.lots_text(order.lots)} exceeds the {instrument.lots_text(max(0, free))} owned and"
                " not offered already",
            )
        return None
    return _capital_fault(order, facts)


def _capital_fault(order: NewOrder, facts: Facts) -> Denial | None:
    lease = facts.lease
    if order.purpose is Purpose.EXIT and _shrinks(order, facts):
        return None
    if lease is None:
        return Denial(Code.LEASE, f"{order.pair} has no lease of this epoch")
    if not facts.now_ns < lease.expires_ns:
        over_ms = (facts.now_ns - lease.expires_ns) // NANOS_PER_MS
        return Denial(Code.LEASE, f"the lease of {order.pair} ran out {over_ms} ms ago")
    needed = buy_cost(order.ticks, order.lots, facts.instrument, facts.fees)
    at_work = abs(facts.position.basis) + facts.resting_buys
    if not at_work + needed <= lease.amount:
        return Denial(
            Code.CAPITAL,
            f"{money_text(Money(at_work), 4)} at work and {money_text(needed, 4)} for this exceed the lease of"
            f" {money_text(lease.amount, 4)}",
        )
    return None


def _rate_fault(facts: Facts, limits: GatewayLimits) -> Denial | None:
    if not facts.open_orders < limits.open_orders_max:
        return Denial(Code.OPEN_ORDERS, f"{facts.open_orders} orders are open, the limit is {limits.open_orders_max}")
    if not facts.may_send:
        return Denial(Code.ORDER_RATE, f"more than {limits.orders_per_s:g} orders in this second")
    if not facts.budget.would_fit(facts.budget_cost, facts.now_ns, limits.cancel_reserve):
        used, wait_ms = (
            facts.budget.level(facts.now_ns),
            facts.budget.wait_ns(facts.budget_cost, facts.now_ns, limits.cancel_reserve) // NANOS_PER_MS,
        )
        return Denial(
            Code.BUDGET,
            f"order counter at {used:.1f} of {facts.budget.threshold:g} with {limits.cancel_reserve:.0%} kept for"
            f" cancels; {facts.budget_cost:g} more fits in {wait_ms} ms",
        )
    return None
