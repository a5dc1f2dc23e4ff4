"""The market inside the simulated exchange, synthetic or a recorded day, and the clock it lives by."""

import random
import sys
from collections.abc import Callable
from typing import TypedDict

from wildbot.adapters.venue_clock import VenueClock
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, FeeSchedule, Instrument
from wildbot.simulation.engine_rules import EngineRules
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.market import Market
from wildbot.simulation.order_rate import Tier
from wildbot.simulation.pace import FULL_SPEED, Pace
from wildbot.simulation.replay_joint import Recording
from wildbot.simulation.scenarios import SCENARIOS, Scenario
from wildbot.simulation.venue_pairs import UNIVERSE

NEVER_S = 86_400.0
SYNTHETIC, REPLAY = "synthetic", "replay"

SPEED_MAX_WORD = "max"

BURST_NS = 20 * NANOS_PER_MS
"""At full speed the market acts for so long before clients are served again."""


class Terms(TypedDict):
    """How an exchange treats its accounts, whatever market it has."""

    rng: random.Random
    fees: FeeSchedule | None
    tier: Tier
    rules: EngineRules


class MarketClockwork:
    """The market, its pace and the exchange's clock, for the server to turn. A market that `ends` is over for good when it
    has nothing due any more; `on_end` is called once then, with the reason."""

    def __init__(self, market: Market, clock: VenueClock, pace: Pace, *, ends: bool = False) -> None:
        self._market = market
        self._clock = clock
        self._pace = pace
        self._ends = ends
        self._is_over = False
        self.on_turn: Callable[[], None] = lambda: None
        self.on_end: Callable[[str], None] = announce_end

    def now_ns(self) -> int:
        """Return the exchange's time."""
        return self._clock.now_ns()

    def turn(self) -> None:
        """Let the market do what is due."""
        if not self._is_over:
            try:
                self._act()
            except ProtocolError as error:
                self._end(f"it cannot be read on: {error}")
            else:
                if self._ends and self._market.next_due_ns() is None:
                    self._end("it is over")
        self.on_turn()

    def due_in_s(self) -> float:
        """Return the real seconds until the market acts again; a day when it never does."""
        due_ns = None if self._is_over else self._market.next_due_ns()
        if due_ns is None:
            return NEVER_S
        return self._clock.real_seconds_until(self._pace.exchange_ns(due_ns))

    def _act(self) -> None:
        if self._pace.speed != FULL_SPEED:
            self._market.step(self._pace.market_ns(self._clock.now_ns()))
            return
        until_ns = self._clock.now_ns() + BURST_NS
        while (now_ns := self._clock.now_ns()) < until_ns and (due_ns := self._market.next_due_ns()) is not None:
            self._pace.present_ns = now_ns
            self._market.step(due_ns)

    def _end(self, reason: str) -> None:
        self._is_over = True
        self.on_end(reason)


def announce_end(reason: str) -> None:
    """Say on the terminal why the market stands still from now on."""
    sys.stdout.write(f"the recording has ended ({reason}); the exchange goes on serving with a still book\n")
    sys.stdout.flush()


def listed_instruments(market: str, recording: Recording | None, pairs: tuple[str, ...]) -> list[Instrument]:
    """Return what the exchange lists: the chosen pairs (all when none are named), or what was recorded.

    Raises: ConfigurationError when a pair or the kind of market is unknown.
    """
    if recording is not None:
        return list(recording.instruments)
    if market != SYNTHETIC:
        raise ConfigurationError(f"market is {market!r} but must be {SYNTHETIC} or {REPLAY}")
    for pair in pairs:
        if pair not in UNIVERSE:
            raise ConfigurationError(f"the synthetic market has no pair {pair!r}; it has: {', '.join(UNIVERSE)}")
    return [UNIVERSE[pair].instrument for pair in pairs or UNIVERSE]


def named_scenario(name: str) -> Scenario:
    """Return a scenario by its name.

    Raises: ConfigurationError when there is none of that name.
    """
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ConfigurationError(f"scenario is {name!r} but must be one of: {', '.join(SCENARIOS)}")
    return scenario


def build_market(
    exchange: SimulatedExchange,
    recording: Recording | None,
    rng: random.Random,
    *,
    activity: float,
    scenario: Scenario,
    warmup_s: float,
    pace: Pace,
) -> Market:
    """Return the market that acts on `exchange`, not yet started. A scenario begins when the warm-up is over."""
    if recording is not None:
        return recording.market(exchange, pace)
    specs = [UNIVERSE[pair] for pair in exchange.instruments]
    opens_after_ns = int(warmup_s * NANOS_PER_SECOND)
    return SyntheticMarket(
        exchange, specs, rng, activity=activity, scenario=scenario, opens_after_ns=opens_after_ns, pace=pace
    )
