"""Everything about caution that is not the strategy's own."""

import msgspec

from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.trading.quote_diff import QuotePolicy, StaleOrderPolicy
from wildbot.trading.rate_budget import TIER_LIMITS, RateBudget
from wildbot.trading.risk import RiskLimits


class EngineLimits(msgspec.Struct, frozen=True):
    """The limits of one trader. `rate_reserve` is the fraction of the venue's order counter kept for withdrawals;
    `late_book_ns` and `slow_answer_ns` are what the latency breaker takes for trouble; `feed_shows_own`: our orders
    stand in the book that the feed shows, and are taken off before anything is decided."""

    risk: RiskLimits = RiskLimits()
    silence_max_ns: int = 2 * NANOS_PER_SECOND
    fill_cooldown_ns: int = 200 * NANOS_PER_MS
    stale_order_ns: int = 500 * NANOS_PER_MS
    stale_order_policy: StaleOrderPolicy = StaleOrderPolicy.REEVALUATE
    rate_reserve: float = 0.4
    tier: str = "intermediate"
    rate_max: float = 0.0
    late_book_ns: int = 500 * NANOS_PER_MS
    slow_answer_ns: int = 1_000 * NANOS_PER_MS
    feed_shows_own: bool = False

    def quote_policy(self, requote_ticks: int, requote_threshold_bps: float) -> QuotePolicy:
        """Return when a difference is worth a command, for a strategy's own thresholds."""
        return QuotePolicy(
            requote_ticks=requote_ticks,
            requote_threshold_bps=requote_threshold_bps,
            stale_order_ns=self.stale_order_ns,
            stale_order_policy=self.stale_order_policy,
            rate_reserve=self.rate_reserve,
        )

    def rate_budget(self) -> RateBudget:
        """Return a fresh model of the venue's order counter for the account's tier, or the ceiling the venue stated."""
        tier = TIER_LIMITS[self.tier]
        return RateBudget(self.rate_max or tier.threshold, tier.decay_per_s)
