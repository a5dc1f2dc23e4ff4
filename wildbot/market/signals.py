"""Signals that are fed one event at a time in constant time: EMA, volatility, order flow, trade flow.

Rules: time is the exchange's (`venue_ts_ns`); an event older than the newest one counts as of the newest. A signal that
    has not seen enough is `None` or not warm, never zero.
Owns: a bounded history per signal.
"""

from collections import deque
from math import log, sqrt

from wildbot.market.quotes import BPS
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot, TradePrint

VOLATILITY_WARM_SAMPLES = 20
WINDOW_EVENTS_MAX = 100_000
"""Most events a rolling window holds; beyond it the oldest leave early."""


class Ema:
    """Exponential moving average with alpha = 2 / (window + 1); it starts at its first value.

    `is_warm`: it has seen as many values as its window.
    """

    __slots__ = ("_alpha", "_updates", "_window", "is_warm", "value")

    def __init__(self, window: int) -> None:
        assert window >= 1, window
        self._alpha = 2.0 / (window + 1)
        self._window = window
        self._updates = 0
        self.is_warm = False
        self.value = 0.0

    def update(self, value: float) -> None:
        """Take in one value."""
        self.value = value if self._updates == 0 else self.value + self._alpha * (value - self.value)
        if not self.is_warm:
            self._updates += 1
            self.is_warm = self._updates >= self._window


def momentum_bps(mid: float, ema: float) -> float:
    """Return how far the mid stands from its average, in basis points."""
    return (mid - ema) / ema * BPS


