"""Counters that answer questions: is anything missing, is the other side alive?

Source: ZeroMQ guide, "Paranoid Pirate" (liveness) and "Clone" (sequence, then snapshot).
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


class Liveness:
    """When each peer was last heard, and which have been silent for too long."""

    def __init__(self, silence_max_ns: int) -> None:
        self._silence_max_ns = silence_max_ns
        self._heard: dict[str, int] = {}

    def heard(self, peer: str, now_ns: int) -> None:
        """A sign of life."""
        self._heard[peer] = now_ns

    def forget(self, peer: str) -> None:
        """The peer is expected to be silent from now on."""
        self._heard.pop(peer, None)

    def age_ns(self, peer: str, now_ns: int) -> int | None:
        """Return how long the peer has been silent, or None when it was never heard."""
        heard = self._heard.get(peer)
        return None if heard is None else now_ns - heard

    def silent(self, now_ns: int) -> list[str]:
        """Return the peers that have been silent for longer than the limit."""
        return [peer for peer, heard in self._heard.items() if now_ns - heard > self._silence_max_ns]
