"""Reads a journal that another process writes: short looks, never a lock, never a write.

Rules: fills come on one common scale, 10**-MONEY_DECIMALS for prices and sizes, since the rules of a past pair may have
    changed. `cost` is what the exchange booked: price x size by its own rounding, which is not ours to repeat.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from wildbot.model.errors import ProtocolError
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, Liquidity, Money, parse_scaled
from wildbot.model.journal import EventRow
from wildbot.model.orders import Side

FILLS = """
    SELECT trade_id, order_id, cl_ord_id, pair, side, price, qty, cost, fee, fee_asset, liquidity, pair_trade_id, ts_ns,
    epoch FROM fills WHERE ts_ns >= ? ORDER BY ts_ns, trade_id
"""
EVENTS = "SELECT ts_ns, kind, pair, text FROM events ORDER BY id"
PATIENCE_S = 5.0

Row = dict[str, object]


def read_fills(journal: Path, since_ns: int = 0) -> list[Row]:
    """Return the journal's fills from a time on, oldest first. Raises: sqlite3.Error when it is no journal."""
    return _rows(journal, FILLS, since_ns)


def read_events(journal: Path) -> list[EventRow]:
    """Return the journal's history, oldest first. Raises: sqlite3.Error when it is no journal."""
    return [EventRow(**row) for row in _rows(journal, EVENTS)]  # type: ignore[arg-type]


def _rows(journal: Path, sql: str, *values: object) -> list[Row]:
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=PATIENCE_S)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql, values)]


def as_filled(rows: list[Row]) -> Iterator[tuple[Filled, Row]]:
    """Yield each row with the fill it is, on the common scale. Raises: ProtocolError when one cannot be read."""
    for row in rows:
        try:
            fill = Filled(
                cl_ord_id=str(row["cl_ord_id"]),
                order_id=str(row["order_id"]),
                exec_id=str(row["trade_id"]),
                trade_id=int(str(row["pair_trade_id"])),
                pair=str(row["pair"]),
                side=Side(str(row["side"])),
                ticks=parse_scaled(str(row["price"]), MONEY_DECIMALS),
                lots=parse_scaled(str(row["qty"]), MONEY_DECIMALS),
                cost=Money(parse_scaled(str(row["cost"]), MONEY_DECIMALS)),
                fee=Money(parse_scaled(str(row["fee"]), MONEY_DECIMALS)),
                fee_asset=str(row["fee_asset"]),
                liquidity=Liquidity(str(row["liquidity"])),
                ts_ns=int(str(row["ts_ns"])),
            )
        except ValueError as error:
            raise ProtocolError(f"fill {row['trade_id']} of the journal cannot be read: {error}") from None
        yield fill, row
