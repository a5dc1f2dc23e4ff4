"""Everything a page opened late would have missed: equity, candles, what each trader saw and why it acted, the ranking.

Rules: one row every `MIND_NS`, of at most the last quarter of an hour; a reason is kept by its code alone, so that times of
    the same reason add up. A number that was not known then is null.
Owns: the series.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from wildbot.analytics.history import CANDLES_MAX, CandleRow, Candles, EquityHistory
from wildbot.market.pair_score import PairScore
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument, Money
from wildbot.model.market_data import BookSnapshot
from wildbot.model.status import TraderStatus

MIND_NS = 5 * NANOS_PER_SECOND
MINDS_MAX = 180
TAIL_CANDLES = 2
DIGITS = 9
"""Significant digits kept of an indicator: a chart needs no more."""

Row = dict[str, object]
Print = tuple[int, int]
"""(ts_ns, ticks) of one public trade."""


class Table:
    """Numbers by name over time, and one word per row."""

    def __init__(self) -> None:
        self._rows: deque[tuple[int, str, Mapping[str, float | None]]] = deque(maxlen=MINDS_MAX)

    def add(self, ts_ns: int, word: str, numbers: Mapping[str, float | None]) -> None:
        """Take in one row unless the last one is younger than MIND_NS."""
        if not self._rows or ts_ns - self._rows[-1][0] >= MIND_NS:
            self._rows.append((ts_ns, word, numbers))

    def columns(self) -> Row:
        """Return {"ts_ns": [...], "words": [...], "values": {name: [...]}}, oldest first."""
        names = dict.fromkeys(name for _, _, numbers in self._rows for name in numbers)
        return {
            "ts_ns": [ts_ns for ts_ns, _, _ in self._rows],
            "words": [word for _, word, _ in self._rows],
            "values": {name: [_short(numbers.get(name)) for _, _, numbers in self._rows] for name in names},
        }


class RunPast:
    """The recent past of one run."""

    def __init__(self) -> None:
        self._equity = EquityHistory()
        self._candles: dict[str, Candles] = {}
        self._minds: dict[str, Table] = {}
        self._ranking = Table()

    def on_book(self, book: BookSnapshot, instrument: Instrument) -> None:
        """Take in one two-sided book."""
        if book.pair not in self._candles:
            self._candles[book.pair] = Candles(instrument)
        self._candles[book.pair].add(book)

    def on_prints(self, prints: Sequence[Print], instrument: Instrument) -> None:
        """Take in the trades of a pair that were made before its first book came, oldest first."""
        self._candles.setdefault(instrument.pair, Candles(instrument)).precede(prints)

    def on_ranking(self, scores: Iterable[PairScore], ts_ns: int) -> None:
        """Take in a ranking; pairs that left the universe are forgotten."""
        numbers = {score.pair: score.score for score in scores}
        self._ranking.add(ts_ns, "", numbers)
        for gone in set(self._candles) - set(numbers):
            del self._candles[gone]

    def on_equity(self, equity: Money, ts_ns: int) -> None:
        """Take in what the account is worth."""
        self._equity.add(ts_ns, equity)

    def on_mind(self, status: TraderStatus, now_ns: int) -> None:
        """Take in what a trader sees."""
        code = status.reason.partition(":")[0].strip()
        self._minds.setdefault(status.pair, Table()).add(now_ns, code, status.indicators)

    def tails(self, pairs: Iterable[str]) -> dict[str, list[CandleRow]]:
        """Return the current candle of each pair and the one before."""
        return self._rows(pairs, TAIL_CANDLES)

    def snapshot(self, pairs: Sequence[str]) -> Row:
        """Return the whole past: candles and minds of these pairs, equity, sparklines and ranking of all."""
        return {
            "equity": self._equity.points(),
            "candles": self._rows(pairs, CANDLES_MAX),
            "sparks": {pair: candles.spark() for pair, candles in self._candles.items()},
            "minds": {pair: self._minds[pair].columns() for pair in pairs if pair in self._minds},
            "ranking": self._ranking.columns(),
        }

    def _rows(self, pairs: Iterable[str], count: int) -> dict[str, list[CandleRow]]:
        return {pair: self._candles[pair].rows(count) for pair in pairs if pair in self._candles}


def _short(value: float | None) -> float | None:
    """Return a number as JSON may hold it, as short as a chart allows."""
    shortened = None if value is None else float(f"{value:.{DIGITS}g}")
    return shortened if shortened is not None and abs(shortened) < float("inf") else None
