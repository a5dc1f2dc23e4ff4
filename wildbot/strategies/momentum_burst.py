"""S2: jump on a burst of trading that moves the price, and off again within seconds.

Rules: prices of the burst are those of public trades; profit and loss are measured at the price that leaving would really
    get (best bid for a long, best ask for a short). Exits, the first that holds: TP, SL, TIME, FLAT. Where shorts are not
    allowed a downward burst is said and skipped. After a losing round trip the next entry signals are skipped, each
    counted once however long it lasts. Days are those of the instrument's session, or UTC days without one.
Owns: one window of trades, the day's starting point, the signals still to skip.
Known limit: the day's starting equity is the lease at the day's first decision: what this trader was given to lose.
"""

import msgspec

from wildbot.market.burst_window import BurstWindow
from wildbot.market.session import trading_day
from wildbot.model.instrument import PPM, FeeSchedule, Instrument, Money
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Purpose, Side
from wildbot.strategies.base import Decision, Indicators, ReasonCode, StrategySpec, require, rest_nothing
from wildbot.strategies.view import TradingView
from wildbot.trading.quote_diff import NOTHING
from wildbot.trading.taker import TakerOrder, taker_ticks

LEASE_HEADROOM = 1.02
"""The least lease covers the minimum order also when the price has risen by two percent."""


class Reason(ReasonCode):
    """Why it does what it does."""

    LONG = "burst_up", "upward burst: buys"
    SHORT = "burst_down", "downward burst: sells short"
    TAKE_PROFIT = "TP", "profit target reached: leaves"
    STOP_LOSS = "SL", "loss limit reached: leaves"
    TIME_STOP = "TIME", "held too long: leaves"
    FLAT_MARKET = "FLAT", "the burst is over: leaves"
    HOLDING = "holding", "holds until target, stop or time"
    WARMING_UP = "warming_up", "warming up: too few prices seen yet"
    NO_MOMENTUM = "momentum_too_small", "waits for a burst: the price moves too little"
    NO_SPIKE = "no_volume_spike", "waits for a burst: volume is ordinary"
    QUIET = "range_too_small", "waits for a burst: the range is too small"
    COOL_DOWN = "skipped_after_loss", "skips signals after a loss"
    NO_SHORT = "short_not_allowed", "a downward burst, but it may not sell short"
    DAILY_LOSS = "daily_loss_limit", "the day's loss limit is reached"
    MINIMUM = "below_exchange_minimum", "the exchange's smallest order is too large"


class MomentumBurstConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings section `momentum_burst`; thresholds are fractions (0.001 is ten basis points), times are seconds."""

    window_seconds: int = 15
    volume_spike_multiplier: float = 1.5
    volatility_guard: float = 0.001
    entry_threshold: float = 0.0005
    profit_target: float = 0.0015
    stop_loss: float = 0.0005
    time_stop_seconds: float = 8.0
    flat_seconds: int = 2
    cooldown_trades_after_loss: int = 2
    daily_loss_limit: float = 0.05
    position_size: float = 1.0

    def __post_init__(self) -> None:
        require("window_seconds", self.window_seconds, 1 <= self.window_seconds <= 3_600, "between 1 and 3600")
        require(
            "flat_seconds",
            self.flat_seconds,
            1 <= self.flat_seconds <= self.window_seconds,
            "at least 1, at most the window",
        )
        require("position_size", self.position_size, 0 < self.position_size <= 1, "above 0 and at most 1")
        require("daily_loss_limit", self.daily_loss_limit, 0 < self.daily_loss_limit <= 1, "above 0 and at most 1")
        for name in ("entry_threshold", "profit_target", "stop_loss", "time_stop_seconds"):
            require(name, getattr(self, name), getattr(self, name) > 0, "above 0")
        for name in ("volume_spike_multiplier", "volatility_guard", "cooldown_trades_after_loss"):
            require(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")


class MomentumBurst:
    """The rules, over one window of trades."""

    decides_on_trades = True
    requote_threshold_bps = 0.0

    def __init__(self, config: MomentumBurstConfig, instrument: Instrument) -> None:
        self.config = config
        self.requote_ticks = instrument.tick_step
        self._window = BurstWindow(config.window_seconds)
        self._to_skip = 0
        self._is_signalling = self._is_skipping = False
        self._losses: int | None = None
        self._day = -1
        self._day_capital = Money(0)
        self._day_open = Money(0)

    def on_book(self, book: BookSnapshot) -> None:
        """A quote carries the time on: seconds without a trade count."""
        self._window.advance(book.venue_ts_ns)

    def on_trade(self, trade: TradePrint) -> None:
        """The burst is made of trades."""
        self._window.on_trade(trade)

    def on_gap(self) -> None:
        """Trades may have been missed: a burst that is not seen whole is none."""
        self._window.clear()

    def least_needed(self, instrument: Instrument, fees: FeeSchedule, ticks: int) -> Money:
        """The lease that makes the smallest order fit, its fee and a rising price included."""
        cost = instrument.cost(ticks, instrument.min_order_lots(ticks))
        return Money(
            int((cost + instrument.fee(cost, max(0, fees.taker_ppm))) * LEASE_HEADROOM / self.config.position_size)
        )

    def decide(self, view: TradingView) -> Decision:
        """Return the entry or exit that is due; nothing ever rests."""
        self._window.advance(view.venue_now_ns)
        self._count_losses(view)
        self._begin_day(view)
        seen = self._indicators()
        if view.position.lots:
            self._is_signalling = False
            return self._hold(view, seen)
        side, why_not = self._signal()
        if side is None:
            self._is_signalling = False
            return rest_nothing(view.entry_block or why_not, seen)
        return self._enter(side, view, seen)

    def _enter(self, side: Side, view: TradingView, seen: Indicators) -> Decision:
        is_new, self._is_signalling = not self._is_signalling, True
        if view.entry_block:
            return rest_nothing(view.entry_block, seen)
        if is_new:
            self._is_skipping = self._to_skip > 0
            self._to_skip -= self._is_skipping
        if self._is_skipping:
            return rest_nothing(Reason.COOL_DOWN, seen, f"{self._to_skip} more entry signals are skipped")
        if side is Side.SELL and not view.allow_short:
            return rest_nothing(Reason.NO_SHORT, seen, "a downward burst; this account cannot sell what it does not own")
        if self._day_loss(view) >= self.config.daily_loss_limit * self._day_capital:
            return rest_nothing(Reason.DAILY_LOSS, seen, "no entries until the next day")
        reason = Reason.LONG if side is Side.BUY else Reason.SHORT
        order = TakerOrder(side, self._size(side, view), Purpose.ENTRY, reason)
        if order.lots < view.instrument.min_order_lots(taker_ticks(order, view.book, view.instrument)):
            return rest_nothing(Reason.MINIMUM, seen)
        return Decision(NOTHING, reason, seen, order)

    def _hold(self, view: TradingView, seen: Indicators) -> Decision:
        held = view.position.lots
        touch = view.book.bid_ticks[0] if held > 0 else view.book.ask_ticks[0]
        reason = self._exit_reason(view, touch)
        if reason is None or abs(held) < view.instrument.min_order_lots(touch):
            return rest_nothing(reason or Reason.HOLDING, seen)
        side = Side.SELL if held > 0 else Side.BUY
        return Decision(NOTHING, reason, seen, TakerOrder(side, abs(held), Purpose.EXIT, reason))

    def _exit_reason(self, view: TradingView, touch: int) -> Reason | None:
        config, cost = self.config, view.average_cost_ticks
        gain = (touch - cost) / cost * (1 if view.position.lots > 0 else -1)
        if gain >= config.profit_target:
            return Reason.TAKE_PROFIT
        if gain <= -config.stop_loss:
            return Reason.STOP_LOSS
        if view.held_s >= config.time_stop_seconds:
            return Reason.TIME_STOP
        if self._window.is_flat(config.flat_seconds, view.position.opened_ns):
            return Reason.FLAT_MARKET
        return None

    def _signal(self) -> tuple[Side | None, str]:
        """Return the side of the burst, or None and what it lacks."""
        momentum, ratio, price_range = self._window.momentum, self._window.volume_ratio, self._window.price_range
        if momentum is None or ratio is None or price_range is None:
            return None, Reason.WARMING_UP
        if not abs(momentum) >= self.config.entry_threshold:
            return None, Reason.NO_MOMENTUM
        if not ratio > self.config.volume_spike_multiplier:
            return None, Reason.NO_SPIKE
        if not price_range >= self.config.volatility_guard:
            return None, Reason.QUIET
        return Side.BUY if momentum > 0 else Side.SELL, ""

    def _size(self, side: Side, view: TradingView) -> int:
        """Return the lots that the lease pays for at the order's own limit price, its fee included."""
        probe = TakerOrder(side, 1, Purpose.ENTRY, "")
        ticks = taker_ticks(probe, view.book, view.instrument)
        share = min(self.config.position_size, view.max_position) * PPM / (PPM + max(0, view.fees.taker_ppm) + 1)
        return view.instrument.floor_lots_for(Money(int(view.lease * share)), ticks)

    def _count_losses(self, view: TradingView) -> None:
        losses = view.position.losses
        if self._losses is not None and losses > self._losses:
            self._to_skip = self.config.cooldown_trades_after_loss
        self._losses = losses

    def _begin_day(self, view: TradingView) -> None:
        day = trading_day(view.session, view.venue_now_ns)
        if day != self._day or not self._day_capital:
            self._day, self._day_capital = day, view.lease
            self._day_open = Money(view.position.realised - view.position.fees)

    def _day_loss(self, view: TradingView) -> int:
        return self._day_open - (view.position.realised - view.position.fees)

    def _indicators(self) -> Indicators:
        window = self._window
        return {
            "momentum": window.momentum,
            "volume_ratio": window.volume_ratio,
            "range": window.price_range,
            "cooldown_left": float(self._to_skip),
        }


def _build(config: msgspec.Struct, instrument: Instrument) -> MomentumBurst:
    assert isinstance(config, MomentumBurstConfig), config
    return MomentumBurst(config, instrument)


STRATEGY = StrategySpec(
    "momentum_burst", "seconds-long rides on bursts of volume and price", MomentumBurstConfig, _build, Reason
)
