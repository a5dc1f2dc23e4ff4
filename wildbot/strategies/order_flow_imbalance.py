"""S3: take the side that the book leans on, with a stop on the exchange and a target in hand.

Rules: the two conditions (pressure within its bounds, depth ratio beyond its multiple) make the signal; the gradient, when
    it is switched on, has to agree, and footprints move the score. Entry is an immediate order that the displayed book
    can fill within `max_slippage_bps`. The bracket: a stop-loss order rests on the exchange; the target is taken as soon
    as the price that leaving would get has reached it, the stop being withdrawn first. A position that is still held
    `EMERGENCY_NS` after the price went through its stop has none that works (refused, lost, the exchange's trigger failed):
    it is left at once. Outside the session nothing is
    entered, and `flatten_before_close_s` before its end everything is closed.
    Which of several instruments may enter is not decided here: `entry_block` says so (only the strongest does).
Owns: one pressure gauge, the day's entries, since when the price is beyond the stop.
"""

import msgspec

from wildbot.market.dominance import Contest, EntrySignal
from wildbot.market.pressure import Pressure, PressureGauge
from wildbot.market.quotes import BPS
from wildbot.market.session import entries_open, is_open, seconds_to_close, trading_day
from wildbot.model.instrument import NANOS_PER_SECOND, PPM, FeeSchedule, Instrument, Money
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import OrderType, Purpose, Side
from wildbot.strategies.base import Decision, Indicators, StrategySpec, rest_nothing
from wildbot.strategies.order_flow_imbalance_config import OrderFlowImbalanceConfig, Reason, Sizing
from wildbot.strategies.view import TradingView
from wildbot.trading.quote_diff import NOTHING, QuoteTarget, WantedOrder
from wildbot.trading.taker import TakerOrder, taker_ticks

LEASE_HEADROOM = 1.02
FOOTPRINT_WEIGHT = 5.0
"""Points of score, on the scale of dominance, that one footprint is worth."""
EMERGENCY_NS = NANOS_PER_SECOND


def imbalance(config: OrderFlowImbalanceConfig, seen: Pressure) -> Side | None:
    """Return the side that both conditions of the rule name, or None."""
    lower, upper, multiple = config.pressure_lower_bound, config.pressure_upper_bound, config.depth_multiplier
    if lower <= seen.buy <= upper and seen.depth_ratio > multiple:
        return Side.BUY
    if lower <= 1 - seen.buy <= upper and seen.depth_ratio * multiple < 1:
        return Side.SELL
    return None


def signal(config: OrderFlowImbalanceConfig, seen: Pressure) -> Side | None:
    """Return the side to take, the gradient asked where it is switched on."""
    side = imbalance(config, seen)
    if side is None or not config.gradient_enabled:
        return side
    return side if seen.gradient is not None and seen.gradient * side.sign > 0 else None


def score(config: OrderFlowImbalanceConfig, seen: Pressure, side: Side) -> float:
    """Return the rank of a signal: its dominance, moved by footprints of its own and of the other side."""
    return seen.dominance + (FOOTPRINT_WEIGHT * seen.footprint * side.sign if config.footprint_enabled else 0.0)


def _gauge(config: OrderFlowImbalanceConfig) -> PressureGauge:
    return PressureGauge(
        config.pressure_levels, config.gradient_seconds, config.footprint_multiple, config.footprint_seconds
    )


class PressureWatch:
    """The signal of one instrument, for whoever compares several."""

    def __init__(self, config: OrderFlowImbalanceConfig) -> None:
        self._config = config
        self._gauge = _gauge(config)
        self.on_book = self._gauge.on_book
        self.on_gap = self._gauge.clear

    @property
    def dominance(self) -> float | None:
        """The percentage of the stronger side; None before the first book."""
        return self._gauge.now.dominance if self._gauge.now is not None else None

    @property
    def signal(self) -> EntrySignal | None:
        """The signal of the last book; None when there is none."""
        seen = self._gauge.now
        side = signal(self._config, seen) if seen is not None else None
        if seen is None or side is None:
            return None
        return EntrySignal(side, seen.dominance, score(self._config, seen, side))


