"""The mirrored market of the simulated exchange: another exchange's public feed, read by our own feed handler.

Rules: the exchange is built when the outside has said what its pairs are, and opens its doors when it has shown their
    books (or let BOOKS_WAIT_S pass: then what is missing is under maintenance until it comes). What happens to a
    mirror is in the ground-truth ledger and in the log.
Owns: the connection to the mirrored exchange.
"""

import asyncio
import random
import signal
from collections import deque
from collections.abc import Callable

import msgspec
from loguru import logger

from actors.exchange_market import Terms
from actors.feed_handler import FeedHandler
from wildbot.adapters.mirror_feed import MirrorLoop
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import MarketEvent, TradePrint, VenueStatus
from wildbot.model.status import Severity
from wildbot.simulation.fills import FILL_MODELS, FillModel
from wildbot.simulation.mirror import MirrorExchange, MirrorMarket
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_names import pair_altname

LOOK_S = 0.05
BOOKS_WAIT_S = 10.0
EARLY_TRADES_MAX = 5_000
"""Trades kept for the tape that come before the exchange is there."""


def check_mirror(pairs: tuple[str, ...], speed: float, fill_model: str) -> None:
    """Refuse a mirror that cannot be. Raises: ConfigurationError."""
    if not pairs:
        raise ConfigurationError("a mirrored market needs the pairs to mirror")
    if speed != 1:
        raise ConfigurationError(f"speed is {speed} but a mirrored market has the outside's own, which is 1")
    if fill_model not in FILL_MODELS:
        raise ConfigurationError(f"fill_model is {fill_model!r} but must be one of: {', '.join(FILL_MODELS)}")


class MirrorSource:
    """The feed of the mirrored exchange: `learn`, `build`, `attach`, and at the end `close`."""

    def __init__(self, url: str, pairs: tuple[str, ...], loop: asyncio.AbstractEventLoop, rng: random.Random) -> None:
        self._url = url
        self._pairs = pairs
        self._loop = MirrorLoop(loop, self._alert, self._clear)
        self._feed = FeedHandler(self._loop, url, pairs, self._on_event, rng=rng)
        self._hear: Callable[[MarketEvent], None] = self._hear_early
        self._early: deque[TradePrint] = deque(maxlen=EARLY_TRADES_MAX)
        self._status: VenueStatus | None = None
        self._exchange: MirrorExchange | None = None

    @property
    def failed(self) -> "asyncio.Future[None]":
        """Done, with what broke, when the feed can go no further."""
        return self._loop.failed

    @property
    def instruments(self) -> list[Instrument]:
        """The chosen pairs that the outside lists, with a REST name of their own."""
        listed = [self._feed.instruments[pair] for pair in self._pairs if pair in self._feed.instruments]
        return [msgspec.structs.replace(each, rest_key=pair_altname(each)) for each in listed]

    async def learn(self, heartbeat: Callable[[], None] | None) -> bool:
        """Connect and wait until the market is known; False when asked to end before.

        Raises: ConfigurationError when the outside lists none of the pairs.
        """
        loop = asyncio.get_running_loop()
        asked_to_end = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked_to_end.set)
        logger.info("mirror: connecting to {}", self._url)
        self._feed.start()
        known_s: float | None = None
        while not asked_to_end.is_set():
            if self.failed.done():
                self.failed.result()
            if heartbeat is not None:
                heartbeat()
            if self._feed.instruments:
                known_s = loop.time() if known_s is None else known_s
                self._check_listed()
                missing = [each.pair for each in self.instruments if each.pair not in self._feed.books]
                if not missing or loop.time() - known_s >= BOOKS_WAIT_S:
                    logger.info("mirror: {} pairs{}", len(self.instruments), f", no book yet: {missing}" if missing else "")
                    return True
            await asyncio.sleep(LOOK_S)
        return False

    def build(self, model: FillModel, terms: Terms) -> tuple[MirrorExchange, MirrorMarket]:
        """Return the exchange that mirrors what was learned, and its market."""
        self._exchange = MirrorExchange(self.instruments, model=model, **terms)
        return self._exchange, MirrorMarket(self._exchange)

    def attach(self, server: KrakenServer, now_ns: Callable[[], int], stop: Callable[[], None]) -> None:
        """From now on the exchange hears everything, beginning with how the market stands; `server`, which has opened,
        tells its clients. `stop` is called when the feed breaks for good."""
        exchange = self._exchange
        assert exchange is not None, "built before"

        def hear(event: MarketEvent) -> None:
            now = now_ns()
            exchange.hear(event, now)
            for notice in exchange.take_notices():
                fields = {"pair": notice.pair, "live": notice.is_live, "reason": notice.reason}
                server.ledger.record("mirror", notice.ts_ns, fields)
                if notice.is_live:
                    logger.info("mirror: {} is live", notice.pair)
                else:
                    logger.warning("mirror: {} takes no orders: {}", notice.pair, notice.reason)
            server.publish(now)

        for event in (self._status, *self._early, *self._feed.books.values()):
            if event is not None:
                hear(event)
        self._early.clear()
        self._hear = hear
        self.failed.add_done_callback(lambda _: stop())

    def close(self) -> None:
        """Disconnect. Raises what broke the feed, if anything did."""
        self._feed.stop()
        if self.failed.done():
            self.failed.result()

    def _check_listed(self) -> None:
        if not self.instruments:
            raise ConfigurationError(f"{self._url} lists none of {', '.join(self._pairs)}, so there is nothing to mirror")

    def _on_event(self, event: MarketEvent) -> None:
        self._hear(event)

    def _hear_early(self, event: MarketEvent) -> None:
        if isinstance(event, TradePrint):
            self._early.append(event)
        elif isinstance(event, VenueStatus):
            self._status = event

    def _alert(self, level: Severity, key: str, text: str) -> None:
        logger.warning("mirror: {} ({}, {})", text, key, level)

    def _clear(self, key: str) -> None:
        logger.info("mirror: {} is well again", key)
