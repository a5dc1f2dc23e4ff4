"""Is anything missing? A counter for numbered messages.

Source: ZeroMQ guide, "Clone" (sequence numbers tell a reader what it lost).
"""


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
