"""A model of the venue's order counter of one pair: what each request costs and how much room is left.

Rules: the counter falls continuously and never below zero. The fixed part of a request is charged even when the venue
    refuses it; the second part depends on the age of the order, counted from its placing or last amend.
Owns: the modelled counter of one pair.
Source: Kraken "Spot Trading Limits": thresholds, decays and the age price table.
Known limit: whether the real counter falls continuously or once per second is not published; the gateway keeps a reserve.
"""

from typing import NamedTuple

from wildbot.model.instrument import NANOS_PER_SECOND

ADD_COST = 1
AMEND_BASE_COST = 1
AMEND_AGE_PRICES = ((5.0, 3), (10.0, 2), (15.0, 1))
"""(age below, extra cost): amending a young order is dear, after fifteen seconds only the base cost remains."""
CANCEL_AGE_PRICES = ((5.0, 8), (10.0, 6), (15.0, 5), (45.0, 4), (90.0, 2), (300.0, 1))


class TierLimit(NamedTuple):
    """One account tier: the counter's ceiling and how much it forgets per second."""

    threshold: float
    decay_per_s: float


TIER_LIMITS = {
    "starter": TierLimit(60.0, 1.0),
    "intermediate": TierLimit(125.0, 2.34),
    "pro": TierLimit(180.0, 3.75),
}


class RateBudget:
    """One pair's order counter as we believe the venue keeps it."""

    def __init__(self, threshold: float, decay_per_s: float) -> None:
        assert threshold > 0, f"threshold {threshold} must be positive"
        assert decay_per_s > 0, f"decay {decay_per_s} must be positive"
        self.threshold = threshold
        self.decay_per_s = decay_per_s
        self._level = 0.0
        self._at_ns = 0

    def level(self, now_ns: int) -> float:
        """Return the counter at `now_ns`, between 0 and whatever was spent."""
        elapsed_ns = now_ns - self._at_ns
        if elapsed_ns <= 0:
            return self._level
        level = self._level - elapsed_ns / NANOS_PER_SECOND * self.decay_per_s
        return level if level > 0.0 else 0.0

    def used(self, now_ns: int) -> float:
        """Return the counter as a fraction of its threshold."""
        return self.level(now_ns) / self.threshold

    @staticmethod
    def cost_of_amend(age_s: float) -> int:
        """Return the price of amending an order placed or last amended `age_s` seconds ago."""
        return AMEND_BASE_COST + _age_price(AMEND_AGE_PRICES, age_s)

    @staticmethod
    def cost_of_cancel(age_s: float) -> int:
        """Return the price of cancelling an order placed or last amended `age_s` seconds ago."""
        return _age_price(CANCEL_AGE_PRICES, age_s)

    def would_fit(self, cost: float, now_ns: int, reserve: float = 0.0) -> bool:
        """Return whether `cost` fits while the fraction `reserve` (0 to 1) of the threshold stays untouched."""
        return self.level(now_ns) + cost <= self.threshold * (1.0 - reserve)

    def wait_ns(self, cost: float, now_ns: int, reserve: float = 0.0) -> int:
        """Return how long until `cost` fits, 0 when it fits now; a cost above the whole allowance waits as if it could."""
        surplus = self.level(now_ns) + cost - self.threshold * (1.0 - reserve)
        return 0 if surplus <= 0 else int(surplus / self.decay_per_s * NANOS_PER_SECOND) + 1

    def spend(self, cost: float, now_ns: int) -> None:
        """Charge `cost`, whether or not it fits: the venue charges what it receives."""
        self._level = self.level(now_ns) + cost
        self._at_ns = max(self._at_ns, now_ns)

    def assume(self, level: float, at_ns: int) -> None:
        """Believe that up to `level` was used at `at_ns`: somebody spent before us and left no account."""
        self._level = max(self.level(at_ns), level)
        self._at_ns = max(self._at_ns, at_ns)

    def exhaust(self, now_ns: int) -> None:
        """The venue said "rate limit exceeded": believe it and count the whole threshold as used."""
        self._level = max(self.level(now_ns), self.threshold)
        self._at_ns = max(self._at_ns, now_ns)


def _age_price(prices: tuple[tuple[float, int], ...], age_s: float) -> int:
    for below_s, price in prices:
        if age_s < below_s:
            return price
    return 0
