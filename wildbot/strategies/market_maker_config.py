"""The parameters of the market maker, and the codes for why it does what it does."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from wildbot.strategies.base import require


class EdgePolicy(StrEnum):
    """Whether a round trip must be expected to pay its fees."""

    REQUIRE = "require"
    IGNORE = "ignore"


class InventoryMode(StrEnum):
    """Rule 9: sell only what is owned; keep half the lease in the base coin; or go short as well."""

    CASH = "cash"
    BALANCED = "balanced"
    MARGIN = "margin"


class Reason(StrEnum):
    """Why it does what it does."""

    QUOTING = "quoting"
    EXITING = "exiting"
    COMPLETING = "completing_crumb"
    ACQUIRING = "acquiring_inventory"
    WARMING_UP = "warming_up"
    SPREAD = "spread_too_wide"
    QUIET = "volatility_too_low"
    EDGE = "edge_below_hurdle"
    MOMENTUM_UP = "momentum_up"
    MOMENTUM_DOWN = "momentum_down"
    MINIMUM = "below_exchange_minimum"
    STOP_LOSS = "stop_loss"
    TIME_STOP = "time_stop"


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
