"""What one backtest tries: strategy, limits, fees, fill model and delays."""

from dataclasses import dataclass

from wildbot.backtest.latency import ConstantLatency, LatencyModel
from wildbot.desk.order_checks import GatewayLimits
from wildbot.model.instrument import FeeSchedule, Money
from wildbot.simulation.fills import FillModel
from wildbot.strategies.base import StrategySpec
from wildbot.trading.limits import EngineLimits

_NO_DELAY = ConstantLatency(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestSetup:
    """What is tried. `capital` is in the instruments' quote currency, which all of them share; delays are one way."""

    strategy: StrategySpec
    parameters: dict[str, object]
    model: FillModel
    fees: FeeSchedule
    capital: Money
    limits: EngineLimits
    gateway_limits: GatewayLimits
    tier: str = "intermediate"
    seed: int = 7
    feed_latency: LatencyModel = _NO_DELAY
    order_latency: LatencyModel = _NO_DELAY
    report_latency: LatencyModel = _NO_DELAY
