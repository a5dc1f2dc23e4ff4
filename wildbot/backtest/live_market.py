"""A simulated market with its public feed: the same seed with and without a participant of ours.

Rules: the market's chance is steady (see `steady_draws`), so that two runs of a seed differ by what our orders did and by
    nothing else. The feed tells what a client of the exchange would see: a trade for each order that traded, then one book
    of SHOWN_LEVELS levels when something in it changed. Before `began_ns` the market warms up alone.
Owns: the exchange, its participants.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from wildbot.backtest.ladder import Shown
from wildbot.backtest.market_tape import SHOWN_LEVELS, MarketTape, Publisher, TapeRow
from wildbot.backtest.tape_notes import TapeNotes
from wildbot.model.exchange import BookChange, ExchangeEvent, PublicTrade
from wildbot.model.instrument import NANOS_PER_SECOND, FeeSchedule
from wildbot.model.market_data import TradePrint
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.order_rate import TIERS
from wildbot.simulation.scenarios import SCENARIOS
from wildbot.simulation.steady_draws import SteadyRandom
from wildbot.simulation.venue_pairs import UNIVERSE

BEGAN_NS = 1_750_000_000 * NANOS_PER_SECOND
"""When every such market opens its doors; the time of day changes nothing."""

WARM_UP_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPlan:
    """Which market: everything it depends on."""

    pair: str
    scenario: str
    seed: int
    seconds: int


class LiveMarket:
    """One market, warmed up. `exchange` is for whoever takes part in it."""

    def __init__(self, plan: MarketPlan, fees: FeeSchedule, tier: str) -> None:
        listed = UNIVERSE[plan.pair]
        self.plan = plan
        self.instrument = listed.instrument
        self.exchange = SimulatedExchange(
            [listed.instrument], rng=random.Random(f"{plan.seed} ids"), fees=fees, tier=TIERS[tier]
        )
        self.notes = TapeNotes()
        self._market = SyntheticMarket(
            self.exchange,
            [listed],
            SteadyRandom(plan.seed),
            scenario=SCENARIOS[plan.scenario],
            opens_after_ns=WARM_UP_S * NANOS_PER_SECOND,
        )
        self._publisher = Publisher(listed.instrument, self.notes)
        self._top: object = None
        self._market.start(BEGAN_NS - WARM_UP_S * NANOS_PER_SECOND)
        self._market.step(BEGAN_NS)
        self.exchange.drain()

    @property
    def ends_ns(self) -> int:
        """When the run is over."""
        return BEGAN_NS + self.plan.seconds * NANOS_PER_SECOND

    def next_due_ns(self) -> int:
        """Return when the next participant acts."""
        due_ns = self._market.next_due_ns()
        assert due_ns is not None, "a started market always goes on"
        return due_ns

    def step(self, now_ns: int) -> None:
        """Let the participants act who are due."""
        self._market.step(now_ns)

    def published(self, events: list[ExchangeEvent], now_ns: int) -> Iterator[TapeRow]:
        """Yield what the public feed says of these events."""
        moved = False
        for event in events:
            if isinstance(event, PublicTrade):
                self.notes.trades += 1
                yield TradePrint(event.pair, event.trade_id, event.side, event.ticks, event.lots, event.ts_ns, event.ts_ns)
            elif isinstance(event, BookChange):
                moved = True
        if moved and (row := self.book(now_ns)) is not None:
            yield row

    def book(self, now_ns: int) -> TapeRow | None:
        """Return the book as the feed shows it, None when that is as before."""
        bids, asks = self.exchange.depth(self.plan.pair, SHOWN_LEVELS)
        if (bids, asks) == self._top:
            return None
        self._top = bids, asks
        return self._publisher.publish(now_ns, _shown(bids), _shown(asks))


def _shown(side: list[tuple[int, int]]) -> Shown:
    return tuple(ticks for ticks, _ in side), tuple(lots for _, lots in side)


def lonely_tape(market: LiveMarket) -> MarketTape:
    """Return the feed of a market in which nobody of ours takes part. It can be read once."""

    def rows() -> Iterator[TapeRow]:
        if (first := market.book(BEGAN_NS)) is not None:
            yield first
        while (due_ns := market.next_due_ns()) < market.ends_ns:
            market.step(due_ns)
            yield from market.published(market.exchange.drain(), due_ns)

    return MarketTape(market.instrument, rows(), SHOWN_LEVELS, market.notes)
