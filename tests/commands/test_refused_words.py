"""What cannot be backtested, swept or recorded: one sentence, the exit code that says so, and JSON where it was asked."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actors.spec import EXIT_CONFIGURATION
from tests.backtest.builders_backtest import DEMO, a_sample_tape
from wildbot.adapters.recording import PairWriter
from wildbot.cli import app
from wildbot.market.book_changes import BookChanges
from wildbot.model.market_data import BookSnapshot


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WILDBOT_HOME", str(tmp_path / "home"))
    writer, changes = PairWriter(tmp_path / "rec", DEMO, "test"), BookChanges()
    for row in a_sample_tape(seconds=20).events:
        writer.add(changes.row(row) if isinstance(row, BookSnapshot) else row)  # type: ignore[arg-type]
    writer.close()
    return tmp_path / "rec"


@pytest.mark.parametrize(
    ("verb", "option", "name", "rule"),
    [
        ("backtest", "--html", "none/b.html", "there is no folder"),
        ("backtest", "--html", "folder", "it is a folder"),
        ("backtest", "--csv", "taken", "is no folder"),
        ("backtest", "--csv", "taken/below", "is no folder"),
        ("sweep", "--csv", "none/x.csv", "there is no folder"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, option: str, name: str, rule: str
) -> None:
    monkeypatch.setenv("WILDBOT_HOME", str(tmp_path / "home"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "taken").touch()
    grid = GRID if verb == "sweep" else ()
    said = refusal(verb, "--data", str(tmp_path / "no recording"), *grid, option, str(tmp_path / name))
    assert said.startswith(f"{option} ") and rule in said


@pytest.mark.parametrize("form", ["auto", "wildbot"])
def test_one_file_of_a_recording_is_refused_with_the_name_of_its_folder(recording: Path, form: str) -> None:
    (path, *_) = recording.rglob("*.parquet")
    assert f"name its folder, {str(path.parent)!r}" in refusal("backtest", "--data", str(path), "--format", form)


@pytest.mark.parametrize("url", ["ftp://x", "x", "ws://", "wss:///"])
def test_a_recorder_listens_to_a_websocket_only(url: str) -> None:
    assert "must begin with ws:// or wss://" in refusal("record", "--url", url, "--pairs", "BTC/USDC")


def refusal(*words: str) -> str:
    told = CliRunner().invoke(app, [*words, "--json"])
    assert told.exit_code == EXIT_CONFIGURATION, told.output
    return str(json.loads(told.stdout)["error"]["message"])


GRID = ("--grid", "ema_window=1,10", "--workers", "1")


@pytest.mark.parametrize(
    ("verb", "words", "rule"),
    [
        ("backtest", ("--latency-ms", "inf"), "--latency-ms is inf and must be a finite time"),
        ("backtest", ("--feed-latency-ms", "inf"), "--feed-latency-ms is inf and must be a finite time"),
        ("sweep", ("--latency-ms", "inf", *GRID), "--latency-ms is inf and must be a finite time"),
        ("backtest", ("--capital", "1e40"), "--capital is 1e40 and cannot be held exactly"),
        ("backtest", ("--capital", "1e-30"), "--capital is 1e-30 and cannot be held exactly"),
        ("backtest", ("--capital", "0.00000000001"), "cannot be held exactly"),
        ("sweep", ("--capital", "1e40", *GRID), "--capital is 1e40 and cannot be held exactly"),
        ("sweep", ("--grid", "ema_windw=1,2", "--workers", "1"), "all 2 points were refused; the first: "),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(recording: Path, verb: str, words: tuple[str, ...], rule: str) -> None:
    assert rule in refusal(verb, "--data", str(recording), *words)