class ClockVolatility:
    """Standard deviation of mid log-returns sampled on a fixed clock.

    The clock ticks at whole multiples of `sample_ns` of the exchange's time; a sample is the last mid before its tick, so
    a quiet market adds zero returns. A silence longer than the whole window restarts the signal: nothing is known of
    what it missed.
    """

    __slots__ = (
        "_bps", "_bps_for_ns", "_mid", "_next_ns", "_returns", "_sample_ns", "_sampled", "_squares", "_sum", "_turns",
        "_window",
    )  # fmt: skip

    def __init__(self, sample_ns: int, window: int) -> None:
        assert sample_ns > 0, sample_ns
        assert window >= 2, window
        self._sample_ns = sample_ns
        self._window = window
        self._returns: deque[float] = deque(maxlen=window)
        self._restart()

    def _restart(self) -> None:
        self._returns.clear()
        self._sum = self._squares = 0.0
        self._turns = 0
        self._mid = self._sampled = 0.0
        self._next_ns = 0
        self._bps: float | None = None
        self._bps_for_ns = 0  # the horizon `_bps` was worked out for; 0: something was sampled since

    def update(self, mid: float, ts_ns: int) -> None:
        """Take in the mid (positive) that holds from `ts_ns` on."""
        if ts_ns >= self._next_ns:
            self._sample_until(ts_ns)
        self._mid = mid

    def _sample_until(self, ts_ns: int) -> None:
        sample_ns = self._sample_ns
        if self._next_ns and ts_ns - self._next_ns > sample_ns * self._window:
            self._restart()
        if self._next_ns == 0:
            self._next_ns = (ts_ns // sample_ns + 1) * sample_ns
            return
        while self._next_ns <= ts_ns:
            if self._sampled:
                self._push(log(self._mid / self._sampled))
            self._sampled = self._mid
            self._next_ns += sample_ns

    def _push(self, value: float) -> None:
        returns = self._returns
        if len(returns) == self._window:
            old = returns[0]
            self._sum -= old
            self._squares -= old * old
        self._bps_for_ns = 0
        returns.append(value)
        self._sum += value
        self._squares += value * value
        self._turns += 1
        if self._turns >= self._window:
            # Running sums drift by rounding; once per window they are taken afresh.
            self._turns = 0
            self._sum = sum(returns)
            self._squares = sum(r * r for r in returns)

    @property
    def samples(self) -> int:
        """How many returns the window holds."""
        return len(self._returns)

    def bps(self, horizon_ns: int) -> float | None:
        """Return the deviation in basis points scaled to `horizon_ns` by the square root of time; None while cold."""
        if self._bps_for_ns != horizon_ns:
            self._bps_for_ns, self._bps = horizon_ns, self._work_out(horizon_ns)
        return self._bps

    def _work_out(self, horizon_ns: int) -> float | None:
        count = len(self._returns)
        if count < min(VOLATILITY_WARM_SAMPLES, self._window):
            return None
        variance = max(0.0, (self._squares - self._sum * self._sum / count) / (count - 1))
        return sqrt(variance * horizon_ns / self._sample_ns) * BPS


class RollingSum:
    """Sum of the numbers of the last `window_ns`; what is exactly `window_ns` old has left."""

    __slots__ = ("_entries", "_now_ns", "_window_ns", "count", "total")

    def __init__(self, window_ns: int) -> None:
        assert window_ns > 0, window_ns
        self._window_ns = window_ns
        self._entries: deque[tuple[int, int]] = deque()
        self._now_ns = 0
        self.total = 0
        self.count = 0

    def add(self, value: int, ts_ns: int) -> None:
        """Take in one integer (lots), so that the sum never drifts."""
        self.advance(ts_ns)
        self._entries.append((self._now_ns, value))
        self.total += value
        self.count += 1
        if self.count > WINDOW_EVENTS_MAX:
            self._drop()

    def advance(self, ts_ns: int) -> None:
        """Let time pass."""
        self._now_ns = max(self._now_ns, ts_ns)
        horizon = self._now_ns - self._window_ns
        while self._entries and self._entries[0][0] <= horizon:
            self._drop()

    def _drop(self) -> None:
        self.total -= self._entries.popleft()[1]
        self.count -= 1


class OrderFlowImbalance:
    """Net size added to the bid side minus the ask side over a window, in lots, over the best `levels`.

    Source: Cont, Kukanov, Stoikov, "The Price Impact of Order Book Events" (2014), e_n; several levels as in Xu, Gould,
    Howison, "Multi-Level Order-Flow Imbalance" (2018), summed.
    """

    __slots__ = ("_flow", "_last", "_levels")

    def __init__(self, levels: int, window_ns: int) -> None:
        assert levels >= 1, levels
        self._levels = levels
        self._flow = RollingSum(window_ns)
        self._last: BookSnapshot | None = None

    def update(self, book: BookSnapshot) -> None:
        """Take in the book after one update."""
        last, self._last = self._last, book
        if last is not None:
            self._flow.add(book_flow(last, book, self._levels), book.venue_ts_ns)

    def reset(self) -> None:
        """The book was invalid in between: the next one is compared with nothing."""
        self._last = None

    @property
    def lots(self) -> int:
        """The sum over the window."""
        return self._flow.total


def book_flow(before: BookSnapshot, after: BookSnapshot, levels: int) -> int:
    """Return e_n in lots: what the step from one book to the next added to the bids minus to the asks, `levels` deep."""
    flow = 0
    for level in range(levels):
        flow += _side_flow(before.bid_ticks, before.bid_lots, after.bid_ticks, after.bid_lots, level, 1)
        flow -= _side_flow(before.ask_ticks, before.ask_lots, after.ask_ticks, after.ask_lots, level, -1)
    return flow


def _side_flow(
    old_ticks: tuple[int, ...],
    old_lots: tuple[int, ...],
    new_ticks: tuple[int, ...],
    new_lots: tuple[int, ...],
    level: int,
    better: int,
) -> int:
    """`better` is +1 where a higher price is the more eager one (bids), -1 for asks. A missing level counts as empty."""
    was = old_lots[level] if level < len(old_lots) else 0
    now = new_lots[level] if level < len(new_lots) else 0
    if not was or not now:
        return now - was
    moved = (new_ticks[level] - old_ticks[level]) * better
    if moved > 0:
        return now
    if moved < 0:
        return -was
    return now - was


class TradeFlow:
    """Signed traded size over a window: what takers bought minus what they sold."""

    __slots__ = ("_net", "_volume")

    def __init__(self, window_ns: int = 10 * NANOS_PER_SECOND) -> None:
        self._net = RollingSum(window_ns)
        self._volume = RollingSum(window_ns)

    def update(self, trade: TradePrint) -> None:
        """Take in one public trade."""
        self._net.add(trade.side.sign * trade.lots, trade.venue_ts_ns)
        self._volume.add(trade.lots, trade.venue_ts_ns)

    def advance(self, ts_ns: int) -> None:
        """Let time pass without a trade."""
        self._net.advance(ts_ns)
        self._volume.advance(ts_ns)

    @property
    def signed_lots(self) -> int:
        """Bought minus sold."""
        return self._net.total

    @property
    def volume_lots(self) -> int:
        """Bought plus sold."""
        return self._volume.total
