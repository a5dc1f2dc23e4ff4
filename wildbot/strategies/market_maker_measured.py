"""What the market maker decides by: its signals, its exit target, its reservation price and the two quotes around it.

Rules: the numbers in comments are those of the strategy's written rules (docs). What only changes with the fees is worked
    out when they change.
Owns: two signals, the EMA of the mid and its volatility; one set of measured values, filled anew for each decision.
"""

from math import nan
from typing import Final

from wildbot.market.quotes import BPS, microprice_ticks, mid_ticks
from wildbot.market.signals import ClockVolatility, Ema, momentum_bps
from wildbot.model.instrument import NANOS_PER_SECOND, PPM, FeeSchedule, Instrument
from wildbot.model.market_data import BookSnapshot
from wildbot.strategies.base import Indicators
from wildbot.strategies.market_maker_config import EdgePolicy, InventoryMode, MarketMakerConfig
from wildbot.strategies.view import TradingView
from wildbot.trading.exit_target import ExitPlan

TICK_EPSILON: Final = 1e-6
"""Float noise below this never moves a quote by a whole tick."""
FEE_HEADROOM_PPM = 100
"""An order for the whole lease leaves room for its fee and for the rounding of it."""


class Measured:
    """Everything one decision is made from: prices in fractional ticks, the rest in basis points and ratios.

    `order_share` is the part of the lease that one order takes.
    """

    def __init__(self, config: MarketMakerConfig) -> None:
        self.mid = self.microprice = self.spread_bps = self.reservation = 0.0
        self.momentum_bps: float | None = None
        self.volatility_bps: float | None = None
        self.inventory_ratio = self.hurdle_bps = self.exit_target_bps = self.hold_fraction = self.order_share = 0.0
        self.bid_ticks = self.ask_ticks = 0
        self._ema = Ema(config.ema_window)
        self._volatility = ClockVolatility(int(config.volatility_sample_s * NANOS_PER_SECOND), config.volatility_window)
        self._horizon_ns = int(config.base_hold_seconds * NANOS_PER_SECOND)
        self._top = (0, 0, 0, 0)
        self._exit_plan = ExitPlan(
            min_profit_bps=config.min_profit_bps,
            volatility_multiplier=config.volatility_exit_multiplier,
            base_hold_s=config.base_hold_seconds,
            min_hold_s=config.min_hold_seconds,
            max_hold_scaling=config.max_hold_scaling,
        )
        self._wants_edge = config.edge_policy is EdgePolicy.REQUIRE
        self._neutral_share = 0.5 if config.inventory_mode is InventoryMode.BALANCED else 0.0
        self._skew_factor = config.skew_factor
        self._least_half_ticks = config.min_half_spread_ticks
        self._order_fraction = config.order_fraction * (1.0 - self._neutral_share)
        self._fees: FeeSchedule | None = None
        self._maker_bps = self._least_target_bps = self._full_target_bps = self._hold_limit_s = 0.0
        self._planned_for: float | None = nan

    def on_book(self, book: BookSnapshot) -> None:
        """The EMA counts changes of the top of the book, the volatility has its own clock."""
        mid = mid_ticks(book)
        top = (book.bid_ticks[0], book.bid_lots[0], book.ask_ticks[0], book.ask_lots[0])
        if top != self._top:
            self._top = top
            self._ema.update(mid)
        self._volatility.update(mid, book.venue_ts_ns)

    def look(self, view: TradingView) -> None:
        """Measure all of it for this view."""
        book, instrument, ema = view.book, view.instrument, self._ema
        if view.fees is not self._fees:
            self._know(view.fees)
        bid, ask = book.bid_ticks[0], book.ask_ticks[0]
        spread = ask - bid
        self.mid = mid = (bid + ask) / 2
        self.microprice = reservation = microprice_ticks(book)
        self.spread_bps = spread / mid * BPS
        self.momentum_bps = momentum_bps(mid, ema.value) if ema.is_warm else None
        self.volatility_bps = volatility = self._volatility.bps(self._horizon_ns)
        if volatility != self._planned_for:
            self._planned_for = volatility
            self._full_target_bps = self._exit_plan.full_target_bps(self._maker_bps, volatility)
            self._hold_limit_s = self._exit_plan.hold_limit_s(self._maker_bps, self._full_target_bps)
        self.exit_target_bps, self.hold_fraction, self.inventory_ratio = self._full_target_bps, 0.0, 0.0
        if view.position.lots or self._neutral_share:
            self._weigh_position(view)
            reservation -= self.inventory_ratio * self._skew_factor * spread  # rule 2
        self.reservation = reservation
        step = instrument.tick_step
        half, least_half = spread / 2, self._least_half_ticks * step
        if least_half > half:
            half = float(least_half)
        if self._wants_edge:  # rule 3: each side earns its share of the hurdle
            half = max(half, mid * self._least_target_bps / 2 / BPS)
        own_bid = instrument.floor_ticks(reservation - half + TICK_EPSILON)
        self.bid_ticks = own_bid if own_bid < ask - step else ask - step
        own_ask = instrument.ceil_ticks(reservation + half - TICK_EPSILON)
        self.ask_ticks = own_ask if own_ask > bid + step else bid + step

    def _know(self, fees: FeeSchedule) -> None:
        self._fees, self._planned_for = fees, nan  # nan: equal to nothing, so the target is planned anew
        self._maker_bps = fees.maker_ppm / 100
        self.hurdle_bps = 2 * self._maker_bps
        self._least_target_bps = self._exit_plan.least_target_bps(self._maker_bps)
        self.order_share = min(self._order_fraction, PPM / (PPM + max(0, fees.maker_ppm) + FEE_HEADROOM_PPM))

    def _weigh_position(self, view: TradingView) -> None:
        """How far from neutral we are, and what to ask of what is held (rule 7)."""
        held, most = view.position.lots, view.max_position_lots
        if most > 0:
            neutral = most * self._neutral_share
            self.inventory_ratio = max(-1.0, min(1.0, (held - neutral) / (most - neutral)))
        if held:
            full = self._full_target_bps
            self.hold_fraction = view.held_s / self._hold_limit_s
            self.exit_target_bps = self._exit_plan.target_bps(self._maker_bps, full, self.hold_fraction)

    def indicators(self, instrument: Instrument) -> Indicators:
        """Return what the owner is shown, prices in quote currency."""
        ticks_per_unit = 10.0**instrument.price_decimals  # as `price_float`, once for all four
        return {
            "mid": self.mid / ticks_per_unit,
            "microprice": self.microprice / ticks_per_unit,
            "ema": self._ema.value / ticks_per_unit if self._ema.is_warm else None,
            "momentum_bps": self.momentum_bps,
            "volatility_bps": self.volatility_bps,
            "spread_bps": self.spread_bps,
            "inventory_ratio": self.inventory_ratio,
            "reservation": self.reservation / ticks_per_unit,
            "hurdle_bps": self.hurdle_bps,
            "exit_target_bps": self.exit_target_bps,
            "hold_fraction": self.hold_fraction,
        }
