"""The venue of a backtest that is no mirror: our orders stand in the very queues of a simulated market and change it.

Rules: the feed is made while it is played. Whoever is due first acts first, the market's participants or the wires of our
    own desk, so that an order that arrives between two of them meets the book as it is then; what it does to the book is
    on the feed at once. Fills come from price-time priority and from nothing else.
Owns: what the exchange said of our orders and of the market and was not passed on yet; what was seen at our prices.
"""

from collections.abc import Iterator

from wildbot.backtest.exchange_venue import ExchangeVenue, News, news_of
from wildbot.backtest.live_market import BEGAN_NS, LiveMarket
from wildbot.backtest.market_tape import SHOWN_LEVELS, MarketTape, TapeRow
from wildbot.backtest.queue_watch import QueueWatch
from wildbot.backtest.run import Backtest, BacktestRun
from wildbot.backtest.setup import BacktestSetup
from wildbot.model.exchange import ExchangeEvent
from wildbot.model.market_data import MarketEvent
from wildbot.simulation.queue_fit import OrderTape


class TrueVenue(ExchangeVenue):
    """A simulated exchange with its market, and one account of ours in it."""

    def __init__(self, market: LiveMarket, setup: BacktestSetup) -> None:
        super().__init__(market.exchange, (market.instrument,), setup.fees)
        self._watch = QueueWatch(market.exchange, market.plan.pair)
        self._private: list[News] = []
        self._public: list[ExchangeEvent] = []

    @property
    def tapes(self) -> list[OrderTape]:
        """What was seen at the price of every order of ours while it rested."""
        return self._watch.tapes

    def hear(self, event: MarketEvent, now_ns: int) -> list[News]:
        """Return what the market has done to our orders; the event itself is the exchange's own."""
        self._collect()
        return self._told()

    def take_public(self) -> list[ExchangeEvent]:
        """Return what happened in public since the last call."""
        self._collect()
        public, self._public = self._public, []
        return public

    def _catch_up(self, now_ns: int) -> None:
        """The exchange is always up to date."""

    def _news(self) -> list[News]:
        self._collect()
        return self._told()

    def _told(self) -> list[News]:
        told, self._private = self._private, []
        return told

    def _collect(self) -> None:
        if events := self._exchange.drain():
            self._watch.learn(events)
            self._private += news_of(events)
            self._public += events


def true_run(setup: BacktestSetup, market: LiveMarket) -> tuple[BacktestRun, list[OrderTape]]:
    """Let the strategy take part in a market; return what happened and what its orders saw."""
    venue = TrueVenue(market, setup)

    def rows() -> Iterator[TapeRow]:
        if (first := market.book(BEGAN_NS)) is not None:
            yield first
        while (due_ns := min(market.next_due_ns(), test.due_ns)) < market.ends_ns:
            if test.due_ns <= due_ns:
                test.pass_until(due_ns)
            else:
                market.step(due_ns)
            yield from market.published(venue.take_public(), due_ns)

    test = Backtest(setup, [MarketTape(market.instrument, rows(), SHOWN_LEVELS, market.notes)], venue=venue)
    return test.run(), venue.tapes
