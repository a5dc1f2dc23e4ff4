"""The engine's order-rate counter: one per account and pair, priced by the age of the order that is touched.

Rules: the fixed part of a request is charged even when the request fails; the age part only when it succeeds. A counter
    above its threshold refuses every further request until it has decayed.
Source: Kraken "Spot Trading Limits"; the documented example is add, amend after 7 s, cancel 36 s later: 1 + (1+2) + 4 = 8.
Known limit: whether the real counter falls continuously or once per second is not published; a tier says which it does.
"""

import msgspec

from wildbot.model.instrument import NANOS_PER_SECOND

ADD_COST = 1
AMEND_COST = 1
EDIT_COST = 1

AMEND_AGE_COSTS = ((5, 3), (10, 2), (15, 1))
"""(age below seconds, added cost) for amends."""

CANCEL_AGE_COSTS = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))
"""(age below seconds, added cost) for cancels."""


EDIT_AGE_COSTS = ((5, 6), (10, 5), (15, 4), (45, 2), (90, 1))
"""(age below seconds, added cost) for edits, which cancel and place anew."""


class Tier(msgspec.Struct, frozen=True):
    """What one verification level of an account may do per pair; `by_second`: the counter falls once a second."""

    name: str
    threshold: int
    decay_per_s: float
    open_orders_max: int
    by_second: bool = False


STARTER = Tier("starter", 60, 1.0, 60)
INTERMEDIATE = Tier("intermediate", 125, 2.34, 80)
PRO = Tier("pro", 180, 3.75, 225)
TIERS = {tier.name: tier for tier in (STARTER, INTERMEDIATE, PRO)}


def amend_age_cost(age_ns: int) -> int:
    """Return what an amend costs on top of its fixed part; `age_ns` since creation or the last amend."""
    return _age_cost(AMEND_AGE_COSTS, age_ns)


def cancel_age_cost(age_ns: int) -> int:
    """Return what a cancel costs; `age_ns` since creation or the last amend."""
    return _age_cost(CANCEL_AGE_COSTS, age_ns)


def edit_age_cost(age_ns: int) -> int:
    """Return what an edit costs on top of its fixed part; `age_ns` since creation or the last amend."""
    return _age_cost(EDIT_AGE_COSTS, age_ns)


class RateCounter:
    """The counter of one account on one pair."""

    __slots__ = ("_at_ns", "_tier", "_value")

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._value = 0.0
        self._at_ns = 0

    def value(self, now_ns: int) -> float:
        """Return the counter after its decay up to now."""
        if self._tier.by_second:
            seconds: float = now_ns // NANOS_PER_SECOND - self._at_ns // NANOS_PER_SECOND
        else:
            seconds = (now_ns - self._at_ns) / NANOS_PER_SECOND
        return max(0.0, self._value - self._tier.decay_per_s * seconds)

    def refuses(self, now_ns: int) -> bool:
        """Whether the next request is refused."""
        return self.value(now_ns) > self._tier.threshold

    def charge(self, cost: float, now_ns: int) -> None:
        """Add the cost of a request."""
        self._value = self.value(now_ns) + cost
        self._at_ns = now_ns


def _age_cost(table: tuple[tuple[int, int], ...], age_ns: int) -> int:
    for below_s, cost in table:
        if age_ns < below_s * NANOS_PER_SECOND:
            return cost
    return 0
