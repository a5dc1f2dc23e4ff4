"""What a pair's engine needs of a book, whether the orders in it are ours to match or another exchange's to mirror.

Source: `matching.LimitBook` is the book of a market that lives here, `mirror_book.MirrorBook` that of one elsewhere.
"""

from collections.abc import Iterable
from typing import Protocol

from wildbot.model.exchange import SelfTrade
from wildbot.model.orders import Side
from wildbot.simulation.matching import Match, Resting


class Book(Protocol):
    """Bids and asks of one instrument; `key` names an order of the engine."""

    def __contains__(self, key: int) -> bool:
        """Whether the order rests."""
        ...

    def best(self, side: Side) -> int | None:
        """Return the highest bid or the lowest ask, or None when that side is empty."""
        ...

    def total(self, side: Side, ticks: int) -> int:
        """Return the size shown at one price; 0 when there is no such level."""
        ...

    def depth(self, side: Side, levels: int) -> list[tuple[int, int]]:
        """Return up to `levels` pairs (ticks, lots), best first."""
        ...

    def level_count(self, side: Side) -> int:
        """Return how many prices have size on one side."""
        ...

    def queue(self, side: Side, ticks: int) -> list[Resting]:
        """Return the orders known one by one at one price, first in line first."""
        ...

    def would_match(self, side: Side, ticks: int) -> bool:
        """Whether a limit order of this side and price meets the other side."""
        ...

    def walk(self, taker: Side, limit_ticks: int | None) -> Iterable[Resting]:
        """Return what a taker would meet, in the order it would meet it. The book must not change meanwhile."""
        ...

    def add(self, key: int, owner: str, side: Side, ticks: int, lots: int) -> None:
        """Queue an order at the back of its price level."""
        ...

    def reduce(self, key: int, lots: int) -> None:
        """Take `lots` off a resting order, which keeps its place in the queue; at nothing left it is gone."""
        ...

    def cancel(self, key: int) -> int:
        """Take an order out and return what was left of it."""
        ...

    def match(self, taker: Side, lots: int, limit_ticks: int | None, *, owner: str, stp: SelfTrade) -> Match:
        """Fill a taker against the other side, up to its limit."""
        ...

    def take_touched(self) -> tuple[tuple[Side, int, int], ...]:
        """Return the level changes since the last call, (side, ticks, lots now there), in the order they happened."""
        ...
