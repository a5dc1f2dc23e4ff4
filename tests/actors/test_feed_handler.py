"""The feed handler on a real socket: books come up, faults take one pair, silence takes the connection, and back again."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from actors.feed_handler import FeedHandler
from tests.actors.builders_feed import HandMovedLoop, ScriptedExchange, an_exchange
from tests.venues.builders_market_frames import a_bid_change, an_instrument
from wildbot.model.market_data import (
    BookInvalidated,
    BookSnapshot,
    FeedBeat,
    InstrumentChanged,
    MarketEvent,
    SystemStatus,
    VenueStatus,
)
from wildbot.model.status import Severity
from wildbot.venues.kraken.market_feed import FIRST_DATA_NS

BTC, ETH = "BTC/USDC", "ETH/USDC"


class Desk:
    """A started feed handler, its loop, its exchange and what it published."""

    def __init__(self, exchange: ScriptedExchange, url: str, rest_url: str = "") -> None:
        self.exchange = exchange
        self.loop = HandMovedLoop()
        self.events: list[MarketEvent] = []
        self.feed = FeedHandler(self.loop, url, [BTC, ETH], self.events.append, rng=random.Random(1), rest_url=rest_url)

    def books_up(self) -> bool:
        return set(self.feed.books) == set(self.feed.pairs)

    def last_beat(self) -> FeedBeat:
        return [event for event in self.events if isinstance(event, FeedBeat)][-1]


@contextmanager
def a_desk(rest_url: str = "") -> Iterator[Desk]:
    with an_exchange() as (exchange, url):
        desk = Desk(exchange, url, rest_url)
        desk.feed.start()
        try:
            desk.loop.run_until(desk.books_up)
            yield desk
        finally:
            desk.feed.stop()


def test_books_of_all_pairs_come_up_and_the_beat_vouches_for_them() -> None:
    with a_desk() as desk:
        assert {event.instrument.pair for event in desk.events if isinstance(event, InstrumentChanged)} == {BTC, ETH}
        assert VenueStatus(SystemStatus.ONLINE, desk.loop.clock_ns) in desk.events
        desk.loop.advance(0.25)
        assert desk.last_beat() == FeedBeat(desk.loop.clock_ns, desk.loop.clock_ns - 250_000_000, True, {BTC: 1, ETH: 1})
        status = desk.feed.status()
        assert (status.connected, status.connects, status.alarms) == (True, 1, ())
        assert status.pairs[BTC].is_fresh
        assert status.pairs[BTC].age_ms == 250.0
        assert status.counters.unknown == 0


def test_beats_come_four_times_a_second_also_when_no_book_moves() -> None:
    with a_desk() as desk:
        desk.loop.advance(1.0)
        assert sum(isinstance(event, FeedBeat) for event in desk.events) == 4


def test_updates_are_published_in_order_and_the_latest_book_is_kept() -> None:
    with a_desk() as desk:
        desk.exchange.say(a_bid_change(BTC, lots=5))
        desk.exchange.say(a_bid_change(BTC, lots=6))
        desk.loop.run_until(lambda: desk.feed.books[BTC].seq == 3)
        sizes = [event.bid_lots[0] for event in desk.events if isinstance(event, BookSnapshot) and event.pair == BTC]
        assert sizes[1:] == [5, 6]
        assert desk.feed.books[BTC].bid_lots[0] == 6


def test_a_bad_checksum_withdraws_one_book_until_its_new_snapshot() -> None:
    with a_desk() as desk:
        desk.loop.advance(1.5)  # past the spacing of repeated requests
        desk.exchange.say(a_bid_change(BTC, checksum=1))
        desk.loop.run_until(lambda: BTC not in desk.feed.books)
        assert not desk.feed.is_fresh(BTC)
        assert desk.feed.is_fresh(ETH)
        desk.exchange.wait_for_request("unsubscribe", BTC)
        desk.loop.run_until(desk.books_up)
        assert desk.feed.books[BTC].seq == 2
        desk.loop.advance(0.25)
        assert (Severity.CRITICAL, "feed") not in [(level, key) for level, key, _ in desk.loop.alerts]
        assert f"feed:book:{BTC}" in desk.loop.cleared


@contextmanager
def tickers(tops: dict[str, tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """An exchange's Ticker on a real socket: best (bid, ask) by REST name; also yields what was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            rows = {name: {"b": [bid, "1", "1.000"], "a": [ask, "1", "1.000"]} for name, (bid, ask) in tops.items()}
            body = json.dumps({"error": [], "result": rows}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:  # type: ignore[override]
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()


def pass_a_second(desk: Desk) -> None:
    """The connection lives, and says nothing about any pair."""
    desk.loop.advance(1.0)
    before = desk.feed.status().counters.frames
    desk.exchange.say(b'{"channel":"heartbeat"}')
    desk.loop.run_until(lambda: desk.feed.status().counters.frames > before)


def test_a_pair_that_alone_has_fallen_silent_is_withdrawn_and_subscribed_to_anew() -> None:
    truth = {"XBTUSDC": ("100.00", "100.01"), "ETHUSDC": ("90.00", "90.01")}
    with tickers(truth) as (rest_url, asked), a_desk(rest_url) as desk:
        desk.feed.on_rest_names([msgspec.structs.replace(an_instrument(BTC), rest_key="XBTUSDC"), an_instrument(ETH)])
        desk.exchange.is_mute = True
        for _ in range(300):
            if ETH in desk.feed.books:
                pass_a_second(desk)
        assert len(asked) >= 2
        assert all("XBTUSDC" in path for path in asked)
        gone = [event.pair for event in desk.events if isinstance(event, BookInvalidated)]
        assert gone == [ETH]
        assert BTC in desk.feed.books
        desk.exchange.wait_for_request("unsubscribe", ETH)
        desk.loop.advance(0.25)
        assert desk.last_beat().seqs == {BTC: 1}


def test_a_closed_connection_invalidates_all_books_and_is_made_again_after_a_wait() -> None:
    with a_desk() as desk:
        desk.exchange.connections[-1].close(1012, "restarting")
        desk.loop.run_until(lambda: not desk.feed.books)
        gone = {event.pair for event in desk.events if isinstance(event, BookInvalidated)}
        assert gone == {BTC, ETH}
        assert desk.loop.alerts[-1][:2] == (Severity.CRITICAL, "feed")
        assert "1012 restarting" in desk.loop.alerts[-1][2]
        desk.loop.advance(0.75)
        assert desk.last_beat().connected is False
        assert desk.last_beat().seqs == {}
        assert len(desk.exchange.connections) == 1
        desk.loop.advance(0.5)
        desk.loop.run_until(desk.books_up)
        assert desk.loop.cleared[-1] == "feed"
        assert desk.feed.books[BTC].seq == 2
        assert desk.feed.status().connects == 2


def test_two_seconds_of_silence_give_the_connection_up() -> None:
    with a_desk() as desk:
        desk.loop.advance(1.75)
        assert desk.feed.is_fresh(BTC)
        desk.loop.advance(0.25)
        assert not desk.feed.is_fresh(BTC)
        assert desk.feed.books == {}
        assert desk.loop.alerts[-1] == (Severity.CRITICAL, "feed", "market data lost: nothing received for 2 s")


def test_anything_the_exchange_says_ends_the_silence() -> None:
    with a_desk() as desk:
        for _ in range(3):
            desk.loop.advance(1.5)
            before = desk.feed.status().counters.frames
            desk.exchange.say(b'{"channel":"heartbeat"}')
            desk.loop.run_until(lambda before=before: desk.feed.status().counters.frames > before)  # type: ignore[misc]
        assert desk.books_up()


def test_a_step_back_of_the_clock_does_not_hide_silence() -> None:
    with a_desk() as desk:
        desk.loop.clock_ns -= 3_600 * 10**9
        desk.loop.advance(2.5)
        assert desk.feed.books == {}


def test_waits_grow_while_nobody_answers() -> None:
    loop = HandMovedLoop()
    feed = FeedHandler(loop, "ws://127.0.0.1:9", [BTC], lambda event: None, rng=random.Random(3))
    feed.start()
    waits = []
    for _ in range(6):
        loop.run_until(lambda: bool(loop.timers))
        waits.append((loop.timers[0][0] - loop.clock_ns) / 1e9)
        due, retry = loop.timers.pop()
        loop.clock_ns = due
        retry()
    feed.stop()
    assert waits[0] == 1.0
    assert waits[-1] >= 15.0
    assert max(waits) <= 30.0


def test_a_start_is_given_its_time_before_anybody_is_alarmed() -> None:
    loop = HandMovedLoop()
    feed = FeedHandler(loop, "ws://127.0.0.1:9", [BTC], lambda event: None, rng=random.Random(3))
    began_ns = loop.clock_ns
    feed.start()
    while not loop.alerts:
        loop.run_until(lambda: bool(loop.timers))
        loop.clock_ns, retry = loop.timers.pop()
        retry()
        assert loop.clock_ns - began_ns < 2 * FIRST_DATA_NS + 60 * 10**9
    feed.stop()
    assert loop.clock_ns - began_ns > FIRST_DATA_NS
    assert loop.alerts[0][:2] == (Severity.WARNING, "feed") and "no market data yet" in loop.alerts[0][2]


def test_pairs_can_be_changed_while_connected() -> None:
    with a_desk() as desk:
        desk.feed.set_pairs([ETH, "SOL/USDC"])
        assert BTC not in desk.feed.books
        desk.loop.run_until(desk.books_up)
        assert set(desk.feed.books) == {ETH, "SOL/USDC"}
        desk.exchange.wait_for_request("unsubscribe", BTC)


def test_a_missing_answer_to_a_subscription_is_alerted_and_the_rest_goes_on() -> None:
    with a_desk() as desk:
        desk.exchange.is_mute = True
        desk.feed.set_pairs([BTC, ETH, "SOL/USDC"])
        for _ in range(5):
            desk.loop.advance(1.0)
            before = desk.feed.status().counters.frames
            desk.exchange.say(b'{"channel":"heartbeat"}')
            desk.loop.run_until(lambda before=before: desk.feed.status().counters.frames > before)  # type: ignore[misc]
        desk.loop.advance(0.25)
        assert "feed:unacknowledged:book:SOL/USDC" in {key for _, key, _ in desk.loop.alerts}
        assert desk.feed.is_fresh(BTC)


def test_stop_declares_every_book_invalid() -> None:
    with a_desk() as desk:
        desk.feed.stop()
        assert desk.feed.books == {}
        assert isinstance(desk.events[-1], BookInvalidated)
