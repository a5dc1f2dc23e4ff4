"""The market inside the simulated exchange, synthetic or a recorded day, and the clock it lives by."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from wildbot.adapters.venue_clock import VenueClock
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.instrument import Instrument
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.lobster import BookRow, parse_messages, parse_rows, stock
from wildbot.simulation.lobster_files import book_path_of, read_lines
from wildbot.simulation.market import Market
from wildbot.simulation.replay import LobsterMarket
from wildbot.simulation.venue_pairs import UNIVERSE

NEVER_S = 86_400.0
SYNTHETIC, REPLAY = "synthetic", "replay"


class MarketClockwork:
    """The market and the clock it lives by, for the server to turn."""

    def __init__(self, market: Market, clock: VenueClock) -> None:
        self._market = market
        self._clock = clock
        self.on_turn: Callable[[], None] = lambda: None

    def now_ns(self) -> int:
        """Return the exchange's time."""
        return self._clock.now_ns()

    def turn(self) -> None:
        """Let the market do what is due."""
        self._market.step(self._clock.now_ns())
        self.on_turn()

    def due_in_s(self) -> float:
        """Return the real seconds until the market acts again; a day when it never does."""
        due_ns = self._market.next_due_ns()
        return NEVER_S if due_ns is None else self._clock.real_seconds_until(due_ns)


def listed_instruments(market: str, tape: Path | None, pairs: tuple[str, ...]) -> list[Instrument]:
    """Return what the exchange lists: the chosen pairs (all when none are named), or the recorded stock.

    Raises: ConfigurationError when a pair or the kind of market is unknown.
    """
    if market == REPLAY:
        return [stock(_tape(tape).name.partition("_")[0])]
    if market != SYNTHETIC:
        raise ConfigurationError(f"market is {market!r} but must be {SYNTHETIC} or {REPLAY}")
    for pair in pairs:
        if pair not in UNIVERSE:
            raise ConfigurationError(f"the synthetic market has no pair {pair!r}; it has: {', '.join(UNIVERSE)}")
    return [UNIVERSE[pair].instrument for pair in pairs or UNIVERSE]


def build_market(
    market: str, exchange: SimulatedExchange, tape: Path | None, activity: float, rng: random.Random
) -> Market:
    """Return the market that acts on `exchange`, not yet started.

    Raises: ConfigurationError when the recording cannot be read.
    """
    if market == SYNTHETIC:
        specs = [UNIVERSE[pair] for pair in exchange.instruments]
        return SyntheticMarket(exchange, specs, rng, activity=activity)
    path = str(_tape(tape))
    try:
        messages = parse_messages(read_lines(path))
        rows = parse_rows(read_lines(book_path_of(path)))
        seed = _first_row(rows, path)
        next(messages, None)  # the seed row is the book right after the first message
        instrument = next(iter(exchange.instruments.values()))
        return LobsterMarket(exchange, instrument, messages, seed, rows=rows)
    except (OSError, ProtocolError) as error:
        raise ConfigurationError(f"the recording {path!r} cannot be replayed: {error}") from None


def _first_row(rows: Iterator[BookRow], path: str) -> BookRow:
    row = next(rows, None)
    if row is None:
        raise ConfigurationError(f"the recording {path!r} has an empty book file")
    return row


def _tape(tape: Path | None) -> Path:
    if tape is None:
        raise ConfigurationError("market is replay, so data must name a recorded message file")
    return tape
