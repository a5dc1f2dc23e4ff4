"""What a rule says: held, violated or unseen, how much was compared, and who offended.

Rules: nothing compared is `unseen`, whatever the rule. An offender is told with its ids and its values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SHOWN_MAX = 4


class Outcome(StrEnum):
    """How a rule came out."""

    HELD = "held"
    VIOLATED = "violated"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's finding; `text` says in plain words what was compared and who offended."""

    rule: str
    title: str
    outcome: Outcome
    text: str
    compared: int = 0


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All verdicts, in the order of the rules."""

    verdicts: tuple[Verdict, ...]

    @property
    def violations(self) -> tuple[Verdict, ...]:
        """The rules that were broken."""
        return tuple(each for each in self.verdicts if each.outcome is Outcome.VIOLATED)

    @property
    def ok(self) -> bool:
        """Whether nothing was broken and at least something was seen."""
        return not self.violations and any(each.outcome is Outcome.HELD for each in self.verdicts)

    def verdict(self, rule: str) -> Verdict:
        """Return the verdict of a rule. Raises: KeyError when there is no such rule."""
        for each in self.verdicts:
            if each.rule == rule:
                return each
        raise KeyError(rule)


def judge(rule: str, title: str, compared: int, what: str, offenders: Sequence[str]) -> Verdict:
    """Return the verdict on `compared` things called `what`."""
    if offenders:
        more = f"; and {len(offenders) - SHOWN_MAX} more" if len(offenders) > SHOWN_MAX else ""
        text = f"{len(offenders)} found among {compared} {what}: " + "; ".join(offenders[:SHOWN_MAX]) + more
        return Verdict(rule, title, Outcome.VIOLATED, text, compared)
    if compared == 0:
        return unseen(rule, title, f"no {what} to compare")
    return Verdict(rule, title, Outcome.HELD, f"{compared} {what} compared", compared)


def unseen(rule: str, title: str, why: str) -> Verdict:
    """Return the verdict of a rule that could not be checked."""
    return Verdict(rule, title, Outcome.UNSEEN, why)
