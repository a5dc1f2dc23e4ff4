"""The last seconds of trading in one instrument: first and last price, range, volume by the second, and flat candles.

Rules: prices and volumes are those of public trades, in ticks and lots; seconds are whole seconds of the exchange's time.
    A second in which nothing traded has a volume of 0 and no candle. Everything is constant time per event: extremes are
    kept in monotonic queues.
Owns: the trades of one window.
Source: sliding-window extremes by monotonic queue (Lemire, "Streaming maximum-minimum filter", 2006).
"""

from collections import deque

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import TradePrint


class _Candle:
    """Open and close of one second that had trades; `second` counts from the epoch."""

    __slots__ = ("close", "open", "second")

    def __init__(self, second: int, ticks: int) -> None:
        self.second = second
        self.open = self.close = ticks

    @property
    def is_flat(self) -> bool:
        return self.open == self.close


class BurstWindow:
    """Trades of the last `seconds`; what is exactly that old has left."""

    __slots__ = ("_buckets", "_candles", "_highs", "_lows", "_now_ns", "_prices", "_seconds", "_volume", "_window_ns")

    def __init__(self, seconds: int) -> None:
        assert seconds >= 1, seconds
        self._seconds = seconds
        self._window_ns = seconds * NANOS_PER_SECOND
        self._now_ns = 0
        self._prices: deque[tuple[int, int]] = deque()
        self._highs: deque[tuple[int, int]] = deque()
        self._lows: deque[tuple[int, int]] = deque()
        self._buckets: deque[list[int]] = deque()
        self._volume = 0
        self._candles: deque[_Candle] = deque(maxlen=seconds + 1)

    def on_trade(self, trade: TradePrint) -> None:
        """Take in one public trade."""
        self.advance(trade.venue_ts_ns)
        now_ns, ticks = self._now_ns, trade.ticks
        self._prices.append((now_ns, ticks))
        while self._highs and self._highs[-1][1] <= ticks:
            self._highs.pop()
        self._highs.append((now_ns, ticks))
        while self._lows and self._lows[-1][1] >= ticks:
            self._lows.pop()
        self._lows.append((now_ns, ticks))
        second = now_ns // NANOS_PER_SECOND
        if self._buckets and self._buckets[-1][0] == second:
            self._buckets[-1][1] += trade.lots
        else:
            self._buckets.append([second, trade.lots])
        self._volume += trade.lots
        if self._candles and self._candles[-1].second == second:
            self._candles[-1].close = ticks
        else:
            self._candles.append(_Candle(second, ticks))

    def advance(self, ts_ns: int) -> None:
        """Let the exchange's time pass; a time before the latest one counts as the latest."""
        if ts_ns <= self._now_ns:
            return
        self._now_ns = ts_ns
        horizon_ns = ts_ns - self._window_ns
        for queue in (self._prices, self._highs, self._lows):
            while queue and queue[0][0] <= horizon_ns:
                queue.popleft()
        oldest = ts_ns // NANOS_PER_SECOND - self._seconds + 1
        while self._buckets and self._buckets[0][0] < oldest:
            self._volume -= self._buckets.popleft()[1]

    def clear(self) -> None:
        """Forget all trades: what comes next does not follow from them."""
        for queue in (self._prices, self._highs, self._lows, self._buckets, self._candles):
            queue.clear()
        self._volume = 0

    @property
    def momentum(self) -> float | None:
        """Last price over first price of the window, minus 1; None without a trade."""
        return self._prices[-1][1] / self._prices[0][1] - 1 if self._prices else None

    @property
    def price_range(self) -> float | None:
        """Highest minus lowest price of the window over its first price; None without a trade."""
        return (self._highs[0][1] - self._lows[0][1]) / self._prices[0][1] if self._prices else None

    @property
    def volume_ratio(self) -> float | None:
        """Volume of the current second over the mean volume of the window's seconds, empty ones included; None when
        nothing traded."""
        if not self._volume:
            return None
        second, lots = self._buckets[-1]
        current = lots if second == self._now_ns // NANOS_PER_SECOND else 0
        return current * self._seconds / self._volume

    def is_flat(self, seconds: int, since_ns: int) -> bool:
        """Whether the last `seconds` candles, of consecutive seconds that are over and began at `since_ns` or later, all
        closed where they opened."""
        current = self._now_ns // NANOS_PER_SECOND
        done = [candle for candle in self._candles if candle.second < current]
        last = done[-seconds:]
        if len(last) < seconds or last[-1].second - last[0].second != seconds - 1:
            return False
        return last[0].second * NANOS_PER_SECOND >= since_ns and all(candle.is_flat for candle in last)
