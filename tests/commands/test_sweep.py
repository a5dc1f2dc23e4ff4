"""Sweeps: every point once, the same search for the same seed, the same answers on a cluster."""

import json
from pathlib import Path

import pytest
from distributed import LocalCluster
from typer.testing import CliRunner

from tests.backtest.builders_backtest import DEMO, a_sample_tape
from wildbot.adapters.recording import PairWriter
from wildbot.cli import app
from wildbot.commands.sweep_outcome import Bracket, bracket_over
from wildbot.commands.sweep_search import GridSearch, ParzenSearch, space_of
from wildbot.market.book_changes import BookChanges
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import BookSnapshot


def searched(seed: int) -> list[dict[str, str]]:
    search = ParzenSearch(space_of(["a=1,2"], ["x=0:1.5", "n=1:9"]), 20, seed)
    points = []
    for batch in search.batches():
        search.tell([float(point["x"]) if point["a"] == "1" else None for point in batch])
        points += batch
    return points


def test_a_grid_holds_every_combination_once() -> None:
    (points,) = GridSearch(space_of(["a=1,2", "b=x,y,z"], [])).batches()
    assert len(points) == len({tuple(point.items()) for point in points}) == 6


def test_a_search_is_the_same_for_the_same_seed() -> None:
    assert searched(3) == searched(3) != searched(4)
    assert all(0 <= float(point["x"]) <= 1.5 and 1 <= int(point["n"]) <= 9 for point in searched(3))


def test_a_value_named_twice_is_tried_once() -> None:
    (points,) = GridSearch(space_of(["a=1,1,2,1"], [])).batches()
    assert points == [{"a": "1"}, {"a": "2"}]


@pytest.mark.parametrize(
    ("grid", "ranges"),
    [
        ([], []),
        (["a"], []),
        (["a="], []),
        (["a=1,10", "a=40"], []),
        (["a=1,2"], ["a=1:5"]),
        ([], ["a=1:5", "a=2:3"]),
        ([], ["a=2:1"]),
        ([], ["a=1"]),
        ([], ["a=x:y"]),
        ([], ["a=-inf:5"]),
        ([], ["a=1:inf"]),
        ([], ["a=nan:5"]),
    ],
)
def test_what_cannot_be_searched_is_refused(grid: list[str], ranges: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        space_of(grid, ranges)


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WILDBOT_HOME", str(tmp_path / "home"))
    writer, changes = PairWriter(tmp_path / "rec", DEMO, "test"), BookChanges()
    for row in a_sample_tape(seconds=60).events:
        writer.add(changes.row(row) if isinstance(row, BookSnapshot) else row)  # type: ignore[arg-type]
    writer.close()
    return tmp_path / "rec"


def sweep(recording: Path, *more: str) -> dict[str, object]:
    words = ["sweep", "--data", str(recording), "--capital", "10000", "--set", "edge_policy=ignore", "--workers", "1"]
    result = CliRunner().invoke(app, [*words, "--grid", "ema_window=1,10,none", "--split", "0.6", "--json", *more])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert isinstance(told, dict)
    return told


def test_a_sweep_tells_every_try_and_looks_beyond_for_the_best(recording: Path) -> None:
    told = sweep(recording, "--csv", str(recording.parent / "tries.csv"))
    tries = told["tries"]
    assert isinstance(tries, list)
    assert told["count"] == 3
    assert [bool(each["seen"]["refusal"]) for each in tries] == [False, False, True]
    assert all(each["unseen"] is not None for each in tries[:2])
    assert len((recording.parent / "tries.csv").read_text().splitlines()) == 4


def test_an_interrupted_sweep_goes_on_where_it_stopped(recording: Path) -> None:
    kept = recording.parent / "kept.jsonl"
    whole = sweep(recording, "--resume", str(kept))
    kept.write_bytes(kept.read_bytes()[:-30])  # the last try was being written
    lines = len(kept.read_bytes().splitlines())
    assert sweep(recording, "--resume", str(kept)) == whole
    assert len(kept.read_bytes().splitlines()) == lines + 1


def test_the_best_are_told_with_their_range_over_the_fill_models(recording: Path) -> None:
    tries = sweep(recording)["tries"]
    assert isinstance(tries, list)
    for each in tries[:2]:
        assert each["bracket"]["low"] <= each["unseen"]["net_pnl"] <= each["bracket"]["high"]
    assert tries[2]["bracket"] is None


def test_what_of_the_recordings_could_not_be_used_is_told(recording: Path) -> None:
    assert sweep(recording)["skipped"] == []
    file = next(recording.rglob("*.parquet"))
    (file.parent / f"{file.stem}0.parquet").write_bytes(file.read_bytes()[:200])
    assert "cannot be read and is passed over" in str(sweep(recording)["skipped"])


@pytest.mark.parametrize(
    ("nets", "stable"), [([1.0, 2.0], True), ([-1.0, 2.0], False), ([0.0, 2.0], False), ([0.0], False)]
)
def test_a_sign_is_stable_when_all_models_have_it(nets: list[float], stable: bool) -> None:
    assert bracket_over(nets) == Bracket(min(nets), max(nets), stable)


def test_two_recordings_of_one_pair_are_refused(recording: Path) -> None:
    words = ["backtest", "--data", str(recording), "--data", str(recording / "DEMO-USD"), "--capital", "100"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 78 and "as one before it" in result.output


def test_a_cluster_gives_the_same_answers(recording: Path) -> None:
    here = sweep(recording)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        there = sweep(recording, "--scheduler", cluster.scheduler_address)
    assert here == there
