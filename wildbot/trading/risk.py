"""The risk gate: the only maker of `Approved` commands; what it has not approved cannot leave the engine.

Rules: limits are written as "allow if", so that what cannot be compared is denied; an error in a check denies. A cancel is
    always approved. An exit may only shrink the position, and needs neither lease nor spread; an entry needs both.
    The gateway checks again, independently.
Owns: the times of the orders it approved in the last `RATE_WINDOW_NS`.
"""

from collections import deque
from enum import StrEnum

import msgspec

from wildbot.market.quotes import mid_ticks, spread_bps
from wildbot.model.desk import PositionState
from wildbot.model.instrument import NANOS_PER_SECOND, FeeSchedule, Instrument, Money, PairStatus
from wildbot.model.market_data import BookSnapshot, SystemStatus
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, OrderCommand, OrderType, Purpose, Side, TimeInForce
from wildbot.trading.order_ledger import OrderLedger, WorkingOrder

RATE_WINDOW_NS = 10 * NANOS_PER_SECOND


class DenialCode(StrEnum):
    """Which limit denied a command."""

    NO_BOOK = "no_valid_book"
    DATA_AGE = "data_too_old"
    VENUE = "venue_not_taking_orders"
    GRID = "off_grid"
    MINIMUM = "below_minimum"
    COLLAR = "outside_collar"
    CROSSES = "post_only_would_cross"
    SPREAD = "spread_too_wide"
    NOTIONAL = "order_notional"
    NO_LEASE = "no_lease"
    AFFORDABILITY = "affordability"
    POSITION = "position_limit"
    SHORT = "cannot_sell_unowned"
    RATE = "order_rate"
    ERROR = "risk_error"


class RiskLimits(msgspec.Struct, frozen=True):
    """The trader's own limits. `max_position` is a fraction of the lease; collars are distances from the mid in percent."""

    max_position: float = 1.0
    max_order_notional: Money = Money(10**18)
    max_orders_per_s: float = 5.0
    entry_collar_pct: float = 1.0
    exit_collar_pct: float = 3.0
    max_entry_spread_bps: float = 100.0
    allow_short: bool = False
    data_age_max_ns: int = NANOS_PER_SECOND // 2

    def collar_pct(self, purpose: Purpose) -> float:
        """Return how far from the mid an order of this purpose may lie."""
        return self.entry_collar_pct if purpose is Purpose.ENTRY else self.exit_collar_pct


class RiskFacts(msgspec.Struct):
    """What a command is judged by, as of `now_ns`. `lease` is 0 when none is in force."""

    now_ns: int
    book: BookSnapshot | None
    is_valid: bool
    data_age_ns: int
    system: SystemStatus
    instrument: Instrument
    fees: FeeSchedule
    position: PositionState
    ledger: OrderLedger
    lease: Money


class Approved(msgspec.Struct, frozen=True):
    """A command that passed the gate; nothing else makes one."""

    command: OrderCommand


class Denial(msgspec.Struct, frozen=True):
    """A command that did not: which limit, and a sentence with rule and value."""

    code: DenialCode
    text: str


