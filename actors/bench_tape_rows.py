"""A tape as bare rows for other backtests: what our maker sees of the market, changes of shown levels and trades.

Rules: nothing but the standard library is imported, for the peers read the file in environments of their own. A row is six
    whole numbers; rows of one event share their time, and no two events do: one that came in the same nanosecond is put a
    nanosecond later. Of a book, what goes comes before what is set, so that it never crosses on the way.
"""

import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

BID, ASK, SELL_TRADE, BUY_TRADE = range(4)
"""What a row is of: a level of either side, or a trade by its taker."""

COLUMNS = 6
ROWS_FILE = "rows.bin"
HEADER_FILE = "tape.json"

Sizes = dict[int, int]
"""Ticks -> lots of one side."""


@dataclass(frozen=True, slots=True)
class TapeHeader:
    """What the numbers mean: a price is ticks / 10**price_decimals on a grid of `tick_step`, a size is
    lots / 10**lot_decimals. `lots` is what a quote offers; `events` are books and trades, each of one row or more."""

    price_decimals: int
    lot_decimals: int
    tick_step: int
    lots: int
    rows: int
    events: int


class RowWriter:
    """Turns books and trades into rows: kind, ticks, lots (0: the level is gone), time in ns, last of its event, number."""

    def __init__(self) -> None:
        self.rows = array("q")
        self.events = 0
        self._shown: tuple[Sizes, Sizes] = ({}, {})
        self._now_ns = 0

    def book(self, bids: Mapping[int, int], asks: Mapping[int, int], ts_ns: int) -> None:
        """Take in a whole book; empty sides: there is none. One that changes nothing is no event."""
        found: list[tuple[int, int, int]] = []
        for kind, before, now in ((BID, self._shown[0], bids), (ASK, self._shown[1], asks)):
            found += [(kind, ticks, 0) for ticks in before if ticks not in now]
        for kind, before, now in ((BID, self._shown[0], bids), (ASK, self._shown[1], asks)):
            found += [(kind, ticks, lots) for ticks, lots in now.items() if before.get(ticks) != lots]
        self._shown = (dict(bids), dict(asks))
        if found:
            self._event(found, ts_ns)

    def trade(self, *, is_buy: bool, ticks: int, lots: int, ts_ns: int) -> None:
        """Take in a trade, by who took."""
        self._event([(BUY_TRADE if is_buy else SELL_TRADE, ticks, lots)], ts_ns)

    def _event(self, found: Sequence[tuple[int, int, int]], ts_ns: int) -> None:
        self._now_ns = max(ts_ns, self._now_ns + 1)
        for number, (kind, ticks, lots) in enumerate(found, start=1):
            self.rows.extend((kind, ticks, lots, self._now_ns, int(number == len(found)), self.events))
        self.events += 1

    def header(self, *, price_decimals: int, lot_decimals: int, tick_step: int, lots: int) -> TapeHeader:
        """Return what stands above the rows so far."""
        return TapeHeader(price_decimals, lot_decimals, tick_step, lots, len(self.rows) // COLUMNS, self.events)


def write_rows(folder: Path, header: TapeHeader, rows: "array[int]") -> None:
    """Put a tape into a folder."""
    (folder / HEADER_FILE).write_text(json.dumps(asdict(header)), encoding="utf-8")
    with (folder / ROWS_FILE).open("wb") as file:
        rows.tofile(file)


def read_rows(folder: Path) -> "tuple[TapeHeader, array[int]]":
    """Return a tape from a folder, its rows one after the other."""
    header = TapeHeader(**json.loads((folder / HEADER_FILE).read_text(encoding="utf-8")))
    rows: array[int] = array("q")
    with (folder / ROWS_FILE).open("rb") as file:
        rows.fromfile(file, header.rows * COLUMNS)
    return header, rows
