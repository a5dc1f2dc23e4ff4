"""WildBot's own recordings as tapes: what was written comes back, and what is missing is said."""

from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.backtest.builders_backtest import DAY, DEMO, SECOND, a_book_at, a_sample_tape, a_trade_at
from wildbot.adapters.recording import PairWriter, folder_of
from wildbot.adapters.recording_columns import read_columns
from wildbot.backtest.market_tape import TapeRow
from wildbot.backtest.recorded_tape import recorded_books
from wildbot.backtest.tape_notes import TapeNotes
from wildbot.market.book_changes import BookChanges
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import BookInvalidated, BookSnapshot, Ticker
from wildbot.model.orders import Side

HOUR = 3_600


def write(root: Path, rows: list[TapeRow], instrument: Instrument = DEMO) -> Path:
    """Record these events as the recorder does."""
    writer, changes = PairWriter(root, instrument, "test"), BookChanges()
    for row in rows:
        if isinstance(row, BookInvalidated):
            changes.gap()
        writer.add(changes.row(row) if isinstance(row, BookSnapshot) else row)
    writer.close()
    return folder_of(root, instrument.pair)


def read(folder: Path) -> tuple[list[TapeRow], TapeNotes]:
    notes = TapeNotes()
    tape = recorded_books(DEMO, read_columns(folder, notes.remarks.append), notes)
    return list(tape.events), notes


def test_what_was_recorded_comes_back(tmp_path: Path) -> None:
    rows = list(a_sample_tape(seconds=30).events)
    told, notes = read(write(tmp_path, rows))
    assert told == rows
    assert (notes.skipped, notes.books) == (0, sum(isinstance(row, BookSnapshot) for row in rows))


def test_hours_follow_one_another(tmp_path: Path) -> None:
    rows: list[TapeRow] = [a_book_at(hour * HOUR, 20_000 + hour, 20_010 + hour, seq=hour + 1) for hour in range(4)]
    folder = write(tmp_path, rows)
    assert len(list(folder.iterdir())) == 4
    assert read(folder)[0] == rows


def test_a_gap_makes_the_pair_void_until_a_whole_book(tmp_path: Path) -> None:
    void = BookInvalidated("DEMO/USD", "feed lost", DAY + SECOND)
    told, notes = read(write(tmp_path, [a_book_at(0), void, a_book_at(2, seq=9)]))
    assert [type(row) for row in told] == [BookSnapshot, BookInvalidated, BookSnapshot]
    assert notes.gaps == 1


def test_a_missing_hour_is_said_and_not_bridged(tmp_path: Path) -> None:
    rows: list[TapeRow] = [a_book_at(hour * HOUR, 20_000 + hour, seq=hour + 1) for hour in range(4)]
    folder = write(tmp_path, rows)
    sorted(folder.iterdir())[1].unlink()
    told, notes = read(folder)
    assert [type(row) for row in told] == [BookSnapshot, BookInvalidated]
    assert (notes.gaps, notes.unreadable) == (1, 2)


def test_what_a_killed_recorder_had_not_written_is_a_gap(tmp_path: Path) -> None:
    folder = write(tmp_path, [a_book_at(0, seq=7), a_book_at(1, seq=8)])
    write(tmp_path, [a_book_at(20, seq=1), a_book_at(21, seq=2)])
    told, notes = read(folder)
    assert [type(row) for row in told] == [BookSnapshot, BookSnapshot, BookInvalidated, BookSnapshot, BookSnapshot]
    assert notes.gaps == 1


def test_a_truncated_file_is_passed_over_and_said(tmp_path: Path) -> None:
    rows: list[TapeRow] = [a_book_at(hour * HOUR, seq=hour + 1) for hour in range(2)]
    folder = write(tmp_path, rows)
    last = sorted(folder.iterdir())[1]
    last.write_bytes(last.read_bytes()[:-40])
    told, notes = read(folder)
    assert told == rows[:1]
    assert len(notes.remarks) == 1
    assert last.name in notes.remarks[0]


def test_a_file_in_other_units_is_passed_over_and_said(tmp_path: Path) -> None:
    write(tmp_path, [a_book_at(0)])
    folder = write(tmp_path, [a_book_at(HOUR)], replace(DEMO, price_decimals=DEMO.price_decimals + 1))
    told, notes = read(folder)
    assert [type(row) for row in told] == [BookSnapshot, BookInvalidated]
    assert "other units" in notes.remarks[0]


def test_a_clock_that_steps_back_is_held_and_counted(tmp_path: Path) -> None:
    rows = [a_book_at(5), a_trade_at(4, Side.BUY, 20_010, 1), a_book_at(6, seq=2)]
    told, notes = read(write(tmp_path, rows))
    assert all(one.recv_ts_ns <= other.recv_ts_ns for one, other in pairwise(told))
    assert notes.clock_steps == 1


@pytest.mark.parametrize(("bid", "ask", "field"), [(20_010, 20_000, "crossed"), (20_000, 20_000, "crossed")])
def test_a_crossed_book_is_no_book(tmp_path: Path, bid: int, ask: int, field: str) -> None:
    told, notes = read(write(tmp_path, [a_book_at(0), a_book_at(1, bid, ask, seq=2)]))
    assert isinstance(told[-1], BookInvalidated)
    assert getattr(notes, field) == 1


def test_tickers_between_books_change_nothing(tmp_path: Path) -> None:
    rows: list[TapeRow] = [a_book_at(at, 20_000 + at, 20_010 + at, seq=at + 1) for at in range(8)]
    writer, changes = PairWriter(tmp_path, DEMO, "test"), BookChanges()
    for at, row in enumerate(rows):
        assert isinstance(row, BookSnapshot)
        writer.add(changes.row(row))
        writer.add(Ticker(DEMO.pair, 20_000, 20_010, 20_005, 7, row.recv_ts_ns))
        if at % 2:
            writer.add(a_trade_at(at, Side.BUY, 20_010, 1))
    writer.close()
    told, notes = read(folder_of(tmp_path, DEMO.pair))
    assert [row for row in told if isinstance(row, BookSnapshot)] == rows
    assert (notes.crossed, notes.trades) == (0, 4)
