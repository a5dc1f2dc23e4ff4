"""A consistent copy of the journal while it is written, and nothing else: no key, no token is ever in it.

Rules: SQLite copies page by page under its own locks; a file copied by other means while WildBot runs can be torn. The copy
    is whole or it is not there, for the owner alone, and was checked after it was made.
Source: SQLite "Online Backup API", "How To Corrupt An SQLite Database File".
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from wildbot.model.errors import BackupError

PAGES_PER_STEP = 256
"""Between two steps the writer may write; 1 MB at a time keeps it waiting for milliseconds."""


def back_up(journal: Path, target: Path) -> int:
    """Copy the journal to a new file and return its number of fills.

    Raises:
        BackupError: if there is no journal, the target exists, or the copy is not whole.
    """
    if not journal.is_file():
        raise BackupError(f"there is no journal {journal} yet")
    if target.exists():
        raise BackupError(f"{target} exists already; a backup never replaces a file")
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        fills = _copy(journal, unfinished)
        unfinished.rename(target)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{target} could not be written: {error}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return fills


def _copy(journal: Path, target: Path) -> int:
    with (
        closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy, pages=PAGES_PER_STEP, sleep=0.01)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, complete in itself
        verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged ({verdict})")
        (fills,) = copy.execute("SELECT count(*) FROM fills").fetchone()
    with target.open("rb") as written:
        os.fsync(written.fileno())
    return int(fills)
