"""Runs cases one by one against whole instances, and hands each instance's evidence to the independent checker.

Rules: a case that does not bring the system back to trading is broken, whatever else it showed, and the next case gets
    a new instance. Every instance is closed, however the drill ends.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from wildbot.audit.audit import audit
from wildbot.audit.verdict import AuditReport, Verdict
from wildbot.drill.case import Case
from wildbot.drill.catalogue import batches
from wildbot.drill.failure import DrillError, NotStruckError
from wildbot.drill.moves import recover
from wildbot.drill.surroundings import DRILL_SETTINGS
from wildbot.drill.whole import Whole


class Outcome(StrEnum):
    """How a case came out."""

    HELD = "held"
    BROKEN = "BROKEN"
    NOT_STRUCK = "not struck"


@dataclass(frozen=True, slots=True)
class Result:
    """One case's outcome; `text` is the sentence that says why it did not hold."""

    case: Case
    outcome: Outcome
    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the checker found in the evidence of one instance; `report` is None when it could not be asked.

    `excused` are the rules that the fault itself breaks.
    """

    ids: tuple[str, ...]
    report: AuditReport | None
    text: str
    excused: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[Verdict, ...]:
        """The rules that the bot broke."""
        found = self.report.violations if self.report is not None else ()
        return tuple(each for each in found if each.rule not in self.excused)


@dataclass(frozen=True, slots=True)
class Drill:
    """Everything a drill found out."""

    results: tuple[Result, ...]
    judgements: tuple[Judgement, ...]

    @property
    def ok(self) -> bool:
        """Whether every promise held and the checker found nothing."""
        held = all(result.outcome is Outcome.HELD for result in self.results)
        return held and all(each.report is not None and not each.broken for each in self.judgements)


class Audience(Protocol):
    """Who is told how far the drill is."""

    def starting(self, cases: Sequence[Case]) -> None:
        """An instance starts for these cases."""

    def trying(self, case: Case) -> None:
        """A case begins."""

    def tried(self, result: Result) -> None:
        """A case is over."""

    def judged(self, judgement: Judgement) -> None:
        """The checker has looked at an instance."""


def run_drill(cases: Sequence[Case], audience: Audience, *, seed: int, keep: Path | None = None) -> Drill:
    """Run the cases; `keep` is a folder whose subfolders outlive the drill, one per instance."""
    results: list[Result] = []
    judgements: list[Judgement] = []
    for batch in batches(cases):
        left = list(batch)
        while left:
            done, judgement = _one_instance(left, audience, seed, None if keep is None else keep / f"{left[0].id}")
            results += done
            judgements.append(judgement)
            audience.judged(judgement)
            left = left[len(done) :]
    return Drill(tuple(results), tuple(judgements))


def _one_instance(
    cases: Sequence[Case], audience: Audience, seed: int, keep: Path | None
) -> tuple[list[Result], Judgement]:
    """Run cases until they are done or one of them spoils the instance; return their results and the checker's word."""
    audience.starting(cases)
    first = cases[0]
    environment: Mapping[str, str] = {**DRILL_SETTINGS, "WILDBOT_EXCHANGE__SEED": str(seed), **first.settings}
    whole = Whole(environment, wired=first.wired, keep=keep)
    results: list[Result] = []
    try:
        if first.started:
            try:
                whole.start()
            except DrillError as error:
                results.append(Result(first, Outcome.BROKEN, f"the instance did not start: {error}", 0))
                audience.tried(results[0])
                return results, Judgement((first.id,), None, "the instance did not start")
        for case in cases:
            audience.trying(case)
            results.append(try_case(case, whole))
            audience.tried(results[-1])
            if case.lone or results[-1].text.startswith(NO_RECOVERY):
                break
        return results, _judge(whole, [result.case for result in results])
    finally:
        whole.close()


NO_RECOVERY = "trading did not come back"


def try_case(case: Case, whole: Whole) -> Result:
    """Run one case to its outcome; one that shares its instance is only over when trading has come back."""
    began_s = time.monotonic()
    outcome, text = Outcome.HELD, ""
    try:
        case.run(whole)
    except NotStruckError as error:
        outcome, text = Outcome.NOT_STRUCK, _sentence(error)
    except DrillError as error:
        outcome, text = Outcome.BROKEN, _sentence(error)
    except Exception as error:  # a case that cannot cope must not cost the drill the others
        outcome, text = Outcome.BROKEN, f"the case itself failed: {type(error).__name__} {_sentence(error)}"
    if not case.lone and case.started:
        try:
            recover(whole)
        except DrillError as error:
            outcome, text = Outcome.BROKEN, f"{NO_RECOVERY}: {_sentence(error)}" + (f"; {text}" if text else "")
    return Result(case, outcome, text, time.monotonic() - began_s)


def _judge(whole: Whole, cases: Sequence[Case]) -> Judgement:
    ids = tuple(case.id for case in cases)
    excused = tuple(rule for case in cases if case.lone for rule in case.breaks)
    try:
        code = whole.stop()
        text = f"the ordered stop ended with code {code}"
    except DrillError as error:
        text = _sentence(error)
    try:
        return Judgement(ids, audit(whole.evidence()), text, excused)
    except (sqlite3.Error, OSError, ValueError, LookupError, ArithmeticError) as error:
        return Judgement(ids, None, f"{text}; the evidence cannot be read: {type(error).__name__} {error}")


def _sentence(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
