"""S4: the quotes that are optimal in theory, with the market's own intensities fitted while it trades.

Rules: half-spread c1 + delta/2 * sigma * c2 on each side of the mid, both moved by sigma * c2 per order held; prices in
    basis points of the mid, time in seconds, inventory in orders (so delta is 1). Each side is widened by the maker fee.
    Sells only what is owned, unless shorts are allowed. Leaves as taker at the stop loss.
Owns: the fitted intensity (renewed every `fit_seconds`) and a volatility.
Source: Gueant, Lehalle, Fernandez-Tapia, "Dealing with the inventory risk" (2013); Gueant, "Optimal market making" (2017),
    the closed-form approximation for an infinite horizon.
Known limit: the theory has no queue, no tick and no informed taker; its fill probabilities are those of being first.
"""

from math import log, sqrt

import msgspec

from wildbot.market.arrival_intensity import LEAST_BINS, ArrivalIntensity, Intensity
from wildbot.market.quotes import BPS, mid_ticks
from wildbot.market.signals import ClockVolatility
from wildbot.model.instrument import NANOS_PER_SECOND, PPM, FeeSchedule, Instrument, Money
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Purpose, Side
from wildbot.strategies.base import Decision, Indicators, ReasonCode, StrategySpec, require, rest_nothing
from wildbot.strategies.view import TradingView
from wildbot.trading.quote_diff import QuoteTarget, WantedOrder
from wildbot.trading.taker import TakerOrder

# Said once: looking a member up in its enum costs Python 3.11 more than comparing with it.
BUY, SELL, ENTRY, EXIT = Side.BUY, Side.SELL, Purpose.ENTRY, Purpose.EXIT
LEASE_HEADROOM = 1.02
FEE_HEADROOM_PPM = 100


class Reason(ReasonCode):
    """Why it does what it does."""

    QUOTING = "quoting", "quotes at its optimal distances"
    EXITING = "exiting", "offers what it holds"
    WARMING_UP = "warming_up", "warming up: too few trades seen yet"
    SPREAD = "spread_too_wide", "the spread is too wide to enter"
    MINIMUM = "below_exchange_minimum", "the exchange's smallest order is too large"
    STOP_LOSS = "stop_loss", "loss limit reached: leaves at once"


QUOTING = Reason.QUOTING


class GlftMakerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings section `glft_maker`. `gamma` and `xi` (risk aversion) are per basis point; the rest says its unit."""

    gamma: float = 0.05
    xi: float = 0.05
    window_seconds: float = 600.0
    fit_seconds: float = 5.0
    bin_bps: float = 0.5
    bins: int = 40
    volatility_sample_s: float = 1.0
    volatility_window: int = 100
    order_fraction: float = 0.4
    max_spread_bps: float = 30.0
    stop_loss_bps: float = 50.0
    requote_ticks: int = 1
    requote_threshold_bps: float = 0.5

    def __post_init__(self) -> None:
        for name in ("gamma", "xi", "window_seconds", "fit_seconds", "bin_bps", "volatility_sample_s", "max_spread_bps"):
            require(name, getattr(self, name), getattr(self, name) > 0, "above 0")
        require("stop_loss_bps", self.stop_loss_bps, self.stop_loss_bps > 0, "above 0")
        require("bins", self.bins, LEAST_BINS <= self.bins <= 1_000, f"between {LEAST_BINS} and 1000")
        require("volatility_window", self.volatility_window, self.volatility_window >= 2, "at least 2")
        require("order_fraction", self.order_fraction, 0 < self.order_fraction <= 1, "above 0 and at most 1")
        require("requote_ticks", self.requote_ticks, self.requote_ticks >= 1, "at least 1")
        require("requote_threshold_bps", self.requote_threshold_bps, self.requote_threshold_bps >= 0, "0 or more")


def optimal_quotes(intensity: Intensity, sigma: float, gamma: float, xi: float) -> tuple[float, float]:
    """Return (half-spread, skew per order held) in basis points; `sigma` is in basis points per square root of a second."""
    growth = 1 + xi / intensity.decay
    c1 = log(growth) / xi
    c2 = sqrt(gamma / (2 * intensity.scale * intensity.decay) * growth ** (intensity.decay / xi + 1))
    return c1 + sigma * c2 / 2, sigma * c2


class GlftMaker:
    """The rules, over a fitted intensity and a volatility."""

    decides_on_trades = False

    def __init__(self, config: GlftMakerConfig, instrument: Instrument) -> None:
        self.config = config
        self.requote_ticks = config.requote_ticks * instrument.tick_step
        self.requote_threshold_bps = config.requote_threshold_bps
        self._arrivals = ArrivalIntensity(config.window_seconds, config.bin_bps, config.bins)
        self._volatility = ClockVolatility(int(config.volatility_sample_s * NANOS_PER_SECOND), config.volatility_window)
        self._intensity: Intensity | None = None
        self._quoted_on: Intensity | None = None
        self._quoted_sigma = self._half = self._skew = 0.0
        self._fees: FeeSchedule | None = None
        self._maker_bps = self._order_share = 0.0
        self._fit_ns = 0
        self._mid = 0.0

    def on_book(self, book: BookSnapshot) -> None:
        """The mid feeds the volatility, and is what the next trade is measured from."""
        self._mid = mid_ticks(book)
        now_ns = book.venue_ts_ns
        self._volatility.update(self._mid, now_ns)
        self._arrivals.advance(now_ns)
        if now_ns >= self._fit_ns:
            self._fit_ns = now_ns + int(self.config.fit_seconds * NANOS_PER_SECOND)
            self._intensity = self._arrivals.fit()

    def on_trade(self, trade: TradePrint) -> None:
        """How far takers reach is what the quotes are made of."""
        if self._mid > 0:
            self._arrivals.on_trade(trade, self._mid)

    def on_gap(self) -> None:
        """Arrivals were missed, and a rate with a hole in it is wrong."""
        self._arrivals.clear()
        self._intensity, self._mid = None, 0.0

    def least_needed(self, instrument: Instrument, fees: FeeSchedule, ticks: int) -> Money:
        """The lease that makes one order reach the exchange's minimum."""
        cost = instrument.cost(ticks, instrument.min_order_lots(ticks))
        return Money(int(cost * LEASE_HEADROOM / self.config.order_fraction))

    def decide(self, view: TradingView) -> Decision:
        """Return both quotes, or why there are none."""
        config, instrument, held, book = self.config, view.instrument, view.position.lots, view.book
        if view.fees is not self._fees:
            self._know(view.fees)
        mid, bid, ask = mid_ticks(book), book.bid_ticks[0], book.ask_ticks[0]
        spread_bps = (ask - bid) / mid * BPS
        sigma = self._volatility.bps(NANOS_PER_SECOND)
        seen: Indicators = {
            "half_spread_bps": None,
            "skew_bps": None,
            "reservation": None,
            "inventory": None,
            "mid": instrument.price_float(mid),
            "spread_bps": spread_bps,
            "volatility_bps": sigma,
            "intensity": None,
            "decay": None,
        }
        if held and (leave := self._stop(view)) is not None:
            return Decision(QuoteTarget(), Reason.STOP_LOSS, seen, leave)
        intensity = self._intensity
        if intensity is None or sigma is None:
            return rest_nothing(view.entry_block or Reason.WARMING_UP, seen)
        if self._quoted_on is not intensity or self._quoted_sigma != sigma:  # once a second at most, books far more often
            self._quoted_on, self._quoted_sigma = intensity, sigma
            self._half, self._skew = optimal_quotes(intensity, sigma, config.gamma, config.xi)
        half, skew = self._half + self._maker_bps, self._skew
        size = self._order_lots(view, mid)
        inventory = held / size if size else 0.0
        reservation = mid * (1 - inventory * skew / BPS)
        seen["half_spread_bps"], seen["skew_bps"], seen["inventory"] = half, skew, inventory
        seen["reservation"] = instrument.price_float(reservation)
        seen["intensity"], seen["decay"] = intensity.scale, intensity.decay
        away = mid * half / BPS
        bid_ticks = min(instrument.floor_ticks(reservation - away), ask - instrument.tick_step)
        ask_ticks = max(instrument.ceil_ticks(reservation + away), bid + instrument.tick_step)
        refusal = view.entry_block or (Reason.SPREAD if spread_bps > config.max_spread_bps else "")
        buy = self._quote(BUY, bid_ticks, size, view, refusal)
        sell = self._quote(SELL, ask_ticks, size, view, refusal)
        if buy is None and sell is None:
            return rest_nothing(refusal or Reason.MINIMUM, seen)
        return Decision(QuoteTarget(buy, sell), Reason.EXITING if refusal else QUOTING, seen)

    def _know(self, fees: FeeSchedule) -> None:
        self._fees, self._maker_bps = fees, fees.maker_ppm / 100
        self._order_share = self.config.order_fraction * PPM / (PPM + max(0, fees.maker_ppm) + FEE_HEADROOM_PPM)

    def _quote(self, side: Side, ticks: int, size: int, view: TradingView, refusal: str) -> WantedOrder | None:
        """Return the order of one side: leaving first, growing as far as limits and refusals allow."""
        held = view.position.lots
        is_leaving = held < 0 if side is BUY else held > 0
        if ticks <= 0 or (not is_leaving and (refusal or (side is SELL and not view.allow_short))):
            return None
        least = view.instrument.min_order_lots(ticks)
        if is_leaving:  # all of it, when what stayed could not be sold alone
            lots = abs(held) if abs(held) - size < least else size
            return WantedOrder(side, ticks, lots, EXIT, Reason.EXITING) if lots >= least else None
        lots = min(size, view.max_position_lots - abs(held))
        return WantedOrder(side, ticks, lots, ENTRY, QUOTING) if lots >= least else None

    def _order_lots(self, view: TradingView, mid: float) -> int:
        lots = view.instrument.floor_lots_for(Money(int(view.lease * self._order_share)), int(mid))
        return lots or abs(view.position.lots)  # without a lease what is held still leaves in one order

    def _stop(self, view: TradingView) -> TakerOrder | None:
        held, cost = view.position.lots, view.average_cost_ticks
        touch = view.book.bid_ticks[0] if held > 0 else view.book.ask_ticks[0]
        adverse_bps = (cost - touch) / cost * BPS * (1 if held > 0 else -1)
        if adverse_bps < self.config.stop_loss_bps or abs(held) < view.instrument.min_order_lots(touch):
            return None
        return TakerOrder(Side.SELL if held > 0 else Side.BUY, abs(held), Purpose.EXIT, Reason.STOP_LOSS, is_stop=True)


def _build(config: msgspec.Struct, instrument: Instrument) -> GlftMaker:
    assert isinstance(config, GlftMakerConfig), config
    return GlftMaker(config, instrument)


STRATEGY = StrategySpec("glft_maker", "optimal quotes from fitted arrival intensities", GlftMakerConfig, _build, Reason)
