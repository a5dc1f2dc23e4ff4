"""Puts what comes over several sockets back into the order in which the venue made it.

Rules: an event waits `HOLD_NS` after its arrival, then all that are older by the venue's clock go first. At one venue time
    orders go before the market: a book that shows an order of ours is younger than the order.
Known limit: what arrives later than that is handled late, not dropped.
"""

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

from wildbot.model.instrument import NANOS_PER_SECOND

T = TypeVar("T")

HOLD_NS = 2 * NANOS_PER_SECOND
HELD_MAX = 100_000
"""More than this is not held back; a burst is then handled in the order of its arrival."""


class Holdback(Generic[T]):
    """A queue by venue time."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, int, T]] = []
        self._pushed = 0
        self.handled_ns = 0

    def push(self, event: T, venue_ns: int, now_ns: int, *, first: bool) -> None:
        """Take in one event; `first`: before others of its time."""
        self._pushed += 1
        heapq.heappush(self._heap, (venue_ns, 0 if first else 1, self._pushed, now_ns, event))

    def due(self, now_ns: int, hold_ns: int = HOLD_NS) -> Iterator[tuple[int, T]]:
        """Yield (venue time, event) of what has waited long enough, and of what is older than that."""
        heap = self._heap
        while heap and (heap[0][3] <= now_ns - hold_ns or len(heap) > HELD_MAX):
            venue_ns, _, _, _, event = heapq.heappop(heap)
            self.handled_ns = max(self.handled_ns, venue_ns)
            yield venue_ns, event
