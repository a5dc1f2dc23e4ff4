"""S1: post-only quotes around the microprice, leaned by inventory; one side at a time for a small cash account.

Rules: the numbers in comments are those of the strategy's written rules (docs). Exits are never filtered. A position too
    small to be sold is completed by its bid, whatever the entry filters say, so that it is never stranded.
Known limit: the touch is joined exactly when flat, unhurdled and both sizes are equal; otherwise the microprice leans it.
    In `balanced` mode inventory is kept, so there is no exit target and no time stop; the stop loss holds.
"""

import msgspec

from wildbot.market.quotes import BPS, microprice_ticks, mid_ticks
from wildbot.market.signals import ClockVolatility, Ema, momentum_bps
from wildbot.model.instrument import NANOS_PER_SECOND, PPM, FeeSchedule, Instrument, Money, money_text
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Purpose, Side
from wildbot.strategies.base import Decision, Indicators, StrategySpec, TradingView, rest_nothing
from wildbot.strategies.market_maker_config import EdgePolicy, InventoryMode, MarketMakerConfig, Reason
from wildbot.trading.exit_target import ExitPlan
from wildbot.trading.quote_diff import QuoteTarget, WantedOrder
from wildbot.trading.taker import TakerOrder

TICK_EPSILON = 1e-6
"""Float noise below this never moves a quote by a whole tick."""
LEASE_HEADROOM = 1.02
"""The least lease covers the minimum order also when the price has risen by two percent."""
FEE_HEADROOM_PPM = 100
"""An order for the whole lease leaves room for its fee and for the rounding of it."""


class Measured(msgspec.Struct, gc=False):
    """Everything one decision is made from; prices in fractional ticks, the rest in basis points and ratios."""

    mid: float
    microprice: float
    spread_bps: float
    momentum_bps: float | None
    volatility_bps: float | None
    inventory_ratio: float
    reservation: float
    hurdle_bps: float
    exit_target_bps: float
    hold_fraction: float
    bid_ticks: int
    ask_ticks: int


