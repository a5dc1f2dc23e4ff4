"""One pair's order book: sorted integer levels, cut to the subscribed depth, with the checksum of its top.

Rules: prices are ticks and sizes are lots, never floats. Each side keeps parallel lists sorted from best to worst; bid keys
    are negative ticks, so that index 0 is the best level of either side and one `bisect` serves both.
Owns: the digits of every level as the checksum wants them, made once when the level changes.
Source: the window rule (cut to depth, no removals for what falls out) and the checksum rule are those of Kraken's book
    channel: CRC32 over the digits of the first ten asks, then the first ten bids.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from zlib import crc32

from wildbot.model.market_data import BookSnapshot

CHECKED_LEVELS = 10
"""So many levels of each side enter the checksum, whatever depth is subscribed."""

PUBLISHED_LEVELS = 10
"""Levels of each side in a `BookSnapshot`, unless asked otherwise."""

CHECKSUM_MISMATCH = "checksum mismatch"
CROSSED = "crossed book"

Level = tuple[int, int]
"""(ticks, lots); lots 0 means: this level is gone."""


def level_digits(ticks: int, lots: int) -> bytes:
    """Return what one level adds to the checksum text: price and size without point and leading zeros."""
    return b"%d%d" % (ticks, lots)


class BookSide:
    """One side of a book: at most `depth` levels, best first. `sign` is -1 for bids, +1 for asks."""

    __slots__ = (
        "_lots",
        "_sign",
        "_ticks",
        "_top_ticks",
        "checked_crc",
        "checked_text",
        "depth",
        "digits",
        "keys",
        "published",
    )

    def __init__(self, sign: int, depth: int) -> None:
        self.depth = depth
        self.keys: list[int] = []
        self._ticks = self.keys if sign > 0 else list[int]()
        """The prices as they are published: for asks the keys themselves, for bids a list beside them."""
        self._lots: list[int] = []
        self.digits: list[bytes] = []
        self._sign = sign
        self.checked_text: bytes | None = None
        self.checked_crc: int | None = None
        """The digits of the checked levels in one piece, and their CRC; None: not computed since they changed."""
        self.published: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        """What `top` returned last; None when the side has changed since."""
        self._top_ticks: tuple[int, ...] | None = None

    def load(self, levels: Iterable[Level]) -> None:
        """Replace everything by these levels, in any order."""
        self.keys.clear()
        self._ticks.clear()
        self._lots.clear()
        self.digits.clear()
        self.checked_text = self.checked_crc = self.published = self._top_ticks = None
        self.change(levels)

    def change(self, levels: Iterable[Level]) -> bool:
        """Set or remove levels in the order given, then cut to depth; return whether the checked levels may differ."""
        keys, all_lots, digits, sign = self.keys, self._lots, self.digits, self._sign
        prices = None if sign > 0 else self._ticks
        count = len(keys)
        top_moved = False
        for ticks, lots in levels:
            key = ticks * sign
            index = bisect_left(keys, key)
            if index < CHECKED_LEVELS:
                top_moved = True
            if index < count and keys[index] == key:
                if lots:
                    all_lots[index] = lots
                    digits[index] = b"%d%d" % (ticks, lots)
                else:
                    del keys[index], all_lots[index], digits[index]
                    if prices is not None:
                        del prices[index]
                    count -= 1
                    self._top_ticks = None
            elif lots:
                keys.insert(index, key)
                if prices is not None:
                    prices.insert(index, ticks)
                all_lots.insert(index, lots)
                digits.insert(index, b"%d%d" % (ticks, lots))
                count += 1
                self._top_ticks = None
        if count > self.depth:
            del keys[self.depth :], all_lots[self.depth :], digits[self.depth :]
            if prices is not None:
                del prices[self.depth :]
        self.published = None
        if top_moved:
            self.checked_text = self.checked_crc = None
        return top_moved

    def top(self, count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the best `count` levels as (ticks, lots), two parallel tuples, best first."""
        ticks = self._top_ticks
        if ticks is None:
            ticks = self._top_ticks = tuple(self._ticks[:count])
        published = self.published = (ticks, tuple(self._lots[:count]))
        return published


class OrderBook:
    """The window of one pair's book; see the module docstring for its rules."""

    __slots__ = ("_checksum", "_is_crossed", "_published_levels", "asks", "bids", "depth", "pair")

    def __init__(self, pair: str, depth: int = 10, *, published_levels: int = PUBLISHED_LEVELS) -> None:
        """Make an empty book of `depth` levels; `published_levels` of them go into each `BookSnapshot`."""
        assert depth >= CHECKED_LEVELS, depth
        self.pair = pair
        self.depth = depth
        self.bids = BookSide(-1, depth)
        self.asks = BookSide(1, depth)
        self._published_levels = published_levels
        self._checksum: int | None = None
        self._is_crossed = False

    def load(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Replace the whole book."""
        self.bids.load(bids)
        self.asks.load(asks)
        self._checksum = None

    def apply(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Apply one update: the levels of each side in the order the venue sent them."""
        if bids and self.bids.change(bids):
            self._checksum = None
        if asks and self.asks.change(asks):
            self._checksum = None

    def follow(self, bids: Sequence[Level], asks: Sequence[Level], checksum: int) -> str:
        """Apply one update; return what is wrong with the book then, given the checksum the venue states."""
        mine = self._checksum
        if bids and self.bids.change(bids):
            mine = None
        if asks and self.asks.change(asks):
            mine = None
        if mine is None:
            mine = self._examine()
        if mine != checksum:
            return CHECKSUM_MISMATCH
        return CROSSED if self._is_crossed else ""

    def checksum(self) -> int:
        """Return the CRC32 of the top of the book; computed anew only when the top may have moved."""
        return self._examine() if self._checksum is None else self._checksum

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask: such a book cannot be the venue's."""
        self.checksum()
        return self._is_crossed

    def fault_against(self, checksum: int) -> str:
        """Return what is wrong with this book, given the checksum the venue states; "" when it can be trusted."""
        return self.follow((), (), checksum)

    def _examine(self) -> int:
        """Look at the top anew. Mostly one side has moved: what the other adds is kept, for asks down to their CRC."""
        asks, bids = self.asks, self.bids
        checksum = asks.checked_crc
        if checksum is None:
            checksum = asks.checked_crc = crc32(b"".join(asks.digits[:CHECKED_LEVELS]))
        text = bids.checked_text
        if text is None:
            text = bids.checked_text = b"".join(bids.digits[:CHECKED_LEVELS])
        checksum = self._checksum = crc32(text, checksum)
        bid_keys, ask_keys = bids.keys, asks.keys
        self._is_crossed = bool(bid_keys) and bool(ask_keys) and -bid_keys[0] >= ask_keys[0]
        return checksum

    def snapshot(self, seq: int, venue_ts_ns: int, recv_ts_ns: int) -> BookSnapshot:
        """Return the published window as a message. The caller has verified the book."""
        count = self._published_levels
        bid_ticks, bid_lots = self.bids.published or self.bids.top(count)
        ask_ticks, ask_lots = self.asks.published or self.asks.top(count)
        return BookSnapshot(self.pair, seq, venue_ts_ns, recv_ts_ns, bid_ticks, bid_lots, ask_ticks, ask_lots)
