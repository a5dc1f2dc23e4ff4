"""Virtual time: what is due, in order.

Rules: things that are due at the same instant happen in the order they were planned; nothing else decides an order.
Owns: the present.
"""

import heapq
from collections.abc import Callable

Act = Callable[[], None]

ACTS_MAX = 1_000_000
"""Fifty times what a minute of everything takes."""


class Timeline:
    """The clock of everything; `now_ns` is true time, UTC nanoseconds."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.acts = 0
        self._serial = 0
        self._due: list[tuple[int, int, Act]] = []

    def at(self, at_ns: int, act: Act) -> None:
        """Plan an act; one for the past happens next."""
        self._serial += 1
        heapq.heappush(self._due, (max(at_ns, self.now_ns), self._serial, act))

    def after(self, ns: int, act: Act) -> None:
        """Plan an act for later."""
        self.at(self.now_ns + ns, act)

    def run_until(self, until_ns: int) -> None:
        """Let everything happen that is due at or before `until_ns`."""
        due = self._due
        while due and due[0][0] <= until_ns:
            self.now_ns, _, act = heapq.heappop(due)
            self.acts += 1
            if self.acts > ACTS_MAX:
                raise AssertionError(f"more than {ACTS_MAX} acts: something goes round in circles")
            act()
        self.now_ns = until_ns
