"""The recent past, kept for whoever opens a page late: equity, candles and sparklines, each with a named bound.

Rules: equity is kept once a second for ten minutes and once a minute for a day; candles are of the mid, five seconds long
    and on the clock that drew them; what was before our first book is drawn from the exchange's last trades. Prices are
    exact text; a mid between two ticks has one decimal more than its pair.
Owns: the series.
"""

from collections import deque
from collections.abc import Sequence

from wildbot.model.instrument import NANOS_PER_SECOND, Instrument, Money, money_text, scaled_text
from wildbot.model.market_data import BookSnapshot

FINE_NS = NANOS_PER_SECOND
FINE_MAX = 600
COARSE_NS = 60 * NANOS_PER_SECOND
COARSE_MAX = 1_440
CANDLE_NS = 5 * NANOS_PER_SECOND
CANDLES_MAX = 180
SPARK_MAX = 60

CandleRow = list[int | str]
"""[start ts_ns, open, high, low, close]."""


class EquityHistory:
    """Equity over time, thinned with age."""

    def __init__(self) -> None:
        self._fine: deque[tuple[int, Money]] = deque(maxlen=FINE_MAX)
        self._coarse: deque[tuple[int, Money]] = deque(maxlen=COARSE_MAX)

    def add(self, ts_ns: int, equity: Money) -> None:
        """Take in one value; more than one a second is not kept."""
        if not self._fine or ts_ns - self._fine[-1][0] >= FINE_NS:
            self._fine.append((ts_ns, equity))
        if not self._coarse or ts_ns - self._coarse[-1][0] >= COARSE_NS:
            self._coarse.append((ts_ns, equity))

    def points(self) -> list[list[int | str]]:
        """Return [ts_ns, equity], oldest first: coarse before the fine ones begin."""
        begins = self._fine[0][0] if self._fine else 0
        merged = [point for point in self._coarse if point[0] < begins] + list(self._fine)
        return [[ts_ns, money_text(equity)] for ts_ns, equity in merged]


class Candles:
    """Open, high, low, close of one pair's mid; in sums of bid and ask ticks, so that halves stay whole numbers."""

    __slots__ = ("_candles", "_decimals")

    def __init__(self, instrument: Instrument) -> None:
        self._decimals = instrument.price_decimals + 1
        self._candles: deque[tuple[int, int, int, int, int]] = deque(maxlen=CANDLES_MAX)

    def add(self, book: BookSnapshot) -> None:
        """Take in one two-sided book."""
        total = book.bid_ticks[0] + book.ask_ticks[0]
        start = book.recv_ts_ns // CANDLE_NS * CANDLE_NS
        if self._candles and self._candles[-1][0] == start:
            _, first, high, low, _ = self._candles[-1]
            self._candles[-1] = (start, first, max(high, total), min(low, total), total)
        else:
            self._candles.append((start, total, total, total, total))

    def precede(self, prints: Sequence[tuple[int, int]]) -> None:
        """Put candles of (ts_ns, ticks) trades, oldest first, before the first one of a book.

        A candle without a trade repeats the last price, so that the past is as even as the present.
        """
        begins = self._candles[0][0] if self._candles else None
        past: list[tuple[int, int, int, int, int]] = []
        for ts_ns, ticks in prints:
            start, total = ts_ns // CANDLE_NS * CANDLE_NS, 2 * ticks
            if begins is not None and start >= begins:
                break
            if past and start <= past[-1][0]:
                _, first, high, low, _ = past[-1]
                past[-1] = (past[-1][0], first, max(high, total), min(low, total), total)
                continue
            past += _still(past[-1], start) if past else []
            past.append((start, total, total, total, total))
        if past and begins is not None:
            past += _still(past[-1], begins)
        self._candles = deque([*past, *self._candles], maxlen=CANDLES_MAX)

    def rows(self, count: int = CANDLES_MAX) -> list[CandleRow]:
        """Return the last `count` candles, oldest first."""
        chosen = list(self._candles)[-count:]
        return [[start, *(scaled_text(total * 5, self._decimals) for total in values)] for start, *values in chosen]

    def spark(self) -> list[str]:
        """Return the last closes, oldest first: a sparkline of five minutes."""
        return [scaled_text(candle[4] * 5, self._decimals) for candle in list(self._candles)[-SPARK_MAX:]]


def _still(last: tuple[int, int, int, int, int], until_ns: int) -> list[tuple[int, int, int, int, int]]:
    """Return the candles between the last one and `until_ns` in which nothing was traded; no more than are kept."""
    close = last[4]
    starts = range(last[0] + CANDLE_NS, until_ns, CANDLE_NS)[-CANDLES_MAX:]
    return [(start, close, close, close, close) for start in starts]
