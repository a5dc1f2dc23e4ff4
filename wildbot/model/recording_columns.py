"""Recorded rows as columns of integers: what a reader of recordings hands on where an object per row is too slow.

Rules: the lists of a batch run in parallel; the levels of all rows lie one after the other, and row n's are those from
    `starts[n]` up to `starts[n + 1]`. What the kinds mean stands with the rows in `adapters.recording_rows`.
"""

from dataclasses import dataclass

from wildbot.model.instrument import Instrument

CHANGED, WHOLE, TRADE, TICKER, GAP = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class FlatLevels:
    """The levels of one side of every row of a batch."""

    starts: list[int]
    ticks: list[int]
    lots: list[int]


@dataclass(frozen=True, slots=True)
class RowColumns:
    """One batch of rows of one file, under one set of rules. `text` tells why, for gaps."""

    instrument: Instrument
    file: str
    kind: list[int]
    venue_ts_ns: list[int]
    recv_ts_ns: list[int]
    seq: list[int]
    side: list[int]
    ticks: list[int]
    lots: list[int]
    bids: FlatLevels
    asks: FlatLevels
    text: list[str | None]
