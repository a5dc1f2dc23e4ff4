"""One pair's book as the stream sees it: wire message in, verified snapshot or a reason to start over out.

Rules: nothing is published that the exchange's checksum did not confirm, and no crossed or locked book even then. After a
    fault the book is dead until the next snapshot message.
"""

from wildbot.market.order_book import CHECKED_LEVELS, Level, OrderBook
from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookInvalidated, BookSnapshot
from wildbot.venues.kraken.market_numbers import decimals_of, utc_ns
from wildbot.venues.kraken.market_subscriptions import DEPTHS
from wildbot.venues.kraken.market_wire import ExactBook, WireBook, exact_book_decoder, exact_levels, fast_levels

_NO_LEVELS: list[Level] = []
_SECONDS = 20
"""Characters of a time up to its second and the point, as in 2023-07-30T15:29:58.343415Z."""


class PairBook:
    """The book of one pair, and whether it can be trusted (`is_live`). `fault` says why the last message was refused."""

    __slots__ = ("_lot_scale", "_price_scale", "_second", "_second_ns", "book", "fault", "is_live", "pair", "scale", "seq")

    def __init__(self, pair: str, depth: int, scale: tuple[int, int], *, seq: int = 0) -> None:
        """`scale` is (price decimals, lot decimals); `seq` numbers the last snapshot published before."""
        self.pair = pair
        self.book = OrderBook(pair, depth)
        self.seq = seq
        self.is_live = False
        self.fault = ""
        self._second, self._second_ns = "never", 0
        self.set_scale(scale)

    def set_scale(self, scale: tuple[int, int]) -> None:
        """Count prices and sizes in these decimals from the next snapshot on."""
        self.scale = scale
        self._price_scale, self._lot_scale = 10.0 ** scale[0], 10.0 ** scale[1]

    def update(self, update: WireBook, frame: bytes, recv_ts_ns: int) -> BookSnapshot | None:
        """Apply an update to a live book; None is a fault, and the book is dead. `frame` is where `update` came from.

        Raises:
            ProtocolError: if a number or time cannot be read; then what the book holds is not to be trusted.
        """
        bids, asks = update.bids, update.asks
        bid_levels = fast_levels(bids, self._price_scale, self._lot_scale) if bids else _NO_LEVELS
        ask_levels = fast_levels(asks, self._price_scale, self._lot_scale) if asks else _NO_LEVELS
        if bid_levels is None or ask_levels is None:
            return self.update_exactly(exact_book(frame), recv_ts_ns)
        book, timestamp = self.book, update.timestamp
        if fault := book.follow(bid_levels, ask_levels, update.checksum):
            self._refuse(fault)
            return None
        micros = timestamp[_SECONDS:-1]
        if timestamp.startswith(self._second) and len(micros) == 6 and micros.isdecimal() and timestamp[-1] == "Z":
            venue_ts_ns = self._second_ns + int(micros) * 1_000
        else:
            venue_ts_ns = self._time_of(timestamp, recv_ts_ns)
        seq = self.seq = self.seq + 1
        return book.snapshot(seq, venue_ts_ns, recv_ts_ns)

    def update_exactly(self, update: ExactBook, recv_ts_ns: int) -> BookSnapshot | None:
        """As `update`, from the text of the numbers."""
        self.book.apply(exact_levels(update.bids, *self.scale), exact_levels(update.asks, *self.scale))
        return self._verified(update.checksum, update.timestamp, recv_ts_ns)

    def load(self, snapshot: ExactBook, recv_ts_ns: int) -> BookSnapshot | None:
        """Start over from a snapshot message; None is a fault. Raises: ProtocolError as `update`."""
        self.book.load(exact_levels(snapshot.bids, *self.scale), exact_levels(snapshot.asks, *self.scale))
        return self._verified(snapshot.checksum, snapshot.timestamp, recv_ts_ns)

    def dropped(self, reason: str, now_ns: int) -> BookInvalidated:
        """Trust the book no longer; return the event that says so."""
        self.is_live = False
        return BookInvalidated(self.pair, reason, now_ns)

    def _verified(self, checksum: int, timestamp: str, recv_ts_ns: int) -> BookSnapshot | None:
        if fault := self.book.fault_against(checksum):
            self._refuse(fault)
            return None
        venue_ts_ns = self._time_of(timestamp, recv_ts_ns)
        self.is_live = True
        self.seq += 1
        return self.book.snapshot(self.seq, venue_ts_ns, recv_ts_ns)

    def _refuse(self, fault: str) -> None:
        self.fault = fault
        self.is_live = False

    def _time_of(self, timestamp: str, recv_ts_ns: int) -> int:
        if not timestamp:
            return recv_ts_ns  # snapshots before 2026 carry no time of their own
        venue_ts_ns = utc_ns(timestamp)
        # What comes next is mostly of the same second, which need not be read again then.
        self._second, self._second_ns = timestamp[:_SECONDS], venue_ts_ns // NANOS_PER_SECOND * NANOS_PER_SECOND
        return venue_ts_ns


