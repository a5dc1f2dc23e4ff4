"""Whoever only looks sees every fill of the journal, while it is written, and never writes a byte."""

from pathlib import Path

import pytest

from tests.adapters.builders_journal import a_fill_row, a_journal
from wildbot.adapters.journal_reader import JournalReader, JournalUnreadableError, Wanted, as_filled
from wildbot.model.instrument import MONEY_DECIMALS, parse_scaled
from wildbot.model.journal import EventRow, FillRow

PAIRS = ("BTC/USDC", "SOL/USDC")


def a_fill(number: int) -> FillRow:
    side, liquidity = ("buy", "sell")[number % 2], ("maker", "taker")[number % 3 == 0]
    return a_fill_row(f"T{number:03}", 1_000 + number, pair=PAIRS[number % 2], side=side, liquidity=liquidity)


def test_fills_are_read_while_the_journal_is_open_for_writing_the_newest_first(tmp_path: Path) -> None:
    journal, reader = a_journal(tmp_path), JournalReader(tmp_path / "sim.sqlite")
    journal.write(fills=[a_fill(number) for number in range(1, 11)])
    assert [fill.trade_id for fill in reader.fills(Wanted(), limit=3)] == ["T010", "T009", "T008"]
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
    assert [fill.trade_id for fill in found] == [f"T{number:03}" for number in numbers]


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
    for read in (reader.mark, reader.pairs, reader.fills, reader.events):
        with pytest.raises(JournalUnreadableError, match=r"sim\.sqlite"):
            read()


def test_rows_come_as_they_were_written_and_history_the_oldest_first(tmp_path: Path) -> None:
    journal, history = a_journal(tmp_path), [EventRow(9, "session", "", "a"), EventRow(3, "halt", "SOL/USDC", "b")]
    journal.write(fills=[a_fill(1)], events=history)
    journal.close()
    reader = JournalReader(tmp_path / "sim.sqlite")
    assert (reader.fills(), reader.events()) == ([a_fill(1)], history)


def test_a_fill_is_reckoned_with_on_one_scale_and_costs_what_was_booked() -> None:
    fill = as_filled(a_fill_row(price="85.16", qty="0.04", cost="3.4"))
    assert (fill.ticks, fill.lots) == (parse_scaled("85.16", MONEY_DECIMALS), parse_scaled("0.04", MONEY_DECIMALS))
    assert fill.cost == parse_scaled("3.4", MONEY_DECIMALS)


@pytest.mark.parametrize("changes", [{"side": "hold"}, {"fee": "much"}, {"liquidity": ""}])
def test_a_row_that_is_no_fill_is_named(changes: dict[str, str]) -> None:
    with pytest.raises(JournalUnreadableError, match="fill T7 of the journal"):
        as_filled(a_fill_row("T7", **changes))
