"""The end of a log as records: what `adapters.log` writes comes back, whole and bounded."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger

from wildbot.adapters import log, log_tail
from wildbot.adapters.home import Home
from wildbot.adapters.log_tail import LogRecord, actors_with_logs, tail


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.prepare()
    yield home
    logger.remove()


def plain(records: list[LogRecord]) -> list[tuple[str, str, str]]:
    return [(record.level, record.pair, record.message) for record in records]


@pytest.mark.parametrize("actor", ["supervisor", "trader-BTC-USDC", "a-name-longer-than-its-column"])
@pytest.mark.parametrize("pair", ["", "BTC/USDC", "WIFLONGNAME/USDC"])
def test_what_was_logged_comes_back_with_its_level_and_pair(home: Home, actor: str, pair: str) -> None:
    written = log.start(home, actor, "DEBUG", pair)
    written.debug("a decision: 1 2  3")
    written.warning("ETH/USDC is no column here")
    records = tail(home.log / f"{actor}.log", 10)
    assert plain(records) == [("DEBUG", pair, "a decision: 1 2  3"), ("WARNING", pair, "ETH/USDC is no column here")]
    assert actors_with_logs(home.log) == [actor]


def test_a_traceback_belongs_to_its_record(home: Home) -> None:
    written = log.start(home, "supervisor", "INFO")
    written.info("before")
    try:
        raise ValueError("odd")
    except ValueError:
        written.exception("it broke")
    before, broken = tail(home.log / "supervisor.log", 10)
    assert before.message == "before"
    assert broken.message.startswith("it broke\n") and "ValueError: odd" in broken.message


def test_the_last_ones_at_a_level_that_contain_a_text_are_given(home: Home) -> None:
    written = log.start(home, "supervisor", "DEBUG")
    for number in range(10):
        written.info("step {}", number)
        written.error("Failed at {}", number)
    path = home.log / "supervisor.log"
    assert [record.message for record in tail(path, 2, least="ERROR")] == ["Failed at 8", "Failed at 9"]
    assert [record.message for record in tail(path, 5, containing="FAILED AT 3")] == ["Failed at 3"]
    assert tail(path, 0) == []


def test_a_huge_file_costs_no_more_than_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_tail, "BYTES_MAX", 400)
    line = "2026-11-21 10:00:00.000Z INFO     supervisor                    line {:04}\n"
    path = tmp_path / "supervisor.log"
    path.write_text("".join(line.format(number) for number in range(1_000)), encoding="utf-8")
    records = tail(path, 1_000)
    assert [record.message for record in records] == [f"line {number:04}" for number in range(1_000 - len(records), 1_000)]
    assert 0 < len(records) <= 6


def test_the_end_of_a_line_that_was_cut_is_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = "2026-11-21 10:00:00.000Z ERROR    supervisor                    "
    path = tmp_path / "supervisor.log"
    path.write_text(f"{head}it says {head}forged\n{head}true\n", encoding="utf-8")
    monkeypatch.setattr(log_tail, "BYTES_MAX", len(f"{head}forged\n{head}true\n"))
    assert [record.message for record in tail(path, 10)] == ["true"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00garbage\n", b"2026-11-21 no record\n    | of anybody\n"])
def test_a_file_without_records_has_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(content)
    assert tail(path, 10) == []
    assert tail(tmp_path / "none.log", 10) == []
    assert actors_with_logs(tmp_path / "none") == []
