"""A maker for measurements: one bid and one ask at the others' best prices, moved whenever those move.

Rules: it is no strategy to trade with, so it stands outside the strategies' room and nothing finds it by name. What it
    wants takes the whole way of every wish: quote diff, risk gate, allocator, gateway, venue. What filled in part is not
    filled up; what filled in whole is placed anew after the next book, as other backtests do it, not into the same sweep.
"""

import msgspec

from wildbot.model.instrument import FeeSchedule, Instrument, Money
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Purpose, Side
from wildbot.strategies.base import Decision, ReasonCode, StrategySpec
from wildbot.strategies.view import TradingView
from wildbot.trading.order_ledger import WorkingOrder
from wildbot.trading.quote_diff import QuoteTarget, WantedOrder


class Reason(ReasonCode):
    """Why it does what it does."""

    TOUCH = "at_the_touch", "quotes at the best prices"


class TouchConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How much either quote offers."""

    lots: int = 1


class TouchMaker:
    """The rule; it knows nothing but the book."""

    decides_on_trades = False
    requote_threshold_bps = 0.0

    def __init__(self, config: TouchConfig, instrument: Instrument) -> None:
        self.requote_ticks = instrument.tick_step
        self._lots = config.lots
        self._is_new_book = False

    def on_book(self, book: BookSnapshot) -> None:
        """Quotes may be placed again."""
        self._is_new_book = True

    def on_trade(self, trade: TradePrint) -> None:
        """It keeps no signals."""

    def on_gap(self) -> None:
        """It keeps no signals."""

    def least_needed(self, instrument: Instrument, fees: FeeSchedule, ticks: int) -> Money:
        """Two quotes, and as much again for a price that rises."""
        return Money(4 * instrument.cost(ticks, self._lots))

    def decide(self, view: TradingView) -> Decision:
        """Return both quotes."""
        bid = self._quote(Side.BUY, view.book.bid_ticks[0], view.working_bid)
        ask = self._quote(Side.SELL, view.book.ask_ticks[0], view.working_ask)
        self._is_new_book = False
        return Decision(QuoteTarget(bid, ask), Reason.TOUCH, {})

    def _quote(self, side: Side, ticks: int, working: WorkingOrder | None) -> WantedOrder | None:
        if working is None and not self._is_new_book:
            return None
        lots = self._lots if working is None else working.remaining_lots or self._lots
        return WantedOrder(side, ticks, lots, Purpose.ENTRY, Reason.TOUCH)


TOUCH_MAKER = StrategySpec(
    name="touch_maker",
    summary="quotes at the touch, for measurements",
    config=TouchConfig,
    build=lambda config, instrument: TouchMaker(msgspec.convert(config, TouchConfig), instrument),
    reasons=Reason,
)
