"""The journal is locked, full, deleted, torn or somebody else's: cases E01 to E09.

Source: the fault catalogue's group E.
"""

import contextlib
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.crash_steps import be_well, befall_all, is_halted, is_well, wait_for
from wildbot.drill.moves import demand, executions, requests, resting, stir, wait_fills_agree
from wildbot.drill.whole import Whole

LOCK_S = 10.0
WITHDRAWN_S = 20.0
REFUSED_S = 60.0
TORN_BYTES = (1, 23, 24, 1_000, 4_119)
"""How much of the journal's tail a failing disk takes: of a frame's page, of its header, nearly a whole frame."""


def journal_of(whole: Whole) -> Path:
    """Return the path of the instance's journal."""
    return whole.home / "data" / "sim.sqlite"


def locked(whole: Whole) -> None:
    """E01: another program holds the journal's write lock for ten seconds, longer than the gateway waits."""
    be_well(whole)
    stranger = sqlite3.connect(journal_of(whole), isolation_level=None, timeout=5)
    try:
        stranger.execute("BEGIN IMMEDIATE")
        since, until_s = whole.exchange.seq(), time.monotonic() + LOCK_S
        before = {row["cl_ord_id"] for row in whole.rows("SELECT cl_ord_id FROM orders")}
        while time.monotonic() < until_s:
            stir(whole)
        sent = {str(line["params"]["cl_ord_id"]) for line in requests(whole, since, "add_order")}
        demand(sent <= before, f"orders left without a row in the journal: {sorted(sent - before)[:3]}")
    finally:
        stranger.execute("ROLLBACK")
        stranger.close()
    _come_back(whole)


def disk_full(whole: Whole) -> None:
    """E02: the gateway's files may not grow any more, as when the disk is full."""
    be_well(whole)
    gateway = whole.process("order_gateway")
    soft, hard = gateway.rlimit(psutil.RLIMIT_FSIZE)
    gateway.rlimit(psutil.RLIMIT_FSIZE, (1, hard))
    since = whole.exchange.seq()
    try:
        stir(whole)
        whole.wait(lambda d: d["state"] != "running", "noticed", 30)
        wait_for(lambda: not resting(whole), "every order is withdrawn", WITHDRAWN_S)
        booked = {row["cl_ord_id"] for row in whole.rows("SELECT cl_ord_id FROM orders")}
        sent = {str(line["params"]["cl_ord_id"]) for line in requests(whole, since, "add_order")}
        demand(sent <= booked, f"orders left without a row in the journal: {sorted(sent - booked)[:3]}")
    finally:
        with contextlib.suppress(psutil.Error):
            gateway.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))
    _come_back(whole)


def deleted(whole: Whole) -> None:
    """E06."""
    be_well(whole)
    for path in journal_of(whole).parent.glob("sim.sqlite*"):
        path.unlink()
    whole.wait(is_halted, "halted, because the journal is gone", 30)
    wait_for(lambda: not resting(whole), "every order is withdrawn", WITHDRAWN_S)


def torn(whole: Whole) -> None:
    """E04: the machine dies and the disk loses a little more of the journal's tail each time."""
    whole.start()
    for lost in TORN_BYTES:
        stir(whole)
        befall_all(whole, signal.SIGKILL, "killed")
        tail = journal_of(whole).with_name("sim.sqlite-wal")
        demand(tail.stat().st_size > lost, "the journal has no tail to lose")
        with tail.open("r+b") as file:
            file.truncate(tail.stat().st_size - lost)
        whole.up()
        be_well(whole)
        demand(wait_fills_agree(whole) == len(executions(whole)), "executions are missing")


def flipped(whole: Whole) -> None:
    """E04 again: a page of the journal is overwritten while nothing runs; the next start refuses or knows better."""
    whole.start()
    demand(whole.stop() == 0, "the ordered stop did not end well")
    path = journal_of(whole)
    whole_body = path.read_bytes()
    body = bytearray(whole_body)
    for offset in range(4096, len(body), 4096):
        body[offset : offset + 8] = b"\xff" * 8  # the header of every page but the first
    path.write_bytes(body)
    try:
        _demand_refused(whole, "damaged")
    finally:
        path.write_bytes(whole_body)  # the owner's backup, which the checker can read


