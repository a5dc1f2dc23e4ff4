"""The journal for whoever only looks: short reads beside the gateway that writes it.

Rules: every read opens the file for reading alone, waits briefly, and closes; nothing is held open, so no checkpoint waits
    for us. Numbers stay the exact text they are.
Source: SQLite "URI filenames" (mode=ro); WAL readers do not block the writer.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from wildbot.model.errors import WildBotError

WAIT_S = 1.0
ROWS_MAX = 200_000
"""Most rows any answer may have: a page is no place for more."""

COLUMNS = ("ts_ns", "trade_id", "pair", "side", "price", "qty", "cost", "fee", "liquidity", "pnl", "reason", "epoch")

Fill = dict[str, object]
"""One booked fill by the names of COLUMNS; `pnl` is before its own fee."""


class JournalUnreadableError(WildBotError):
    """The journal is not there, or cannot be read now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which fills: empty text matches all; `since_ns` inclusive, `until_ns` exclusive, 0 for no bound."""

    pair: str = ""
    side: str = ""
    liquidity: str = ""
    since_ns: int = 0
    until_ns: int = 0


class JournalReader:
    """Reads the journal at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mark(self) -> tuple[int, int]:
        """Return (how many fills, the newest's time): it changes with every one. Raises: JournalUnreadableError."""
        with self._open() as journal:
            count, newest = journal.execute("SELECT COUNT(*), COALESCE(MAX(ts_ns), 0) FROM fills").fetchone()
        return int(count), int(newest)

    def pairs(self) -> list[str]:
        """Return the pairs that were ever traded. Raises: JournalUnreadableError."""
        with self._open() as journal:
            return [str(pair) for (pair,) in journal.execute("SELECT DISTINCT pair FROM fills ORDER BY pair")]

    def fills(self, wanted: Wanted, *, limit: int = ROWS_MAX) -> list[Fill]:
        """Return the newest matching fills, newest first. Raises: JournalUnreadableError."""
        where, values = _where(wanted)
        query = f"SELECT {', '.join(COLUMNS)} FROM fills{where} ORDER BY ts_ns DESC, trade_id DESC LIMIT ?"  # noqa: S608
        with self._open() as journal:
            rows = journal.execute(query, [*values, min(limit, ROWS_MAX)]).fetchall()
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self.path.is_file():
            raise JournalUnreadableError(f"nothing was traded yet: there is no journal {self.path.name}")
        try:
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_S)) as journal:
                yield journal
        except sqlite3.Error as error:
            raise JournalUnreadableError(f"the journal {self.path.name} cannot be read: {error}") from error


def _where(wanted: Wanted) -> tuple[str, Sequence[object]]:
    """Return the condition, made of our own words alone, and its values."""
    conditions: list[tuple[str, object]] = [
        (f"{column} = ?", value)
        for column, value in (("pair", wanted.pair), ("side", wanted.side), ("liquidity", wanted.liquidity))
        if value
    ]
    conditions += [("ts_ns >= ?", wanted.since_ns)] if wanted.since_ns else []
    conditions += [("ts_ns < ?", wanted.until_ns)] if wanted.until_ns else []
    where = " AND ".join(condition for condition, _ in conditions)
    return (f" WHERE {where}" if where else ""), [value for _, value in conditions]