class MarketMaker:
    """The rules, over two signals: the EMA of the mid and its volatility."""

    decides_on_trades = False

    def __init__(self, config: MarketMakerConfig, instrument: Instrument) -> None:
        self.config = config
        self.requote_ticks = config.requote_ticks * instrument.tick_step
        self.requote_threshold_bps = config.requote_threshold_bps
        self._order_lots = instrument.lots_from_text(config.order_qty) if config.order_qty else None
        self._ema = Ema(config.ema_window)
        self._volatility = ClockVolatility(int(config.volatility_sample_s * NANOS_PER_SECOND), config.volatility_window)
        self._horizon_ns = int(config.base_hold_seconds * NANOS_PER_SECOND)
        self._exit_plan = ExitPlan(
            min_profit_bps=config.min_profit_bps,
            volatility_multiplier=config.volatility_exit_multiplier,
            base_hold_s=config.base_hold_seconds,
            min_hold_s=config.min_hold_seconds,
            max_hold_scaling=config.max_hold_scaling,
        )
        self._top = (0, 0, 0, 0)

    def on_book(self, book: BookSnapshot) -> None:
        """The EMA counts changes of the top of the book, the volatility has its own clock."""
        mid = mid_ticks(book)
        top = (book.bid_ticks[0], book.bid_lots[0], book.ask_ticks[0], book.ask_lots[0])
        if top != self._top:
            self._top = top
            self._ema.update(mid)
        self._volatility.update(mid, book.venue_ts_ns)

    def on_trade(self, trade: TradePrint) -> None:
        """Trades carry no signal for this strategy."""

    def on_gap(self) -> None:
        """Both signals live on prices, not on increments."""

    def least_needed(self, instrument: Instrument, fees: FeeSchedule, ticks: int) -> Money:
        """The lease that makes the order reach the exchange's minimum, or pays for the fixed size and its fee."""
        if self._order_lots is not None:
            cost = instrument.cost(ticks, self._order_lots)
            return Money(int((cost + instrument.fee(cost, max(0, fees.maker_ppm))) * LEASE_HEADROOM))
        halves = 2 if self.config.inventory_mode is InventoryMode.BALANCED else 1
        cost = instrument.cost(ticks, instrument.min_order_lots(ticks))
        return Money(int(cost * halves * LEASE_HEADROOM / self.config.order_fraction))

    # --- the decision ---------------------------------------------------------------------------------------------

    def decide(self, view: TradingView) -> Decision:
        """Return what should rest now, or the taker exit that is due."""
        seen = self._measure(view)
        indicators = self._indicators(seen, view.instrument)
        held = view.position.lots
        if held and (taker := self._leave(seen, view)):
            return Decision(QuoteTarget(), taker.reason, indicators, taker)
        refusal = self._entry_refusal(seen, view)
        if self.config.inventory_mode is InventoryMode.BALANCED:
            return self._balanced(seen, view, refusal, indicators)
        if held == 0:
            return self._enter(seen, view, refusal, indicators)
        return self._hold(seen, view, refusal, indicators)

    def _enter(self, seen: Measured, view: TradingView, refusal: str, indicators: Indicators) -> Decision:
        may_short = self.config.inventory_mode is InventoryMode.MARGIN and view.allow_short
        reason = refusal
        orders: dict[Side, WantedOrder | None] = {Side.BUY: None, Side.SELL: None}
        for side in (Side.BUY, Side.SELL) if may_short else (Side.BUY,):
            why_not = refusal or self._against_momentum(side, seen)
            order = None if why_not else self._entry(side, seen, view)
            orders[side] = order
            reason = reason or why_not or ("" if order else Reason.MINIMUM)
        if orders[Side.BUY] or orders[Side.SELL]:
            return Decision(QuoteTarget(orders[Side.BUY], orders[Side.SELL]), Reason.QUOTING, indicators)
        return rest_nothing(reason, indicators, self._explain(reason, seen, view))

    def _hold(self, seen: Measured, view: TradingView, refusal: str, indicators: Indicators) -> Decision:
        held = view.position.lots
        grow_side = Side.BUY if held > 0 else Side.SELL
        exit_ticks = self._exit_ticks(seen, view)
        working_exit = view.working_ask if held > 0 else view.working_bid
        is_crumb = abs(held) < view.instrument.min_order_lots(exit_ticks) and working_exit is None
        if is_crumb:
            # Rule 8: only more of it can be sold, so its bid stays or comes back, filters or not.
            if view.entry_block:
                return rest_nothing(view.entry_block, indicators, "the position is below the exchange's minimum")
            grow = self._entry(grow_side, seen, view)
            return Decision(_target(grow, None), Reason.COMPLETING, indicators)
        leave = WantedOrder(grow_side.opposite, exit_ticks, abs(held), Purpose.EXIT, Reason.EXITING)
        grow = None
        if self.config.inventory_mode is InventoryMode.MARGIN and not (refusal or self._against_momentum(grow_side, seen)):
            grow = self._entry(grow_side, seen, view)
        return Decision(_target(grow, leave), Reason.EXITING, indicators)

    def _balanced(self, seen: Measured, view: TradingView, refusal: str, indicators: Indicators) -> Decision:
        held = view.position.lots
        is_acquiring = held < view.max_position_lots // 4 or held < view.instrument.min_order_lots(seen.ask_ticks)
        bid = ask = None
        # While acquiring, momentum does not hold the bid back: there is nothing to quote the other side with.
        why_not = refusal or ("" if is_acquiring else self._against_momentum(Side.BUY, seen))
        if not why_not:
            bid = self._entry(Side.BUY, seen, view)
        if not is_acquiring and not self._against_momentum(Side.SELL, seen):
            lots = self._order_size(view, seen.ask_ticks)
            lots = held if held - lots < view.instrument.min_order_lots(seen.ask_ticks) else min(lots, held)
            ask = WantedOrder(Side.SELL, seen.ask_ticks, lots, Purpose.EXIT, Reason.QUOTING)
        if bid is None and ask is None:
            return rest_nothing(why_not or Reason.MINIMUM, indicators, self._explain(why_not or Reason.MINIMUM, seen, view))
        return Decision(QuoteTarget(bid, ask), Reason.ACQUIRING if is_acquiring else Reason.QUOTING, indicators)

    # --- its parts ------------------------------------------------------------------------------------------------

    def _measure(self, view: TradingView) -> Measured:
        config, book = self.config, view.book
        bid, ask = book.bid_ticks[0], book.ask_ticks[0]
        mid, micro, spread = (bid + ask) / 2, microprice_ticks(book), ask - bid
        volatility = self._volatility.bps(self._horizon_ns)
        maker_bps = view.fees.maker_ppm / 100
        full_target = self._exit_plan.full_target_bps(maker_bps, volatility)
        target, hold_fraction = full_target, 0.0
        if view.position.lots:
            hold_fraction = view.held_s / self._exit_plan.hold_limit_s(maker_bps, full_target)
            target = self._exit_plan.target_bps(maker_bps, full_target, hold_fraction)
        ratio = self._inventory_ratio(view)
        reservation = micro - ratio * config.skew_factor * spread  # rule 2
        step = view.instrument.tick_step
        half = max(spread / 2, float(config.min_half_spread_ticks * step))
        if config.edge_policy is EdgePolicy.REQUIRE:  # rule 3: each side earns its share of the hurdle
            half = max(half, mid * self._exit_plan.least_target_bps(maker_bps) / 2 / BPS)
        return Measured(
            mid,
            micro,
            spread / mid * BPS,
            momentum_bps(mid, self._ema.value) if self._ema.is_warm else None,
            volatility,
            ratio,
            reservation,
            2 * maker_bps,
            target,
            hold_fraction,
            min(view.instrument.floor_ticks(reservation - half + TICK_EPSILON), ask - step),
            max(view.instrument.ceil_ticks(reservation + half - TICK_EPSILON), bid + step),
        )

    def _inventory_ratio(self, view: TradingView) -> float:
        neutral_share = 0.5 if self.config.inventory_mode is InventoryMode.BALANCED else 0.0
        if not (view.position.lots or neutral_share) or (most := view.max_position_lots) <= 0:
            return 0.0
        neutral = most * neutral_share
        return max(-1.0, min(1.0, (view.position.lots - neutral) / (most - neutral)))

    def _leave(self, seen: Measured, view: TradingView) -> TakerOrder | None:
        """Stop loss and time stop (rule 7), measured at the price that leaving would really get."""
        held = view.position.lots
        touch = view.book.bid_ticks[0] if held > 0 else view.book.ask_ticks[0]
        if abs(held) < view.instrument.min_order_lots(touch):
            return None
        side = Side.SELL if held > 0 else Side.BUY
        cost = view.average_cost_ticks
        adverse_bps = (cost - touch) / cost * BPS * (1 if held > 0 else -1)
        if adverse_bps >= self.config.stop_loss_bps:
            return TakerOrder(side, abs(held), Purpose.EXIT, Reason.STOP_LOSS, is_stop=True)
        if seen.hold_fraction >= 1.0 and self.config.inventory_mode is not InventoryMode.BALANCED:
            return TakerOrder(side, abs(held), Purpose.EXIT, Reason.TIME_STOP)
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
        if config.edge_policy is EdgePolicy.REQUIRE:
            edge_bps = max(seen.spread_bps, (seen.volatility_bps or 0.0) * config.volatility_exit_multiplier)
            if edge_bps < seen.hurdle_bps + config.min_profit_bps:
                return Reason.EDGE
        return ""

    def _against_momentum(self, side: Side, seen: Measured) -> str:
        """Rule 4: no buy into a falling market, no sale into a rising one."""
        if not self.config.momentum_filter_enabled or seen.momentum_bps is None:
            return ""
        if side is Side.BUY:
            return Reason.MOMENTUM_DOWN if seen.momentum_bps < -self.config.momentum_threshold_bps else ""
        return Reason.MOMENTUM_UP if seen.momentum_bps > self.config.momentum_threshold_bps else ""

    def _entry(self, side: Side, seen: Measured, view: TradingView) -> WantedOrder | None:
        """Rule 8: the order that completes the planned position, None when the exchange's minimum does not fit."""
        ticks = seen.bid_ticks if side is Side.BUY else seen.ask_ticks
        held = abs(view.position.lots)
        least = view.instrument.min_order_lots(ticks)
        room = view.max_position_lots - held
        planned = self._order_size(view, ticks)
        is_one_position = self.config.inventory_mode is InventoryMode.CASH
        lots = min(max(planned - held, least if held else 0) if is_one_position else planned, room)
        return WantedOrder(side, ticks, lots, Purpose.ENTRY, Reason.QUOTING) if ticks > 0 and lots >= least else None

    def _order_size(self, view: TradingView, ticks: int) -> int:
        if self._order_lots is not None:
            return self._order_lots // view.instrument.lot_step * view.instrument.lot_step
        share = self.config.order_fraction * (0.5 if self.config.inventory_mode is InventoryMode.BALANCED else 1.0)
        share = min(share, PPM / (PPM + max(0, view.fees.maker_ppm) + FEE_HEADROOM_PPM))
        return view.instrument.floor_lots_for(Money(int(view.lease * share)), ticks)

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

    def _indicators(self, seen: Measured, instrument: Instrument) -> Indicators:
        ticks_per_unit = 10.0**instrument.price_decimals  # as `price_float`, once for all four
        return {
            "mid": seen.mid / ticks_per_unit,
            "microprice": seen.microprice / ticks_per_unit,
            "ema": self._ema.value / ticks_per_unit if self._ema.is_warm else None,
            "momentum_bps": seen.momentum_bps,
            "volatility_bps": seen.volatility_bps,
            "spread_bps": seen.spread_bps,
            "inventory_ratio": seen.inventory_ratio,
            "reservation": seen.reservation / ticks_per_unit,
            "hurdle_bps": seen.hurdle_bps,
            "exit_target_bps": seen.exit_target_bps,
            "hold_fraction": seen.hold_fraction,
        }


def _target(one: WantedOrder | None, other: WantedOrder | None) -> QuoteTarget:
    orders = {order.side: order for order in (one, other) if order is not None}
    return QuoteTarget(orders.get(Side.BUY), orders.get(Side.SELL))


def _build(config: msgspec.Struct, instrument: Instrument) -> MarketMaker:
    assert isinstance(config, MarketMakerConfig), config
    return MarketMaker(config, instrument)


STRATEGY = StrategySpec("market_maker", "two-sided post-only quotes around the microprice", MarketMakerConfig, _build)
