"""How a rehearsal is judged: its own assertions, and the independent audit over what it left behind."""

from wildbot.audit.audit import audit
from wildbot.audit.evidence import Evidence, JournalTables, ProcessNote, StatusSeen
from wildbot.rehearsal.brains import QUOTE, Brains
from wildbot.rehearsal.plan import RehearsalPlan
from wildbot.rehearsal.rehearsal import Rehearsal, rehearse


def evidence_of(rehearsal: Rehearsal) -> Evidence:
    """Return what the audit wants to see."""
    return Evidence(
        ledger=rehearsal.ledger,
        journal=JournalTables(**rehearsal.journal, meta=rehearsal.meta),
        statuses=[StatusSeen(at_ns, document) for at_ns, document in rehearsal.statuses],
        processes=[ProcessNote(*each) for each in rehearsal.processes],
        quote=QUOTE,
        capital=rehearsal.plan.capital,
    )


def violations_of(rehearsal: Rehearsal) -> list[str]:
    """Return everything that was wrong, in words."""
    verdicts = audit(evidence_of(rehearsal)).verdicts
    found = [f"{each.rule} {each.title}: {each.text}" for each in verdicts if each.outcome == "violated"]
    return [*rehearsal.breaches, *found]


def judged_with(plan: RehearsalPlan, brains: Brains) -> list[str]:
    """Rehearse with other brains; what goes wrong inside an actor is a finding too."""
    return violations_of(rehearse(plan, brains=brains))