class OrderFlowImbalance:
    """The rules for one instrument, over its pressure gauge."""

    decides_on_trades = False
    requote_threshold_bps = 0.0

    def __init__(self, config: OrderFlowImbalanceConfig, instrument: Instrument) -> None:
        self.config = config
        self.requote_ticks = instrument.tick_step
        self.gauge = _gauge(config)
        self._day, self._day_trips = -1, 0
        self._beyond_ns: int | None = None

    def on_book(self, book: BookSnapshot) -> None:
        """The whole signal lives on displayed sizes."""
        self.gauge.on_book(book)

    def on_trade(self, trade: TradePrint) -> None:
        """Trades carry no signal for this strategy."""

    def on_gap(self) -> None:
        """What stayed, and how pressure moved, is unknown."""
        self.gauge.clear()

    def least_needed(self, instrument: Instrument, fees: FeeSchedule, ticks: int) -> Money:
        """The lease that makes the smallest order fit, its fee and a rising price included."""
        cost = instrument.cost(ticks, instrument.min_order_lots(ticks))
        share = self.config.size_percent / 100 if self.config.sizing is Sizing.PERCENT else 1.0
        return Money(int((cost + instrument.fee(cost, max(0, fees.taker_ppm))) * LEASE_HEADROOM / share))

    def decide(self, view: TradingView) -> Decision:
        """Return the entry, the bracket, or why there is neither."""
        seen, now_ns = self.gauge.now, view.venue_now_ns
        indicators = _indicators(seen)
        trips = view.position.wins + view.position.losses
        if (day := trading_day(view.session, now_ns)) != self._day:
            self._day, self._day_trips = day, trips
        is_closing = seconds_to_close(view.session, now_ns) <= self.config.flatten_before_close_s
        if view.position.lots:
            return self._hold(view, indicators, is_closing=is_closing)
        self._beyond_ns = None
        if view.entry_block:
            return rest_nothing(view.entry_block, indicators)
        if not entries_open(view.session, now_ns):
            return rest_nothing(Reason.CLOSED, indicators)
        if is_closing:
            return rest_nothing(Reason.CLOSING, indicators)
        if trips - self._day_trips >= self.config.max_trades_per_day:
            return rest_nothing(Reason.DAILY_LIMIT, indicators, f"{self.config.max_trades_per_day} trades a day")
        if seen is None:
            return rest_nothing(Reason.WARMING_UP, indicators)
        side = signal(self.config, seen)
        if side is None:
            disagrees = imbalance(self.config, seen) is not None
            return rest_nothing(Reason.GRADIENT if disagrees else Reason.NO_SIGNAL, indicators)
        if side is Side.SELL and not view.allow_short:
            return rest_nothing(Reason.NO_SHORT, indicators)
        return self._enter(side, view, indicators)

    def _enter(self, side: Side, view: TradingView, indicators: Indicators) -> Decision:
        lots = self._size(side, view)
        order = TakerOrder(side, lots, Purpose.ENTRY, Reason.BUY if side is Side.BUY else Reason.SELL)
        limit = taker_ticks(order, view.book, view.instrument)
        if lots < view.instrument.min_order_lots(limit):
            return rest_nothing(Reason.MINIMUM, indicators)
        cost = slippage_bps(view.book, side, lots)
        if cost is None or cost > self.config.max_slippage_bps:
            told = "the displayed book is too thin" if cost is None else f"it would cost {cost:.1f} bps"
            return rest_nothing(Reason.DEPTH, indicators, told)
        return Decision(NOTHING, order.reason, indicators, order)

    def _hold(self, view: TradingView, indicators: Indicators, *, is_closing: bool) -> Decision:
        held, instrument = view.position.lots, view.instrument
        side = Side.SELL if held > 0 else Side.BUY
        touch = view.book.bid_ticks[0] if held > 0 else view.book.ask_ticks[0]
        if abs(held) < instrument.min_order_lots(touch):
            return rest_nothing(Reason.MINIMUM, indicators)
        stop, target = bracket(view.average_cost_ticks, held, self.config, instrument)
        if is_closing or not is_open(view.session, view.venue_now_ns):
            return Decision(NOTHING, Reason.CLOSING, indicators, TakerOrder(side, abs(held), Purpose.EXIT, Reason.CLOSING))
        if (touch - target) * (1 if held > 0 else -1) >= 0:
            order = TakerOrder(side, abs(held), Purpose.EXIT, Reason.TAKE_PROFIT)
            return Decision(NOTHING, Reason.TAKE_PROFIT, indicators, order)
        if self._is_stop_broken((touch - stop) * (1 if held > 0 else -1) < 0, view.venue_now_ns):
            order = TakerOrder(side, abs(held), Purpose.EXIT, Reason.EMERGENCY, is_stop=True)
            return Decision(NOTHING, Reason.EMERGENCY, indicators, order, "the price is beyond the stop, which did not act")
        leg = WantedOrder(side, stop, abs(held), Purpose.EXIT, Reason.HOLDING, OrderType.STOP_LOSS)
        return Decision(QuoteTarget(stop=leg), Reason.HOLDING, indicators)

    def _is_stop_broken(self, is_beyond: bool, now_ns: int) -> bool:
        """Return whether the price has been beyond the stop for so long that the stop should have acted."""
        if not is_beyond or self._beyond_ns is None:
            self._beyond_ns = now_ns if is_beyond else None
            return False
        return now_ns - self._beyond_ns >= EMERGENCY_NS

    def _size(self, side: Side, view: TradingView) -> int:
        limit = taker_ticks(TakerOrder(side, 1, Purpose.ENTRY, ""), view.book, view.instrument)
        if self.config.sizing is Sizing.FIXED:
            return view.instrument.min_order_lots(limit)
        share = min(self.config.size_percent / 100, view.max_position) * PPM / (PPM + max(0, view.fees.taker_ppm) + 1)
        return view.instrument.floor_lots_for(Money(int(view.lease * share)), limit)


