"""The doctor's look into the journal: whole, ours, and how big. It only reads.

Source: SQLite "URI filenames" (mode=ro), "PRAGMA integrity_check".
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from wildbot.adapters import journal_schema as schema
from wildbot.adapters.home import Home
from wildbot.adapters.journal import STAMP_KEY, STAMP_PLACE, STAMP_PROFILE
from wildbot.adapters.live_gate import place_of
from wildbot.commands.doctor_findings import Finding, Verdict
from wildbot.liaison.key_memory import NONCE_META
from wildbot.settings import Settings

WAL_BYTES_WARN = 64 * 2**20
"""The log is folded in every 4 MB unless somebody reads for ever."""

RESTORE = "restore a backup (docs/operations.md), or move the file away: the exchange's own records fill in what it knew"


def journal_path(home: Home, settings: Settings) -> Path:
    """Return where the journal of this profile is."""
    return home.data / f"{settings.profile}.sqlite"


def open_orders(path: Path) -> int | None:
    """Return how many orders may rest at the exchange by this journal: 0 when there is none, None when it does not say."""
    if not path.exists():
        return 0
    try:
        with closing(_reader(path)) as reader:
            (count,) = reader.execute(f"SELECT count(*) FROM orders WHERE state IN {schema.LIVE_STATES}").fetchone()  # noqa: S608
    except sqlite3.Error:
        return None
    return int(count)


def nonce_ceiling(path: Path) -> int:
    """Return up to which nonce the last run has reserved, in microseconds; 0 when it does not say."""
    if not path.exists():
        return 0
    try:
        with closing(_reader(path)) as reader:
            row = reader.execute("SELECT value FROM meta WHERE key = ?", (NONCE_META,)).fetchone()
    except sqlite3.Error:
        return 0
    return int(row[0]) if row else 0


def look_at_journal(home: Home, settings: Settings, fingerprint: str | None) -> Iterator[Finding]:
    """Yield integrity, stamp and size. `fingerprint` is that of the key in use, if there is one."""
    path = journal_path(home, settings)
    if not path.exists():
        yield Finding("journal", Verdict.OK, f"{path.name} does not exist yet; the first start makes it")
        return
    try:
        with closing(_reader(path)) as reader:
            verdict = str(reader.execute("PRAGMA integrity_check(1)").fetchone()[0])
            (version,) = reader.execute("PRAGMA user_version").fetchone()
            stamp = dict(reader.execute("SELECT key, value FROM meta WHERE key LIKE 'stamp/%'"))
            (fills,) = reader.execute("SELECT count(*) FROM fills").fetchone()
    except sqlite3.Error as error:
        yield Finding("journal", Verdict.FAIL, f"{path.name} cannot be read: {error}", RESTORE)
        return
    if verdict != "ok":
        yield Finding("journal", Verdict.FAIL, f"{path.name} is damaged: {verdict.splitlines()[-1]}", RESTORE)
        return
    if version > schema.VERSION:
        text = f"{path.name} has version {version}, this WildBot reads up to {schema.VERSION}"
        yield Finding("journal", Verdict.FAIL, text, "start the newer WildBot again")
        return
    ours = {STAMP_PROFILE: settings.profile.value, STAMP_PLACE: place_of(settings.rest_url)}
    ours |= {STAMP_KEY: fingerprint} if fingerprint else {}
    for name, value in ours.items():
        if stamp.get(name, value) != value:
            text = f"{path.name} belongs to another {name.removeprefix('stamp/')} ({stamp[name]}, ours is {value})"
            yield Finding("journal", Verdict.FAIL, text, "move it away, or give this one its own WILDBOT_HOME")
            return
    yield Finding("journal", Verdict.OK, f"{path.name} is whole and ours; version {version}, {fills} fills")
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists() and wal.stat().st_size > WAL_BYTES_WARN:
        text = f"{wal.name} has {wal.stat().st_size / 1e6:.0f} MB"
        yield Finding("journal log", Verdict.WARN, text, "close whatever program holds the journal open for reading")


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)
