"""A mirror of one pair's book that says what each engine event does to the top N levels.

Rules: a message is the ordered list of effects on the N-level window: a level that leaves by removal is followed by the
    level that moves up; a level that is pushed out is not mentioned. One message touches one side, and carries the
    checksum of the book as it stands after it.
Owns: both sides of one pair, all depths.
Source: Kraken `book` channel; the window rule was found by replaying recorded messages.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from wildbot.market.order_book import CHECKED_LEVELS
from wildbot.model.exchange import BookChange
from wildbot.model.orders import Side
from wildbot.venues.kraken.checksum import checksum_of_levels
from wildbot.venues.kraken.server_exchange import Levels

DEPTHS = (10, 25, 100, 500, 1000)
"""The depths a client may subscribe."""

Effects = list[tuple[int, int]]
"""(ticks, lots) in the order a client applies them; lots 0: the level is gone."""


class BookSide:
    """One side: keys rise from the best level outward (bids are kept by their negative price)."""

    def __init__(self, side: Side, levels: Iterable[tuple[int, int]] = ()) -> None:
        self._sign = -side.sign
        self._lots = {ticks * self._sign: lots for ticks, lots in levels}
        self._keys = sorted(self._lots)

    def top(self, count: int) -> Levels:
        """Return the best `count` levels, best first."""
        return [(key * self._sign, self._lots[key]) for key in self._keys[:count]]

    def best(self) -> tuple[int, int] | None:
        """Return the best level, or None on an empty side."""
        if not self._keys:
            return None
        return self._keys[0] * self._sign, self._lots[self._keys[0]]

    def set(self, ticks: int, lots: int, windows: Sequence[tuple[int, Effects]]) -> None:
        """Give one level its total size and add the effects to every (depth, effects) window that sees them."""
        key = ticks * self._sign
        if self._lots.get(key, 0) == lots:
            return
        index = bisect_left(self._keys, key)
        if lots:
            if key not in self._lots:
                self._keys.insert(index, key)
            self._lots[key] = lots
        else:
            del self._lots[key]
            del self._keys[index]
        for depth, effects in windows:
            if index >= depth:
                continue
            effects.append((ticks, lots))
            if not lots and len(self._keys) >= depth:
                entered = self._keys[depth - 1]
                effects.append((entered * self._sign, self._lots[entered]))


class BookMirror:
    """Both sides of one pair."""

    def __init__(
        self, bids: Iterable[tuple[int, int]] = (), asks: Iterable[tuple[int, int]] = (), *, missing_are_zeros: bool = False
    ) -> None:
        """`missing_are_zeros`: in the checksum, levels that a short side lacks count as price and size 0."""
        self._filling = [(0, 0)] * CHECKED_LEVELS if missing_are_zeros else []
        self.bids = BookSide(Side.BUY, bids)
        self.asks = BookSide(Side.SELL, asks)

    def apply(self, change: BookChange, depths: Sequence[int]) -> Iterator[tuple[Side, list[tuple[int, Effects]], int]]:
        """Apply one engine event; after each run on one side yield (side, [(depth, effects)], checksum).

        Only `depths` are worked out, and windows that saw nothing are left out.
        """
        levels = change.levels
        start = 0
        while start < len(levels):
            side = levels[start][0]
            book = self.bids if side is Side.BUY else self.asks
            windows: list[tuple[int, Effects]] = [(depth, []) for depth in depths]
            end = start
            while end < len(levels) and levels[end][0] is side:
                book.set(levels[end][1], levels[end][2], windows)
                end += 1
            seen = [window for window in windows if window[1]]
            if seen:
                yield side, seen, self.checksum()
            start = end

    def checksum(self) -> int:
        """Return the checksum of the book as it stands."""
        bids, asks = ([*side.top(CHECKED_LEVELS), *self._filling] for side in (self.bids, self.asks))
        return checksum_of_levels(bids, asks)
