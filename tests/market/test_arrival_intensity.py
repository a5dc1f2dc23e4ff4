"""The fitted law of arrivals: equal to a plain computation, and near the truth where the truth is known."""

import random
from math import exp, log

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.trading.builders_trading import PAIR, SECOND, START
from wildbot.market.arrival_intensity import LEAST_ARRIVALS, LEAST_BINS, ArrivalIntensity, Intensity
from wildbot.model.market_data import TradePrint
from wildbot.model.orders import Side

MID = 1_000_000.0
"""One basis point is a hundred ticks."""
BINS = 6


def a_trade(at: int, distance_bps: float, side: Side = Side.BUY) -> TradePrint:
    return TradePrint(PAIR, 1, side, int(MID + side.sign * distance_bps * 100), 1, at, at)


def plain_fit(arrivals: list[tuple[int, int]], now: int, window_s: int, first: int) -> Intensity | None:
    """The definition, word by word, from (time, bin reached)."""
    live = [reached for at, reached in arrivals if at > now - window_s * SECOND]
    seconds = min(window_s, (now - first) / SECOND)
    points = []
    for index in range(BINS):
        count = sum(reached >= index for reached in live)
        if count >= LEAST_ARRIVALS:
            points.append((float(index), log(count / seconds)))
    if len(points) < LEAST_BINS:
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return Intensity(exp(mean_y - slope * mean_x), -slope) if slope < 0 else None


@given(st.lists(st.tuples(st.integers(1, 3_000), st.integers(0, 900)), min_size=1, max_size=80))
@example([(1, 0), *[(1, 300)] * 5, *[(1, 100)] * 5, *[(1, 200)] * 5])
def test_the_fit_equals_a_plain_computation(steps: list[tuple[int, int]]) -> None:
    fitted, arrivals, at = ArrivalIntensity(20, 1.0, BINS), [], START
    fitted.advance(START)
    for gap_ms, hundredths in steps:
        at += gap_ms * SECOND // 1_000
        fitted.on_trade(a_trade(at, hundredths / 100), MID)
        arrivals.append((at, min(hundredths // 100, BINS - 1)))
    expected, found = plain_fit(arrivals, at, 20, START), fitted.fit()
    if expected is None or found is None:
        assert found is expected
    else:
        assert (found.scale, found.decay) == pytest.approx((expected.scale, expected.decay))


def test_a_known_law_is_found_again() -> None:
    chance, fitted, at = random.Random(4), ArrivalIntensity(10_000, 0.5, 20), START
    fitted.advance(at)
    for _ in range(20_000):  # two takers a second, each reaching exponentially far with k = 0.5 per basis point
        at += int(chance.expovariate(2.0) * SECOND)
        fitted.on_trade(a_trade(at, chance.expovariate(0.5)), MID)
    law = fitted.fit()
    assert law is not None
    assert (law.scale, law.decay) == pytest.approx((2.0, 0.5), rel=0.1)


def test_the_prints_of_one_taker_are_one_arrival_as_far_as_the_farthest() -> None:
    one, many = ArrivalIntensity(600, 1.0, BINS), ArrivalIntensity(600, 1.0, BINS)
    for second in range(40):
        at = START + second * SECOND
        reach = second % 4
        one.on_trade(a_trade(at, reach), MID)
        for distance in range(reach + 1):
            many.on_trade(a_trade(at, distance), MID)
    assert one.fit() == many.fit() is not None


def test_two_takers_of_the_same_instant_on_both_sides_are_two() -> None:
    fitted = ArrivalIntensity(600, 1.0, BINS)
    for second in range(20):
        for side in Side:
            fitted.on_trade(a_trade(START + second * SECOND, second % 4, side), MID)
    single = ArrivalIntensity(600, 1.0, BINS)
    for second in range(20):
        single.on_trade(a_trade(START + second * SECOND, second % 4), MID)
    both, one = fitted.fit(), single.fit()
    assert both is not None
    assert one is not None
    assert both.scale == pytest.approx(2 * one.scale)


def test_too_few_arrivals_fit_nothing() -> None:
    fitted = ArrivalIntensity(600, 1.0, BINS)
    for second in range(LEAST_ARRIVALS - 1):
        fitted.on_trade(a_trade(START + second * SECOND, 5), MID)
    assert fitted.fit() is None


def test_takers_that_all_reach_equally_far_fit_no_decay() -> None:
    fitted = ArrivalIntensity(600, 1.0, BINS)
    for second in range(50):
        fitted.on_trade(a_trade(START + second * SECOND, 5.5), MID)
    assert fitted.fit() is None


def test_after_a_gap_nothing_is_known() -> None:
    fitted = ArrivalIntensity(600, 1.0, BINS)
    for second in range(40):
        fitted.on_trade(a_trade(START + second * SECOND, second % 4), MID)
    assert fitted.fit() is not None
    fitted.clear()
    assert fitted.fit() is None
