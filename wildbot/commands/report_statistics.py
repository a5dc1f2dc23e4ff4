"""A journal's figures: return, drawdown, Sharpe ratio with its error, win rate, expectancy.

Rules: the equity curve is cash and positions, each pair valued at its own last trade, after every fill; its samples for the
    Sharpe ratio are equally far apart in time, at least a minute. Unknown is null, never zero.
"""

from collections.abc import Sequence

import msgspec

from wildbot.analytics.performance import performance
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Money, money_text, round_half_up

SAMPLES = 500
SAMPLE_S_LEAST = 60


class Statistics(msgspec.Struct, frozen=True):
    """The figures; money is decimal text in quote currency, Sharpe ratios are annualised."""

    starting: str
    net_pnl: str
    return_pct: float
    max_drawdown_pct: float
    sharpe: float | None
    sharpe_error: float | None
    round_trips: int
    wins: int
    win_rate_pct: float | None
    expectancy: float | None
    fees: str
    volume: str
    makers_pct: float | None


def equity_curve(fills: Sequence[Filled], starting: Money) -> list[tuple[int, Money]]:
    """Return (time, equity) after each fill, oldest first."""
    cash, holdings, prices = int(starting), dict[str, int](), dict[str, int]()
    curve: list[tuple[int, Money]] = []
    for fill in fills:
        in_coins = fill.fee_asset == fill.pair.partition("/")[0]
        cash -= fill.side.sign * fill.cost + (0 if in_coins else fill.fee)
        holdings[fill.pair] = holdings.get(fill.pair, 0) + fill.side.sign * fill.lots - (fill.fee if in_coins else 0)
        prices[fill.pair] = fill.ticks
        held = sum(round_half_up(lots * prices[pair], 10**MONEY_DECIMALS) for pair, lots in holdings.items())
        curve.append((fill.ts_ns, Money(cash + held)))
    return curve


def statistics_of(
    fills: Sequence[Filled], curve: Sequence[tuple[int, Money]], trips: Sequence[Money], fees: Money, starting: Money
) -> Statistics:
    """Return the figures; `trips` are the net results of the round trips, `fees` all of them in quote."""
    sample_ns = _sample_ns(curve)
    # The drawdown wants every point, the Sharpe ratio equal times.
    samples = performance(
        _sampled(curve, starting, sample_ns), trips, starting=starting, sample_s=sample_ns / NANOS_PER_SECOND
    )
    every = performance([value for _, value in curve], trips, starting=starting, sample_s=1.0)
    makers = sum(fill.liquidity == "maker" for fill in fills)
    return Statistics(
        starting=money_text(starting, 8),
        net_pnl=money_text(every.net_pnl, 8),
        return_pct=every.return_pct,
        max_drawdown_pct=every.max_drawdown_pct,
        sharpe=samples.sharpe,
        sharpe_error=samples.sharpe_error,
        round_trips=every.round_trips,
        wins=every.wins,
        win_rate_pct=every.win_rate_pct,
        expectancy=every.expectancy,
        fees=money_text(fees, 8),
        volume=money_text(Money(sum(fill.cost for fill in fills)), 8),
        makers_pct=makers / len(fills) * 100 if fills else None,
    )


def _sample_ns(curve: Sequence[tuple[int, Money]]) -> int:
    span_ns = curve[-1][0] - curve[0][0] if curve else 0
    return max(SAMPLE_S_LEAST * NANOS_PER_SECOND, span_ns // SAMPLES)


def _sampled(curve: Sequence[tuple[int, Money]], starting: Money, sample_ns: int) -> list[Money]:
    samples: list[Money] = [starting]
    if not curve:
        return samples
    due_ns, last = curve[0][0] + sample_ns, starting
    for ts_ns, value in curve:
        while ts_ns > due_ns:
            samples.append(last)
            due_ns += sample_ns
        last = value
    return [*samples, last]
