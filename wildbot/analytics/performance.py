"""How good a run was: return, drawdown, Sharpe with its error, win rate, expectancy.

Rules: returns are those of equal-time equity samples; a Sharpe of fewer than `LEAST_SAMPLES` samples, or of a run that
    never moved, is not told (None). Annualised for a market that trades all year, or so many hours of it.
Source: Lo, "The Statistics of Sharpe Ratios" (2002): standard error sqrt((1 + SR^2 / 2) / n) of the per-sample ratio.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import msgspec

from wildbot.model.instrument import Money

LEAST_SAMPLES = 10
SECONDS_PER_YEAR = 365 * 86_400


class Performance(msgspec.Struct, frozen=True):
    """The figures of one run. Percentages of the starting capital or of the peak; Sharpe ratios are annualised."""

    net_pnl: Money
    return_pct: float
    max_drawdown_pct: float
    sharpe: float | None
    sharpe_error: float | None
    round_trips: int
    wins: int
    win_rate_pct: float | None
    expectancy: float | None


def drawdown_pct(equity: Sequence[Money]) -> float:
    """Return the deepest fall from a peak, in percent of that peak; 0.0 for a curve that never fell."""
    peak, deepest = 0, 0.0
    for value in equity:
        peak = max(peak, value)
        if peak > 0:
            deepest = max(deepest, (peak - value) / peak * 100)
    return deepest


def sharpe(equity: Sequence[Money], sample_s: float, year_s: float = SECONDS_PER_YEAR) -> tuple[float, float] | None:
    """Return (annualised Sharpe ratio, its standard error) of equal-time samples, or None when it cannot be told."""
    returns = [after / before - 1 for before, after in pairwise(equity) if before > 0]
    count = len(returns)
    if count < LEAST_SAMPLES:
        return None
    mean = sum(returns) / count
    deviation = sqrt(sum((each - mean) ** 2 for each in returns) / (count - 1))
    if deviation == 0:
        return None
    ratio, scale = mean / deviation, sqrt(year_s / sample_s)
    return ratio * scale, sqrt((1 + ratio * ratio / 2) / count) * scale


def performance(
    equity: Sequence[Money],
    trip_pnls: Sequence[Money],
    *,
    starting: Money,
    sample_s: float,
    year_s: float = SECONDS_PER_YEAR,
) -> Performance:
    """Return the figures. `equity` starts with the first sample and ends with the last; `trip_pnls` are net of fees."""
    last = equity[-1] if equity else starting
    net = Money(last - starting)
    told = sharpe(equity, sample_s, year_s)
    wins = sum(pnl > 0 for pnl in trip_pnls)
    count = len(trip_pnls)
    return Performance(
        net_pnl=net,
        return_pct=net / starting * 100 if starting else 0.0,
        max_drawdown_pct=drawdown_pct([starting, *equity]),
        sharpe=told[0] if told else None,
        sharpe_error=told[1] if told else None,
        round_trips=count,
        wins=wins,
        win_rate_pct=wins / count * 100 if count else None,
        expectancy=sum(trip_pnls) / count / 1e10 if count else None,
    )
