"""Is anything missing, and when to try again: a counter for numbered messages, and growing waits.

Source: ZeroMQ guide, "Clone" (sequence numbers tell a reader what it lost); exponential backoff with jitter.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


class SequenceGuard:
    """Watches numbered messages of one origin; a gap is reported once, duplicates and old ones are told apart."""

    __slots__ = ("last",)

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def check(self, seq: int) -> int:
        """Take note of `seq` and return how many messages are missing before it; -1 when it is old or a duplicate."""
        missing = seq - self.last - 1
        if missing < 0:
            return -1
        self.last = seq
        return missing


class Backoff:
    """How long to wait before the next try: doubling from `floor_s` to `ceiling_s`, shortened at random by up to half.

    The jitter keeps many clients that lost one server from returning in step.
    """

    def __init__(self, rng: "random.Random", *, floor_s: float = 1.0, ceiling_s: float = 30.0) -> None:
        self._rng, self._floor_s, self._ceiling_s = rng, floor_s, ceiling_s
        self._base_s = floor_s

    def next_delay_s(self) -> float:
        """Return the seconds to wait now, in floor_s..ceiling_s; the next answer is based on twice as much."""
        base_s, self._base_s = self._base_s, min(2 * self._base_s, self._ceiling_s)
        return max(self._floor_s, base_s * self._rng.uniform(0.5, 1.0))

    def reset(self) -> None:
        """Begin again at the floor: the connection has proved itself."""
        self._base_s = self._floor_s
