"""Everything one trader knows of its market, and whether that is good enough to have orders in it.

Owns: the last book of one pair, how fresh it is, and the state of the venue.
"""

from wildbot.market.freshness import Freshness
from wildbot.market.quotes import same_touch
from wildbot.model.instrument import Instrument, PairStatus
from wildbot.model.market_data import BookSnapshot, FeedBeat, SystemStatus

ONLINE = SystemStatus.ONLINE
QUOTABLE = frozenset({PairStatus.ONLINE, PairStatus.LIMIT_ONLY, PairStatus.POST_ONLY, PairStatus.REDUCE_ONLY})


class PairMarket:
    """One pair, seen from its trader. `is_two_sided`: there is a book, and it has both sides."""

    __slots__ = ("_freshness", "_silence_max_ns", "book", "is_two_sided", "system")

    def __init__(self, pair: str, silence_max_ns: int) -> None:
        self.book: BookSnapshot | None = None
        self.is_two_sided = False
        self.system = SystemStatus.ONLINE
        self._silence_max_ns = silence_max_ns
        self._freshness = Freshness(pair, silence_max_ns)

    @property
    def is_valid(self) -> bool:
        """Whether the book we hold is the newest one, as far as anybody knows."""
        return self._freshness.is_valid

    @property
    def touch(self) -> tuple[int, int]:
        """Best bid and best ask in ticks; (0, 0) without a two-sided book."""
        book = self.book
        return (0, 0) if book is None or not self.is_two_sided else (book.bid_ticks[0], book.ask_ticks[0])

    def age_ns(self, now_ns: int) -> int:
        """Return for how long nobody has vouched for the book."""
        return self._freshness.age_ns(now_ns)

    def on_book(self, book: BookSnapshot) -> bool:
        """Take in a book; return whether a different decision may come of it: the touch moved, or it was not trusted."""
        last, freshness = self.book, self._freshness
        was_valid = freshness.is_valid
        self.book = book
        self.is_two_sided = book.is_two_sided
        freshness.on_book(book.seq, book.recv_ts_ns)
        return last is None or not was_valid or not same_touch(last, book)

    def on_beat(self, beat: FeedBeat) -> bool:
        """Take in the feed handler's word; return whether trust in the book changed."""
        was_valid = self._freshness.is_valid
        self._freshness.on_beat(beat)
        return self._freshness.is_valid is not was_valid

    def on_invalid(self) -> None:
        """The book cannot be trusted until the next one."""
        self._freshness.on_invalid()

    def trouble(self, instrument: Instrument, now_ns: int) -> str:
        """Return the code of why nothing may rest in this market now, "" when all is well."""
        if not self.is_two_sided:
            return "no_book"
        freshness = self._freshness
        if not freshness.is_valid:
            return "book_invalid"
        if now_ns - freshness.as_of_ns > self._silence_max_ns:
            return "data_stale"
        if self.system is not ONLINE:
            return f"venue_{self.system}"
        return "" if instrument.status in QUOTABLE else f"pair_{instrument.status}"

    def venue_now_ns(self, now_ns: int) -> int:
        """Return event time: the last book's, carried on by our clock since we received it."""
        book = self.book
        if book is None:
            return now_ns
        since_ns = now_ns - book.recv_ts_ns
        return book.venue_ts_ns + since_ns if since_ns > 0 else book.venue_ts_ns
