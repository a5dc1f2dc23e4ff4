"""The limit order book of one instrument: price-time priority on integers.

Rules: at most one side may rest at a price that crosses the other; a caller matches first and adds what is left. Every
    change of a level is remembered in the order it happened, until `take_touched` collects it.
Owns: the queues. Who placed an order and what it costs is the pair engine's business; here an order is a key.
"""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

from wildbot.model.errors import InvariantError
from wildbot.model.exchange import SelfTrade
from wildbot.model.orders import Side


class Resting:
    """One order in a queue; `lots` is what is left of it. Only the book changes it."""

    __slots__ = ("key", "lots", "owner", "side", "ticks")

    def __init__(self, key: int, owner: str, side: Side, ticks: int, lots: int) -> None:
        self.key = key
        self.owner = owner
        self.side = side
        self.ticks = ticks
        self.lots = lots


class Fill(NamedTuple):
    """A taker met a resting order: `lots` changed hands at the resting order's price."""

    key: int
    ticks: int
    lots: int


class Match(NamedTuple):
    """What a taker did to the book: `left` of it is unfilled; `prevented` are resting orders taken out because both
    sides had one owner; `stopped` says the taker itself must not go on for that reason."""

    fills: list[Fill]
    left: int
    prevented: list[int]
    stopped: bool


class _Level:
    __slots__ = ("queue", "total")

    def __init__(self) -> None:
        # OrderedDict rather than dict: its first item is found in constant time after many removals at the front.
        self.queue: OrderedDict[int, Resting] = OrderedDict()
        self.total = 0


class _Half:
    """One side of the book; `prices` ascend on both sides."""

    __slots__ = ("levels", "prices")

    def __init__(self) -> None:
        self.prices: list[int] = []
        self.levels: dict[int, _Level] = {}


