"""S1: post-only quotes around the microprice, leaned by inventory; one side at a time for a small cash account.

Rules: the numbers in comments are those of the strategy's written rules (docs). Exits are never filtered. A position too
    small to be sold is completed by its bid, whatever the entry filters say, so that it is never stranded.
Known limit: the touch is joined exactly when flat, unhurdled and both sizes are equal; otherwise the microprice leans it.
    In `balanced` mode inventory is kept, so there is no exit target and no time stop; the stop loss holds.
"""

import msgspec

from wildbot.market.quotes import BPS
from wildbot.model.instrument import FeeSchedule, Instrument, Money, money_text
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Purpose, Side
from wildbot.strategies.base import Decision, Indicators, StrategySpec, rest_nothing
from wildbot.strategies.market_maker_config import EdgePolicy, InventoryMode, MarketMakerConfig, Reason
from wildbot.strategies.market_maker_measured import TICK_EPSILON, Measured
from wildbot.strategies.view import TradingView
from wildbot.trading.quote_diff import QuoteTarget, WantedOrder
from wildbot.trading.taker import TakerOrder

LEASE_HEADROOM = 1.02
"""The least lease covers the minimum order also when the price has risen by two percent."""
# Said once: looking a member up in its enum costs Python 3.11 more than comparing with it.
BUY, SELL, ENTRY, EXIT = Side.BUY, Side.SELL, Purpose.ENTRY, Purpose.EXIT
QUOTING, EXITING = Reason.QUOTING, Reason.EXITING


