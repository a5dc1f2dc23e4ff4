"""Whoever only looks sees every fill of the journal, while it is written, and never writes a byte."""

from pathlib import Path

import pytest

from wildbot.adapters.journal import Journal
from wildbot.adapters.journal_browsing import JournalReader, JournalUnreadableError, Wanted
from wildbot.model.journal import FillRow

PAIRS = ("BTC/USDC", "SOL/USDC")


def a_fill(number: int) -> FillRow:
    side, liquidity = ("buy", "sell")[number % 2], ("maker", "taker")[number % 3 == 0]
    return FillRow(
        f"T{number:03}", "O", "C", PAIRS[number % 2], side, "1.5", "2", "3.0", "0.01", "USDC", liquidity, "0", "r", number,
        1_000 + number, 1,
    )  # fmt: skip


def a_journal(folder: Path) -> Journal:
    return Journal(folder / "sim.sqlite", profile="sim", key_fingerprint="k", place="loopback")


def test_fills_are_read_while_the_journal_is_open_for_writing_the_newest_first(tmp_path: Path) -> None:
    journal, reader = a_journal(tmp_path), JournalReader(tmp_path / "sim.sqlite")
    journal.write(fills=[a_fill(number) for number in range(1, 11)])
    assert [fill["trade_id"] for fill in reader.fills(Wanted(), limit=3)] == ["T010", "T009", "T008"]
    assert reader.pairs() == list(PAIRS)
    before = reader.mark()
    journal.write(fills=[a_fill(11)])
    assert (before, reader.mark()) == ((10, 1_010), (11, 1_011))
    journal.close()


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(pair="BTC/USDC"), [8, 6, 4, 2]),
        (Wanted(side="sell", liquidity="taker"), [9, 3]),
        (Wanted(since_ns=1_004, until_ns=1_007), [6, 5, 4]),
        (Wanted(pair="' OR 1=1 --"), []),
    ],
)
def test_a_filter_leaves_what_it_names(tmp_path: Path, wanted: Wanted, numbers: list[int]) -> None:
    journal = a_journal(tmp_path)
    journal.write(fills=[a_fill(number) for number in range(1, 10)])
    journal.close()
    found = JournalReader(tmp_path / "sim.sqlite").fills(wanted)
    assert [fill["trade_id"] for fill in found] == [f"T{number:03}" for number in numbers]


def test_reading_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.write(fills=[a_fill(1)])
    journal.close()
    path = tmp_path / "sim.sqlite"
    before = path.read_bytes()
    reader = JournalReader(path)
    assert reader.fills(Wanted()) and reader.mark()[0] == 1
    assert path.read_bytes() == before
    with pytest.raises(JournalUnreadableError, match="readonly"), reader._open() as connection:
        connection.execute("DELETE FROM fills")


@pytest.mark.parametrize("content", [None, b"", b"not a database at all, but long enough to look at" * 9])
def test_what_cannot_be_read_is_one_clear_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "sim.sqlite"
    if content is not None:
        path.write_bytes(content)
    reader = JournalReader(path)
    for read in (reader.mark, reader.pairs, lambda: reader.fills(Wanted())):
        with pytest.raises(JournalUnreadableError, match=r"sim\.sqlite"):
            read()
