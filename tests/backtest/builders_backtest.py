"""Tapes and setups for backtests."""

import random
from collections.abc import Iterable

from wildbot.backtest.market_tape import MarketTape, TapeRow, lobster_books
from wildbot.backtest.setup import BacktestSetup
from wildbot.desk.order_checks import GatewayLimits
from wildbot.model.instrument import FeeSchedule, Instrument, Money, money_from_text
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.fills import FILL_MODELS
from wildbot.simulation.lobster import parse_messages, parse_rows, stock
from wildbot.simulation.tapes import lobster_sample
from wildbot.strategies.base import find_strategy
from wildbot.trading.limits import EngineLimits
from wildbot.trading.risk import RiskLimits

SECOND = 1_000_000_000
DAY = 1_340_251_200 * SECOND
"""A midnight."""
DEMO = stock("DEMO")
EAGER: dict[str, object] = {
    "ema_window": 1,
    "min_volatility_bps": 0,
    "edge_policy": "ignore",
    "max_spread_bps": 50,
    "momentum_filter_enabled": False,
}


def a_setup(
    strategy: str = "market_maker", model: str = "queue_position", *, short: bool = False, **changes: object
) -> BacktestSetup:
    """Ten thousand dollars and no fees, unless told."""
    plain: dict[str, object] = {
        "strategy": find_strategy(strategy),
        "parameters": dict(EAGER) if strategy == "market_maker" else {},
        "model": FILL_MODELS[model],
        "fees": FeeSchedule(0, 0),
        "capital": money_from_text("10000"),
        "limits": EngineLimits(risk=RiskLimits(allow_short=short)),
        "gateway_limits": GatewayLimits(order_notional_max=Money(10**18), allow_short=short),
    }
    return BacktestSetup(**{**plain, **changes})  # type: ignore[arg-type]


def a_sample_tape(seed: int = 1, seconds: int = 60) -> MarketTape:
    """A minute of a simulated stock."""
    messages, rows = lobster_sample(random.Random(seed), seconds=seconds)
    return lobster_books(DEMO, parse_messages(messages), parse_rows(rows), DAY)


def a_book_at(
    at: float, bid: int = 20_000, ask: int = 20_010, *, lots: int = 100, seq: int = 1, instrument: Instrument = DEMO
) -> BookSnapshot:
    """A ten-level book at so many seconds after midnight."""
    ts, levels = DAY + int(at * SECOND), range(10)
    return BookSnapshot(
        instrument.pair,
        seq,
        ts,
        ts,
        tuple(bid - level for level in levels),
        (lots,) * 10,
        tuple(ask + level for level in levels),
        (lots,) * 10,
    )


def a_trade_at(at: float, side: Side, ticks: int, lots: int, *, instrument: Instrument = DEMO) -> TradePrint:
    """A public trade at so many seconds after midnight."""
    ts = DAY + int(at * SECOND)
    return TradePrint(instrument.pair, int(at * 1_000), side, ticks, lots, ts, ts)


def a_tape(events: Iterable[TapeRow], instrument: Instrument = DEMO) -> MarketTape:
    """A tape of these events."""
    return MarketTape(instrument, iter(list(events)))


def still(seconds: float, step: float = 0.5, **book: int) -> list[TapeRow]:
    """A market that only repeats itself, for so long."""
    return [a_book_at(number * step, seq=number + 1, **book) for number in range(int(seconds / step))]  # type: ignore[arg-type]
