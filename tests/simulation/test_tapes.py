import random

from wildbot.simulation.lobster import MessageType, parse_messages, parse_rows
from wildbot.simulation.tapes import OPEN_NS, lobster_sample


def test_sample_has_a_row_for_every_message_and_is_a_sane_day():
    lines, rows = lobster_sample(random.Random(1), seconds=40, levels=5)
    messages, books = list(parse_messages(lines)), list(parse_rows(rows))
    assert len(messages) == len(books) > 500
    assert [m.ts_ns for m in messages] == sorted(m.ts_ns for m in messages)
    assert messages[0].ts_ns == OPEN_NS
    assert {m.kind for m in messages} >= {MessageType.NEW, MessageType.DELETE, MessageType.EXECUTION}
    for book in books[300:]:
        assert len(book.asks) == len(book.bids) == 5 and book.asks[0][0] > book.bids[0][0]


def test_sample_is_the_same_for_the_same_seed():
    assert lobster_sample(random.Random(2), seconds=5) == lobster_sample(random.Random(2), seconds=5)
    assert lobster_sample(random.Random(2), seconds=5) != lobster_sample(random.Random(3), seconds=5)