class MarketMaker:
    """The rules, over what `Measured` says of market and position."""

    decides_on_trades = False

    def __init__(self, config: MarketMakerConfig, instrument: Instrument) -> None:
        self.config = config
        self.requote_ticks = config.requote_ticks * instrument.tick_step
        self.requote_threshold_bps = config.requote_threshold_bps
        self._order_lots = instrument.lots_from_text(config.order_qty) if config.order_qty else None
        self._seen = Measured(config)
        self._is_balanced = config.inventory_mode is InventoryMode.BALANCED
        self._is_margin = config.inventory_mode is InventoryMode.MARGIN
        self._is_cash = config.inventory_mode is InventoryMode.CASH
        self._wants_edge = config.edge_policy is EdgePolicy.REQUIRE

    def on_book(self, book: BookSnapshot) -> None:
        """Both signals live on the mid."""
        self._seen.on_book(book)

    def on_trade(self, trade: TradePrint) -> None:
        """Trades carry no signal for this strategy."""

    def on_gap(self) -> None:
        """Both signals live on prices, not on increments."""

    def least_needed(self, instrument: Instrument, fees: FeeSchedule, ticks: int) -> Money:
        """The lease that makes the order reach the exchange's minimum, or pays for the fixed size and its fee."""
        if self._order_lots is not None:
            cost = instrument.cost(ticks, self._order_lots)
            return Money(int((cost + instrument.fee(cost, max(0, fees.maker_ppm))) * LEASE_HEADROOM))
        halves = 2 if self._is_balanced else 1
        cost = instrument.cost(ticks, instrument.min_order_lots(ticks))
        return Money(int(cost * halves * LEASE_HEADROOM / self.config.order_fraction))

    # --- the decision ---------------------------------------------------------------------------------------------

    def decide(self, view: TradingView) -> Decision:
        """Return what should rest now, or the taker exit that is due."""
        seen = self._seen
        seen.look(view)
        indicators = seen.indicators(view.instrument)
        held = view.position.lots
        if held and (taker := self._leave(seen, view)):
            return Decision(QuoteTarget(), taker.reason, indicators, taker)
        refusal = self._entry_refusal(seen, view)
        if self._is_balanced:
            return self._balanced(seen, view, refusal, indicators)
        if held == 0:
            return self._enter(seen, view, refusal, indicators)
        return self._hold(seen, view, refusal, indicators)

    def _enter(self, seen: Measured, view: TradingView, refusal: str, indicators: Indicators) -> Decision:
        bid = ask = None
        reason = refusal or self._against_momentum(BUY, seen)
        if not reason:
            bid = self._entry(BUY, seen, view)
            reason = "" if bid else Reason.MINIMUM
        if self._is_margin and view.allow_short:
            why_not = refusal or self._against_momentum(SELL, seen)
            if not why_not:
                ask = self._entry(SELL, seen, view)
            reason = reason or why_not or ("" if ask else Reason.MINIMUM)
        if bid or ask:
            return Decision(QuoteTarget(bid, ask), QUOTING, indicators)
        return rest_nothing(reason, indicators, self._explain(reason, seen, view))

    def _hold(self, seen: Measured, view: TradingView, refusal: str, indicators: Indicators) -> Decision:
        held = view.position.lots
        grow_side, leave_side = (BUY, SELL) if held > 0 else (SELL, BUY)
        exit_ticks = self._exit_ticks(seen, view)
        working_exit = view.working_ask if held > 0 else view.working_bid
        is_crumb = abs(held) < view.instrument.min_order_lots(exit_ticks) and working_exit is None
        if is_crumb:
            # Rule 8: only more of it can be sold, so its bid stays or comes back, filters or not.
            if view.entry_block:
                return rest_nothing(view.entry_block, indicators, "the position is below the exchange's minimum")
            grow = self._entry(grow_side, seen, view)
            return Decision(QuoteTarget(grow) if held > 0 else QuoteTarget(None, grow), Reason.COMPLETING, indicators)
        leave = WantedOrder(leave_side, exit_ticks, abs(held), EXIT, EXITING)
        grow = None
        if self._is_margin and not (refusal or self._against_momentum(grow_side, seen)):
            grow = self._entry(grow_side, seen, view)
        return Decision(QuoteTarget(grow, leave) if held > 0 else QuoteTarget(leave, grow), EXITING, indicators)

    def _balanced(self, seen: Measured, view: TradingView, refusal: str, indicators: Indicators) -> Decision:
        held = view.position.lots
        is_acquiring = held < view.max_position_lots // 4 or held < view.instrument.min_order_lots(seen.ask_ticks)
        bid = ask = None
        # While acquiring, momentum does not hold the bid back: there is nothing to quote the other side with.
        why_not = refusal or ("" if is_acquiring else self._against_momentum(BUY, seen))
        if not why_not:
            bid = self._entry(BUY, seen, view)
        if not is_acquiring and not self._against_momentum(SELL, seen):
            least = view.instrument.min_order_lots(seen.ask_ticks)
            lots = max(self._order_size(view, seen.ask_ticks), least)  # what is held is offered, lease or not
            lots = held if held - lots < least else lots
            ask = WantedOrder(SELL, seen.ask_ticks, lots, EXIT, QUOTING)
        if bid is None and ask is None:
            return rest_nothing(why_not or Reason.MINIMUM, indicators, self._explain(why_not or Reason.MINIMUM, seen, view))
        return Decision(QuoteTarget(bid, ask), Reason.ACQUIRING if is_acquiring else QUOTING, indicators)

    # --- its parts ------------------------------------------------------------------------------------------------

    def _leave(self, seen: Measured, view: TradingView) -> TakerOrder | None:
        """Stop loss and time stop (rule 7), measured at the price that leaving would really get."""
        held = view.position.lots
        touch = view.book.bid_ticks[0] if held > 0 else view.book.ask_ticks[0]
        if abs(held) < view.instrument.min_order_lots(touch):
            return None
        side = SELL if held > 0 else BUY
        cost = view.average_cost_ticks
        adverse_bps = (cost - touch) / cost * BPS * (1 if held > 0 else -1)
        if adverse_bps >= self.config.stop_loss_bps:
            return TakerOrder(side, abs(held), EXIT, Reason.STOP_LOSS, is_stop=True)
        if seen.hold_fraction >= 1.0 and not self._is_balanced:
            return TakerOrder(side, abs(held), EXIT, Reason.TIME_STOP)
        return None

    def _entry_refusal(self, seen: Measured, view: TradingView) -> str:
        """Rule 1: the code of what forbids every entry now, "" when nothing does."""
        config = self.config
        if view.entry_block:
            return view.entry_block
        if seen.spread_bps > config.max_spread_bps:
            return Reason.SPREAD
        if config.momentum_filter_enabled and seen.momentum_bps is None:
            return Reason.WARMING_UP
        if config.min_volatility_bps > 0 and view.position.lots == 0:
            if seen.volatility_bps is None:
                return Reason.WARMING_UP
            if seen.volatility_bps < config.min_volatility_bps:
                return Reason.QUIET
        if self._wants_edge:
            edge_bps = max(seen.spread_bps, (seen.volatility_bps or 0.0) * config.volatility_exit_multiplier)
            if edge_bps < seen.hurdle_bps + config.min_profit_bps:
                return Reason.EDGE
        return ""

    def _against_momentum(self, side: Side, seen: Measured) -> str:
        """Rule 4: no buy into a falling market, no sale into a rising one."""
        momentum_bps = seen.momentum_bps
        if momentum_bps is None or not self.config.momentum_filter_enabled:
            return ""
        if side is BUY:
            return Reason.MOMENTUM_DOWN if momentum_bps < -self.config.momentum_threshold_bps else ""
        return Reason.MOMENTUM_UP if momentum_bps > self.config.momentum_threshold_bps else ""

    def _entry(self, side: Side, seen: Measured, view: TradingView) -> WantedOrder | None:
        """Rule 8: the order that completes the planned position, None when the exchange's minimum does not fit."""
        ticks = seen.bid_ticks if side is BUY else seen.ask_ticks
        held = abs(view.position.lots)
        least = view.instrument.min_order_lots(ticks)
        room = view.max_position_lots - held
        lots = self._order_size(view, ticks)
        if self._is_cash and held:  # one position: what is missing of it
            lots = max(lots - held, least)
        lots = room if room < lots else lots
        return WantedOrder(side, ticks, lots, ENTRY, QUOTING) if ticks > 0 and lots >= least else None

    def _order_size(self, view: TradingView, ticks: int) -> int:
        if self._order_lots is not None:
            return self._order_lots // view.instrument.lot_step * view.instrument.lot_step
        return view.instrument.floor_lots_for(Money(int(view.lease * self._seen.order_share)), ticks)

    def _exit_ticks(self, seen: Measured, view: TradingView) -> int:
        """Return the exit target's price, or the plain quote where that is even better; never across the touch."""
        cost, away = view.average_cost_ticks, seen.exit_target_bps / BPS
        if view.position.lots > 0:
            return max(view.instrument.ceil_ticks(cost * (1 + away) - TICK_EPSILON), seen.ask_ticks)
        return min(view.instrument.floor_ticks(cost * (1 - away) + TICK_EPSILON), seen.bid_ticks)

    def _explain(self, reason: str, seen: Measured, view: TradingView) -> str:
        if reason == Reason.MINIMUM:
            least = view.instrument.min_order_lots(seen.bid_ticks)
            needed = money_text(self.least_needed(view.instrument, view.fees, seen.bid_ticks), 2)
            return f"the smallest order is {view.instrument.lots_text(least)}; a lease of {needed} would be needed"
        return f"a round trip costs {seen.hurdle_bps:.1f} bps, more than is on offer" if reason == Reason.EDGE else ""


def _build(config: msgspec.Struct, instrument: Instrument) -> MarketMaker:
    assert isinstance(config, MarketMakerConfig), config
    return MarketMaker(config, instrument)


STRATEGY = StrategySpec(
    "market_maker", "two-sided post-only quotes around the microprice", MarketMakerConfig, _build, Reason
)
