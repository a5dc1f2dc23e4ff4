"""The parameters of the market maker, and the codes for why it does what it does."""

from enum import StrEnum

import msgspec

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


class MarketMakerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings section `market_maker`."""

    ema_window: int = 50
    momentum_threshold_bps: float = 2.0
    momentum_filter_enabled: bool = True
    volatility_sample_s: float = 1.0
    volatility_window: int = 100
    max_spread_bps: float = 15.0
    min_volatility_bps: float = 8.0
    edge_policy: EdgePolicy = EdgePolicy.REQUIRE
    min_profit_bps: float = 2.0
    skew_factor: float = 0.5
    min_half_spread_ticks: int = 0
    requote_ticks: int = 1
    requote_threshold_bps: float = 0.0
    volatility_exit_multiplier: float = 1.2
    base_hold_seconds: float = 300.0
    min_hold_seconds: float = 30.0
    max_hold_scaling: float = 3.0
    stop_loss_bps: float = 35.0
    order_fraction: float = 0.8
    order_qty: str = ""
    inventory_mode: InventoryMode = InventoryMode.CASH

    def __post_init__(self) -> None:
        for name in ("ema_window", "requote_ticks", "max_hold_scaling"):
            require(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        require("volatility_window", self.volatility_window, self.volatility_window >= 2, "at least 2")
        require("order_fraction", self.order_fraction, 0 < self.order_fraction <= 1, "above 0 and at most 1")
        for name in ("volatility_sample_s", "max_spread_bps", "base_hold_seconds", "min_hold_seconds", "stop_loss_bps"):
            require(name, getattr(self, name), getattr(self, name) > 0, "above 0")
        for name in ("momentum_threshold_bps", "min_volatility_bps", "min_profit_bps", "skew_factor", *_MORE_NOT_NEGATIVE):
            require(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")


_MORE_NOT_NEGATIVE = ("min_half_spread_ticks", "requote_threshold_bps", "volatility_exit_multiplier")
