"""The wire measurement: a tape that is honest Kraken data, and every piece of work accounted for by the real processes."""

import time

import pytest

from actors.bench_wire import PAIRS, TRIGGERS_PER_S, measure_wire
from actors.bench_wire_tape import WireFrame, wire_books, wire_tape
from wildbot.model.market_data import BookSnapshot
from wildbot.venues.kraken.market_stream import KrakenMarketStream

UPDATES, TRIGGERS = 400, 40


def a_tape() -> tuple[list[WireFrame], list[BookSnapshot]]:
    """Return a tape and what the feed makes of it."""
    books = wire_books()
    stream = KrakenMarketStream(list(books), instruments=[book.instrument for book in books.values()])
    stream.on_open(1)
    for book in books.values():
        stream.receive(book.snapshot(time.time_ns()).text, 1)
    tape = wire_tape(books, PAIRS[:2], updates=UPDATES, triggers=TRIGGERS, began_ns=time.time_ns(), step_ns=10**6)
    events = [event for frame in tape for event in stream.receive(frame.text, 2)]
    assert stream.counters().checksums_bad == 0
    return tape, [event for event in events if isinstance(event, BookSnapshot)]


def test_every_frame_of_the_tape_is_one_verified_book() -> None:
    tape, books = a_tape()
    assert [book.pair for book in books] == [frame.pair for frame in tape]
    assert sum(bool(frame.price) for frame in tape) == TRIGGERS


def test_only_triggers_move_a_touch_and_each_does() -> None:
    tape, books = a_tape()
    last: dict[str, tuple[int, int, int, int]] = {}
    for frame, book in zip(tape, books, strict=True):
        touch = (book.bid_ticks[0], book.bid_lots[0], book.ask_ticks[0], book.ask_lots[0])
        if frame.pair in last:
            assert (touch != last[frame.pair]) == bool(frame.price), frame
        last[frame.pair] = touch


def test_a_price_names_its_pair() -> None:
    tape, _ = a_tape()
    assert len({(frame.pair, frame.price) for frame in tape if frame.price}) == len({f.price for f in tape if f.price})


@pytest.mark.e2e
def test_the_real_processes_lose_nothing_and_every_trigger_is_accounted_for() -> None:
    report = measure_wire(traders=1, rate_per_s=100, seconds=2.0)
    assert report.work == 200
    assert set(report.lost.values()) == {0}
    assert report.triggers == 2 * TRIGGERS_PER_S
    assert report.wire.work == report.triggers - report.unanswered > 0
    assert {"decode", "bus", "decide", "request", "commit", "send", "venue", "tick_to_order"} == set(report.hops)
    # An order whose tick came late is asked for by the timer, which has no tick.
    assert report.internal.work <= report.hops["send"]["count"]
    assert report.hops["commit"]["count"] >= report.hops["send"]["count"]
