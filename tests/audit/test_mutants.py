"""The checker's own fitness: a small bot that is right passes, and each classic mistake is caught by the rule against it."""

from pathlib import Path

import pytest

from tests.audit.naive_bot import NaiveBot
from tests.audit.naive_desk import Bug
from wildbot.audit.audit import audit
from wildbot.audit.verdict import Outcome

CAUGHT_BY = {
    Bug.RETRY_ON_TIMEOUT: {"I-08", "I-07"},
    Bug.FORGETS_ON_CANCEL: {"I-01", "I-02", "I-03"},
    Bug.NO_DEDUPE: {"I-01", "I-02", "I-03"},
    Bug.IGNORES_GAP: {"I-01", "I-02", "I-03"},
    Bug.KEEPS_LEASE: {"I-17"},
    Bug.NO_INTENT: {"I-08", "I-34"},
    Bug.LATE_INTENT: {"I-34"},
    Bug.CROSSES_ITSELF: {"I-07"},
    Bug.TRADES_WHEN_HALTED: {"I-14"},
    Bug.CANCELS_FOREIGN: {"I-16"},
    Bug.REUSES_NONCE: {"I-30"},
    Bug.LOGS_SECRET: {"I-38"},
    Bug.SELLS_EVERYTHING: {"I-05"},
    Bug.WRONG_FEE: {"I-01", "I-03"},
}
"""Rules that must speak up; others may too, since one mistake seldom comes alone."""


def test_the_right_bot_passes_and_is_seen(tmp_path: Path) -> None:
    bot = NaiveBot(tmp_path)
    bot.trade()
    report = audit(bot.evidence())
    assert report.violations == ()
    held = {each.rule for each in report.verdicts if each.outcome is Outcome.HELD}
    assert held >= {rule for rules in CAUGHT_BY.values() for rule in rules}
    assert report.verdict("I-01").compared >= 5, "the script has to trade"


@pytest.mark.parametrize("bug", list(Bug), ids=[bug.name for bug in Bug])
def test_each_mistake_is_caught_by_the_rule_against_it(bug: Bug, tmp_path: Path) -> None:
    bot = NaiveBot(tmp_path, bug)
    bot.trade()
    violated = {each.rule for each in audit(bot.evidence()).violations}
    assert violated >= CAUGHT_BY[bug], f"{bug}: only {sorted(violated)}"
