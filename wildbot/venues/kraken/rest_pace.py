"""The venue's counter of private REST calls as we believe it stands, and when the next call may leave.

Rules: one call after the other, at most so many per second; the modelled counter stays at or below `SHARE` of what the
    tier holds. Calls that concern orders and the dead man's switch count nothing and never wait for the counter. When the
    venue refuses a call for its rate, it knows better: the counter is full, and history calls count `HISTORY_DEAR`.
Owns: the counter, the time of the last call.
Source: Kraken "Spot REST Rate Limits". Copies of that page disagree on what a history call costs, 2 or 4.
Known limit: calls of other programs with the same key are not seen; a refusal is how we hear of them.
"""

from typing import NamedTuple

HISTORY_CALLS = frozenset({"TradesHistory", "QueryTrades", "ClosedOrders", "Ledgers", "QueryLedgers"})
FREE_CALLS = frozenset({"CancelOrder", "CancelOrderBatch", "CancelAllOrdersAfter"})

RATE_REFUSAL = "EAPI:Rate limit exceeded"
HISTORY_COST = 2.0
HISTORY_DEAR = 4.0

SHARE = 0.75
"""Calls that left a second apart may arrive closer together; with this much they stay below 80 %."""

SUCCESSOR_SHARE = 0.6
UNWRITTEN = 4.0
"""Less, after a start, until the counter was empty for as long as so much takes to be forgotten: the last calls of a
predecessor that died may be written down nowhere, and what they counted fades only in silence."""


class RestLimit(NamedTuple):
    """One account tier: what its counter holds, and how much of it is forgotten per second."""

    counter_max: float
    decay_per_s: float


REST_LIMITS = {
    "starter": RestLimit(15.0, 0.33),
    "intermediate": RestLimit(20.0, 0.5),
    "pro": RestLimit(20.0, 1.0),
}


class RestPace:
    """Ask `wait_s` before a call leaves, tell `left` when it does; all times in seconds of a steady clock."""

    def __init__(
        self, calls_per_s: float, *, tier: str = "intermediate", empty_in_s: float = 0.0, now_s: float = 0.0
    ) -> None:
        """Begin where a former run ended: its counter is empty in `empty_in_s` seconds, as the wall clock tells."""
        limit = REST_LIMITS[tier]
        self._gap_s = 1.0 / calls_per_s
        self._max, self._decay_per_s = limit
        self._share = SUCCESSOR_SHARE
        self._history_cost = HISTORY_COST
        self._counter = min(self._max, max(0.0, empty_in_s) * self._decay_per_s)
        self._at_s = now_s
        self._free_s = now_s

    def wait_s(self, endpoint: str, now_s: float) -> float:
        """Return how long this call has to wait, 0 when it may leave now."""
        cost = self._cost(endpoint)
        over = self._level(now_s) + cost - self._max * self._share if cost else 0.0
        return max(0.0, self._free_s - now_s, over / self._decay_per_s)

    def left(self, endpoint: str, now_s: float) -> None:
        """Count a call that leaves now."""
        silent_s = now_s - self._at_s - self._counter / self._decay_per_s
        if silent_s * self._decay_per_s >= UNWRITTEN:
            self._share = SHARE
        self._counter, self._at_s = self._level(now_s) + self._cost(endpoint), now_s
        self._free_s = now_s + self._gap_s

    def refused(self, now_s: float) -> None:
        """The venue said "rate limit exceeded"."""
        self._counter, self._at_s = self._max, now_s
        self._history_cost = HISTORY_DEAR

    def empty_in_s(self, now_s: float) -> float:
        """Return in how many seconds the counter is empty when no call leaves."""
        return self._level(now_s) / self._decay_per_s

    def _level(self, now_s: float) -> float:
        return max(0.0, self._counter - max(0.0, now_s - self._at_s) * self._decay_per_s)

    def _cost(self, endpoint: str) -> float:
        if endpoint in FREE_CALLS:
            return 0.0
        return self._history_cost if endpoint in HISTORY_CALLS else 1.0
