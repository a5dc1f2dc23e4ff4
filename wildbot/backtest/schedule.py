"""Virtual time: what is to happen when, in order; what is due at the same instant happens in the order it was asked for."""

import heapq
from collections.abc import Callable
from itertools import count

Act = Callable[[int], None]
NEVER_NS = 1 << 62


class Schedule:
    """A queue of actions. `due_ns` is when the next one is due: compare it before calling `run_until`."""

    __slots__ = ("_heap", "_numbers", "due_ns")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Act]] = []
        self._numbers = count()
        self.due_ns = NEVER_NS

    def at(self, at_ns: int, act: Act) -> None:
        """Let `act` be called with the time when it is `at_ns`."""
        heapq.heappush(self._heap, (at_ns, next(self._numbers), act))
        self.due_ns = self._heap[0][0]

    @property
    def next_ns(self) -> int:
        """When the next action is due, also while one is under way."""
        return self._heap[0][0] if self._heap else NEVER_NS

    def run_until(self, now_ns: int) -> None:
        """Do everything that is due at or before `now_ns`, and what that brings about."""
        heap = self._heap
        while heap and heap[0][0] <= now_ns:
            at_ns, _, act = heapq.heappop(heap)
            act(at_ns)
        self.due_ns = heap[0][0] if heap else NEVER_NS
