"""How good the best of many tries would look by luck alone, and how likely it is that this one is better than that.

Rules: ratios are per sample, not annualised; skewness and kurtosis are those of the sample. Tries that cannot be told
    (too few samples, or they never moved) count as tries with no ratio: they took part in the search.
Source: Bailey and Lopez de Prado, "The Deflated Sharpe Ratio" (2014): expected maximum of N independent normal ratios, and
    the probabilistic Sharpe ratio against it.
Known limit: neighbouring parameters are not independent tries, so N is too large and the verdict too strict.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import e, sqrt
from statistics import NormalDist, fmean, pvariance

import msgspec

from wildbot.analytics.performance import LEAST_SAMPLES
from wildbot.model.instrument import Money

EULER = 0.5772156649015329
_NORMAL = NormalDist()


class SampleMoments(msgspec.Struct, frozen=True):
    """Of one run's returns: how many, the ratio of mean to deviation, skewness, and kurtosis (3 for a normal one)."""

    count: int
    ratio: float
    skewness: float
    kurtosis: float


def moments(equity: Sequence[Money]) -> SampleMoments | None:
    """Return the moments of the returns of equal-time samples; None with fewer than LEAST_SAMPLES, or when none moved."""
    returns = [after / before - 1 for before, after in pairwise(equity) if before > 0]
    count = len(returns)
    if count < LEAST_SAMPLES:
        return None
    mean = fmean(returns)
    spread = sqrt(pvariance(returns, mean))
    if spread == 0:
        return None
    third, fourth = (fmean([((each - mean) / spread) ** power for each in returns]) for power in (3, 4))
    return SampleMoments(count, mean / (spread * sqrt(count / (count - 1))), third, fourth)


def luckiest_ratio(ratios: Sequence[float], tries: int) -> float:
    """Return the ratio that the best of so many worthless tries is expected to show, given how much these differ."""
    if tries < 2 or len(ratios) < 2:
        return 0.0
    deviation = sqrt(pvariance(ratios))
    first, second = _NORMAL.inv_cdf(1 - 1 / tries), _NORMAL.inv_cdf(1 - 1 / (tries * e))
    return deviation * ((1 - EULER) * first + EULER * second)


def probability_above(seen: SampleMoments, benchmark: float) -> float:
    """Return how likely it is, given its length and shape, that a run's true ratio is above a benchmark."""
    error = 1 - seen.skewness * seen.ratio + (seen.kurtosis - 1) / 4 * seen.ratio**2
    if error <= 0:
        return 1.0 if seen.ratio > benchmark else 0.0
    return _NORMAL.cdf((seen.ratio - benchmark) * sqrt(seen.count - 1) / sqrt(error))


def deflated_sharpe(best: SampleMoments, ratios: Sequence[float], tries: int) -> float:
    """Return the deflated Sharpe ratio of the best of `tries`: a probability; above 0.95 it is hardly luck."""
    return probability_above(best, luckiest_ratio(ratios, tries))
