"""Running trade statistics of one pair, for the ticker.

Known limit: the window is the run, not the last 24 hours.
"""

import msgspec


class DayStats(msgspec.Struct, frozen=True):
    """Sums over the trades so far; all zero before the first one. `ticks_lots` is the sum of price x size."""

    open_ticks: int = 0
    high_ticks: int = 0
    low_ticks: int = 0
    last_ticks: int = 0
    last_lots: int = 0
    volume_lots: int = 0
    ticks_lots: int = 0
    count: int = 0

    @property
    def vwap_ticks(self) -> float:
        """The volume-weighted average price in fractional ticks; 0 before the first trade. For display only."""
        return self.ticks_lots / self.volume_lots if self.volume_lots else 0.0


def after_trade(stats: DayStats, ticks: int, lots: int) -> DayStats:
    """Return the statistics with one more trade."""
    first = stats.count == 0
    return DayStats(
        open_ticks=ticks if first else stats.open_ticks,
        high_ticks=ticks if first else max(stats.high_ticks, ticks),
        low_ticks=ticks if first else min(stats.low_ticks, ticks),
        last_ticks=ticks,
        last_lots=lots,
        volume_lots=stats.volume_lots + lots,
        ticks_lots=stats.ticks_lots + ticks * lots,
        count=stats.count + 1,
    )