def of_another_profile(whole: Whole) -> None:
    """E05."""
    _demand_stamp_matters(whole, "stamp/profile", "paper", "belongs to another profile")


def of_another_key(whole: Whole) -> None:
    """E05 again."""
    _demand_stamp_matters(whole, "stamp/key", "0000000000000000", "belongs to another API key")


def of_a_newer_version(whole: Whole) -> None:
    """E09."""
    whole.start()
    demand(whole.stop() == 0, "the ordered stop did not end well")
    with contextlib.closing(sqlite3.connect(journal_of(whole), isolation_level=None)) as journal:
        journal.execute("PRAGMA user_version = 99")
    _demand_refused(whole, "version 99")


def _demand_stamp_matters(whole: Whole, key: str, value: str, words: str) -> None:
    whole.start()
    demand(whole.stop() == 0, "the ordered stop did not end well")
    with contextlib.closing(sqlite3.connect(journal_of(whole), isolation_level=None)) as journal:
        journal.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
    _demand_refused(whole, words)


def _demand_refused(whole: Whole, words: str) -> None:
    """Demand that a start ends with a sentence, and that no order leaves."""
    since_ns = time.time_ns()
    refused = whole.wildbot("up", timeout_s=REFUSED_S)
    demand(refused.returncode != 0, "it starts with a journal that it must not use")
    demand(words in refused.stdout + refused.stderr, f"the refusal does not say {words!r}: {refused.stdout[-300:]}")
    ledger = whole.home / "data" / "exchange-sim.jsonl"
    demand(not ledger.exists() or ledger.stat().st_mtime_ns < since_ns or not resting_file(ledger, since_ns), "orders left")


def resting_file(ledger: Path, since_ns: int) -> bool:
    """Whether the exchange's own file tells of an order of ours after a time."""
    return any(f'"ts_ns":{since_ns}' < line and "add_order" in line for line in ledger.read_text().splitlines()[-200:])


def _come_back(whole: Whole) -> None:
    """Halted until rearmed, or back by itself: both are fine; lost fills are not."""
    whole.wait(lambda d: is_well(d) or is_halted(d), "trading again, or halted with a reason", 60)
    be_well(whole)
    wait_fills_agree(whole)


def _case(
    number: str,
    run: Callable[[Whole], None],
    title: str,
    promise: str,
    *,
    lone: bool = True,
    wired: bool = False,
    started: bool = True,
    breaks: tuple[str, ...] = (),
) -> Case:
    return Case(
        id=number,
        group=Group.STORAGE,
        severity=Severity.S1,
        title=title,
        promise=promise,
        run=run,
        lone=lone,
        wired=wired,
        started=started,
        breaks=breaks,
    )


REFUSED = "The start is refused with a sentence; no order leaves."
ROWS = ("I-08", "I-34")
"""The rules that a disk breaks which loses rows it had promised to keep."""

FOUND = "Every fill is found again."
CASES = (
    _case("E01", locked, "Another program locks the journal for 10 s", "No order leaves without its row.", lone=False),
    _case("E02", disk_full, "The disk is full", "Orders are withdrawn, none follows; it halts and says why."),
    _case("E04", torn, "Power fails and the journal's tail is torn", FOUND, wired=True, started=False, breaks=ROWS),
    _case("E05", of_another_profile, "The journal is another profile's", REFUSED, started=False),
    _case("E06", deleted, "The journal is deleted while running", "It halts; every order is withdrawn.", breaks=ROWS),
    _case("E09", of_a_newer_version, "The journal is a newer version's", REFUSED, started=False),
    _case("E14", flipped, "Pages of the journal are overwritten", REFUSED, started=False),
    _case("E15", of_another_key, "The journal is another account's", REFUSED, started=False),
)