class LimitBook:
    """Bids and asks of one instrument. Adding, reducing and cancelling cost O(1) at an existing level."""

    def __init__(self) -> None:
        self._bids = _Half()
        self._asks = _Half()
        self._resting: dict[int, Resting] = {}
        self._touched: list[tuple[Side, int, int]] = []

    def __contains__(self, key: int) -> bool:
        return key in self._resting

    def __len__(self) -> int:
        return len(self._resting)

    def best(self, side: Side) -> int | None:
        """Return the highest bid or the lowest ask, or None when that side is empty."""
        prices = self._half(side).prices
        if not prices:
            return None
        return prices[-1] if side is Side.BUY else prices[0]

    def total(self, side: Side, ticks: int) -> int:
        """Return the size resting at one price; 0 when there is no such level."""
        level = self._half(side).levels.get(ticks)
        return level.total if level is not None else 0

    def depth(self, side: Side, levels: int) -> list[tuple[int, int]]:
        """Return up to `levels` pairs (ticks, lots), best first."""
        half = self._half(side)
        if levels <= 0:
            return []
        prices = half.prices[: -levels - 1 : -1] if side is Side.BUY else half.prices[:levels]
        return [(ticks, half.levels[ticks].total) for ticks in prices]

    def queue(self, side: Side, ticks: int) -> list[Resting]:
        """Return the orders at one price, first in line first."""
        level = self._half(side).levels.get(ticks)
        return list(level.queue.values()) if level is not None else []

    def level_count(self, side: Side) -> int:
        """Return how many prices have size on one side."""
        return len(self._half(side).prices)

    def get(self, key: int) -> Resting:
        """Return a resting order.

        Raises:
            InvariantError: if the key does not rest.
        """
        resting = self._resting.get(key)
        if resting is None:
            raise InvariantError(f"order {key} does not rest")
        return resting

    def lots_of(self, key: int) -> int:
        """Return what is left of a resting order; 0 when it rests no more."""
        resting = self._resting.get(key)
        return resting.lots if resting is not None else 0

    def would_match(self, side: Side, ticks: int) -> bool:
        """Whether a limit order of this side and price meets the other side."""
        best = self.best(side.opposite)
        return best is not None and _crosses(side, ticks, best)

    def walk(self, taker: Side, limit_ticks: int | None) -> Iterator[Resting]:
        """Yield the resting orders a taker would meet, in the order it would meet them. The book must not change
        meanwhile."""
        half = self._half(taker.opposite)
        for ticks in half.prices if taker is Side.BUY else reversed(half.prices):
            if limit_ticks is not None and not _crosses(taker, limit_ticks, ticks):
                return
            yield from half.levels[ticks].queue.values()

    def add(self, key: int, owner: str, side: Side, ticks: int, lots: int) -> None:
        """Queue an order at the back of its price level.

        Raises:
            InvariantError: if the key already rests, the size is not positive, or the order would match.
        """
        if key in self._resting:
            raise InvariantError(f"order {key} already rests")
        if lots <= 0:
            raise InvariantError(f"order {key} rests {lots} lots")
        if self.would_match(side, ticks):
            raise InvariantError(f"order {key} at {ticks} would cross the book")
        half = self._half(side)
        level = half.levels.get(ticks)
        if level is None:
            level = half.levels[ticks] = _Level()
            insort(half.prices, ticks)
        resting = Resting(key, owner, side, ticks, lots)
        level.queue[key] = self._resting[key] = resting
        level.total += lots
        self._touch(side, ticks, level.total)

    def reduce(self, key: int, lots: int) -> None:
        """Take `lots` off a resting order, which keeps its place in the queue; at nothing left it is gone.

        Raises:
            InvariantError: if the key does not rest, or has less than that.
        """
        resting = self._resting.get(key)
        if resting is None or not 0 < lots <= resting.lots:
            raise InvariantError(f"cannot take {lots} lots off order {key}, which rests {self.lots_of(key)}")
        self._take(resting, lots)

    def cancel(self, key: int) -> int:
        """Take an order out and return what was left of it.

        Raises:
            InvariantError: if the key does not rest.
        """
        lots = self.lots_of(key)
        self.reduce(key, lots)
        return lots

    def match(self, taker: Side, lots: int, limit_ticks: int | None, *, owner: str, stp: SelfTrade) -> Match:
        """Fill a taker against the other side, best price first, oldest order first, up to its limit."""
        fills: list[Fill] = []
        prevented: list[int] = []
        half = self._half(taker.opposite)
        while lots > 0 and half.prices:
            ticks = half.prices[0] if taker is Side.BUY else half.prices[-1]
            if limit_ticks is not None and not _crosses(taker, limit_ticks, ticks):
                break
            resting = next(iter(half.levels[ticks].queue.values()))
            if resting.owner == owner:
                if stp is not SelfTrade.CANCEL_NEWEST:
                    self._take(resting, resting.lots)
                    prevented.append(resting.key)
                if stp is SelfTrade.CANCEL_OLDEST:
                    continue
                return Match(fills, lots, prevented, True)
            filled = min(lots, resting.lots)
            self._take(resting, filled)
            lots -= filled
            fills.append(Fill(resting.key, ticks, filled))
        return Match(fills, lots, prevented, False)

    def take_touched(self) -> tuple[tuple[Side, int, int], ...]:
        """Return the level changes since the last call, (side, ticks, lots now there), in the order they happened.

        Changes of one level directly after one another are one change.
        """
        touched, self._touched = self._touched, []
        return tuple(touched)

    def _half(self, side: Side) -> _Half:
        return self._bids if side is Side.BUY else self._asks

    def _touch(self, side: Side, ticks: int, total: int) -> None:
        if self._touched:
            last_side, last_ticks, _ = self._touched[-1]
            if last_ticks == ticks and last_side is side:
                self._touched[-1] = (side, ticks, total)
                return
        self._touched.append((side, ticks, total))

    def _take(self, resting: Resting, lots: int) -> None:
        half = self._half(resting.side)
        level = half.levels[resting.ticks]
        resting.lots -= lots
        level.total -= lots
        if resting.lots == 0:
            del level.queue[resting.key]
            del self._resting[resting.key]
            if not level.queue:
                del half.levels[resting.ticks]
                del half.prices[bisect_left(half.prices, resting.ticks)]
        self._touch(resting.side, resting.ticks, level.total)


def _crosses(taker: Side, limit_ticks: int, ticks: int) -> bool:
    return ticks <= limit_ticks if taker is Side.BUY else ticks >= limit_ticks
