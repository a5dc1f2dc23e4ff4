"""What durability costs: one intent per commit at each setting of SQLite's `synchronous`, with and without checkpoints.

Rules: the journal's own schema and statements, on the disk that is asked for; one commit is one order row and one event, as
    the gateway writes before bytes leave. The WAL is folded in at the end of each run, outside of the clock.
"""

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import msgspec

from actors.bench_report import BenchReport, bench_report
from wildbot.adapters import journal_schema as schema
from wildbot.adapters.journal import CHECKPOINT_PAGES
from wildbot.model.journal import EventRow, OrderRow

COMMITS = 2_000


class Durability(NamedTuple):
    """One way to run the file: SQLite's `synchronous`, and after how many pages the log is folded in (0: never)."""

    name: str
    synchronous: str
    checkpoint_pages: int


SETTINGS = (
    Durability("full", "FULL", CHECKPOINT_PAGES),
    Durability("full_without_checkpoint", "FULL", 0),
    Durability("full_checkpoint_every_100_pages", "FULL", 100),
    Durability("normal", "NORMAL", CHECKPOINT_PAGES),
    Durability("off", "OFF", CHECKPOINT_PAGES),
)
"""The first is the one in use."""


def measure_journal(folder: Path, commits: int = COMMITS) -> dict[str, dict[str, object]]:
    """Return a record per setting, each of `commits` commits to a file of its own in `folder`."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="bench-journal-") as place:
        return {
            each.name: msgspec.to_builtins(_measure(Path(place) / f"{each.name}.sqlite", each, commits))
            for each in SETTINGS
        }


def _measure(path: Path, durability: Durability, commits: int) -> BenchReport:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={durability.synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint={durability.checkpoint_pages}")
        for statement in schema.SCHEMA.split(";"):
            connection.execute(statement)
        samples_ns = []
        began = time.perf_counter_ns()
        for number in range(commits):
            start = time.perf_counter_ns()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(schema.WRITE_ORDER, _order(number))
            connection.execute(schema.WRITE_EVENT, EventRow(number, "intent", "SOL/USDC", f"wb1x{number} buy"))
            connection.execute("COMMIT")
            samples_ns.append(time.perf_counter_ns() - start)
        seconds = (time.perf_counter_ns() - began) / 1e9
    return bench_report(f"journal {durability.name}", work=commits, seconds=seconds, samples_ns=samples_ns)


def _order(number: int) -> OrderRow:
    return OrderRow(
        cl_ord_id=f"wb1x{number:08d}", order_id="", pair="SOL/USDC", side="buy", type="limit", price="85.16", qty="0.04",
        filled_qty="0", state="pending", reason="", purpose="entry", time_in_force="gtc", post_only=1,
        strategy_reason="spread 4.2 bps above the hurdle", created_ns=number, updated_ns=number, epoch=1,
    )  # fmt: skip
