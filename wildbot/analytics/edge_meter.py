"""What a market was seen to pay: the spread, the movement, and three simple ways to earn, with their errors.

Rules: each way is in basis points of a round trip before fees. Making: what resting orders earned on both sides, from
    their price to the mid MARKOUT_S later, twice. Following: the move of one horizon in the direction of the one before
    it; fading: against it. Observations are block means, since overlapping ones are not independent.
Owns: one sample of the book a second, one markout per waiting trade, running sums.
Source: realised spread as in Huang and Stoll, "Dealer versus auction markets" (1996); Welford (1962); Student's t by the
    expansion of Cornish and Fisher; the Bonferroni bound.
Known limit: making is judged by the fills that all resting orders had together; a late place in the queue gets worse ones.
"""

from collections import deque
from math import sqrt
from statistics import NormalDist

import msgspec

from wildbot.market.quotes import BPS, mid_ticks, spread_bps
from wildbot.market.signals import ClockVolatility
from wildbot.model.instrument import NANOS_PER_SECOND, FeeSchedule
from wildbot.model.market_data import BookInvalidated, BookSnapshot, MarketEvent, TradePrint

MARKOUT_S = 5
BLOCK_S = 2 * MARKOUT_S
"""Trades of so many seconds make one observation, so that neighbours hardly share a markout."""

SAMPLE_S = 1
VOLATILITY_WINDOW = 3_600
SAMPLES_MAX = 200_000
"""Two days of seconds; the oldest leave first."""

LEAST_OBSERVATIONS = 20
ERROR_RATE = 0.05
"""Chance that a market which pays nobody is taken for one that does, over all ways to earn together."""
EDGES = ("making", "following", "fading")


class Edge(msgspec.Struct, frozen=True):
    """One way to earn. `low_bps` is the lower confidence bound of its mean; None before LEAST_OBSERVATIONS."""

    name: str
    observations: int
    mean_bps: float | None
    error_bps: float | None
    low_bps: float | None
    hurdle_bps: float

    @property
    def is_proved(self) -> bool:
        """Whether it beats its hurdle beyond chance."""
        return self.low_bps is not None and self.low_bps > self.hurdle_bps


class Percentiles(msgspec.Struct, frozen=True):
    """Of one-second samples."""

    p10: float
    p50: float
    p90: float


class Observations:
    """Running mean and standard error of independent observations."""

    __slots__ = ("_squares", "count", "mean")

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self._squares = 0.0

    def add(self, value: float) -> None:
        """Take in one."""
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self._squares += step * (value - self.mean)

    @property
    def error(self) -> float:
        """The standard error of the mean; 0 with fewer than two."""
        return sqrt(self._squares / (self.count - 1) / self.count) if self.count > 1 else 0.0

    def edge(self, name: str, hurdle_bps: float, sign: int = 1) -> Edge:
        """Return what they say; `sign` -1 looks at the opposite bet."""
        if not self.count:
            return Edge(name, 0, None, None, None, hurdle_bps)
        mean, error = sign * self.mean, self.error
        if self.count < LEAST_OBSERVATIONS:
            return Edge(name, self.count, mean, error, None, hurdle_bps)
        low = mean - student_t(1 - ERROR_RATE / len(EDGES), self.count - 1) * error
        return Edge(name, self.count, mean, error, low, hurdle_bps)


def student_t(share: float, freedom: int) -> float:
    """Return the quantile of Student's t for at least ten degrees of freedom, within a hundredth."""
    assert freedom >= 10, freedom
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2