def bracket(cost_ticks: float, held_lots: int, config: OrderFlowImbalanceConfig, instrument: Instrument) -> tuple[int, int]:
    """Return (stop, target) in ticks, both rounded in the conservative direction: toward leaving earlier with a loss
    smaller, and later with a profit larger, than asked."""
    if held_lots > 0:
        stop = instrument.ceil_ticks(cost_ticks * (1 - config.stop_loss_pct))
        return stop, instrument.ceil_ticks(cost_ticks * (1 + config.take_profit_pct))
    stop = instrument.floor_ticks(cost_ticks * (1 + config.stop_loss_pct))
    return stop, instrument.floor_ticks(cost_ticks * (1 - config.take_profit_pct))


def slippage_bps(book: BookSnapshot, side: Side, lots: int) -> float | None:
    """Return what walking the displayed book costs beyond its touch, on average; None when it shows too little."""
    ticks, sizes = (book.ask_ticks, book.ask_lots) if side is Side.BUY else (book.bid_ticks, book.bid_lots)
    left, paid = lots, 0
    for price, size in zip(ticks, sizes, strict=True):
        part = min(left, size)
        paid += part * price
        left -= part
        if not left:
            return abs(paid / lots - ticks[0]) / ticks[0] * BPS
    return None


def _indicators(seen: Pressure | None) -> Indicators:
    if seen is None:
        return dict.fromkeys(("buy_pressure", "depth_ratio", "dominance", "gradient", "footprint"))
    return {
        "buy_pressure": seen.buy,
        "depth_ratio": seen.depth_ratio,
        "dominance": seen.dominance,
        "gradient": seen.gradient,
        "footprint": float(seen.footprint),
    }


def _build(config: msgspec.Struct, instrument: Instrument) -> OrderFlowImbalance:
    assert isinstance(config, OrderFlowImbalanceConfig), config
    return OrderFlowImbalance(config, instrument)


def _contest(config: msgspec.Struct) -> Contest:
    assert isinstance(config, OrderFlowImbalanceConfig), config
    return Contest(lambda: PressureWatch(config), config.max_trades_per_day)


def _resting_stop(config: msgspec.Struct) -> tuple[str, float]:
    assert isinstance(config, OrderFlowImbalanceConfig), config
    return "stop_loss_pct", 100 * config.stop_loss_pct


_SUMMARY = "taker of the side the book leans on, with bracket"
STRATEGY = StrategySpec("order_flow_imbalance", _SUMMARY, OrderFlowImbalanceConfig, _build, Reason, _contest, _resting_stop)
