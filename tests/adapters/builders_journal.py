"""Journals and their rows: one at a time, in batches, and what a crash left of them."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from wildbot.adapters.journal import Journal
from wildbot.model.errors import ConfigurationError
from wildbot.model.journal import FillRow, OrderRow

ROOT = Path(__file__).resolve().parents[2]


def a_journal(folder: Path, profile: str = "sim", key: str = "abc", place: str = "loopback") -> Journal:
    return Journal(folder / "sim.sqlite", profile=profile, key_fingerprint=key, place=place)


def a_fill_row(trade_id: str = "T1", ts_ns: int = 1, **changes: object) -> FillRow:
    """A row of the fills' table; unless it is given, `cost` is price x size."""
    row: dict[str, Any] = {
        "trade_id": trade_id,
        "order_id": "O1",
        "cl_ord_id": "wb1x1",
        "pair": "SOL/USDC",
        "side": "buy",
        "price": "85.16",
        "qty": "0.04000000",
        "fee": "0.01",
        "fee_asset": "USDC",
        "liquidity": "maker",
        "pnl": "0",
        "reason": "",
        "pair_trade_id": 7,
        "ts_ns": ts_ns,
        "epoch": 1,
    } | changes
    return FillRow(**{"cost": str(Decimal(row["price"]) * Decimal(row["qty"]))} | row)


def an_order_row(cl_ord_id: str = "wb1x1", state: str = "pending", created_ns: int = 1) -> OrderRow:
    return OrderRow(
        cl_ord_id, "", "SOL/USDC", "buy", "limit", "85.16", "0.04", "0", state, "", "entry", "gtc", 1, "", created_ns, 1, 1
    )


def batch(number: int) -> dict[str, object]:
    """One batch whose two rows must be there together or not at all."""
    return {"fills": [a_fill_row(f"T{number}", number)], "orders": [an_order_row(f"wb1x{number}", "filled", number)]}


def kept_batches(folder: Path) -> int | None:
    """Open what is left; return how many whole batches it has, or None when it is refused in one sentence."""
    try:
        journal = a_journal(folder)
    except ConfigurationError as error:
        assert "sim.sqlite" in str(error) and "\n" not in str(error)
        return None
    fills = [row.trade_id for row in journal.fills()]
    orders = [f"wb1x{row.created_ns}" for row in journal.orders(closed_max=10**6)][::-1]
    journal.close()
    assert fills == [f"T{number}" for number in range(len(fills))], "a hole"
    assert orders == [f"wb1x{number}" for number in range(len(fills))], "half a batch"
    return len(fills)
