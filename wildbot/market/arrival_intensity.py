"""How often takers reach a given distance from the mid: lambda(d) = A * exp(-k * d), fitted on line.

Rules: distances are in basis points of the mid before the trade, rates in takers per second. The prints of one taker (same
    side, same exchange time) are one arrival, as far as the farthest of them. An arrival counts for every bin it reached;
    the fit is a straight line through the logarithms of those rates, over the bins that enough arrivals reached.
    Constant time per trade; the fit costs one pass over the bins.
Owns: the arrivals of one window.
Source: Avellaneda, Stoikov, "High-frequency trading in a limit order book" (2008), intensities; Gueant, "Optimal market
    making" (2017), their use.
Known limit: where the exchange tells the book's change before the trade that caused it, the mid used is the later one.
"""

from collections import deque
from math import exp, log

import msgspec

from wildbot.market.quotes import BPS
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import TradePrint
from wildbot.model.orders import Side

LEAST_ARRIVALS = 5
"""A bin that fewer arrivals reached says nothing about its rate."""
LEAST_BINS = 3

BIN_EPSILON = 1e-9
"""An arrival exactly at a bin's border reached it, whatever the division makes of it."""


class Intensity(msgspec.Struct, frozen=True):
    """`scale` is A, arrivals per second that reach the mid; `decay` is k, per basis point."""

    scale: float
    decay: float

    def rate(self, distance_bps: float) -> float:
        """Return the arrivals per second that reach this far."""
        return self.scale * exp(-self.decay * distance_bps)


class ArrivalIntensity:
    """Takers of the last `window_s` seconds of one instrument, both sides together."""

    __slots__ = ("_arrivals", "_bin_bps", "_counts", "_first_ns", "_last", "_now_ns", "_window_ns")

    def __init__(self, window_s: float, bin_bps: float, bins: int) -> None:
        assert bins >= LEAST_BINS, bins
        assert bin_bps > 0, bin_bps
        self._window_ns = int(window_s * NANOS_PER_SECOND)
        self._bin_bps = bin_bps
        self._counts = [0] * bins
        self._arrivals: deque[list[int]] = deque()
        self._last: tuple[int, Side] | None = None
        self._first_ns = self._now_ns = 0

    def on_trade(self, trade: TradePrint, mid_ticks: float) -> None:
        """Take in one public trade and the mid (positive) that it met."""
        self.advance(trade.venue_ts_ns)
        distance_bps = abs(trade.ticks - mid_ticks) / mid_ticks * BPS
        reached = min(int(distance_bps / self._bin_bps + BIN_EPSILON), len(self._counts) - 1)
        key = (trade.venue_ts_ns, trade.side)
        if key == self._last and self._arrivals:
            arrival = self._arrivals[-1]
            if reached > arrival[1]:
                self._counts[arrival[1]] -= 1
                self._counts[reached] += 1
                arrival[1] = reached
            return
        self._last = key
        self._counts[reached] += 1
        self._arrivals.append([self._now_ns, reached])

    def advance(self, ts_ns: int) -> None:
        """Let the exchange's time pass."""
        if not self._first_ns:
            self._first_ns = ts_ns
        if ts_ns > self._now_ns:
            self._now_ns = ts_ns
        horizon_ns = self._now_ns - self._window_ns
        while self._arrivals and self._arrivals[0][0] <= horizon_ns:
            self._counts[self._arrivals.popleft()[1]] -= 1

    def clear(self) -> None:
        """Forget everything: arrivals may have been missed."""
        self._arrivals.clear()
        self._counts = [0] * len(self._counts)
        self._last = None
        self._first_ns = self._now_ns = 0

    def fit(self) -> Intensity | None:
        """Return the fitted law; None while fewer than three distances were reached often enough, or when takers do not
        get rarer with distance."""
        seconds = min(self._window_ns, self._now_ns - self._first_ns) / NANOS_PER_SECOND
        if seconds <= 0:
            return None
        distances, logs, reached = [], [], 0
        for index in range(len(self._counts) - 1, -1, -1):
            reached += self._counts[index]
            if reached >= LEAST_ARRIVALS:
                distances.append(index * self._bin_bps)
                logs.append(log(reached / seconds))
        if len(distances) < LEAST_BINS:
            return None
        mean_x, mean_y = sum(distances) / len(distances), sum(logs) / len(logs)
        spread = sum((x - mean_x) ** 2 for x in distances)
        slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(distances, logs, strict=True)) / spread
        return Intensity(exp(mean_y - slope * mean_x), -slope) if slope < 0 else None
