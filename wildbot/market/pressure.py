"""Who leans on a book: the share of displayed size on the bid side, how it changes, and large orders that stay.

Rules: sizes are those displayed; time is the exchange's. The gradient is the least-squares slope of the buy pressure over
    the last `gradient_s` seconds, per second. A level is a footprint when its size is at least `footprint_multiple` times
    the median of the levels looked at and it has been so, at that price, for `footprint_s`. Constant work per book: the
    number of levels is fixed.
Owns: the samples of the gradient's window, since when each level has been large.
Source: order-book pressure as in Cao, Hansch, Wang, "The information content of an open limit-order book" (2009).
"""

from collections import deque
from statistics import median

import msgspec

from wildbot.market.quotes import depth_lots
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot
from wildbot.model.orders import Side

DEPTH_LEVELS = 5
"""Levels of the depth ratio, whatever the pressure is measured over."""

_AFRESH = 4_096
"""After so many samples the running sums are taken afresh, since they drift by rounding."""


class Pressure(msgspec.Struct, frozen=True):
    """One reading. `buy` is a share (0..1); `dominance` percent of the stronger side; `depth_ratio` bids over asks;
    `gradient` per second, None before two samples apart in time; `footprint` large bids minus large asks that stayed."""

    buy: float
    dominance: float
    depth_ratio: float
    gradient: float | None
    footprint: int


class PressureGauge:
    """One instrument's book, read once per update."""

    __slots__ = ("_footprint_multiple", "_footprint_ns", "_large", "_levels", "_slope", "now")

    def __init__(self, levels: int, gradient_s: float, footprint_multiple: float, footprint_s: float) -> None:
        assert levels >= 1, levels
        self._levels = levels
        self._footprint_multiple = footprint_multiple
        self._footprint_ns = int(footprint_s * NANOS_PER_SECOND)
        self._large: dict[tuple[Side, int], int] = {}
        self._slope = RollingSlope(int(gradient_s * NANOS_PER_SECOND))
        self.now: Pressure | None = None

    def on_book(self, book: BookSnapshot) -> None:
        """Take in a two-sided book."""
        bids, asks = depth_lots(book.bid_lots, self._levels), depth_lots(book.ask_lots, self._levels)
        buy = bids / (bids + asks)
        self._slope.add(buy, book.venue_ts_ns)
        self.now = Pressure(
            buy=buy,
            dominance=100 * max(bids, asks) / (bids + asks),
            depth_ratio=depth_lots(book.bid_lots, DEPTH_LEVELS) / depth_lots(book.ask_lots, DEPTH_LEVELS),
            gradient=self._slope.value(),
            footprint=self._footprint(book),
        )

    def clear(self) -> None:
        """Forget everything: the book was invalid in between."""
        self._large.clear()
        self._slope.clear()
        self.now = None

    def _footprint(self, book: BookSnapshot) -> int:
        count, now_ns = self._levels, book.venue_ts_ns
        bids, asks = book.bid_lots[:count], book.ask_lots[:count]
        least = self._footprint_multiple * median(bids + asks)
        large: dict[tuple[Side, int], int] = {}
        for side, ticks, lots in ((Side.BUY, book.bid_ticks, bids), (Side.SELL, book.ask_ticks, asks)):
            for price, size in zip(ticks, lots, strict=False):
                if size >= least:
                    large[side, price] = self._large.get((side, price), now_ns)
        self._large = large
        return sum(side.sign for (side, _), since_ns in large.items() if now_ns - since_ns >= self._footprint_ns)


class RollingSlope:
    """Least-squares slope per second of the samples of the last `window_ns`; what is exactly that old has left."""

    __slots__ = ("_added", "_base_ns", "_samples", "_sums", "_window_ns")

    def __init__(self, window_ns: int) -> None:
        assert window_ns > 0, window_ns
        self._window_ns = window_ns
        self._samples: deque[tuple[int, float]] = deque()
        self._base_ns = 0
        self._sums = [0.0, 0.0, 0.0, 0.0]
        self._added = 0

    def add(self, value: float, ts_ns: int) -> None:
        """Take in one sample; a time before the latest one counts as the latest."""
        samples = self._samples
        if samples:
            ts_ns = max(ts_ns, samples[-1][0])
        else:
            self._base_ns = ts_ns
        samples.append((ts_ns, value))
        self._count(ts_ns, value, 1)
        horizon_ns = ts_ns - self._window_ns
        while samples[0][0] <= horizon_ns:
            self._count(*samples.popleft(), -1)
        self._added += 1
        if self._added >= _AFRESH:
            self._take_afresh()

    def clear(self) -> None:
        """Forget all samples."""
        self._samples.clear()
        self._sums = [0.0, 0.0, 0.0, 0.0]
        self._added = 0

    def value(self) -> float | None:
        """Return the slope; None without two samples at different times."""
        count = len(self._samples)
        if count < 2 or self._samples[0][0] == self._samples[-1][0]:
            return None
        times, values, squares, products = self._sums
        spread = squares - times * times / count
        return (products - times * values / count) / spread if spread > 0 else None

    def _count(self, ts_ns: int, value: float, sign: int) -> None:
        at = (ts_ns - self._base_ns) / NANOS_PER_SECOND
        sums = self._sums
        sums[0] += sign * at
        sums[1] += sign * value
        sums[2] += sign * at * at
        sums[3] += sign * at * value

    def _take_afresh(self) -> None:
        self._added = 0
        self._base_ns = self._samples[0][0]
        self._sums = [0.0, 0.0, 0.0, 0.0]
        for ts_ns, value in self._samples:
            self._count(ts_ns, value, 1)
