"""What happens by time alone: good-till-date orders expire, dead man's switches fire."""

import heapq
from collections.abc import Container

from wildbot.model.errors import InvariantError
from wildbot.model.instrument import NANOS_PER_SECOND

SWITCH_TIMEOUT_S_MAX = 86_400
"""A dead man's switch may be set less than this far ahead."""

_SLACK = 64


class Timers:
    """Expiry times by order key, switch times by account."""

    def __init__(self) -> None:
        self._expiries: list[tuple[int, int]] = []
        self._switches: dict[str, int] = {}

    def expire_at(self, key: int, at_ns: int, *, alive: Container[int], alive_count: int) -> None:
        """Let an order expire; entries of orders no longer alive are dropped when they outnumber the others."""
        if len(self._expiries) > 2 * alive_count + _SLACK:
            self._expiries = [entry for entry in self._expiries if entry[1] in alive]
            heapq.heapify(self._expiries)
        heapq.heappush(self._expiries, (at_ns, key))

    def pop_expired(self, now_ns: int) -> int | None:
        """Take out and return the key of the next order whose time is over, or None. It may have closed meanwhile."""
        if self._expiries and self._expiries[0][0] <= now_ns:
            return heapq.heappop(self._expiries)[1]
        return None

    def arm(self, account: str, timeout_s: int, now_ns: int) -> int:
        """Set an account's switch and return when it fires, in ns; a timeout of 0 disarms it and returns 0.

        Raises:
            InvariantError: if the timeout is outside 0 .. SWITCH_TIMEOUT_S_MAX - 1.
        """
        if not 0 <= timeout_s < SWITCH_TIMEOUT_S_MAX:
            raise InvariantError(f"timeout {timeout_s} s is outside 0 .. {SWITCH_TIMEOUT_S_MAX - 1}")
        if timeout_s == 0:
            self._switches.pop(account, None)
            return 0
        at_ns = now_ns + timeout_s * NANOS_PER_SECOND
        self._switches[account] = at_ns
        return at_ns

    def pop_fired(self, now_ns: int | None) -> str | None:
        """Disarm and return an account whose switch is due, or None; with `now_ns` None, any armed one."""
        for account, at_ns in self._switches.items():
            if now_ns is None or at_ns <= now_ns:
                del self._switches[account]
                return account
        return None

    def next_due_ns(self) -> int | None:
        """Return when something is next due, or None when nothing waits."""
        times = list(self._switches.values())
        if self._expiries:
            times.append(self._expiries[0][0])
        return min(times, default=None)
