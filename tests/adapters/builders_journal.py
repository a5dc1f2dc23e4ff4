"""Batches of journal rows, and journals left by a crash."""

from pathlib import Path

from tests.adapters.test_journal import a_fill_row, a_journal, an_order_row
from wildbot.model.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


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
