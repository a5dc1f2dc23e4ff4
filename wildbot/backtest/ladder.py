"""One side of a recorded book: sorted levels, of which the best few are shown.

Rules: keys are ticks, negative for bids, so that the first key is the best of either side. While nothing within the shown
    levels changes, `top` returns the very same tuples: who compares by identity knows that nothing moved.
Owns: the levels.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from operator import neg

from wildbot.market.order_book import Level

Shown = tuple[tuple[int, ...], tuple[int, ...]]
"""(ticks, lots), best first."""

_NOWHERE = -(1 << 62)


class Ladder:
    """At most `depth` levels, best first, the best `shown` of them on show. `sign` is -1 for bids, +1 for asks."""

    __slots__ = ("_depth", "_edge", "_keys", "_lots", "_shown", "_sign", "_top")

    def __init__(self, sign: int, depth: int, shown: int) -> None:
        self._sign, self._depth, self._shown = sign, depth, shown
        self._keys: list[int] = []
        self._lots: dict[int, int] = {}
        self._top: Shown = ((), ())
        self._edge = _NOWHERE  # a change at this key or before it may be seen; lower than any: nothing moved
        self._look()

    def load(self, levels: Iterable[Level]) -> None:
        """Replace everything by these levels, in any order; of a level named twice the last word counts."""
        self._lots = {ticks * self._sign: lots for ticks, lots in levels}
        self._lots = {key: lots for key, lots in self._lots.items() if lots}
        self._keys = sorted(self._lots)
        self._cut()
        self._look()

    def change(self, ticks: Iterable[int], lots: Iterable[int]) -> None:
        """Set levels, remove those with 0 lots, in the order given; then cut to depth."""
        keys, sizes, sign, edge = self._keys, self._lots, self._sign, self._edge
        moved = False
        for tick, size in zip(ticks, lots, strict=True):
            key = tick * sign
            if size:
                if key not in sizes:
                    insort(keys, key)
                sizes[key] = size
            elif sizes.pop(key, 0):
                del keys[bisect_left(keys, key)]
            else:
                continue
            if key <= edge:
                moved = True
        if len(keys) > self._depth:
            self._cut()
        if moved:
            self._look()

    def top(self) -> Shown:
        """Return the shown levels."""
        return self._top

    def _cut(self) -> None:
        for key in self._keys[self._depth :]:
            del self._lots[key]
        del self._keys[self._depth :]

    def _look(self) -> None:
        keys = self._keys[: self._shown]
        ticks = tuple(keys) if self._sign > 0 else tuple(map(neg, keys))
        before = self._top
        lots = tuple(map(self._lots.__getitem__, keys))
        self._top = (before[0] if ticks == before[0] else ticks, before[1] if lots == before[1] else lots)
        self._edge = keys[-1] if len(keys) == self._shown else 1 << 62
