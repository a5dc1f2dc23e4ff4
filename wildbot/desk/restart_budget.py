"""How often a part may die before that itself is the fault; for traders: per pair within a minute, in all within ten.

Rules: a death inside the allowance is answered with a restart; the first one beyond a pair's allowance quarantines the
    pair, the first one beyond the total halts the run. Traders that fall silent together fell to one cause, such as a
    machine too busy for all of them: only the first one counts.
Owns: the times of the deaths that still count.
Source: restart intensity and period of Erlang/OTP supervisors.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from wildbot.model.instrument import NANOS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many restarts within so long are borne; one more is not."""

    count: int
    window_ns: int


PER_PAIR = Allowance(3, 60 * NANOS_PER_SECOND)
IN_ALL = Allowance(5, 600 * NANOS_PER_SECOND)
TOGETHER_NS = 5 * NANOS_PER_SECOND
"""Traders that are killed for their silence within this time count once: what silenced them was the machine."""


def exceeds(times_ns: Iterable[int], allowance: Allowance, now_ns: int) -> bool:
    """Return whether more than the allowance happened within its window before now."""
    return sum(now_ns - at < allowance.window_ns for at in times_ns) > allowance.count


class Verdict(StrEnum):
    """What follows from one more death."""

    RESTART = "restart"
    QUARANTINE = "quarantine"
    HALT = "halt"


class RestartBudget:
    """A sliding window over trader deaths; remembers those of `IN_ALL`."""

    def __init__(self, history: Iterable[tuple[int, str]] = ()) -> None:
        self._deaths: list[tuple[int, str]] = list(history)
        self._silent: tuple[int, str] | None = None

    @property
    def history(self) -> tuple[tuple[int, str], ...]:
        """The deaths that still count, as (time, pair): what has to survive a restart."""
        return tuple(self._deaths)

    def died(self, pair: str, now_ns: int, *, silent: bool = False) -> Verdict:
        """Count one death and return what follows; `silent`: it was killed since it said nothing."""
        if silent and self._silent is not None and self._silent[1] != pair and now_ns - self._silent[0] < TOGETHER_NS:
            return Verdict.RESTART
        if silent:
            self._silent = (now_ns, pair)
        self._deaths = [(at, who) for at, who in self._deaths if now_ns - at < IN_ALL.window_ns]
        self._deaths.append((now_ns, pair))
        if exceeds((at for at, _ in self._deaths), IN_ALL, now_ns):
            return Verdict.HALT
        own = [at for at, who in self._deaths if who == pair]
        return Verdict.QUARANTINE if exceeds(own, PER_PAIR, now_ns) else Verdict.RESTART

    def forgive(self, pair: str | None = None) -> None:
        """Forget the deaths of one pair, or all: the owner has looked at it."""
        self._deaths = [] if pair is None else [(at, who) for at, who in self._deaths if who != pair]
