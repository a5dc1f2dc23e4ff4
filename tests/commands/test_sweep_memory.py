"""What is known of a try, and what makes it unknown again."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from wildbot.commands.backtest_job import BacktestJob
from wildbot.commands.backtest_tapes import TapeFile
from wildbot.commands.sweep_memory import SweepMemory
from wildbot.commands.sweep_outcome import Outcome
from wildbot.model.instrument import FeeSchedule
from wildbot.settings_loading import load
from wildbot.simulation.tapes import lobster_sample


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BacktestJob:
    """A stock's two files, and a third that goes on."""
    monkeypatch.setenv("WILDBOT_HOME", str(tmp_path / "home"))
    settings = load().settings
    messages, rows = lobster_sample(random.Random(1), seconds=5, levels=1)
    path = tmp_path / "DEMO_2012-06-21_34200000_37800000_message_1.csv"
    path.write_text("\n".join(messages), encoding="ascii")
    (tmp_path / path.name.replace("message", "orderbook")).write_text("\n".join(rows), encoding="ascii")
    (tmp_path / "second.log").write_text("more\n", encoding="ascii")
    return BacktestJob(
        tapes=(TapeFile(path, continued=(tmp_path / "second.log",)),),
        strategy="market_maker",
        parameters={},
        model="touch",
        fees=FeeSchedule(0, 0),
        capital=settings.capital.starting,
        settings=settings,
    )


@pytest.mark.parametrize("pattern", ["*message*", "*orderbook*", "second.log"])
def test_a_try_is_unknown_once_any_file_of_its_recording_changed(job: BacktestJob, tmp_path: Path, pattern: str) -> None:
    memory, outcome = SweepMemory(tmp_path / "kept.jsonl"), Outcome(net_pnl=1.0)
    memory.keep(job, outcome)
    assert memory.outcome(job) == outcome
    assert memory.outcome(replace(job, seed=8)) is None
    (changed,) = tmp_path.glob(pattern)
    changed.write_text(changed.read_text() + "\n", encoding="ascii")
    assert memory.outcome(job) is None


def test_a_book_file_that_is_packed_counts_as_well(job: BacktestJob, tmp_path: Path) -> None:
    (book,) = tmp_path.glob("*orderbook*")
    packed = book.rename(book.with_name(f"{book.name}.gz"))
    memory = SweepMemory(tmp_path / "kept.jsonl")
    memory.keep(job, Outcome())
    packed.write_bytes(packed.read_bytes() + b"x")
    assert memory.outcome(job) is None
