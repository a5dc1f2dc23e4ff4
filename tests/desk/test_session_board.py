"""Which session is the current or the next one, and when the table is asked for."""

from wildbot.desk.session_board import TELL_NS, SessionBoard, SessionTable, question
from wildbot.market.session import DAY_NS
from wildbot.model.market_data import SessionHours

HOUR = 3_600 * 10**9
ASKED = question(["XNYS", "XNYS"], [])
FIRST, SECOND = (SessionHours("XNYS", day * DAY_NS + 14 * HOUR, day * DAY_NS + 20 * HOUR, day) for day in (1, 2))
TABLE = SessionTable(ASKED, {"XNYS": (FIRST, SECOND)})


def a_board(now_ns: int = 0) -> SessionBoard:
    board = SessionBoard(ASKED)
    board.set_codes({"AAPL/USD": "XNYS"})
    assert board.learn(TABLE, now_ns)
    return board


def test_the_session_that_goes_on_is_current_and_after_it_the_next() -> None:
    board = a_board()
    assert [
        hours.day if (hours := board.current("AAPL/USD", at)) is not None else None
        for at in (0, FIRST.opens_ns, FIRST.closes_ns - 1, FIRST.closes_ns, SECOND.closes_ns)
    ] == [1, 1, 1, 2, None]


def test_every_known_session_is_told_once_a_second_under_its_pair() -> None:
    board = a_board()
    at = DAY_NS
    assert [hours.pair for hours in board.due(at)] == ["AAPL/USD"]
    assert board.due(at + TELL_NS - 1) == []
    assert len(board.due(at + TELL_NS)) == 1


def test_a_clock_that_was_put_back_does_not_silence_the_board() -> None:
    board = a_board()
    assert board.due(5 * DAY_NS) == [] and len(board.due(DAY_NS)) == 1


def test_the_table_is_asked_for_once_a_day_and_never_for_coins() -> None:
    board = a_board(3 * DAY_NS)
    assert not board.is_stale(3 * DAY_NS + 23 * HOUR)
    assert board.is_stale(4 * DAY_NS)
    assert not SessionBoard(question([], [])).is_stale(0)


def test_the_answer_to_another_question_is_none() -> None:
    board = SessionBoard(question(["XNYS"], ["09:45-11:30"]))
    board.set_codes({"AAPL/USD": "XNYS"})
    assert not board.learn(TABLE, 0)
    assert (board.current("AAPL/USD", 0), board.unknown(0)) == (None, ["AAPL/USD"])


def test_an_instrument_without_a_calendar_has_no_session() -> None:
    assert a_board().current("BTC/USD", 0) is None
