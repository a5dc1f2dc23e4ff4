"""The market's past is asked for once per pair, on a real socket, and what cannot be had is done without."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from actors.market_past import APART_S, TRIES_APART_S, TRIES_MAX, MarketPast
from tests.actors.builders_feed import HandMovedLoop
from tests.venues.builders_kraken_server import BTC, Venue

INSTRUMENT = Venue().exchange.instruments[BTC]
SPREAD = {"XBTUSDC": [[1, "1.0", "3.0"]], "last": 1}
TRADES = {"XBTUSDC": [["2.0", "1", 1.5, "b", "l", "", 1]], "last": "1"}


@contextmanager
def a_rest(*errors: str) -> Iterator[tuple[str, list[str]]]:
    """An exchange that answers with these errors, one per call, and then with the truth; also yields what was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            error = errors[len(asked) - 1] if len(asked) <= len(errors) else ""
            result = SPREAD if "Spread" in self.path else TRADES
            body = json.dumps({"error": [error] if error else [], "result": result}).encode()
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


class Desk:
    """The guest with its loop, and what it handed on."""

    def __init__(self, url: str) -> None:
        self.loop = HandMovedLoop()
        self.quotes: list[tuple[str, Sequence[tuple[int, int, int]]]] = []
        self.prints: list[tuple[str, Sequence[tuple[int, int]]]] = []
        self.past = MarketPast(
            self.loop,
            url,
            lambda pair, rows: self.quotes.append((pair, rows)),
            lambda pair, rows: self.prints.append((pair, rows)),
        )

    def fire(self) -> None:
        """Let every timer that was set fall due."""
        timers, self.loop.timers = self.loop.timers, []
        for _, callback in timers:
            callback()


def test_a_pair_is_asked_about_once_however_many_books_come() -> None:
    with a_rest() as (url, asked):
        desk = Desk(url)
        for _ in range(3):
            desk.past.on_book(INSTRUMENT)
        desk.loop.run_until(lambda: bool(desk.quotes))
        assert [due - desk.loop.clock_ns for due, _ in desk.loop.timers] == [APART_S * 1e9]
        desk.fire()
        desk.loop.run_until(lambda: bool(desk.prints))
        desk.past.close()
    one = 10**INSTRUMENT.price_decimals
    assert desk.quotes == [(BTC, [(1_000_000_000, one, 3 * one)])]
    assert desk.prints == [(BTC, [(1_500_000_000, 2 * one)])]
    assert [path.partition("?")[0].rsplit("/", 1)[-1] for path in asked] == ["Spread", "Trades"]


def test_a_refusal_is_asked_again_later_but_not_for_ever() -> None:
    refusals = ["EGeneral:Too many requests"] * TRIES_MAX
    with a_rest(*refusals) as (url, asked):
        desk = Desk(url)
        desk.past.on_book(INSTRUMENT)
        desk.loop.timers.clear()  # the trades are another matter
        for tries in range(1, TRIES_MAX):
            desk.loop.run_until(lambda: bool(desk.loop.timers))
            assert [due - desk.loop.clock_ns for due, _ in desk.loop.timers] == [TRIES_APART_S * 1e9]
            assert len(asked) == tries
            desk.fire()
        desk.loop.run_until(lambda: len(asked) == TRIES_MAX)
        desk.past.close()
    assert desk.quotes == [] and desk.loop.timers == []
