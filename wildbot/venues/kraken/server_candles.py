"""Candles of one pair, built from its trades.

Rules: only minutes are stored; longer intervals are minutes put together. A candle begins at a multiple of its interval
    since 1970, and the open one is the last.
Source: Kraken `ohlc` channel and REST OHLC: 720 committed rows plus the current one.
"""

from collections import deque
from dataclasses import dataclass

from wildbot.model.exchange import PublicTrade
from wildbot.model.instrument import NANOS_PER_SECOND, round_half_up

INTERVALS = (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)
"""Minutes."""

MINUTES_MAX = 1_440
"""Minutes kept: the longer intervals see only this one day."""

ROWS_MAX = 721


@dataclass(slots=True)
class Candle:
    """The trades of one interval; all in ticks and lots. A candle without trades repeats the last price."""

    begin_s: int
    open: int
    high: int
    low: int
    close: int
    lots: int = 0
    ticks_lots: int = 0
    trades: int = 0

    @property
    def vwap(self) -> int:
        """Volume-weighted average price in ticks; 0 without trades."""
        return round_half_up(self.ticks_lots, self.lots) if self.lots else 0

    def add(self, ticks: int, lots: int) -> None:
        """Count one trade."""
        self.high = max(self.high, ticks)
        self.low = min(self.low, ticks)
        self.close = ticks
        self.lots += lots
        self.ticks_lots += ticks * lots
        self.trades += 1

    def join(self, later: "Candle") -> None:
        """Take in the candle that follows."""
        if later.trades:
            if not self.trades:
                self.open, self.high, self.low = later.open, later.high, later.low
            self.high = max(self.high, later.high)
            self.low = min(self.low, later.low)
        self.close = later.close
        self.lots += later.lots
        self.ticks_lots += later.ticks_lots
        self.trades += later.trades


class Candles:
    """One pair's minutes."""

    def __init__(self) -> None:
        self._minutes: deque[Candle] = deque(maxlen=MINUTES_MAX)

    def add(self, trade: PublicTrade) -> None:
        """Count one trade."""
        begin_s = trade.ts_ns // NANOS_PER_SECOND // 60 * 60
        if not self._minutes or begin_s > self._minutes[-1].begin_s:
            self._minutes.append(Candle(begin_s, trade.ticks, trade.ticks, trade.ticks, trade.ticks))
        self._minutes[-1].add(trade.ticks, trade.lots)

    def rows(self, interval: int, now_ns: int) -> list[Candle]:
        """Return the candles up to now, oldest first, intervals without trades included, at most `ROWS_MAX`."""
        if not self._minutes:
            return []
        length_s = interval * 60
        last_s = max(now_ns // NANOS_PER_SECOND, self._minutes[-1].begin_s) // length_s * length_s
        first_s = max(self._minutes[0].begin_s // length_s * length_s, last_s - (ROWS_MAX - 1) * length_s)
        by_begin = self._joined(length_s)
        earlier = [begin_s for begin_s in by_begin if begin_s < first_s]
        close = by_begin[max(earlier)].close if earlier else self._minutes[0].open
        rows = []
        for begin_s in range(first_s, last_s + 1, length_s):
            candle = by_begin.get(begin_s) or Candle(begin_s, close, close, close, close)
            rows.append(candle)
            close = candle.close
        return rows

    def traded(self, interval: int, count: int) -> list[Candle]:
        """Return the last `count` candles that had trades, oldest first: what the stream's snapshot shows."""
        return list(self._joined(interval * 60).values())[-count:]

    def _joined(self, length_s: int) -> dict[int, Candle]:
        joined: dict[int, Candle] = {}
        for minute in self._minutes:
            begin_s = minute.begin_s // length_s * length_s
            if begin_s in joined:
                joined[begin_s].join(minute)
            else:
                joined[begin_s] = Candle(
                    begin_s,
                    minute.open,
                    minute.high,
                    minute.low,
                    minute.close,
                    minute.lots,
                    minute.ticks_lots,
                    minute.trades,
                )
        return joined
