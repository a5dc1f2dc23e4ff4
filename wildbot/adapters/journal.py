"""The journal: one SQLite file that remembers every intent, fill and lease before anybody acts on them.

Rules: one connection, one writer, in the process that opened it; a batch is one transaction, on disk (`synchronous=FULL`)
    when `write` returns. The file is for the owner alone (0600) and belongs to one profile, one API key and one place of
    the exchange for ever: its stamp is checked on opening. A file that is damaged, foreign or newer is refused, never
    repaired and never written to. Others may read it while we run (WAL).
Source: SQLite documentation on WAL and synchronous; BEGIN IMMEDIATE because an upgrade from read to write fails at once.
Known limit: the WAL-reset race fixed in SQLite 3.51.3 needs two writers or checkpointers; there is one here. SQLite
    keeps no checksum of a page: a flipped bit inside a number shows only when the exchange's own records are compared.
"""

import contextlib
import os
import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path

from wildbot.adapters import journal_schema as schema
from wildbot.model.errors import ConfigurationError, JournalError
from wildbot.model.journal import EventRow, FillRow, LeaseRow, OrderRow

BUSY_TIMEOUT_S = 2.0
STAMP_PROFILE = "stamp/profile"
STAMP_KEY = "stamp/key"
STAMP_PLACE = "stamp/place"
CHECKPOINT_PAGES = 1_000
_CURE = "`wildbot doctor` says more; nothing is traded until it is restored or moved away"


class Journal:
    """The single connection to the journal."""

    def __init__(self, path: Path, *, profile: str, key_fingerprint: str, place: str) -> None:
        """Open or create the journal of one profile, one key, and one place of the exchange ("kraken", "loopback").

        Raises:
            ConfigurationError: if it cannot be written, is damaged, foreign or newer, or belongs to somebody else.
        """
        self._path = path
        self._owner = os.getpid()
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            path.chmod(0o600)
            self._connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        except OSError as error:
            raise ConfigurationError(f"the journal {path} cannot be written: {error.strerror}; {_CURE}") from None
        try:
            self._prepare({STAMP_PROFILE: profile, STAMP_KEY: key_fingerprint, STAMP_PLACE: place})
        except sqlite3.Error as error:
            self._connection.close()
            raise ConfigurationError(f"the journal {path} cannot be used: {error}; {_CURE}") from None
        except ConfigurationError:
            self._connection.close()
            raise
        self._inode = path.stat().st_ino

    def _prepare(self, stamp: dict[str, str]) -> None:
        connection = self._connection
        self._check_whose()  # before the first statement that writes
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        # The whole check: an index that lost an entry would let a fill be booked twice.
        verdict = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if verdict != "ok":
            raise ConfigurationError(f"the journal {self._path} is damaged ({verdict.splitlines()[-1]}); {_CURE}")
        self._upgrade(stamp)
        stamped = self.meta()
        for name, what in ((STAMP_PROFILE, "profile"), (STAMP_KEY, "API key"), (STAMP_PLACE, "exchange")):
            if stamped.get(name) != stamp[name]:
                raise ConfigurationError(
                    f"the journal {self._path} belongs to another {what} ({stamped.get(name)}, ours is {stamp[name]});"
                    " move it away to start anew, or set WILDBOT_HOME to its own"
                )

    def _check_whose(self) -> None:
        """Look without writing: an empty file, or ours, of a version we know."""
        connection = self._connection
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables and not version and not application:
            return
        if application not in (0, schema.APPLICATION_ID) or version < 1 or not {"meta", "fills", "orders"} <= tables:
            raise ConfigurationError(f"{self._path} is another program's file, not a journal of WildBot; {_CURE}")
        if version > schema.VERSION:
            raise ConfigurationError(
                f"the journal {self._path} has version {version}, this WildBot reads up to {schema.VERSION}; start the"
                " newer WildBot again"
            )

    def _upgrade(self, stamp: dict[str, str]) -> None:
        """Bring an empty or older file to our version, in one transaction with its number: all of it or nothing."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in schema.SCHEMA.split(";"):
                    connection.execute(statement)
                connection.executemany(schema.WRITE_META, stamp.items())
            elif version == 1:  # it never said where its orders went: where they go now
                connection.execute(schema.WRITE_META, (STAMP_PLACE, stamp[STAMP_PLACE]))
            if version < schema.VERSION:
                connection.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version={schema.VERSION}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    # --- writing --------------------------------------------------------------------------------------------------

    def write(
        self,
        *,
        fills: Collection[FillRow] = (),
        orders: Collection[OrderRow] = (),
        leases: Collection[LeaseRow] | None = None,
        events: Collection[EventRow] = (),
        meta: Mapping[str, str] | None = None,
    ) -> None:
        """Put one batch on disk, all of it or nothing; a fill that is there already stays as it is.

        `leases` replaces all leases in force. Raises: JournalError.
        """
        assert os.getpid() == self._owner, "a connection that came over a fork destroys the file"
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            # Statement by statement only what there is: an intent is one row, and an order waits for it.
            if fills:
                connection.executemany(schema.WRITE_FILL, fills)
            if orders:
                connection.executemany(schema.WRITE_ORDER, orders)
            if leases is not None:
                connection.execute("DELETE FROM leases")
                connection.executemany(schema.WRITE_LEASE, leases)
            if events:
                connection.executemany(schema.WRITE_EVENT, events)
            if meta:
                connection.executemany(schema.WRITE_META, meta.items())
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
        live = schema.LIVE_STATES
        rows = self._connection.execute(f"SELECT * FROM orders WHERE state IN {live}").fetchall()  # noqa: S608
        rows += self._connection.execute(
            f"SELECT * FROM orders WHERE state NOT IN {live} ORDER BY created_ns DESC LIMIT ?",  # noqa: S608
            (closed_max,),
        ).fetchall()
        return [OrderRow(*row) for row in rows]

    def leases(self) -> list[LeaseRow]:
        """Return the leases that were in force last."""
        return [LeaseRow(*row) for row in self._connection.execute("SELECT * FROM leases ORDER BY pair")]
