"""The clock a simulated exchange lives by: the time of day when it opened, then the machine's steady clock.

Rules: never goes back, whatever happens to the time of day; at speed 1 it is the time of day unless that was set anew.
"""

import time

from wildbot.model.instrument import NANOS_PER_SECOND


def time_of_day_ns() -> int:
    """Return UTC now in nanoseconds."""
    return time.time_ns()


class VenueClock:
    """Runs `speed` times as fast as the machine's steady clock, from `opened_ns` on."""

    def __init__(self, opened_ns: int, speed: float) -> None:
        self._opened_ns = opened_ns
        self._speed = speed
        self._began_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        """Return the exchange's time."""
        elapsed = time.monotonic_ns() - self._began_ns
        return self._opened_ns + (elapsed if self._speed == 1.0 else int(elapsed * self._speed))

    def real_seconds_until(self, due_ns: int) -> float:
        """Return how long the machine has to wait for the exchange's time `due_ns`; negative when it is past."""
        return (due_ns - self.now_ns()) / NANOS_PER_SECOND / self._speed
