"""Rows of the order gateway when the disk refuses them: nothing forgotten, nothing written twice."""

import sqlite3
from pathlib import Path

import pytest

from tests.desk.builders_router import PAIR, SOL, START, a_fill
from wildbot.adapters.failpoints import reach
from wildbot.adapters.journal import Journal
from wildbot.desk.gateway_commands import WriteEvent, WriteFill
from wildbot.desk.journal_keeper import AGAIN_NS, JournalKeeper
from wildbot.model.errors import JournalError
from wildbot.model.instrument import Money
from wildbot.rehearsal.journal import VirtualJournal

WHOLE = {PAIR: SOL}


class Clock:
    """A time that only the test moves."""

    def __init__(self) -> None:
        self.ns = START

    def __call__(self) -> int:
        return self.ns


def test_fill_that_met_a_locked_journal_is_written_when_it_takes_rows_again(tmp_path: Path) -> None:
    clock = Clock()
    journal = Journal(tmp_path / "sim.sqlite", profile="sim", key_fingerprint="key", place="simulated")
    rows = JournalKeeper(journal, clock, reach)
    other = sqlite3.connect(tmp_path / "sim.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError):
        rows.write([WriteFill(a_fill(), 7, "entry", Money(0))], WHOLE)
    assert not rows.catch_up(at_once=True)
    assert not rows.catch_up(), "a locked journal is not tried at every tick"
    other.execute("ROLLBACK")
    clock.ns += AGAIN_NS
    assert rows.catch_up()
    assert [row.trade_id for row in rows.contents().fills] == ["T1"]
    other.close()
    journal.close()


def test_a_batch_without_rows_does_not_try_a_disk_that_refuses() -> None:
    journal = VirtualJournal(Clock())
    rows = JournalKeeper(journal, Clock(), reach)
    journal.fault = "database or disk is full"
    with pytest.raises(JournalError):
        rows.write([WriteFill(a_fill(), 7, "entry", Money(0))], WHOLE)
    rows.write([], WHOLE)  # the news of the failure: it raises nothing, so nothing goes round in circles
    with pytest.raises(JournalError):
        rows.write([WriteEvent(START, "note", "", "later")], WHOLE)


def test_what_could_not_be_written_goes_first_with_the_next_batch(tmp_path: Path) -> None:
    clock = Clock()
    journal = Journal(tmp_path / "sim.sqlite", profile="sim", key_fingerprint="key", place="simulated")
    rows = JournalKeeper(journal, clock, reach)
    other = sqlite3.connect(tmp_path / "sim.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError):
        rows.write([WriteFill(a_fill(), 7, "entry", Money(0))], WHOLE)
    other.execute("ROLLBACK")
    rows.write([WriteEvent(START, "note", "", "later")], WHOLE)
    assert rows.catch_up(), "whoever wrote them, everything is on disk"
    assert [row.trade_id for row in rows.contents().fills] == ["T1"]
    assert other.execute("SELECT kind FROM events").fetchall() == [("note",)]
    other.close()
    journal.close()
