"""What the checker is given: the exchange's own ledger, the journal, the statuses, what befell processes, what was printed.

Rules: everything is kept as it was found; numbers stay text until a rule reads them. The journal is opened read-only.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

Row = Mapping[str, object]

TABLES = ("fills", "orders", "leases", "events")


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalTables:
    """The journal's rows as mappings from column to value, in the order they were written; `meta` by key."""

    fills: Sequence[Row] = ()
    orders: Sequence[Row] = ()
    leases: Sequence[Row] = ()
    events: Sequence[Row] = ()
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """One status document, and when it arrived (wall clock)."""

    seen_ns: int
    document: Row


@dataclass(frozen=True, slots=True)
class ProcessNote:
    """What befell a process (wall clock): `what` is started, exited, killed, stopped or continued.

    A trader's `actor` or `detail` names its pair.
    """

    at_ns: int
    actor: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the run was allowed to do; times in seconds, shares as shares. Defaults are the project's."""

    open_per_side: int = 1
    entry_collar: Decimal = Decimal("0.01")
    exit_collar: Decimal = Decimal("0.03")
    orders_per_s: Decimal = Decimal(5)
    counter_share: Decimal = Decimal("0.6")
    rest_share: Decimal = Decimal("0.8")
    flight_s: float = 1.0
    """How long a request may travel, and news of the exchange the other way."""
    deadline_s: float = 5.0
    """The exchange takes no order that has travelled longer."""
    unknown_s: float = 15.0
    trader_gone_s: float = 5.0
    supervisor_gone_s: float = 15.0
    gateway_gone_s: float = 20.0
    switch_s: float = 61.0
    renewal_s: float = 32.0
    status_gap_s: float = 2.0
    recovery_s: float = 60.0
    lockout_pause_s: float = 5.0
    restarts_per_minute: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a run left behind.

    `ledger` are the decoded lines of the exchange in order, `outputs` what was printed and logged by name, `secrets` what
    may appear nowhere. `capital` is the sum the bot was told to use, in `quote`; without it the account's opening balance.
    """

    ledger: Sequence[Row]
    journal: JournalTables
    statuses: Sequence[StatusSeen] = ()
    processes: Sequence[ProcessNote] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    account: str = "main"
    quote: str = "USDC"
    capital: str = ""
    limits: Limits = field(default_factory=Limits)


def read_journal(path: Path) -> JournalTables:
    """Return the rows of a journal, which may be in use. Raises: sqlite3.Error when it is none."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        connection.row_factory = sqlite3.Row
        # One transaction: the tables belong to one instant even while the writer goes on.
        connection.execute("BEGIN")
        found = {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in TABLES}  # noqa: S608
        meta = {str(row[0]): str(row[1]) for row in connection.execute("SELECT key, value FROM meta")}
    finally:
        connection.close()
    return JournalTables(**found, meta=meta)
