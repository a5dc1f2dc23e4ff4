"""The feed handler: `MarketFeed` on a real connection, a guest in the supervisor's process.

Rules: decides nothing; the feed does. REST is asked beside the loop, without a key.
Owns: the connection, the worker that asks REST.
"""

import contextlib
import random
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from wildbot.adapters.secrets import ApiKey
from wildbot.adapters.venue_client import VenueClient
from wildbot.adapters.websocket_link import WebSocketLink
from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import MarketEvent
from wildbot.protocol.reliability import Backoff
from wildbot.venues.kraken import market_feed
from wildbot.venues.kraken.market_feed import SILENCE_S, MarketFeed
from wildbot.venues.kraken.quiet_books import Top, read_tops
from wildbot.venues.kraken.rest_calls import NonceReserve, RestCall


class HasFileno(Protocol):
    """Anything the loop can wait for."""

    def fileno(self) -> int: ...


class Loop(market_feed.Loop, Protocol):
    """What the feed handler needs of the actor's runtime."""

    def watch(self, source: HasFileno, callback: Callable[[], None]) -> None: ...
    def unwatch(self, source: HasFileno) -> None: ...


NO_KEY = ApiKey("", "")
"""Public calls are not signed."""


class FeedHandler(MarketFeed):
    """One public connection, kept alive."""

    def __init__(
        self,
        runtime: Loop,
        url: str,
        pairs: Iterable[str],
        publish: Callable[[MarketEvent], None],
        *,
        rng: random.Random,
        instruments: Iterable[Instrument] = (),
        depth: int = 10,
        silence_s: float = SILENCE_S,
        rest_url: str = "",
    ) -> None:
        """Prepare; `start` connects. `publish` gets every event, in order. `rng` only spreads the reconnects.

        `rest_url` is where quiet books are compared; without it they are not.
        """
        self._loop = runtime
        self._rest = VenueClient(rest_url, NO_KEY, NonceReserve(0, 0)) if rest_url else None
        self._rest_keys: dict[str, str] = {}
        self._socket = WebSocketLink(url)
        super().__init__(
            runtime,
            self._socket,
            Backoff(rng),
            pairs,
            publish,
            instruments=instruments,
            depth=depth,
            silence_s=silence_s,
            inquire=self._ask_rest if self._rest is not None else None,
        )

    def on_rest_names(self, instruments: Iterable[Instrument]) -> None:
        """Learn how REST names the pairs; until then it is asked by their symbols, which it takes too."""
        self._rest_keys.update({each.pair: each.rest_key for each in instruments})

    def _named(self, pair: str) -> Instrument:
        """Return the pair's newest rules under the name REST has for it."""
        stated = self.instruments[pair]
        return msgspec.structs.replace(stated, rest_key=self._rest_keys.get(pair, stated.rest_key))

    def _ask_rest(self, pairs: tuple[str, ...]) -> None:
        assert self._rest is not None
        named = tuple(self._named(pair) for pair in pairs)
        call = RestCall(named, "Ticker", {"pair": ",".join(each.rest_key for each in named)}, private=False)
        self._rest.submit(call)

    def _hear_rest(self) -> None:
        assert self._rest is not None
        for outcome in self._rest.drain():
            tops: dict[str, Top] = {}
            if isinstance(outcome.result, bytes) and isinstance(outcome.tag, tuple):
                with contextlib.suppress(ProtocolError):
                    tops = read_tops(outcome.result, outcome.tag)
            self.on_tops(tops)

    def start(self) -> None:
        """Connect, and keep connected until `stop`."""
        self._loop.watch(self._socket, self.on_readable)
        if self._rest is not None:
            self._loop.watch(self._rest, self._hear_rest)
        super().start()

    def stop(self) -> None:
        """Disconnect for good; every book is declared invalid."""
        if not self._is_stopped:
            self._loop.unwatch(self._socket)
            if self._rest is not None:
                self._loop.unwatch(self._rest)
                self._rest.close()
            super().stop()
            self._socket.dispose()
