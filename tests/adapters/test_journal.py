"""The journal: all or nothing, once only, for the owner alone, readable while written."""

import sqlite3
import stat
from pathlib import Path

import pytest

from tests.adapters.builders_journal import a_fill_row, a_journal, an_order_row
from wildbot.model.errors import ConfigurationError, JournalError
from wildbot.model.journal import EventRow, LeaseRow


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{folder / 'sim.sqlite'}?mode=ro", uri=True) as reader:
        return reader.execute(sql).fetchall()


def test_everything_written_is_there_after_reopening(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.write(
        fills=[a_fill_row()],
        orders=[an_order_row()],
        leases=[LeaseRow("SOL/USDC", 1, "16", 9, 1)],
        events=[EventRow(1, "halt", "", "why")],
        meta={"nonce": "5"},
    )
    journal.close()
    again = a_journal(tmp_path)
    assert again.fills() == [a_fill_row()]
    assert again.orders(closed_max=0) == [an_order_row()]
    assert again.leases() == [LeaseRow("SOL/USDC", 1, "16", 9, 1)]
    assert again.meta()["nonce"] == "5"
    again.close()


def test_row_is_readable_by_others_as_soon_as_write_returned(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.write(orders=[an_order_row()])
    assert rows(tmp_path, "SELECT cl_ord_id, state, qty FROM orders") == [("wb1x1", "pending", "0.04")]
    journal.close()


def test_fill_is_kept_once_and_never_rewritten(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.write(fills=[a_fill_row(), a_fill_row()])
    journal.write(fills=[a_fill_row()._replace(qty="9")])
    assert [row.qty for row in journal.fills()] == ["0.04000000"]
    journal.close()


def test_leases_of_a_table_replace_all_former_ones_and_none_given_leaves_them(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.write(leases=[LeaseRow("SOL/USDC", 1, "8", 9, 1), LeaseRow("BTC/USDC", 2, "8", 9, 1)])
    journal.write(meta={"a": "b"})
    assert len(journal.leases()) == 2
    journal.write(leases=[])
    assert journal.leases() == []
    journal.close()


def test_batch_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    broken = an_order_row("wb1x2")._replace(created_ns="not a number")  # type: ignore[arg-type]
    with pytest.raises(JournalError):
        journal.write(fills=[a_fill_row()], orders=[an_order_row(), broken])
    assert journal.fills() == []
    assert journal.orders(closed_max=9) == []
    journal.write(orders=[an_order_row()])
    journal.close()


def test_write_fails_while_another_writer_holds_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wildbot.adapters.journal.BUSY_TIMEOUT_S", 0.05)
    journal = a_journal(tmp_path)
    other = sqlite3.connect(tmp_path / "sim.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="locked"):
        journal.write(orders=[an_order_row()])
    other.execute("ROLLBACK")
    other.close()
    journal.write(orders=[an_order_row()])
    journal.close()


def test_closed_orders_are_read_back_newest_first_up_to_the_limit(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.write(orders=[an_order_row(f"wb1x{n}", "filled", n) for n in range(5)] + [an_order_row("wb1xa", "unknown", 0)])
    assert [row.cl_ord_id for row in journal.orders(closed_max=2)] == ["wb1xa", "wb1x4", "wb1x3"]
    journal.close()


def test_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.write(meta={"a": "b"})
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "sim.sqlite-wal" in modes
    journal.close()


@pytest.mark.parametrize(
    ("profile", "key", "place", "says"),
    [
        ("live", "abc", "loopback", r"another profile \(sim, ours is live\)"),
        ("sim", "xyz", "loopback", "another API key"),
        ("sim", "abc", "kraken", "another exchange"),
    ],
)
def test_journal_of_another_profile_account_or_place_is_refused(
    tmp_path: Path, profile: str, key: str, place: str, says: str
) -> None:
    a_journal(tmp_path).close()
    before = (tmp_path / "sim.sqlite").read_bytes()
    with pytest.raises(ConfigurationError, match=says):
        a_journal(tmp_path, profile, key, place)
    assert (tmp_path / "sim.sqlite").read_bytes() == before


def test_deleted_journal_is_noticed(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    assert journal.is_in_place()
    (tmp_path / "sim.sqlite").unlink()
    assert not journal.is_in_place()
    journal.close()
