"""The journal for whoever only looks: short reads beside the gateway that writes it.

Rules: every read opens the file for reading alone, waits briefly, and closes; nothing is held open, so no checkpoint waits
    for us. Rows keep the exact text they are; a fill that is reckoned with comes on one common scale,
    10**-MONEY_DECIMALS for prices and sizes, since the rules of a past pair may have changed, and its `cost` is what the
    exchange booked: price x size by its own rounding, which is not ours to repeat.
Source: SQLite "URI filenames" (mode=ro); WAL readers do not block the writer.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from wildbot.model.errors import ProtocolError, WildBotError
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, Liquidity, Money, parse_scaled
from wildbot.model.journal import EventRow, FillRow
from wildbot.model.orders import Side

WAIT_S = 1.0
EVERY_ROW = -1
"""What SQLite takes for no limit."""


class JournalUnreadableError(WildBotError):
    """The journal is not there, or it or one of its rows cannot be read now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which fills: empty text matches all; `since_ns` inclusive, `until_ns` exclusive, 0 for no bound."""

    pair: str = ""
    side: str = ""
    liquidity: str = ""
    since_ns: int = 0
    until_ns: int = 0


ALL_FILLS = Wanted()


class JournalReader:
    """Reads the journal at `path`; every read raises JournalUnreadableError when it cannot."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mark(self) -> tuple[int, int]:
        """Return (how many fills, the newest's time): it changes with every one."""
        with self._open() as journal:
            count, newest = journal.execute("SELECT COUNT(*), COALESCE(MAX(ts_ns), 0) FROM fills").fetchone()
        return int(count), int(newest)

    def pairs(self) -> list[str]:
        """Return the pairs that were ever traded."""
        with self._open() as journal:
            return [str(pair) for (pair,) in journal.execute("SELECT DISTINCT pair FROM fills ORDER BY pair")]

    def fills(self, wanted: Wanted = ALL_FILLS, *, limit: int = EVERY_ROW) -> list[FillRow]:
        """Return the newest matching fills, newest first."""
        where, values = _where(wanted)
        query = f"SELECT {', '.join(FillRow._fields)} FROM fills{where} ORDER BY ts_ns DESC, trade_id DESC LIMIT ?"  # noqa: S608
        with self._open() as journal:
            return [FillRow(*row) for row in journal.execute(query, [*values, limit])]

    def events(self) -> list[EventRow]:
        """Return the journal's history, oldest first."""
        with self._open() as journal:
            return [EventRow(*row) for row in journal.execute("SELECT ts_ns, kind, pair, text FROM events ORDER BY id")]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self.path.is_file():
            raise JournalUnreadableError(f"nothing was traded yet: there is no journal {self.path.name}")
        try:
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_S)) as journal:
                yield journal
        except sqlite3.Error as error:
            raise JournalUnreadableError(f"the journal {self.path.name} cannot be read: {error}") from error


def as_filled(row: FillRow) -> Filled:
    """Return the fill a row is, on the common scale. Raises: JournalUnreadableError, which names it."""
    try:
        return Filled(
            cl_ord_id=row.cl_ord_id,
            order_id=row.order_id,
            exec_id=row.trade_id,
            trade_id=row.pair_trade_id,
            pair=row.pair,
            side=Side(row.side),
            ticks=parse_scaled(row.price, MONEY_DECIMALS),
            lots=parse_scaled(row.qty, MONEY_DECIMALS),
            cost=Money(parse_scaled(row.cost, MONEY_DECIMALS)),
            fee=Money(parse_scaled(row.fee, MONEY_DECIMALS)),
            fee_asset=row.fee_asset,
            liquidity=Liquidity(row.liquidity),
            ts_ns=row.ts_ns,
        )
    except (ValueError, ProtocolError) as error:
        raise JournalUnreadableError(f"fill {row.trade_id} of the journal cannot be read: {error}") from None


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
