"""From what should rest to the fewest commands that make it so.

Rules: one order per slot (bid, ask, protective stop) and one unanswered request per order. An amend is preferred to
    cancel-and-new: it costs less of the venue's order counter and keeps the queue place when only the size shrinks.
    A slot whose order's fate is unknown, or which owes fills, is frozen. A wanted order is left alone until it is
    `stale_order_ns` old, then moved as soon as the rate budget allows, which keeps a reserve so that withdrawing is
    always affordable; withdrawing itself never waits.
Source: Kraken "Spot Trading Limits" and amend_order (queue place).
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.orders import AmendOrder, CancelOrder, OrderType, Purpose, Side
from wildbot.trading.order_ledger import Outstanding, WorkingOrder
from wildbot.trading.order_state import LIVE_STATES, OrderState
from wildbot.trading.rate_budget import ADD_COST, RateBudget

RESIZE_TOLERANCE = 0.1
"""An entry whose size differs by less than this fraction is left alone: that is no reason to spend the order counter.
An exit always follows the position exactly."""

RETRY_NS = NANOS_PER_SECOND
"""After a refused amend or cancel the next request about that order waits so long."""


CANCEL_REPEAT_NS = 3 * NANOS_PER_SECOND
"""A cancel that brought no end by then is asked for again: it may have been lost, and twice does no harm."""


class StaleOrderPolicy(StrEnum):
    """What happens to an order older than `stale_order_ms`: compared with what is wanted, or cancelled whatever it is."""

    REEVALUATE = "reevaluate"
    CANCEL = "cancel"


class WantedOrder(msgspec.Struct, frozen=True, gc=False):
    """One order that should rest: `lots` is what should still be open, fills not included; for a stop, `ticks` triggers."""

    side: Side
    ticks: int
    lots: int
    purpose: Purpose
    reason: str
    order_type: OrderType = OrderType.LIMIT


class QuoteTarget(msgspec.Struct, frozen=True, gc=False):
    """What should rest now: at most one bid, one ask and one protective stop."""

    bid: WantedOrder | None = None
    ask: WantedOrder | None = None
    stop: WantedOrder | None = None


NOTHING = QuoteTarget()


class QuotePolicy(msgspec.Struct, frozen=True):
    """When a difference is worth a command. `rate_reserve` is the fraction of the counter kept for cancels."""

    requote_ticks: int = 1
    requote_threshold_bps: float = 0.0
    stale_order_ns: int = 500 * NANOS_PER_MS
    stale_order_policy: StaleOrderPolicy = StaleOrderPolicy.REEVALUATE
    rate_reserve: float = 0.4


LIMIT, BUY, ENTRY, UNKNOWN = OrderType.LIMIT, Side.BUY, Purpose.ENTRY, OrderState.UNKNOWN
"""Said once: looking a member up in its enum costs Python 3.11 more than comparing with it."""

Change = WantedOrder | AmendOrder | CancelOrder
"""A `WantedOrder` stands for a new order, whose id the engine gives when risk has approved it."""


def diff_quotes(
    target: QuoteTarget, live: Iterable[WorkingOrder], policy: QuotePolicy, budget: RateBudget, pair: str, now_ns: int
) -> list[Change]:
    """Return the changes to ask for now, withdrawals first; the budget is read, not charged."""
    cancels: list[Change] = []
    moves: list[Change] = []
    bid, ask, stop = target.bid, target.ask, target.stop
    for order in live:
        wanted: WantedOrder | None = None  # the oldest order fills the slot, any further one is in the way
        if order.order_type is not LIMIT:
            if stop is not None and stop.side is order.side:
                wanted, stop = stop, None
        elif order.side is BUY:
            wanted, bid = bid, None
        else:
            wanted, ask = ask, None
        change = _change(order, wanted, policy, budget, pair, now_ns)
        if isinstance(change, CancelOrder):
            cancels.append(change)
        elif change is not None:
            moves.append(change)
    for wanted in (bid, ask, stop):
        if wanted is not None and budget.would_fit(ADD_COST, now_ns, policy.rate_reserve):
            moves.append(wanted)
    return cancels + moves


def _change(
    order: WorkingOrder, wanted: WantedOrder | None, policy: QuotePolicy, budget: RateBudget, pair: str, now_ns: int
) -> AmendOrder | CancelOrder | None:
    if order.state is UNKNOWN or order.state not in LIVE_STATES or not order.rests:
        return None  # frozen: evidence, owed fills or the end of an immediate order must come first
    if order.refused_ns and now_ns - order.refused_ns < RETRY_NS:
        return None
    if wanted is None or wanted.side is not order.side:
        return CancelOrder(order.cl_ord_id, pair, "unwanted") if _may_cancel(order, now_ns) else None
    age_ns = now_ns - order.placed_ns
    if age_ns < policy.stale_order_ns or not order.is_settled:
        return None
    age_s = age_ns / NANOS_PER_SECOND
    if policy.stale_order_policy is StaleOrderPolicy.CANCEL:
        cost = budget.cost_of_cancel(age_s) + ADD_COST
        fits = budget.would_fit(cost, now_ns, policy.rate_reserve)
        return CancelOrder(order.cl_ord_id, pair, "stale") if fits else None
    if not is_worth_moving(order, wanted, policy):
        return None
    if not budget.would_fit(budget.cost_of_amend(age_s), now_ns, policy.rate_reserve):
        return None
    post_only = order.order_type is LIMIT
    total_lots = order.filled_lots + wanted.lots
    return AmendOrder(order.cl_ord_id, pair, wanted.ticks, total_lots, post_only=post_only, reason=wanted.reason)


def _may_cancel(order: WorkingOrder, now_ns: int) -> bool:
    # A cancel may overtake an unanswered amend, never an unanswered new order: the venue might not know it yet.
    if order.outstanding is Outstanding.CANCEL:
        return now_ns - order.sent_ns >= CANCEL_REPEAT_NS
    return order.outstanding is not Outstanding.NEW


def is_worth_moving(order: WorkingOrder, wanted: WantedOrder, policy: QuotePolicy) -> bool:
    """Return whether price or size differ by enough to spend a command on it."""
    moved = abs(wanted.ticks - order.ticks)
    if moved and moved >= policy.requote_ticks and moved * 10_000 >= policy.requote_threshold_bps * order.ticks:
        return True
    rest = order.lots - order.filled_lots
    tolerated = RESIZE_TOLERANCE * rest if wanted.purpose is ENTRY else 0
    return abs(wanted.lots - rest) > tolerated
