"""The latency breaker of a trader: books that keep arriving late hold entries back, exits and cancels go on."""

from tests.trading.builders_trading import MS, SECOND, START, a_book, a_quoting_engine, cancels
from wildbot.model.desk import LeaseRequest
from wildbot.trading.limits import EngineLimits
from wildbot.trading.note import Note

LATE_NS = EngineLimits().late_book_ns


def warnings(commands: object) -> list[str]:
    assert isinstance(commands, list | tuple)
    return [note.code for note in commands if isinstance(note, Note) and note.level == "warning"]


def test_three_seconds_with_books_older_than_the_limit_take_entries_back() -> None:
    engine, bid = a_quoting_engine()
    told: list[str] = []
    for number in range(1, 4):
        at = START + number * SECOND
        commands = engine.handle(a_book(15_000, 15_010 + number, at=at - LATE_NS - MS, seq=number + 1), at)
        told += warnings(commands)
    assert told == ["late_books"]
    assert [cancel.cl_ord_id for cancel in cancels(commands)] == [bid.cl_ord_id]
    assert engine.reason == "breaker_latency"


def test_books_at_the_limit_are_in_time() -> None:
    engine, _ = a_quoting_engine()
    for number in range(1, 4):
        at = START + number * SECOND
        commands = engine.handle(a_book(15_000, 15_010 + number, at=at - LATE_NS, seq=number + 1), at)
        assert not [each for each in commands if not isinstance(each, LeaseRequest)]
