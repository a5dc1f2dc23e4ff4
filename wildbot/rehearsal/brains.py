"""The brains a rehearsal runs: the project's own, made as the real actors make them; a test may hand in others.

Rules: limits are the settings' defaults; the market maker's parameters are such that it trades in a lively way.
"""

from collections.abc import Callable
from dataclasses import dataclass

from wildbot.desk.allocation import CapitalAllocator
from wildbot.desk.gateway_state import GatewaySetup
from wildbot.desk.order_checks import GatewayLimits
from wildbot.desk.order_router import OrderRouter
from wildbot.desk.scanner_guest import ScannerGuest
from wildbot.desk.supervision import Supervision
from wildbot.desk.supervision_state import SupervisionRules
from wildbot.desk.supervision_words import SupervisorState
from wildbot.market.pair_score import ScannerRules
from wildbot.market.pair_switch import SwitchRule
from wildbot.model.instrument import MONEY_ONE, NANOS_PER_MS, NANOS_PER_SECOND, Money, money_from_text
from wildbot.rehearsal.plan import RehearsalPlan
from wildbot.strategies.base import find_strategy
from wildbot.trader_seat import TraderSeat
from wildbot.trading.limits import EngineLimits

QUOTE = "USDC"
ORDER_NOTIONAL_MAX = Money(100 * MONEY_ONE)
SAMPLE_NS = 200 * NANOS_PER_MS

MARKET_MAKER: dict[str, object] = {
    "edge_policy": "ignore",
    "min_volatility_bps": 0.0,
    "max_spread_bps": 100.0,
    "momentum_filter_enabled": False,
    "volatility_sample_s": 0.2,
    "volatility_window": 20,
    "ema_window": 5,
    "order_fraction": 0.8,
    "base_hold_seconds": 20.0,
    "min_hold_seconds": 2.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Brains:
    """How each brain is made."""

    router: Callable[[GatewaySetup], OrderRouter]
    allocator: Callable[[], CapitalAllocator]
    supervision: Callable[[SupervisorState], Supervision]
    scanner: Callable[[], ScannerGuest]
    seat: Callable[[str, int], TraderSeat]


def gateway_setup(plan: RehearsalPlan) -> GatewaySetup:
    """Return what the gateway is told."""
    limits = GatewayLimits(order_notional_max=ORDER_NOTIONAL_MAX)
    return GatewaySetup(plan.pairs, QUOTE, money_from_text(plan.capital), limits)


def project_brains(plan: RehearsalPlan) -> Brains:
    """Return the project's own brains."""
    rules = SupervisionRules(plan.traders)
    scanning = ScannerRules(
        sample_ns=SAMPLE_NS, window=20, warm_samples=5, max_spread_bps=100.0, hurdle_policy="ignore", profile="sim"
    )
    strategy = find_strategy("market_maker")
    return Brains(
        router=OrderRouter,
        allocator=lambda: CapitalAllocator(slots=plan.traders, quote=QUOTE),
        supervision=lambda saved: Supervision(rules, saved),
        scanner=lambda: ScannerGuest(scanning, SwitchRule(1.5, 15 * NANOS_PER_SECOND), plan.pairs, QUOTE),
        seat=lambda pair, epoch: TraderSeat(pair, epoch, strategy=strategy, parameters=MARKET_MAKER, limits=EngineLimits()),
    )
