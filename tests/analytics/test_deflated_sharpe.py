"""The best of many worthless tries is called luck; one that is far better than luck is not."""

import random
from statistics import NormalDist

import pytest

from wildbot.analytics.deflated_sharpe import SampleMoments, deflated_sharpe, luckiest_ratio, moments, probability_above
from wildbot.model.instrument import Money


def a_run(rng: random.Random, drift: float = 0.0, samples: int = 250) -> SampleMoments:
    equity = [10**14]
    for _ in range(samples):
        equity.append(int(equity[-1] * (1 + rng.gauss(drift, 0.001))))
    told = moments([Money(value) for value in equity])
    assert told is not None
    return told


def test_the_best_of_many_worthless_tries_is_not_believed() -> None:
    rng = random.Random(1)
    believed = 0
    for _ in range(40):
        runs = [a_run(rng) for _ in range(40)]
        ratios = [run.ratio for run in runs]
        believed += deflated_sharpe(max(runs, key=lambda run: run.ratio), ratios, 40) > 0.95
    assert believed <= 4  # one in twenty, and some room


def test_a_real_edge_is_believed_among_many_tries() -> None:
    rng = random.Random(2)
    runs = [a_run(rng) for _ in range(40)]
    edge = a_run(rng, drift=0.0006)
    assert deflated_sharpe(edge, [run.ratio for run in runs], 41) > 0.95


def test_luck_grows_with_the_number_of_tries() -> None:
    ratios = [0.1, -0.1, 0.05]
    assert luckiest_ratio(ratios, 10) < luckiest_ratio(ratios, 1_000)
    assert luckiest_ratio(ratios, 1) == 0.0


def test_normal_returns_against_zero_are_the_plain_probability() -> None:
    seen = SampleMoments(101, 0.2, 0.0, 3.0)
    assert probability_above(seen, 0.0) == pytest.approx(NormalDist().cdf(0.2 * 10 / (1 + 0.5 * 0.04) ** 0.5))


def test_a_run_that_never_moved_has_no_moments() -> None:
    assert moments([Money(5)] * 50) is None
