"""`wildbot backup`: the journal and what its fills were worth, whole and together, never over another file."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actors.spec import EXIT_FAILED
from actors.truth_files import back_up_truth, marks_file, read_marks, twin_record
from tests.commands.builders_commands import a_seen_home
from wildbot.adapters.home import Home
from wildbot.adapters.journal import Journal
from wildbot.cli import app
from wildbot.model.errors import BackupError
from wildbot.truth.fill_values import Tally
from wildbot.truth.profit_ledger import Mark
from wildbot.truth.truth_desk import TwinRecord


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Home]:
    with a_seen_home(monkeypatch, tmp_path) as prepared:
        Journal(prepared.data / "sim.sqlite", profile="sim", key_fingerprint="key", place="loopback").close()
        yield prepared


def a_mark(exec_id: str, double_mid: int) -> bytes:
    return (f'{{"exec_id":"{exec_id}","double_mid":{double_mid},"later":[]}}').encode() + b"\n"


def test_what_fills_were_worth_is_copied_beside_the_journal_as_it_can_be_read(home: Home, tmp_path: Path) -> None:
    # The writer is in the middle of its third line.
    marks_file(home, "sim").write_bytes(a_mark("T1", 200) + a_mark("T2", 300) + a_mark("T3", 400)[:20])
    twin_record(home, "sim").save(TwinRecord({"actual": Tally(orders=7)}))
    result = CliRunner().invoke(app, ["backup", "monday.sqlite"])
    assert result.exit_code == 0, result.output
    marks, tallies = tmp_path / "monday.sqlite.marks.jsonl", tmp_path / "monday.sqlite.truth.json"
    assert read_marks(marks) == {"T1": Mark("T1", 200), "T2": Mark("T2", 300)}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (marks, tallies))
    tallies.rename(home.data / "sim.truth.json")  # as docs/operations.md restores it
    restored = twin_record(home, "sim").load()
    assert restored is not None and restored.tallies["actual"].orders == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monday.sqlite", "monday.sqlite.marks.jsonl"]


def test_a_backup_replaces_nothing_and_then_copies_nothing(home: Home, tmp_path: Path) -> None:
    (tmp_path / "monday.sqlite.truth.json").write_text("mine")
    result = CliRunner().invoke(app, ["backup", "monday.sqlite"])
    assert result.exit_code == EXIT_FAILED and "exists already" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["monday.sqlite.truth.json"]
    assert (tmp_path / "monday.sqlite.truth.json").read_text() == "mine"


def test_a_backup_onto_a_file_or_without_a_journal_failed_and_asks_for_no_setting(home: Home, tmp_path: Path) -> None:
    (tmp_path / "monday.sqlite").write_text("mine")
    assert CliRunner().invoke(app, ["backup", "monday.sqlite"]).exit_code == EXIT_FAILED
    (home.data / "sim.sqlite").unlink()
    result = CliRunner().invoke(app, ["backup", "tuesday.sqlite"])
    assert result.exit_code == EXIT_FAILED and "there is no journal" in result.output


def test_a_copy_that_came_into_being_meanwhile_is_not_replaced(home: Home, tmp_path: Path) -> None:
    marks_file(home, "sim").write_bytes(a_mark("T1", 200))
    mine = tmp_path / "monday.sqlite.marks.jsonl"
    mine.write_text("mine")
    with pytest.raises(BackupError, match="exists already"):
        back_up_truth(home, "sim", tmp_path / "monday.sqlite")
    assert mine.read_text() == "mine"


def test_a_home_without_fills_has_a_journal_to_copy_and_nothing_beside_it(home: Home, tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["backup", "monday.sqlite"]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["monday.sqlite"]


def test_tallies_that_cannot_be_read_are_told_and_not_copied(home: Home, tmp_path: Path) -> None:
    (home.data / "sim.truth.json").write_text('{"tallies": ')
    result = CliRunner().invoke(app, ["backup", "monday.sqlite"])
    assert result.exit_code != 0 and "cannot be read" in result.output
    assert not (tmp_path / "monday.sqlite.truth.json").exists()
