"""The notifier's memory: one SQLite file with the notes that have not arrived, and a few facts as JSON.

Rules: one connection, one writer; what `save` is given is one transaction, on disk when it returns. The file is for the
    owner alone. A file that cannot be read is moved aside, never a reason to be silent: `damaged` then names where it went.
Source: SQLite documentation on WAL and synchronous.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from wildbot.model.errors import ConfigurationError, WildBotError
from wildbot.model.messaging import Note, NoteKind

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, made_ns INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
BUSY_TIMEOUT_S = 1.0
PRIMARY_CODE = 0xFF
UNREADABLE = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR})
"""Error codes of a file that no waiting makes better; SQLITE_ERROR is one of another shape."""


class NoticeStoreError(WildBotError):
    """It is not on disk; the text is the disk's own."""


class NoticeStore:
    """The single connection to the file at `path`. Raises: ConfigurationError when not even a new file can be made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged: Path | None = None
        try:
            try:
                self._connection = self._open()
            except sqlite3.Error as error:
                if error.sqlite_errorcode & PRIMARY_CODE not in UNREADABLE:
                    raise
                self.damaged = self._moved_aside()
                self._connection = self._open()
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"{path} cannot be opened: {error}") from None

    def notes(self) -> tuple[Note, ...]:
        """Return the notes that had not arrived, oldest first."""
        rows = self._connection.execute("SELECT id, kind, key, text, made_ns, count FROM notes ORDER BY id")
        return tuple(Note(number, NoteKind(kind), *rest) for number, kind, *rest in rows)

    def fact(self, name: str) -> str | None:
        """Return what was written down under a name."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def save(self, kept: Iterable[Note], dropped: Iterable[int], facts: Mapping[str, str]) -> None:
        """Write notes and facts, forget others. Raises: NoticeStoreError; then nothing of it is on disk."""
        rows = [(n.id, int(n.kind), n.key, n.text, n.made_ns, n.count) for n in kept]
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?, ?, ?)", rows)
                self._connection.executemany("DELETE FROM notes WHERE id = ?", [(number,) for number in dropped])
                self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(facts.items()))
        except sqlite3.Error as error:
            raise NoticeStoreError(str(error)) from None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(SCHEMA)
            connection.execute("SELECT id, kind, key, text, made_ns, count FROM notes").fetchall()
        except BaseException:
            connection.close()
            raise
        return connection

    def _moved_aside(self) -> Path:
        aside = self._path.with_name(f"{self._path.name}.damaged")
        self._path.replace(aside)
        for ending in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self._path.with_name(self._path.name + ending).unlink()
        return aside
