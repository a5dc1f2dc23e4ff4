"""What the market did before we listened, asked once of each pair: its touch for the scanner, its trades for the chart.

Rules: asked when a pair's first verified book is here, beside the loop and without a key; the two calls of a pair are kept
    apart, since an address may ask once a second about a pair. No answer changes nothing: the signals then warm up by
    what we hear ourselves.
Owns: the worker that asks REST.
Known limit: on paper REST is our own exchange, which has seen no more of Kraken's market than we have.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from wildbot.adapters.secrets import ApiKey
from wildbot.adapters.venue_client import VenueClient
from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import Instrument
from wildbot.venues.kraken.recent_market import read_spreads, read_trades
from wildbot.venues.kraken.rest_calls import NonceReserve, RestCall

APART_S = 1.5
TRIES_MAX = 3
TRIES_APART_S = 4.0

NO_KEY = ApiKey("", "")
"""Public calls are not signed."""


class Loop(Protocol):
    """What is needed of the actor's runtime."""

    def watch(self, source: VenueClient, callback: Callable[[], None]) -> None: ...
    def unwatch(self, source: VenueClient) -> None: ...
    def later(self, seconds: float, callback: Callable[[], None]) -> None: ...


class Question(NamedTuple):
    """One call about one pair, and how often it was made."""

    endpoint: str
    instrument: Instrument
    tries: int = 1


class MarketPast:
    """Asks, and hands on what came: `on_quotes` gets a pair and its (ts_ns, bid, ask) rows, `on_prints` (ts_ns, ticks)."""

    def __init__(
        self,
        loop: Loop,
        rest_url: str,
        on_quotes: Callable[[str, Sequence[tuple[int, int, int]]], None],
        on_prints: Callable[[str, Sequence[tuple[int, int]]], None],
    ) -> None:
        self._loop = loop
        self._on_quotes = on_quotes
        self._on_prints = on_prints
        self._asked: set[str] = set()
        self._rest = VenueClient(rest_url, NO_KEY, NonceReserve(0, 0))
        loop.watch(self._rest, self._hear)

    def on_book(self, instrument: Instrument) -> None:
        """A verified book of this pair is here; the first time its past is asked for."""
        if instrument.pair not in self._asked:
            self._asked.add(instrument.pair)
            self._ask(Question("Spread", instrument))
            self._loop.later(APART_S, lambda: self._ask(Question("Trades", instrument)))

    def close(self) -> None:
        """Ask no more."""
        self._loop.unwatch(self._rest)
        self._rest.close()

    def _ask(self, question: Question) -> None:
        instrument = question.instrument
        name = instrument.rest_key or instrument.pair
        self._rest.submit(RestCall(question, question.endpoint, {"pair": name}, private=False))

    def _hear(self) -> None:
        for outcome in self._rest.drain():
            question = outcome.tag
            assert isinstance(question, Question)
            if isinstance(outcome.result, bytes):
                self._take(question, outcome.result)
            elif question.tries < TRIES_MAX:
                again = question._replace(tries=question.tries + 1)
                self._loop.later(TRIES_APART_S, lambda again=again: self._ask(again))  # type: ignore[misc]

    def _take(self, question: Question, result: bytes) -> None:
        pair = question.instrument.pair
        try:
            if question.endpoint == "Spread":
                self._on_quotes(pair, read_spreads(result, question.instrument))
            else:
                self._on_prints(pair, read_trades(result, question.instrument))
        except ProtocolError:
            return  # a past nobody can read is a past nobody knows
