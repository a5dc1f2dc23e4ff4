"""The venue of a backtest: a mirrored exchange, told of the market only when one of our orders is concerned.

Owns: the mirrored exchange; what of the market was not told to it yet.
"""

import random
from collections.abc import Mapping

from wildbot.backtest.exchange_venue import ACCOUNT, ExchangeVenue, News, news_of
from wildbot.backtest.quiet_market import QuietMarket
from wildbot.model.exchange import OrderEvent
from wildbot.model.instrument import FeeSchedule, Instrument
from wildbot.model.market_data import BookInvalidated, BookSnapshot, MarketEvent, TradePrint
from wildbot.simulation.fills import FillModel
from wildbot.simulation.mirror import MirrorExchange
from wildbot.simulation.order_rate import TIERS


class BacktestVenue(ExchangeVenue):
    """One mirrored exchange with one account of ours."""

    def __init__(
        self,
        instruments: tuple[Instrument, ...],
        *,
        model: FillModel,
        fees: FeeSchedule,
        tier: str,
        windows: Mapping[str, int],
        rng: random.Random,
    ) -> None:
        self._mirror = MirrorExchange(instruments, model=model, rng=rng, windows=windows, fees=fees, tier=TIERS[tier])
        super().__init__(self._mirror, instruments, fees)
        self._quiet = {each.pair: QuietMarket(windows[each.pair], heeds_mid=model.heeds_mid) for each in instruments}

    def hear(self, event: MarketEvent, now_ns: int) -> list[News]:
        """Take in what happened on the market; return what it did to our orders.

        What concerns none of them is kept back (see `quiet_market`) until something does.
        """
        if type(event) is BookSnapshot:
            if self._quiet[event.pair].keeps_book(event):
                return []
        elif type(event) is TradePrint and self._quiet[event.pair].keeps_trade(event):
            return []
        return self.hear_at_once(event, now_ns)

    def hear_at_once(self, event: MarketEvent, now_ns: int) -> list[News]:
        """Take in what happened on the market, whether it concerns us or not."""
        self._catch_up(now_ns)
        self._mirror.hear(event, now_ns)
        if type(event) is BookSnapshot:
            self._quiet[event.pair].told = event
        elif type(event) is BookInvalidated:
            self._quiet[event.pair].told = None
        return self._news()

    def advance(self, now_ns: int) -> list[News]:
        """Let time pass."""
        self._mirror.settle(now_ns)
        return super().advance(now_ns)

    def _catch_up(self, now_ns: int) -> None:
        """Tell the exchange what was kept back."""
        for quiet in self._quiet.values():
            if quiet.trade is not None:
                self._mirror.hear(quiet.trade, now_ns)
                quiet.trade = None
            if quiet.book is not None:
                self._mirror.hear(quiet.book, now_ns)
                quiet.told, quiet.book = quiet.book, None

    def _know_orders(self) -> None:
        orders = self._mirror.open_orders(ACCOUNT)
        for pair, quiet in self._quiet.items():
            quiet.know([each for each in orders if each.pair == pair], has_taken=self._mirror.has_taken(pair))

    def _news(self) -> list[News]:
        events = [event for event in self._mirror.drain() if isinstance(event, OrderEvent)]
        if events:
            self._know_orders()
        elif any(quiet.is_stirred for quiet in self._quiet.values()):
            self._know_orders()  # what our takers had of a level may be forgotten by now
        return news_of(events)
