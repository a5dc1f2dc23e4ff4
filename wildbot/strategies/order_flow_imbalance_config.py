"""S3's parameters, with their defaults and ranges, and its reason codes.

Rules: the settings section is `order_flow_imbalance`; whoever writes a value out of range is told which, and the rule.
"""

from enum import StrEnum

import msgspec

from wildbot.strategies.base import ReasonCode, require


class Sizing(StrEnum):
    """How large an entry is: the smallest order (one share), or a share of the lease."""

    FIXED = "fixed"
    PERCENT = "percent"


class Reason(ReasonCode):
    """Why it does what it does."""

    BUY = "buy_pressure", "buyers press: buys"
    SELL = "sell_pressure", "sellers press: sells short"
    NO_SIGNAL = "no_imbalance", "waits for a signal: neither side presses"
    GRADIENT = "gradient_disagrees", "waits: the trend speaks against the signal"
    DEPTH = "depth_too_thin", "a signal, but too little depth to enter"
    NO_SHORT = "short_not_allowed", "sellers press, but it may not sell short"
    WARMING_UP = "warming_up", "warming up: too few prices seen yet"
    CLOSED = "session_closed", "outside its trading hours"
    CLOSING = "session_ends", "its trading hours end: leaves"
    DAILY_LIMIT = "daily_trade_limit", "the day's number of trades is reached"
    MINIMUM = "below_exchange_minimum", "the exchange's smallest order is too large"
    TAKE_PROFIT = "TP", "profit target reached: leaves"
    EMERGENCY = "emergency_close", "beyond its stop: leaves at once"
    HOLDING = "bracket", "holds between target and stop"


class OrderFlowImbalanceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings section `order_flow_imbalance`; bounds are shares, percentages of the bracket are fractions of price."""

    pressure_levels: int = 5
    pressure_lower_bound: float = 0.70
    pressure_upper_bound: float = 0.95
    depth_multiplier: float = 1.5
    gradient_enabled: bool = True
    gradient_seconds: float = 5.0
    footprint_enabled: bool = True
    footprint_multiple: float = 3.0
    footprint_seconds: float = 2.0
    max_slippage_bps: float = 10.0
    sizing: Sizing = Sizing.FIXED
    size_percent: float = 50.0
    stop_loss_pct: float = 0.0025
    take_profit_pct: float = 0.01
    max_trades_per_day: int = 10
    flatten_before_close_s: float = 300.0

    def __post_init__(self) -> None:
        require("pressure_levels", self.pressure_levels, 1 <= self.pressure_levels <= 1_000, "between 1 and 1000")
        lower, upper = self.pressure_lower_bound, self.pressure_upper_bound
        require("pressure_lower_bound", lower, 0.5 <= lower < 1, "at least 0.5 and below 1")
        require("pressure_upper_bound", upper, lower <= upper <= 1, "at least pressure_lower_bound and at most 1")
        require("size_percent", self.size_percent, 0 < self.size_percent <= 100, "above 0 and at most 100")
        for name in ("depth_multiplier", "gradient_seconds", "footprint_multiple", "max_slippage_bps"):
            require(name, getattr(self, name), getattr(self, name) > 0, "above 0")
        for name in ("stop_loss_pct", "take_profit_pct"):
            require(name, getattr(self, name), 0 < getattr(self, name) < 1, "above 0 and below 1")
        for name in ("footprint_seconds", "max_trades_per_day", "flatten_before_close_s"):
            require(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")