class RiskGate:
    """Judges one trader's commands."""

    def __init__(self, limits: RiskLimits) -> None:
        self.limits = limits
        self._approved_ns: deque[int] = deque(maxlen=max(1, int(limits.max_orders_per_s * RATE_WINDOW_NS / 10**9)))

    def review(self, command: OrderCommand, facts: RiskFacts) -> Approved | Denial:
        """Return the command with its approval, or why not."""
        if isinstance(command, CancelOrder):
            return Approved(command)
        try:
            denial = self._find_fault(command, facts)
        except Exception as error:  # whatever went wrong in here, the answer is no
            denial = Denial(DenialCode.ERROR, f"{type(error).__name__}: {error}")
        if denial is not None:
            return denial
        self._approved_ns.append(facts.now_ns)
        return Approved(command)

    def _find_fault(self, command: NewOrder | AmendOrder, facts: RiskFacts) -> Denial | None:
        book = facts.book
        if book is None or not facts.is_valid or not book.is_two_sided:
            return Denial(DenialCode.NO_BOOK, "the book is invalid or one-sided")
        if not facts.data_age_ns <= self.limits.data_age_max_ns:
            limit_ms = self.limits.data_age_max_ns / 1e6
            return Denial(DenialCode.DATA_AGE, f"data is {facts.data_age_ns / 1e6:.0f} ms old, limit {limit_ms:.0f} ms")
        order = _as_new(command, facts.ledger)
        others = [o for o in facts.ledger.live if o.side is order.side and o.cl_ord_id != command.cl_ord_id]
        return (
            _venue_fault(order, facts)
            or _grid_fault(order, command.lots, facts.instrument)
            or self._price_fault(order, book)
            or self._size_fault(order, others, facts)
            or self._rate_fault(facts.now_ns)
        )

    def _price_fault(self, order: NewOrder, book: BookSnapshot) -> Denial | None:
        mid = mid_ticks(book)
        is_entry = order.purpose is Purpose.ENTRY
        collar = self.limits.collar_pct(order.purpose)
        if not abs(order.ticks - mid) <= mid * collar / 100:
            return Denial(DenialCode.COLLAR, f"{order.ticks} is more than {collar} % from the mid {mid}")
        if order.post_only and order.order_type is OrderType.LIMIT:
            is_buy = order.side is Side.BUY
            if not (order.ticks < book.ask_ticks[0] if is_buy else order.ticks > book.bid_ticks[0]):
                return Denial(DenialCode.CROSSES, f"post-only {order.side} at {order.ticks} would cross")
        if is_entry and not spread_bps(book) <= self.limits.max_entry_spread_bps:
            limit = self.limits.max_entry_spread_bps
            return Denial(DenialCode.SPREAD, f"spread {spread_bps(book):.1f} bps, limit {limit} bps for entries")
        return None

    def _size_fault(self, order: NewOrder, others: list[WorkingOrder], facts: RiskFacts) -> Denial | None:
        instrument, held = facts.instrument, facts.position.lots
        cost = instrument.cost(order.ticks, order.lots)
        if not cost <= self.limits.max_order_notional:
            return Denial(DenialCode.NOTIONAL, f"order cost {cost} exceeds the limit {self.limits.max_order_notional}")
        resting_lots = sum(other.remaining_lots for other in others)
        after_lots = held + order.side.sign * (resting_lots + order.lots)
        if order.purpose is Purpose.EXIT:
            if held * order.side.sign < 0 and after_lots * held >= 0:
                return None
            return Denial(DenialCode.SHORT, f"exit of {order.lots} lots does not fit the position of {held} lots")
        if after_lots < 0 and not self.limits.allow_short:
            return Denial(DenialCode.SHORT, f"selling {order.lots} lots needs more than the {held} lots owned")
        return self._lease_fault(order, cost, others, facts)

    def _lease_fault(self, order: NewOrder, cost: Money, others: list[WorkingOrder], facts: RiskFacts) -> Denial | None:
        if facts.lease <= 0:
            return Denial(DenialCode.NO_LEASE, "no lease is in force")
        instrument = facts.instrument
        inventory = abs(facts.position.basis) if facts.position.lots * order.side.sign > 0 else 0
        resting = sum(instrument.cost(other.worst_ticks, other.remaining_lots) for other in others)
        committed = inventory + resting + cost
        limit = int(facts.lease * self.limits.max_position)
        if not committed <= limit:
            return Denial(DenialCode.POSITION, f"committed {committed} would exceed the position limit {limit}")
        rate_ppm = facts.fees.maker_ppm if order.post_only else facts.fees.taker_ppm
        fees = instrument.fee(Money(resting + cost), max(0, rate_ppm))
        if not committed + fees <= facts.lease:
            return Denial(DenialCode.AFFORDABILITY, f"{committed + fees} with fees would exceed the lease {facts.lease}")
        return None

    def _rate_fault(self, now_ns: int) -> Denial | None:
        times = self._approved_ns
        if len(times) < (times.maxlen or 0) or now_ns - times[0] >= RATE_WINDOW_NS:
            return None
        return Denial(DenialCode.RATE, f"{len(times)} orders in the last {RATE_WINDOW_NS // 10**9} s")


def _as_new(command: NewOrder | AmendOrder, ledger: OrderLedger) -> NewOrder:
    """Return an amend as the new order it amounts to: what is left of it, at its new price."""
    if isinstance(command, NewOrder):
        return command
    order = ledger.order(command.cl_ord_id)
    assert order is not None, f"amend of unknown order {command.cl_ord_id}"
    return NewOrder(
        cl_ord_id=command.cl_ord_id,
        pair=command.pair,
        side=order.side,
        ticks=command.ticks,
        lots=command.lots - order.filled_lots,
        purpose=order.purpose,
        order_type=order.order_type,
        post_only=command.post_only,
        reason=command.reason,
    )


def _venue_fault(order: NewOrder, facts: RiskFacts) -> Denial | None:
    pair_status = facts.instrument.status
    rests = order.post_only
    system_takes = facts.system is SystemStatus.ONLINE or (facts.system is SystemStatus.POST_ONLY and rests)
    pair_takes = (
        pair_status in (PairStatus.ONLINE, PairStatus.LIMIT_ONLY)
        or (pair_status is PairStatus.POST_ONLY and rests)
        or (pair_status is PairStatus.REDUCE_ONLY and order.purpose is Purpose.EXIT)
    )
    if system_takes and pair_takes:
        return None
    return Denial(DenialCode.VENUE, f"venue is {facts.system}, pair is {pair_status}")


def _grid_fault(order: NewOrder, total_lots: int, instrument: Instrument) -> Denial | None:
    is_on_grid = order.ticks > 0 and order.ticks % instrument.tick_step == 0 and order.lots % instrument.lot_step == 0
    if not is_on_grid or order.lots <= 0:
        return Denial(DenialCode.GRID, f"price {order.ticks} or size {order.lots} is not on the grid")
    if order.time_in_force is TimeInForce.IOC and order.post_only:
        return Denial(DenialCode.GRID, "an immediate order cannot be post-only")
    least = instrument.min_order_lots(order.ticks)
    if total_lots < least:  # of an amended order the whole size counts, what has filled included
        return Denial(DenialCode.MINIMUM, f"{total_lots} lots are below the minimum of {least} lots")
    return None
