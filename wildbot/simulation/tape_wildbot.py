"""WildBot's own recordings as a level tape.

Rules: an exchange tells a book before the trade that shrank it, so rows are put in the venue's own order first: by its
    clock, trades before books of the same moment. That clock is looked at over LOOK_AHEAD_NS; what comes later than that
    stays where it is. After a trade, and after a gap, the next book is told whole: whatever the trade met in our book, the
    recorded one holds again. Tickers are passed over.
"""

import heapq
from collections.abc import Iterable, Iterator

from wildbot.market.book_changes import BookRebuilder
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument
from wildbot.model.market_data import BookInvalidated, BookSnapshot, TradePrint
from wildbot.model.recording import Levels, RecordedBook, RecordedRow
from wildbot.simulation.level_tape import LevelsSet, TapeEvent, TapeTrade

LOOK_AHEAD_NS = NANOS_PER_SECOND

_Entry = tuple[int, int, int, RecordedBook | TradePrint, BookSnapshot | None]


def wildbot_events(rows: Iterable[RecordedRow], instrument: Instrument) -> Iterator[TapeEvent]:
    """Yield the tape from its first whole book on. Raises: ProtocolError for changes of a book that nobody told."""
    for event, _ in events_with_books(rows, instrument):
        yield event


def events_with_books(
    rows: Iterable[RecordedRow], instrument: Instrument
) -> Iterator[tuple[TapeEvent, BookSnapshot | None]]:
    """Yield the tape's events, each book with the recorded book that must stand after it."""
    has_begun = is_whole_due = False
    latest_ns = 0
    for at_ns, row, book in _in_order(rows):
        latest_ns = max(latest_ns, at_ns)
        if isinstance(row, TradePrint):
            if has_begun:
                is_whole_due = True
                price, size = instrument.price_text(row.ticks), instrument.lots_text(row.lots)
                yield TapeTrade(latest_ns, row.side, price, size), None
            continue
        assert book is not None, row
        if row.is_whole or is_whole_due:
            bids, asks = zip(book.bid_ticks, book.bid_lots, strict=True), zip(book.ask_ticks, book.ask_lots, strict=True)
            event = LevelsSet(latest_ns, _texts(instrument, tuple(bids)), _texts(instrument, tuple(asks)), True)
        else:
            event = LevelsSet(latest_ns, _texts(instrument, row.bids), _texts(instrument, row.asks), False)
        has_begun, is_whole_due = True, False
        yield event, book


def _in_order(rows: Iterable[RecordedRow]) -> Iterator[tuple[int, RecordedBook | TradePrint, BookSnapshot | None]]:
    """Yield books and trades by the venue's clock; a book keeps its place among the books."""
    waiting: list[_Entry] = []
    rebuilder = BookRebuilder()
    book_ns = 0
    for number, row in enumerate(rows):
        if isinstance(row, BookInvalidated):
            rebuilder.gap()
        elif isinstance(row, RecordedBook):
            if not row.is_whole and not rebuilder.is_known:
                continue  # the file that held what stood before it is gone
            book_ns = max(book_ns, row.venue_ts_ns)
            heapq.heappush(waiting, (book_ns, 1, number, row, rebuilder.book(row)))
        elif isinstance(row, TradePrint):
            heapq.heappush(waiting, (row.venue_ts_ns, 0, number, row, None))
        else:
            continue
        while waiting and waiting[0][0] < book_ns - LOOK_AHEAD_NS:
            at_ns, _, _, ready, book = heapq.heappop(waiting)
            yield at_ns, ready, book
    while waiting:
        at_ns, _, _, ready, book = heapq.heappop(waiting)
        yield at_ns, ready, book


def _texts(instrument: Instrument, levels: Levels) -> tuple[tuple[str, str], ...]:
    return tuple((instrument.price_text(ticks), instrument.lots_text(lots)) for ticks, lots in levels)
