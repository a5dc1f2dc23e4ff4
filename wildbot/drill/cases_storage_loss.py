"""Less of the journal comes back than was written: an older copy of it, or what a cut of the power left. Cases E16 and E17.

Source: the fault catalogue's group E: the restored backup of E05, the power loss of E03.
"""

import contextlib
import random
import shutil
import signal
import sqlite3
from pathlib import Path

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.cases_storage import ROWS, journal_of
from wildbot.drill.crash_steps import be_well, befall_all, is_halted, is_well
from wildbot.drill.moves import demand, executions, stir, until, wait_fills_agree
from wildbot.drill.whole import Whole

FILLS_MORE = 3
FILLS_S = 60.0
BACK_S = 150.0
"""When the last number that a request was signed with is lost too, the clock has to pass those of the past run first."""

CUTS = 2
CUTS_SEED = 17


def restored(whole: Whole) -> None:
    """E16: `wildbot backup`, trading goes on, then the copy takes the journal's place."""
    whole.start()
    _trade(whole, 1)
    copy = whole.home / "backup.sqlite"
    made = whole.wildbot("backup", str(copy))
    demand(made.returncode == 0, f"no backup was made: {made.stdout[-200:]}{made.stderr[-200:]}")
    known = wait_fills_agree(whole)
    _trade(whole, FILLS_MORE)
    demand(whole.stop() == 0, "the ordered stop did not end well")
    _replace_journal(whole, copy)
    booked = len(whole.rows("SELECT trade_id FROM fills"))
    demand(booked < len(executions(whole)), f"the backup knows {booked} fills already, {known} were booked before it")
    whole.start()
    demand(wait_fills_agree(whole) == len(executions(whole)), "executions are missing")
    be_well(whole)


def power_cut(whole: Whole) -> None:
    """E17: what is on the disk ends somewhere in the last writes of a moment past, wherever that is."""
    whole.start()
    dice = random.Random(CUTS_SEED)
    for _ in range(CUTS):
        _, before = _on_disk(whole)
        _trade(whole, 1)
        body, tail = _on_disk(whole)
        demand(len(tail) > len(before), "nothing was written that could be lost")
        kept = dice.randrange(len(before), len(tail))
        _trade(whole, 1)
        befall_all(whole, signal.SIGKILL, "killed")
        for path in journal_of(whole).parent.glob("sim.sqlite*"):
            path.unlink()
        journal_of(whole).write_bytes(body)
        journal_of(whole).with_name("sim.sqlite-wal").write_bytes(tail[:kept])
        whole.up()
        whole.wait(lambda d: is_well(d) or is_halted(d), "trading again, or halted with a reason", BACK_S)
        be_well(whole)
        demand(wait_fills_agree(whole) == len(executions(whole)), "executions are missing")


def _on_disk(whole: Whole) -> tuple[bytes, bytes]:
    """Return the journal and its tail as they are at one moment; a reader keeps the tail from being folded in meanwhile."""
    path = journal_of(whole)
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM fills").fetchone()
        return path.read_bytes(), path.with_name("sim.sqlite-wal").read_bytes()


def _trade(whole: Whole, more: int) -> None:
    """Let so many more executions happen and be booked."""
    target = len(executions(whole)) + more
    until(whole, lambda: len(executions(whole)) >= target, f"{more} more executions", FILLS_S, lambda: stir(whole))
    wait_fills_agree(whole)


def _replace_journal(whole: Whole, copy: Path) -> None:
    for path in journal_of(whole).parent.glob("sim.sqlite*"):
        path.unlink()
    shutil.copy(copy, journal_of(whole))


CASES = (
    Case(
        id="E16",
        group=Group.STORAGE,
        severity=Severity.S1,
        title="The journal is lost, and an older backup takes its place",
        promise="What happened since the backup is read from the exchange and booked once; then it trades on.",
        run=restored,
        lone=True,
        wired=True,
        started=False,
        breaks=ROWS,
    ),
    Case(
        id="E17",
        group=Group.STORAGE,
        severity=Severity.S1,
        title="The power is cut, and the journal ends anywhere in its last writes",
        promise="It opens; what is missing is read from the exchange and booked once; then it trades on.",
        run=power_cut,
        lone=True,
        wired=True,
        started=False,
        breaks=(*ROWS, "I-30"),
    ),
)
