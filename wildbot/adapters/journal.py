"""The journal: one SQLite file that remembers every intent, fill and lease before anybody acts on them.

Rules: one connection, one writer; a batch is one transaction, on disk (`synchronous=FULL`) when `write` returns. The file
    is for the owner alone (0600) and belongs to one profile and one account for ever: its stamp is checked on opening.
    Others may read it while we run (WAL).
Source: SQLite documentation on WAL and synchronous; BEGIN IMMEDIATE because an upgrade from read to write fails at once.
Known limit: the WAL-reset race fixed in SQLite 3.51.3 needs two writers or checkpointers; there is one here.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from wildbot.adapters import journal_schema as schema
from wildbot.adapters.journal_schema import EventRow, FillRow, LeaseRow, OrderRow
from wildbot.model.errors import ConfigurationError, WildBotError

BUSY_TIMEOUT_S = 2.0
STAMP_PROFILE = "stamp/profile"
STAMP_KEY = "stamp/key"
CHECKPOINT_PAGES = 1_000


class JournalError(WildBotError):
    """A batch is not on disk; nothing that depends on it may be sent."""


class Journal:
    """The single connection to the journal."""

    def __init__(self, path: Path, *, profile: str, key_fingerprint: str) -> None:
        """Open or create the journal.

        Raises:
            ConfigurationError: if the file is damaged, of a newer version, or another profile's or account's.
        """
        self._path = path
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
            self._connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            self._prepare(profile, key_fingerprint)
        except (sqlite3.DatabaseError, OSError) as error:
            raise ConfigurationError(f"the journal {path.name} cannot be used: {error}") from None
        self._inode = path.stat().st_ino

    def _prepare(self, profile: str, key_fingerprint: str) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise ConfigurationError(f"the journal {self._path.name} is damaged ({verdict}); restore it or move it away")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > schema.VERSION:
            raise ConfigurationError(
                f"the journal {self._path.name} has version {version}, this WildBot reads up to {schema.VERSION}"
            )
        if version == 0:
            self._create(profile, key_fingerprint)
        stamped = self.meta()
        if stamped.get(STAMP_PROFILE) != profile:
            raise ConfigurationError(
                f"the journal {self._path.name} belongs to profile {stamped.get(STAMP_PROFILE)!r}, not {profile!r}"
            )
        if stamped.get(STAMP_KEY) != key_fingerprint:
            raise ConfigurationError(
                f"the journal {self._path.name} belongs to another API key ({stamped.get(STAMP_KEY)}, ours is"
                f" {key_fingerprint}); move it away to start with this account"
            )

    def _create(self, profile: str, key_fingerprint: str) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        for statement in schema.SCHEMA.split(";"):
            connection.execute(statement)
        connection.executemany(schema.WRITE_META, [(STAMP_PROFILE, profile), (STAMP_KEY, key_fingerprint)])
        connection.execute(f"PRAGMA user_version={schema.VERSION}")
        connection.execute("COMMIT")

    # --- writing --------------------------------------------------------------------------------------------------

    def write(
        self,
        *,
        fills: Iterable[FillRow] = (),
        orders: Iterable[OrderRow] = (),
        leases: Iterable[LeaseRow] | None = None,
        events: Iterable[EventRow] = (),
        meta: dict[str, str] | None = None,
    ) -> None:
        """Put one batch on disk, all of it or nothing; a fill that is there already stays as it is.

        `leases` replaces all leases in force. Raises: JournalError.
        """
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(schema.WRITE_FILL, fills)
            connection.executemany(schema.WRITE_ORDER, orders)
            if leases is not None:
                connection.execute("DELETE FROM leases")
                connection.executemany(schema.WRITE_LEASE, leases)
            connection.executemany(schema.WRITE_EVENT, events)
            connection.executemany(schema.WRITE_META, (meta or {}).items())
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise JournalError(str(error)) from None

    def is_in_place(self) -> bool:
        """Whether the file we write is still the one under our name: a deleted journal remembers nothing."""
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    def close(self) -> None:
        """Fold the WAL in and close."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    # --- reading --------------------------------------------------------------------------------------------------

    def meta(self) -> dict[str, str]:
        """Return the values by name."""
        return dict(self._connection.execute("SELECT key, value FROM meta"))

    def fills(self) -> list[FillRow]:
        """Return all fills, oldest first."""
        return [FillRow(*row) for row in self._connection.execute("SELECT * FROM fills ORDER BY ts_ns, pair_trade_id")]

    def orders(self, *, closed_max: int) -> list[OrderRow]:
        """Return every order that is not closed, and the last `closed_max` closed ones."""
        live = "('pending', 'open', 'partially_filled', 'unknown')"
        rows = self._connection.execute(f"SELECT * FROM orders WHERE state IN {live}").fetchall()  # noqa: S608
        rows += self._connection.execute(
            f"SELECT * FROM orders WHERE state NOT IN {live} ORDER BY created_ns DESC LIMIT ?",  # noqa: S608
            (closed_max,),
        ).fetchall()
        return [OrderRow(*row) for row in rows]

    def leases(self) -> list[LeaseRow]:
        """Return the leases that were in force last."""
        return [LeaseRow(*row) for row in self._connection.execute("SELECT * FROM leases ORDER BY pair")]
