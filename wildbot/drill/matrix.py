"""The drill's findings as rows of text: for the terminal, for JSON, and for the document that lists the cases.

Rules: plain words; nothing here runs or prints.
"""

from collections.abc import Sequence

from wildbot.drill.case import Case
from wildbot.drill.seeds import SeedResult, replay_words
from wildbot.drill.session import Drill, Judgement, Result

COLUMNS = ("id", "what broke", "what was promised", "outcome", ">seconds")

SEVERITY_WORDS = {"S1": "grave", "S2": "bounded", "S3": "nuisance"}


def row_of(result: Result) -> tuple[str, str, str, str, str]:
    """Return one line of the matrix, by `COLUMNS`."""
    case = result.case
    return case.id, case.title, case.promise, result.outcome.value, f"{result.seconds:.1f}"


def catalogue_table(cases: Sequence[Case]) -> str:
    """Return the Markdown table of all cases."""
    lines = ["| id | group | grade | what breaks | what is promised |", "|---|---|---|---|---|"]
    lines += [f"| {c.id} | {c.group} | {c.severity} | {c.title} | {c.promise} |" for c in cases]
    return "\n".join(lines) + "\n"


def not_drilled_table(reasons: dict[str, str]) -> str:
    """Return the Markdown table of what is not drilled."""
    lines = ["| id | why |", "|---|---|", *(f"| {each} | {why} |" for each, why in sorted(reasons.items()))]
    return "\n".join(lines) + "\n"


def document_of(drill: Drill, seeds: Sequence[SeedResult]) -> dict[str, object]:
    """Return everything as one JSON document."""
    return {
        "ok": drill.ok and not any(each.faults for each in seeds),
        "cases": [
            {
                "id": each.case.id,
                "group": each.case.group.value,
                "severity": each.case.severity.value,
                "title": each.case.title,
                "promise": each.case.promise,
                "outcome": each.outcome.value,
                "text": each.text,
                "seconds": round(each.seconds, 2),
            }
            for each in drill.results
        ],
        "checks": [_judgement(each) for each in drill.judgements],
        "seeds": [
            {"seed": each.seed, "faults": list(each.faults), "digest": each.digest, "seconds": round(each.seconds, 2),
             "replay": replay_words(each.seed)}
            for each in seeds
        ],
    }  # fmt: skip


def _judgement(judgement: Judgement) -> dict[str, object]:
    verdicts = judgement.report.verdicts if judgement.report is not None else ()
    return {
        "cases": list(judgement.ids),
        "text": judgement.text,
        "excused": list(judgement.excused),
        "verdicts": [
            {"rule": each.rule, "title": each.title, "outcome": each.outcome.value, "text": each.text} for each in verdicts
        ],
    }
