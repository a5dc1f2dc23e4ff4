"""One side of a recorded book: sorted levels, of which the best few are shown.

Rules: keys are ticks, negative for bids, so that the first key is the best of either side. While nothing within the shown
    levels changes, `top` returns the very same tuples: who compares by identity knows that nothing moved.
    Of a whole book only the levels near the touch are kept in order; of those farther out only what was last said of them,
    since most changes of a deep book are never seen.
Owns: the levels.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from operator import neg

from wildbot.market.order_book import Level

Shown = tuple[tuple[int, ...], tuple[int, ...]]
"""(ticks, lots), best first."""

NEAR = 8
"""How many times the shown levels are kept in order at least, and half of what is kept at most."""
_NOWHERE = -(1 << 62)
_EVERYWHERE = 1 << 62


class Ladder:
    """Levels, best first, the best `shown` of them on show. `sign` is -1 for bids, +1 for asks; `depth`: how many levels
    there are at most, beyond which they are forgotten; None: all. `top`: the shown levels."""

    __slots__ = ("_depth", "_edge", "_full", "_kept", "_keys", "_lots", "_most", "_reach", "_shown", "_sign", "top")

    def __init__(self, sign: int, depth: int | None, shown: int) -> None:
        self._sign, self._depth, self._shown = sign, depth, shown
        self._kept = NEAR * shown if depth is None else depth  # in order
        self._most = 2 * self._kept if depth is None else depth
        self._keys: list[int] = []  # all levels up to `_reach`
        self._lots: dict[int, int] = {}  # by ticks; beyond the reach also 0, which is no level
        self._full = 0  # more lots than this: what is 0 among them is dropped
        self._reach = _EVERYWHERE
        self._edge = _NOWHERE  # a change at this key or before it may be seen; lower than any: nothing moved
        self.top: Shown = ((), ())
        self._look()

    @property
    def size(self) -> int:
        """How many levels it remembers, those that are gone included until they are dropped."""
        return len(self._lots)

    def load(self, levels: Iterable[Level]) -> None:
        """Replace everything by these levels, in any order; of a level named twice the last word counts."""
        self._lots = dict(levels)
        self._gather()
        self._look()

    def change(self, ticks: Sequence[int], lots: Sequence[int]) -> None:
        """Set levels, remove those with 0 lots, in the order given; then cut to depth. There is one level at least."""
        keys, sizes, sign, edge, reach = self._keys, self._lots, self._sign, self._edge, self._reach
        if (min(ticks) if sign > 0 else -max(ticks)) > reach:
            sizes.update(zip(ticks, lots, strict=True))
            if len(sizes) > self._full:
                self._gather()
            return
        moved = False
        for tick, size in zip(ticks, lots, strict=True):
            key = tick * sign
            if key > reach:
                sizes[tick] = size
                continue
            if size:
                if tick not in sizes:
                    insort(keys, key)
                sizes[tick] = size
            elif sizes.pop(tick, 0):
                del keys[bisect_left(keys, key)]
            else:
                continue
            if key <= edge:
                moved = True
        if len(keys) > self._most:
            self._cut()
        elif reach != _EVERYWHERE and (len(keys) < self._shown or len(sizes) > self._full):
            self._gather()
        if moved:
            self._look()

    def _gather(self) -> None:
        """Put the nearest levels in order."""
        self._lots = {ticks: lots for ticks, lots in self._lots.items() if lots}
        self._full = 2 * len(self._lots) + self._most
        self._keys = sorted(self._lots) if self._sign > 0 else sorted(map(neg, self._lots))
        self._reach = _EVERYWHERE
        self._cut()

    def _cut(self) -> None:
        beyond = self._keys[self._kept :]
        if not beyond:
            return
        del self._keys[self._kept :]
        if self._depth is None:
            self._reach = self._keys[-1]
        else:
            for key in beyond:
                del self._lots[key * self._sign]

    def _look(self) -> None:
        keys = self._keys[: self._shown]
        ticks = tuple(keys) if self._sign > 0 else tuple(map(neg, keys))
        before = self.top
        lots = tuple(map(self._lots.__getitem__, ticks))
        self.top = (before[0] if ticks == before[0] else ticks, before[1] if lots == before[1] else lots)
        self._edge = keys[-1] if len(keys) == self._shown else _EVERYWHERE
