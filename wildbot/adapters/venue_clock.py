"""The clock a simulated exchange lives by: the time of day when it opened, then the machine's steady clock.

Rules: never goes back, whatever happens to the time of day; at speed 1 it is the time of day unless that was set anew, or
    an offset was asked for. A clock that has to fall back creeps until the time has caught up.
"""

import time

from wildbot.model.instrument import NANOS_PER_SECOND

CREEP = 10
"""A clock ahead of its time runs so many times slower."""


def time_of_day_ns() -> int:
    """Return UTC now in nanoseconds."""
    return time.time_ns()


class VenueClock:
    """Runs `speed` times as fast as the machine's steady clock, from `opened_ns` on."""

    def __init__(self, opened_ns: int, speed: float) -> None:
        self._opened_ns = opened_ns
        self._speed = speed
        self._began_ns = self._read_ns = time.monotonic_ns()
        self._offset_ns = 0
        self._latest_ns = opened_ns

    def set_offset(self, offset_ns: int) -> None:
        """Run `offset_ns` beside the time from now on: at once when that is forward, else as soon as creeping allows."""
        self._offset_ns = offset_ns

    def now_ns(self) -> int:
        """Return the exchange's time."""
        read_ns = time.monotonic_ns()
        due_ns = self._opened_ns + self._offset_ns + self._passed(read_ns - self._began_ns)
        if due_ns < self._latest_ns:
            due_ns = self._latest_ns + self._passed(read_ns - self._read_ns) // CREEP
        self._latest_ns, self._read_ns = due_ns, read_ns
        return due_ns

    def _passed(self, elapsed_ns: int) -> int:
        return elapsed_ns if self._speed == 1.0 else int(elapsed_ns * self._speed)

    def real_seconds_until(self, due_ns: int) -> float:
        """Return how long the machine has to wait for the exchange's time `due_ns`; negative when it is past."""
        return (due_ns - self.now_ns()) / NANOS_PER_SECOND / self._speed
