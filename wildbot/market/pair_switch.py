"""When a traded pair should make room for a better one: clearly better, and for long enough.

Rules: the weakest traded pair is compared with the best idle one; the idle one must score at least `threshold` times as
    much at every look for `hysteresis_ns`. One look below, or another pair in either role, starts the clock anew.
Owns: since when which pair has been better than which.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from wildbot.market.pair_score import PairScore


@dataclass(frozen=True, slots=True)
class SwapProposal:
    """The scanner would rather trade `into` than `out`."""

    out: str
    into: str
    reason: str


class SwitchRule:
    """Watches rankings and proposes one swap at a time; after a proposal the clock starts anew."""

    def __init__(self, threshold: float, hysteresis_ns: int) -> None:
        assert threshold >= 1, threshold
        self._threshold = threshold
        self._hysteresis_ns = hysteresis_ns
        self._pairs: tuple[str, str] | None = None
        self._since_ns = 0

    def look(self, ranking: Sequence[PairScore], traded: Collection[str], now_ns: int) -> SwapProposal | None:
        """Return a proposal when the rule has held for the whole time."""
        incumbents = [row for row in ranking if row.pair in traded and row.warm]
        candidates = [row for row in ranking if row.pair not in traded and row.tradeable and row.score > 0]
        if not incumbents or not candidates:
            self._pairs = None
            return None
        incumbent = min(incumbents, key=lambda row: (row.score, row.pair))
        candidate = max(candidates, key=lambda row: (row.score, row.pair))
        if candidate.score < self._threshold * incumbent.score:
            self._pairs = None
            return None
        if self._pairs != (incumbent.pair, candidate.pair):
            self._pairs, self._since_ns = (incumbent.pair, candidate.pair), now_ns
        if now_ns - self._since_ns < self._hysteresis_ns:
            return None
        self._pairs = None
        reason = (
            f"{candidate.pair} scored {candidate.score:.1f} against {incumbent.score:.1f} of {incumbent.pair}, at least"
            f" {self._threshold:g} times as much for {self._hysteresis_ns / 1e9:g} s"
        )
        return SwapProposal(incumbent.pair, candidate.pair, reason)
