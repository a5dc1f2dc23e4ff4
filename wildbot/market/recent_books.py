"""The last minutes of one pair's books, thinned, so that a new trader starts with warm signals.

Rules: kept are the last book of each second of exchange time (what a clock-sampled signal sees) and the last changes of the
    touch (what an update-driven signal sees). A gap in the book forgets everything: what follows does not continue it.
"""

from collections import deque

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot

SECONDS_MAX = 120
TOUCHES_MAX = 60


class RecentBooks:
    """One pair's memory; `add` is O(1) and allocates nothing on a book whose touch did not move."""

    def __init__(self) -> None:
        self._seconds: deque[BookSnapshot] = deque(maxlen=SECONDS_MAX)
        self._touches: deque[BookSnapshot] = deque(maxlen=TOUCHES_MAX)
        self._last: BookSnapshot | None = None

    def add(self, book: BookSnapshot) -> None:
        """Take in a verified book; one-sided ones are passed over."""
        if not book.is_two_sided:
            return
        last = self._last
        if last is not None and book.venue_ts_ns // NANOS_PER_SECOND != last.venue_ts_ns // NANOS_PER_SECOND:
            self._seconds.append(last)
        if last is None or _touch(book) != _touch(last):
            self._touches.append(book)
        self._last = book

    def forget(self) -> None:
        """The book was invalid."""
        self._seconds.clear()
        self._touches.clear()
        self._last = None

    def history(self) -> tuple[BookSnapshot, ...]:
        """Return what is kept, oldest first, each book once."""
        by_seq = {book.seq: book for books in (self._seconds, self._touches) for book in books}
        return tuple(by_seq[seq] for seq in sorted(by_seq))


def _touch(book: BookSnapshot) -> tuple[int, int, int, int]:
    return book.bid_ticks[0], book.bid_lots[0], book.ask_ticks[0], book.ask_lots[0]
