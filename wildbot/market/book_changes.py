"""Books as changes and back: what a recording keeps of a stream of whole books, and how they are had again.

Rules: the change from one book to the next holds every level that differs, those that left the window with size 0, so that
    applying it gives back the very book. After a gap, and once in WHOLE_EVERY rows, the whole book is told.
Owns: the last book of each pair.
"""

from wildbot.model.errors import ProtocolError
from wildbot.model.market_data import BookSnapshot
from wildbot.model.recording import Levels, RecordedBook

WHOLE_EVERY = 10_000
"""Rows after which a whole book is told anyway: so much at most must be read to join in the middle."""


class BookChanges:
    """Turns one pair's books into rows."""

    def __init__(self) -> None:
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._seq = 0
        self._until_whole = 0

    def gap(self) -> None:
        """Something is missing: the next book is told whole."""
        self._until_whole = 0

    def misses(self, book: BookSnapshot) -> int:
        """Return how many books lie between the last one and this; 0 also for the first and after a publisher's start."""
        return max(0, book.seq - self._seq - 1) if self._seq else 0

    def row(self, book: BookSnapshot) -> RecordedBook:
        """Return the row that leads from the book before to this one."""
        bids, asks = (
            dict(zip(book.bid_ticks, book.bid_lots, strict=True)),
            dict(zip(book.ask_ticks, book.ask_lots, strict=True)),
        )
        is_whole = self._until_whole <= 0
        self._until_whole = WHOLE_EVERY if is_whole else self._until_whole - 1
        row = RecordedBook(
            pair=book.pair,
            seq=book.seq,
            venue_ts_ns=book.venue_ts_ns,
            recv_ts_ns=book.recv_ts_ns,
            bids=tuple(bids.items()) if is_whole else _changed(self._bids, bids),
            asks=tuple(asks.items()) if is_whole else _changed(self._asks, asks),
            is_whole=is_whole,
        )
        self._bids, self._asks, self._seq = bids, asks, book.seq
        return row


class BookRebuilder:
    """Turns one pair's rows back into books."""

    def __init__(self) -> None:
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._is_known = False

    @property
    def is_known(self) -> bool:
        """Whether a book stands: a whole one has come, and no gap since."""
        return self._is_known

    def gap(self) -> None:
        """Something is missing: the next row must be whole."""
        self._is_known = False

    def book(self, row: RecordedBook) -> BookSnapshot:
        """Return the book after this row. Raises: ProtocolError when a change comes where only a whole book can."""
        if row.is_whole:
            self._bids, self._asks, self._is_known = dict(row.bids), dict(row.asks), True
        elif not self._is_known:
            raise ProtocolError(f"book row {row.seq} of {row.pair} is a change, but nothing stands before it")
        else:
            _apply(self._bids, row.bids)
            _apply(self._asks, row.asks)
        bids, asks = sorted(self._bids.items(), reverse=True), sorted(self._asks.items())
        return BookSnapshot(
            pair=row.pair,
            seq=row.seq,
            venue_ts_ns=row.venue_ts_ns,
            recv_ts_ns=row.recv_ts_ns,
            bid_ticks=tuple(ticks for ticks, _ in bids),
            bid_lots=tuple(lots for _, lots in bids),
            ask_ticks=tuple(ticks for ticks, _ in asks),
            ask_lots=tuple(lots for _, lots in asks),
        )


def _changed(before: dict[int, int], after: dict[int, int]) -> Levels:
    gone = [(ticks, 0) for ticks in before if ticks not in after]
    return (*gone, *((ticks, lots) for ticks, lots in after.items() if before.get(ticks) != lots))


def _apply(side: dict[int, int], changes: Levels) -> None:
    for ticks, lots in changes:
        if lots:
            side[ticks] = lots
        else:
            side.pop(ticks, None)
