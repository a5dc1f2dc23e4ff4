"""The runaway breaker: how many orders may leave per second, per pair and in all.

Rules: reaching the limit is refused order by order; going on asking far beyond it is a runaway, and only a person rearms.
Owns: the times of the last orders and refusals.
Source: the Knight Capital report of 2013: a loop without a hard stop.
"""

from collections import deque

from wildbot.model.instrument import NANOS_PER_SECOND

PAIRS_IN_ALL = 3
"""All pairs together may send what three traders may."""

RUNAWAY_FACTOR = 3
"""So many times the limit asked for within one second is no burst, it is a loop."""


class SendRate:
    """Counts over the last second."""

    def __init__(self, per_pair_per_s: float) -> None:
        self._pair_max = max(1, round(per_pair_per_s))
        self._total_max = self._pair_max * PAIRS_IN_ALL
        self._sent: dict[str, deque[int]] = {}
        self._asked: deque[int] = deque()

    def may_send(self, pair: str, now_ns: int) -> bool:
        """Return whether one more order of this pair may leave now."""
        counts = {name: self._recent(times, now_ns) for name, times in self._sent.items()}
        return counts.get(pair, 0) < self._pair_max and sum(counts.values()) < self._total_max

    def sent(self, pair: str, now_ns: int) -> None:
        """One order or amend left."""
        self._sent.setdefault(pair, deque(maxlen=self._total_max)).append(now_ns)

    def asked(self, now_ns: int) -> bool:
        """One order was asked for, allowed or not; return whether this is a runaway."""
        self._asked.append(now_ns)
        return self._recent(self._asked, now_ns) > self._total_max * RUNAWAY_FACTOR

    @staticmethod
    def _recent(times: deque[int], now_ns: int) -> int:
        while times and now_ns - times[0] >= NANOS_PER_SECOND:
            times.popleft()
        return len(times)
