"""Trade statistics of one pair over the last 24 hours and over today, for the tickers.

Rules: trades are summed up by minute; a minute leaves the window as a whole when it is 24 hours old. Days begin at midnight
    UTC. When nothing traded within the window, its prices are those of the last trade there was.
"""

from collections import deque

import msgspec

from wildbot.model.instrument import NANOS_PER_SECOND

WINDOW_MINUTES = 1_440
_MINUTE_NS = 60 * NANOS_PER_SECOND


class DayStats(msgspec.Struct, frozen=True):
    """Sums over some trades; all zero before the first one ever. `ticks_lots` is the sum of price x size."""

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
        """The volume-weighted average price in fractional ticks; 0 without trades. For display only."""
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


def joined(earlier: DayStats, later: DayStats) -> DayStats:
    """Return the statistics of two stretches of trades, the first one before the second."""
    if not earlier.count:
        return later
    return DayStats(
        open_ticks=earlier.open_ticks,
        high_ticks=max(earlier.high_ticks, later.high_ticks),
        low_ticks=min(earlier.low_ticks, later.low_ticks),
        last_ticks=later.last_ticks,
        last_lots=later.last_lots,
        volume_lots=earlier.volume_lots + later.volume_lots,
        ticks_lots=earlier.ticks_lots + later.ticks_lots,
        count=earlier.count + later.count,
    )


class TradeWindow:
    """The trades of one pair, minute by minute. `last_ticks` is the latest price, 0 before the first trade."""

    def __init__(self) -> None:
        self.last_ticks = 0
        self._last_lots = 0
        self._minutes: deque[tuple[int, DayStats]] = deque()
        self._total = DayStats()

    def add(self, ticks: int, lots: int, ts_ns: int) -> None:
        """Count one trade; times never go back."""
        minute = ts_ns // _MINUTE_NS
        self._forget(minute)
        if self._minutes and self._minutes[-1][0] == minute:
            self._minutes[-1] = (minute, after_trade(self._minutes[-1][1], ticks, lots))
        else:
            self._minutes.append((minute, after_trade(DayStats(), ticks, lots)))
        self._total = after_trade(self._total, ticks, lots)
        self.last_ticks, self._last_lots = ticks, lots

    def last_day(self, now_ns: int) -> DayStats:
        """Return the last 24 hours."""
        self._forget(now_ns // _MINUTE_NS)
        return self._total if self._total.count else self._quiet()

    def today(self, now_ns: int) -> DayStats:
        """Return the time since midnight UTC; it costs a walk over its minutes."""
        first = now_ns // _MINUTE_NS // WINDOW_MINUTES * WINDOW_MINUTES
        stats = DayStats()
        for minute, part in self._minutes:
            if minute >= first:
                stats = joined(stats, part)
        return stats if stats.count else self._quiet()

    def _quiet(self) -> DayStats:
        price = self.last_ticks
        return DayStats(open_ticks=price, high_ticks=price, low_ticks=price, last_ticks=price, last_lots=self._last_lots)

    def _forget(self, minute: int) -> None:
        oldest = minute - WINDOW_MINUTES
        if not self._minutes or self._minutes[0][0] > oldest:
            return
        while self._minutes and self._minutes[0][0] <= oldest:
            self._minutes.popleft()
        self._total = DayStats()
        for _, part in self._minutes:
            self._total = joined(self._total, part)
