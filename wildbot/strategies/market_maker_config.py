"""The parameters of the market maker, and the codes for why it does what it does."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from wildbot.strategies.base import ReasonCode, require


class EdgePolicy(StrEnum):
    """Whether a round trip must be expected to pay its fees."""

    REQUIRE = "require"
    IGNORE = "ignore"


class InventoryMode(StrEnum):
    """Rule 9: sell only what is owned; keep half the lease in the base coin; or go short as well."""

    CASH = "cash"
    BALANCED = "balanced"
    MARGIN = "margin"


class Reason(ReasonCode):
    """Why it does what it does."""

    QUOTING = "quoting", "quotes around the microprice"
    EXITING = "exiting", "offers what it holds"
    COMPLETING = "completing_crumb", "adds to a holding too small to sell"
    ACQUIRING = "acquiring_inventory", "buys the coins it needs to quote both sides"
    WARMING_UP = "warming_up", "warming up: too few prices seen yet"
    SPREAD = "spread_too_wide", "the spread is too wide to enter"
    QUIET = "volatility_too_low", "the market moves too little"
    EDGE = "edge_below_hurdle", "fees would eat the gain of a round trip"
    MOMENTUM_UP = "momentum_up", "the price rises: it does not sell into that"
    MOMENTUM_DOWN = "momentum_down", "the price falls: it does not buy into that"
    MINIMUM = "below_exchange_minimum", "the exchange's smallest order is too large"
    STOP_LOSS = "stop_loss", "loss limit reached: leaves at once"
    TIME_STOP = "time_stop", "held too long: leaves at once"


Bps = Annotated[float, Meta(ge=0, le=10_000)]
PositiveBps = Annotated[float, Meta(gt=0, le=10_000)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class MarketMakerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings section `market_maker`; `config/default.toml` says what each means."""

    ema_window: Annotated[int, Meta(ge=1, le=100_000)] = 50
    momentum_threshold_bps: Bps = 2.0
    momentum_filter_enabled: bool = True
    volatility_sample_s: Annotated[float, Meta(gt=0, le=60)] = 1.0
    volatility_window: Annotated[int, Meta(ge=2, le=100_000)] = 100
    max_spread_bps: PositiveBps = 15.0
    min_volatility_bps: Bps = 8.0
    edge_policy: EdgePolicy = EdgePolicy.REQUIRE
    min_profit_bps: Bps = 2.0
    skew_factor: Annotated[float, Meta(ge=0, le=10)] = 0.5
    min_half_spread_ticks: Annotated[int, Meta(ge=0, le=100_000)] = 0
    requote_ticks: Annotated[int, Meta(ge=1, le=100_000)] = 1
    requote_threshold_bps: Bps = 0.0
    volatility_exit_multiplier: Annotated[float, Meta(ge=0, le=100)] = 1.2
    base_hold_seconds: Seconds = 300.0
    min_hold_seconds: Seconds = 30.0
    max_hold_scaling: Annotated[float, Meta(ge=1, le=100)] = 3.0
    stop_loss_bps: PositiveBps = 35.0
    order_fraction: Annotated[float, Meta(gt=0, le=1)] = 0.8
    order_qty: Annotated[str, Meta(pattern=r"^(\d+(\.\d+)?)?$")] = ""
    inventory_mode: InventoryMode = InventoryMode.CASH

    def __post_init__(self) -> None:
        longest = self.base_hold_seconds * self.max_hold_scaling
        rule = f"at most base_hold_seconds * max_hold_scaling = {longest:g}"
        require("min_hold_seconds", self.min_hold_seconds, self.min_hold_seconds <= longest, rule)
