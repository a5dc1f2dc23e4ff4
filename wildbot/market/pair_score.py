"""Which pair deserves a trader: every pair of the universe scored by what it moves, what it costs, and what it asks for.

Rules: a score is volatility minus `spread_penalty` x spread, both in basis points; it is zero when an order does not fit
    the share of capital, and, under the policy "require", when the pair cannot pay the account's own fees. Each row says
    in words why it is as it is.
Owns: one volatility estimate and the last book per pair.
Source: the pair scanner rules of the strategy specification; volatility on the exchange's clock as in `signals`.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from wildbot.market.dominance import Contest, SignalWatch
from wildbot.market.edge import least_order, reach
from wildbot.market.quotes import mid_ticks, spread_bps
from wildbot.market.signals import ClockVolatility, Ema
from wildbot.model.instrument import (
    NANOS_PER_MS,
    NANOS_PER_SECOND,
    FeeSchedule,
    Instrument,
    Money,
    PairStatus,
    money_text,
)
from wildbot.model.market_data import BookInvalidated, BookSnapshot

STALE_NS = 10 * NANOS_PER_SECOND
"""A pair whose book did not move for so long is not worth a trader now."""

SPREAD_WINDOW = 50
"""Updates the spread is averaged over: one wide moment is no reason to leave a pair."""

MONEY_SHOWN_DECIMALS = 4
TRADED_STATUSES = frozenset({PairStatus.ONLINE, PairStatus.POST_ONLY, PairStatus.LIMIT_ONLY})


class ScannerRules(msgspec.Struct, frozen=True):
    """The settings of the scanner.

    `hurdle_policy` "ignore" lets pairs trade below their fees and says so. `max_spread_bps` is the strategy's own limit
    for entries: beyond it a trader would only stand by.
    """

    horizon_ns: int = 300 * NANOS_PER_SECOND
    sample_ns: int = NANOS_PER_SECOND
    window: int = 100
    warm_samples: int = 20
    spread_penalty: float = 0.1
    max_spread_bps: float = 15.0
    hurdle_policy: Literal["require", "ignore"] = "require"
    profile: str = "live"


class PairScore(msgspec.Struct, frozen=True):
    """One row of the ranking, best first from rank 1. Rates in basis points; None: not known yet.

    `spread_bps` is the average of the last updates; `fits` says whether the smallest order fits the share; `needed` is
    what that order costs with its fee.
    """

    pair: str
    rank: int
    score: float
    volatility_bps: float | None
    spread_bps: float | None
    hurdle_bps: float | None
    needed: Money
    fits: bool
    warm: bool
    tradeable: bool
    reason: str
    data_age_ms: float | None


PastQuote = tuple[int, int, int]
"""(ts_ns of the exchange, bid ticks, ask ticks)."""


class _Watched:
    """What is known of one pair."""

    __slots__ = ("book", "fees", "instrument", "invalid", "spread", "volatility", "watch")

    def __init__(self, rules: ScannerRules, watch: SignalWatch | None) -> None:
        self.watch = watch
        self.instrument: Instrument | None = None
        self.fees: FeeSchedule | None = None
        self.book: BookSnapshot | None = None
        self.invalid = ""
        self.volatility = ClockVolatility(rules.sample_ns, rules.window)
        self.spread = Ema(SPREAD_WINDOW)


class PairScanner:
    """Scores the pairs of a universe from their books; `ranking` is cheap enough to ask for twice a second. With a
    `contest` by dominance."""

    def __init__(self, rules: ScannerRules, universe: tuple[str, ...], quote: str, contest: Contest | None = None) -> None:
        self._rules = rules
        self._contest = contest
        self._quote = quote
        self._share = Money(0)
        self._watched: dict[str, _Watched] = {}
        self.set_universe(universe)

    def set_universe(self, universe: tuple[str, ...]) -> None:
        """Watch exactly these pairs; what is known of those that stay is kept."""
        make = self._contest.make_watch if self._contest is not None else lambda: None
        self._watched = {pair: self._watched.get(pair) or _Watched(self._rules, make()) for pair in universe}

    def set_share(self, share: Money) -> None:
        """One trader's part of the capital from now on."""
        self._share = share

    def set_instrument(self, instrument: Instrument, fees: FeeSchedule | None) -> None:
        """Take over the exchange's rules of a pair, and the account's rates where they are known."""
        watched = self._watched.get(instrument.pair)
        if watched is not None:
            watched.instrument = instrument
            watched.fees = fees or watched.fees

    def on_book(self, book: BookSnapshot) -> None:
        """Take in one verified book."""
        watched = self._watched.get(book.pair)
        if watched is not None and book.is_two_sided:
            watched.book = book
            watched.invalid = ""
            watched.spread.update(spread_bps(book))
            watched.volatility.update(mid_ticks(book), book.venue_ts_ns)
            if watched.watch is not None:
                watched.watch.on_book(book)

    def on_past(self, pair: str, quotes: Sequence[PastQuote]) -> None:
        """Take in how a pair's touch stood before we listened, oldest first and up to the present.

        Only a volatility that is still cold is made anew from it: what we saw ourselves is finer.
        """
        watched = self._watched.get(pair)
        if watched is None or watched.book is None or watched.volatility.samples >= self._rules.warm_samples:
            return
        listened_ns = watched.book.venue_ts_ns
        volatility = ClockVolatility(self._rules.sample_ns, self._rules.window)
        for ts_ns, bid_ticks, ask_ticks in quotes:
            if ts_ns <= listened_ns:
                volatility.update((bid_ticks + ask_ticks) / 2, ts_ns)
        volatility.update(mid_ticks(watched.book), listened_ns)
        if volatility.samples > watched.volatility.samples:
            watched.volatility = volatility

    def on_invalid(self, invalid: BookInvalidated) -> None:
        """The book of a pair cannot be trusted until the next one."""
        watched = self._watched.get(invalid.pair)
        if watched is not None:
            watched.invalid = invalid.reason
            if watched.watch is not None:
                watched.watch.on_gap()

    def ranking(self, now_ns: int) -> tuple[PairScore, ...]:
        """Return every pair, tradeable ones first, then by score."""
        rows = [self._row(pair, watched, now_ns) for pair, watched in self._watched.items()]
        rows.sort(key=lambda row: (not row.tradeable, -row.score, row.pair))
        return tuple(msgspec.structs.replace(row, rank=rank) for rank, row in enumerate(rows, start=1))

    def _row(self, pair: str, watched: _Watched, now_ns: int) -> PairScore:
        book, fees = watched.book, watched.fees
        has_samples = watched.volatility.samples >= self._rules.warm_samples
        warm = has_samples if watched.watch is None else watched.watch.dominance is not None
        volatility = watched.volatility.bps(self._rules.horizon_ns) if has_samples else None
        spread = watched.spread.value if book is not None else None
        hurdle = fees.round_trip_maker_bps if fees is not None else None
        needed = self._needed(watched)
        score, tradeable, reason = self._judge(watched, now_ns, volatility, spread, needed)
        age_ms = None if book is None else max(0, now_ns - book.recv_ts_ns) / NANOS_PER_MS
        return PairScore(
            pair=pair,
            rank=0,
            score=round(score, 4),
            volatility_bps=volatility,
            spread_bps=spread,
            hurdle_bps=hurdle,
            needed=needed,
            fits=0 < needed <= self._share,
            warm=warm,
            tradeable=tradeable,
            reason=reason,
            data_age_ms=age_ms,
        )

    def _judge(
        self,
        watched: _Watched,
        now_ns: int,
        volatility: float | None,
        spread: float | None,
        needed: Money,
    ) -> tuple[float, bool, str]:
        """Return score, whether it may be traded, and why."""
        obstacle = self._obstacle(watched, now_ns, needed)
        if obstacle:
            return 0.0, False, obstacle
        if watched.watch is not None:
            return _dominance(watched.watch)
        if volatility is None or spread is None:
            return 0.0, False, f"warming up: {watched.volatility.samples} of {self._rules.warm_samples} samples"
        if watched.fees is None:
            return 0.0, False, "the account's fees on this pair are not known yet"
        if spread > self._rules.max_spread_bps:
            limit = self._rules.max_spread_bps
            return 0.0, False, f"spread {spread:.1f} bps on average, the strategy enters up to {limit:g} bps"
        score = max(0.0, volatility - self._rules.spread_penalty * spread)
        within = reach(spread, volatility, watched.fees)
        if within.pays:
            return score, score > 0, within.text
        if self._rules.hurdle_policy == "ignore":
            return score, True, f"{within.text}, traded anyway: {self._rules.profile}"
        return 0.0, False, f"{within.text}, fees would eat every trade"

    def _obstacle(self, watched: _Watched, now_ns: int, needed: Money) -> str:
        """Return what forbids trading whatever the score is, or nothing."""
        if watched.instrument is None:
            return "the exchange has not stated this pair's rules yet"
        if watched.instrument.status not in TRADED_STATUSES:
            return f"the exchange has it {watched.instrument.status}"
        if watched.book is None:
            return "no book yet"
        if watched.invalid:
            return f"book invalid: {watched.invalid}"
        age_ns = now_ns - watched.book.recv_ts_ns
        if age_ns > STALE_NS:
            return f"no news for {age_ns // NANOS_PER_SECOND} s"
        if self._share <= 0:
            return "capital is not known yet"
        if needed > self._share:
            return f"the smallest order needs {self._text(needed)}, a share is {self._text(self._share)}"
        return ""

    def _needed(self, watched: _Watched) -> Money:
        """Cost of the smallest order at the ask with its taker fee; 0 while unknown."""
        if watched.instrument is None or watched.book is None:
            return Money(0)
        return least_order(watched.instrument, watched.book.ask_ticks[0], watched.fees)

    def _text(self, money: Money) -> str:
        return f"{money_text(money, MONEY_SHOWN_DECIMALS)} {self._quote}"


def _dominance(watch: SignalWatch) -> tuple[float, bool, str]:
    """Return score, whether it may be traded, and why, of an instrument in a contest."""
    if watch.dominance is None:
        return 0.0, False, "warming up: no book since the last gap"
    seen = watch.signal
    if seen is None:
        return watch.dominance, True, f"dominance {watch.dominance:.1f} %, no signal"
    return watch.dominance, True, f"dominance {watch.dominance:.1f} %, {seen.side} signal of score {seen.score:.1f}"
