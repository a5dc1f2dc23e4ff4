"""What the pair scanner takes from the settings."""

import msgspec

from wildbot.desk.scanner_guest import ScannerGuest
from wildbot.market.pair_score import ScannerRules
from wildbot.market.pair_switch import SwitchRule
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.settings import Settings
from wildbot.strategies.base import find_strategy
from wildbot.strategies.market_maker_config import EdgePolicy, MarketMakerConfig

NO_LIMIT_BPS = 10_000.0


def scanner_guest(settings: Settings) -> ScannerGuest:
    """Return the scanner of one run."""
    scanner = settings.scanner
    trades_makers = settings.trading.strategy == "market_maker"
    maker = msgspec.convert(settings.strategy_parameters("market_maker"), MarketMakerConfig)
    rules = ScannerRules(
        horizon_ns=int(scanner.horizon_seconds * NANOS_PER_SECOND),
        sample_ns=int(maker.volatility_sample_s * NANOS_PER_SECOND),
        window=max(maker.volatility_window, scanner.warm_samples),
        warm_samples=scanner.warm_samples,
        spread_penalty=scanner.spread_penalty,
        max_spread_bps=maker.max_spread_bps if trades_makers else NO_LIMIT_BPS,
        hurdle_policy="require" if maker.edge_policy is EdgePolicy.REQUIRE else "ignore",
        profile=settings.profile.value,
    )
    switch = SwitchRule(scanner.switch_threshold, int(scanner.hysteresis_seconds * NANOS_PER_SECOND))
    name = settings.trading.strategy
    contest = find_strategy(name).contest_of(settings.strategy_parameters(name))
    return ScannerGuest(rules, switch, settings.trading.universe, settings.capital.currency, contest)