class PairBooks:
    """The books of all pairs of a stream; `any_pair` as there."""

    def __init__(self, depth: int, *, any_pair: bool) -> None:
        self.by_pair: dict[str, PairBook] = {}
        self._depth = depth
        self._any_pair = any_pair

    def live(self) -> list[PairBook]:
        """Return the books that can be trusted now."""
        return [book for book in self.by_pair.values() if book.is_live]

    def fresh(self, snapshot: ExactBook, scale: tuple[int, int] | None, acknowledged_depth: int) -> PairBook:
        """Return the book that a snapshot is to be loaded into, in the right decimals and depth (0: not acknowledged).

        Raises:
            ProtocolError: if the pair's decimals are not known and may not be taken from the wire.
        """
        depth = acknowledged_depth or self._depth
        if self._any_pair:
            # Recordings lack the instrument, or are years apart from it: the longer of the two is what is printed.
            shown = scale_on_the_wire(snapshot)
            scale = (max(shown[0], scale[0]), max(shown[1], scale[1])) if scale else shown
            depth = acknowledged_depth or depth_on_the_wire(snapshot)
        if scale is None:
            raise ProtocolError(f"{snapshot.symbol}: a book before its instrument")
        former = self.by_pair.get(snapshot.symbol)
        if former is not None and former.book.depth == depth:
            former.set_scale(scale)
            return former
        book = PairBook(snapshot.symbol, depth, scale, seq=former.seq if former else 0)
        self.by_pair[snapshot.symbol] = book
        return book


def exact_book(frame: bytes) -> ExactBook:
    """Return the one book in a book message, numbers as text. Raises: ProtocolError when there is no such thing."""
    data = exact_book_decoder.decode(frame).data
    if len(data) != 1:
        raise ProtocolError(f"a book message with {len(data)} books")
    return data[0]


def scale_on_the_wire(book: ExactBook) -> tuple[int, int]:
    """Return (price decimals, lot decimals) as a snapshot prints its numbers: with all the zeros of the pair's precision.

    Raises:
        ProtocolError: if the book has no levels to tell it from.
    """
    levels = book.bids + book.asks
    if not levels:
        raise ProtocolError(f"{book.symbol}: an empty book does not show the precision of an unknown pair")
    return max(decimals_of(level.price) for level in levels), max(decimals_of(level.qty) for level in levels)


def depth_on_the_wire(book: ExactBook) -> int:
    """Return the smallest depth on offer that holds a snapshot: what it was subscribed with, unless the book is thin."""
    levels = max(len(book.bids), len(book.asks))
    return next((depth for depth in DEPTHS if depth >= levels), DEPTHS[-1])


def is_cut_short(book: ExactBook) -> bool:
    """Return whether a snapshot shows fewer levels than its checksum covers; documentation and tests cut them so."""
    return len(book.bids) < CHECKED_LEVELS and len(book.asks) < CHECKED_LEVELS
