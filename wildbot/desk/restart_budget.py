"""How often traders may die before that itself is the fault: per pair within a minute, in all within ten.

Rules: a death inside the allowance is answered with a restart; the first one beyond a pair's allowance quarantines the
    pair, the first one beyond the total halts the run.
Owns: the times of the deaths that still count.
Source: restart intensity and period of Erlang/OTP supervisors.
"""

from collections.abc import Iterable
from enum import StrEnum

from wildbot.model.instrument import NANOS_PER_SECOND

PER_PAIR_MAX = 3
PER_PAIR_NS = 60 * NANOS_PER_SECOND
TOTAL_MAX = 5
TOTAL_NS = 600 * NANOS_PER_SECOND


class Verdict(StrEnum):
    """What follows from one more death."""

    RESTART = "restart"
    QUARANTINE = "quarantine"
    HALT = "halt"


class RestartBudget:
    """A sliding window over trader deaths; remembers at most `TOTAL_NS` of them."""

    def __init__(self, history: Iterable[tuple[int, str]] = ()) -> None:
        self._deaths: list[tuple[int, str]] = list(history)

    @property
    def history(self) -> tuple[tuple[int, str], ...]:
        """The deaths that still count, as (time, pair): what has to survive a restart."""
        return tuple(self._deaths)

    def died(self, pair: str, now_ns: int) -> Verdict:
        """Count one death and return what follows."""
        self._deaths = [(at, who) for at, who in self._deaths if now_ns - at < TOTAL_NS]
        self._deaths.append((now_ns, pair))
        if len(self._deaths) > TOTAL_MAX:
            return Verdict.HALT
        recent = sum(who == pair and now_ns - at < PER_PAIR_NS for at, who in self._deaths)
        return Verdict.QUARANTINE if recent > PER_PAIR_MAX else Verdict.RESTART

    def forgive(self, pair: str | None = None) -> None:
        """Forget the deaths of one pair, or all: the owner has looked at it."""
        self._deaths = [] if pair is None else [(at, who) for at, who in self._deaths if who != pair]
