"""The figures of a run, against numbers worked out by hand."""

import itertools
from math import sqrt
from statistics import mean, stdev

import pytest

from wildbot.analytics.performance import SECONDS_PER_YEAR, drawdown_pct, performance, sharpe
from wildbot.model.instrument import MONEY_ONE, Money


def money(*amounts: float) -> list[Money]:
    return [Money(int(amount * MONEY_ONE)) for amount in amounts]


def test_the_drawdown_is_measured_from_the_highest_point_before() -> None:
    assert drawdown_pct(money(100, 120, 90, 130, 117)) == pytest.approx(25)


def test_a_curve_that_never_falls_has_no_drawdown() -> None:
    assert drawdown_pct(money(100, 100, 101)) == 0


def test_the_sharpe_ratio_is_annualised_and_has_the_error_of_its_paper() -> None:
    curve = money(*(100 + number + (number % 3) * 0.5 for number in range(20)))
    returns = [after / before - 1 for before, after in itertools.pairwise(curve)]
    ratio = mean(returns) / stdev(returns)
    told = sharpe(curve, 60)
    scale = sqrt(SECONDS_PER_YEAR / 60)
    assert told == pytest.approx((ratio * scale, sqrt((1 + ratio**2 / 2) / 19) * scale))


@pytest.mark.parametrize("curve", [money(100), money(*range(100, 109)), money(*[100] * 50)])
def test_too_few_samples_or_none_that_moved_have_no_sharpe(curve: list[Money]) -> None:
    assert sharpe(curve, 60) is None


def test_a_round_trip_that_earned_nothing_is_no_win() -> None:
    figures = performance(money(100, 101), money(2, 0, -1), starting=money(100)[0], sample_s=60)
    assert (figures.round_trips, figures.wins) == (3, 1)
    assert figures.expectancy == pytest.approx(1 / 3)
    assert figures.win_rate_pct == pytest.approx(100 / 3)
    assert figures.return_pct == pytest.approx(1)


def test_without_trades_there_is_no_win_rate() -> None:
    figures = performance([], [], starting=money(100)[0], sample_s=60)
    assert (figures.win_rate_pct, figures.expectancy, figures.net_pnl) == (None, None, 0)