class EdgeMeter:
    """What was seen of one pair, fed with the events of a feed or of a recording; constant work per event."""

    def __init__(self, horizon_s: float) -> None:
        assert horizon_s > 0, horizon_s
        self.book: BookSnapshot | None = None
        self.trades = 0
        self._horizon_s = horizon_s
        self._volatility = ClockVolatility(SAMPLE_S * NANOS_PER_SECOND, VOLATILITY_WINDOW)
        self._spreads: deque[float] = deque(maxlen=SAMPLES_MAX)
        self._second = self._since_ns = 0
        self._waiting: deque[tuple[int, int, int]] = deque()
        self._making, self._following = Observations(), Observations()
        self._block, self._block_sum, self._block_count = 0, 0.0, 0
        self._span = 0
        self._span_mid: float | None = None
        self._last_move: float | None = None

    # --- in ---------------------------------------------------------------------------------------------------------

    def on_event(self, event: MarketEvent) -> None:
        """Take in whatever the market said; what tells nothing here is passed over."""
        match event:
            case BookSnapshot():
                self._on_book(event)
            case TradePrint():
                self._on_trade(event)
            case BookInvalidated():
                self._on_gap()
            case _:
                pass

    def _on_book(self, book: BookSnapshot) -> None:
        if not book.is_two_sided:
            return
        if self.book is None:
            self._since_ns = book.venue_ts_ns
        else:
            self._mark_out(mid_ticks(self.book), book.venue_ts_ns)
        self._volatility.update(mid_ticks(book), book.venue_ts_ns)
        self._sample(book)
        self.book = book

    def _on_trade(self, trade: TradePrint) -> None:
        self.trades += 1
        # A feed's first trades are of the past: nobody saw the book they met.
        if self.book is not None and trade.venue_ts_ns >= self._since_ns:
            self._waiting.append((trade.venue_ts_ns, -trade.side.sign, trade.ticks))

    def _on_gap(self) -> None:
        """Markouts and moves across a gap would be of what nobody saw."""
        self.book = None
        self._waiting.clear()
        self._block_sum, self._block_count = 0.0, 0
        self._span_mid = self._last_move = None

    def _mark_out(self, mid: float, now_ns: int) -> None:
        """Settle the trades that are old enough, with the mid that held until now."""
        due_ns = now_ns - MARKOUT_S * NANOS_PER_SECOND
        while self._waiting and self._waiting[0][0] < due_ns:
            at_ns, sign, ticks = self._waiting.popleft()
            block = at_ns // (BLOCK_S * NANOS_PER_SECOND)
            if block != self._block:
                if self._block_count:
                    self._making.add(self._block_sum / self._block_count)
                self._block, self._block_sum, self._block_count = block, 0.0, 0
            self._block_sum += 2 * sign * (mid - ticks) / mid * BPS
            self._block_count += 1

    def _sample(self, book: BookSnapshot) -> None:
        """Once a second the spread, once a horizon the move."""
        second = book.venue_ts_ns // (SAMPLE_S * NANOS_PER_SECOND)
        if second <= self._second:
            return
        self._second = second
        self._spreads.append(spread_bps(book))
        span = int(second * SAMPLE_S // self._horizon_s)
        if span == self._span:
            return
        mid, before = mid_ticks(book), self._span_mid
        move = (mid - before) / before * BPS if before is not None and span == self._span + 1 else None
        if move is not None and self._last_move:
            self._following.add(move if self._last_move > 0 else -move)
        self._span, self._span_mid, self._last_move = span, mid, move

    # --- out --------------------------------------------------------------------------------------------------------

    @property
    def seconds(self) -> int:
        """How many seconds had a book."""
        return len(self._spreads) * SAMPLE_S

    @property
    def spread_bps(self) -> Percentiles | None:
        """The spread; None before the first sample."""
        if not self._spreads:
            return None
        ranked = sorted(self._spreads)
        return Percentiles(*(ranked[min(len(ranked) - 1, len(ranked) * share // 10)] for share in (1, 5, 9)))

    @property
    def sigma_bps(self) -> float | None:
        """One deviation of the mid over the horizon; None while cold."""
        return self._volatility.bps(int(self._horizon_s * NANOS_PER_SECOND))

    def edges(self, fees: FeeSchedule) -> tuple[Edge, ...]:
        """Return the three ways against what each costs: two maker fees, or two taker fees and the median spread."""
        spread = self.spread_bps
        taking_bps = 2 * fees.taker_ppm / 100 + (spread.p50 if spread is not None else 0.0)
        return (
            self._making.edge("making", fees.round_trip_maker_bps),
            self._following.edge("following", taking_bps),
            self._following.edge("fading", taking_bps, -1),
        )
