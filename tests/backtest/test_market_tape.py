"""What a recording of another kind holds is believed as far as it agrees with itself; the rest is counted and said."""

import json
import random
from collections.abc import Sequence

import pytest

from tests.backtest.builders_backtest import DAY, SECOND
from wildbot.backtest.market_tape import MarketTape, TapeRow, level_books, lobster_books
from wildbot.model.errors import ProtocolError
from wildbot.model.market_data import BookInvalidated, BookSnapshot
from wildbot.simulation.level_tape import LevelsSet, LevelTape, TapeBreak, TapeEvent, TapeTrade
from wildbot.simulation.lobster import parse_messages, parse_rows, stock
from wildbot.simulation.tape_kraken import kraken_tape
from wildbot.simulation.tapes import lobster_sample

MESSAGES, ROWS = lobster_sample(random.Random(1), seconds=60)


def whole(at_s: float, bid: str = "100.0", ask: str = "100.5") -> LevelsSet:
    return LevelsSet(DAY + int(at_s * SECOND), ((bid, "1"),), ((ask, "1"),), True)


def change(at_s: float, bid: str, size: str = "1") -> LevelsSet:
    return LevelsSet(DAY + int(at_s * SECOND), ((bid, size),), (), False)


def levels(*events: TapeEvent) -> MarketTape:
    return level_books(LevelTape("BTC/USD", 1, 0, iter(events)))


def played(tape: MarketTape) -> list[TapeRow]:
    rows = list(tape.events)
    tape.notes.conclude()
    return rows


def a_stock(messages: Sequence[str], rows: Sequence[str]) -> MarketTape:
    return lobster_books(stock("DEMO"), parse_messages(messages), parse_rows(rows), DAY)


def test_a_clock_that_steps_back_is_held_counted_and_said() -> None:
    tape = levels(whole(0), whole(9), whole(4), whole(5), whole(10))
    assert [row.recv_ts_ns - DAY for row in played(tape)] == [0, 9 * SECOND, 9 * SECOND, 9 * SECOND, 10 * SECOND]
    assert (tape.notes.clock_steps, tape.notes.held) == (1, 2)
    assert tape.notes.remarks == ["the clock went back once; 2 rows were held until it had caught up"]


def test_a_long_silence_is_said_with_its_length_and_place() -> None:
    tape = levels(whole(0), whole(30), whole(130), whole(140))
    played(tape)
    (remark,) = tape.notes.remarks
    assert remark.startswith("nothing was recorded for 100.0 s of 140.0 s, the longest time for 100.0 s from 30.0 s after")
    assert tape.notes.silences == 1


@pytest.mark.parametrize(
    "missing", [TapeBreak(DAY + SECOND, "lost"), change(1, "99.123"), change(1, "abc"), change(1, "99", "-1")]
)
def test_after_what_cannot_be_used_there_is_no_book_until_a_whole_one(missing: TapeEvent) -> None:
    tape = levels(whole(0), missing, change(2, "99.0"), TapeTrade(DAY + 2 * SECOND, None, "oops", "1"), whole(4))
    assert [type(row) for row in played(tape)] == [BookSnapshot, BookInvalidated, BookSnapshot]
    assert tape.notes.gaps == 1
    assert tape.notes.remarks == ["there was no book to trade on for 3.0 s of 4.0 s"]


def test_a_whole_stock_recording_has_nothing_to_say() -> None:
    tape = a_stock(MESSAGES, ROWS)
    played(tape)
    notes = tape.notes
    assert (notes.gaps, notes.unreadable, notes.mismatched, notes.remarks) == (0, 0, 0, [])
    assert notes.executions > 10


def test_a_book_file_of_which_a_row_is_missing_is_doubted() -> None:
    tape = a_stock(MESSAGES, [*ROWS[:20], *ROWS[21:]])
    played(tape)
    assert any("do not belong together" in remark for remark in tape.notes.remarks)


def test_where_the_book_file_ends_there_is_no_book_any_more() -> None:
    tape = a_stock(MESSAGES, ROWS[: len(ROWS) // 2])
    rows = played(tape)
    ended = next(number for number, row in enumerate(rows) if isinstance(row, BookInvalidated))
    assert not any(isinstance(row, BookSnapshot) for row in rows[ended:])
    assert tape.notes.gaps == 1 and tape.notes.unreadable == len(MESSAGES) - len(ROWS) // 2


def test_a_message_file_that_ends_early_is_said() -> None:
    tape = a_stock(MESSAGES[:-5], ROWS)
    played(tape)
    assert tape.notes.remarks == ["the message file ends before the book file"]


def test_a_halted_stock_has_no_book_until_it_trades_again() -> None:
    halt, quotes, resume = (f"{34201 + at}.0,7,0,0,{price},-1" for at, price in ((0, -1), (2, 0), (3, 1)))
    messages = ["34200.0,1,1,10,1000000,1", halt, "34202.0,1,2,5,999900,1", quotes, resume, "34205.0,1,3,5,999800,1"]
    before, after = "1000100,10,1000000,10,-9999999999,0,-9999999999,0", "1000100,10,1000000,10,-9999999999,0,999900,5"
    tape = a_stock(messages, [before, before, after, after, after, after])
    seen = [(type(row), (row.recv_ts_ns - DAY) // SECOND) for row in played(tape)]
    assert seen == [(BookSnapshot, 34200), (BookInvalidated, 34201), (BookSnapshot, 34204)]
    assert tape.notes.gaps == 1


def test_a_thin_first_book_of_kraken_may_grow_to_the_depth_it_was_asked_with() -> None:
    def frame(kind: str, bids: Sequence[int], asks: Sequence[int], second: int) -> str:
        sides = {"bids": bids, "asks": asks}
        data = {name: [{"price": float(price), "qty": 1.5} for price in prices] for name, prices in sides.items()}
        book = {"symbol": "A/USD", **data, "checksum": 1, "timestamp": f"2026-01-01T00:00:{second:02d}.000000Z"}
        return json.dumps({"channel": "book", "type": kind, "data": [book]})

    tape = kraken_tape([frame("snapshot", [100, 99], [101, 102], 0), frame("update", [98, 97], [103], 1)])
    assert tape.window == 10
    *_, last = played(level_books(tape))
    assert isinstance(last, BookSnapshot)
    assert (len(last.bid_ticks), len(last.ask_ticks)) == (4, 3)


def test_a_clock_that_is_centuries_ahead_ends_the_recording() -> None:
    tape = levels(whole(0), whole(86_400 * 365 * 300), whole(2))
    with pytest.raises(ProtocolError, match="days ahead at once"):
        played(tape)
