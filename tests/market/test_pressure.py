"""Pressure, its gradient and its footprints: constant work per book, equal to a plain computation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.builders_trading import PAIR, SECOND, START
from wildbot.market.pressure import PressureGauge, RollingSlope
from wildbot.model.market_data import BookSnapshot

SIZES = st.lists(st.integers(1, 1_000), min_size=5, max_size=5)


def a_book(bids: list[int], asks: list[int], at: float = 0.0, bid: int = 10_000) -> BookSnapshot:
    ts = START + int(at * SECOND)
    return BookSnapshot(
        PAIR, 1, ts, ts, tuple(bid - n for n in range(5)), tuple(bids), tuple(bid + 1 + n for n in range(5)), tuple(asks)
    )


def a_gauge(**changes: float) -> PressureGauge:
    rules = {"gradient_s": 5.0, "footprint_multiple": 3.0, "footprint_s": 2.0, **changes}
    return PressureGauge(5, **rules)


@given(SIZES, SIZES)
def test_pressure_dominance_and_depth_ratio_are_what_the_rule_says(bids: list[int], asks: list[int]) -> None:
    gauge = a_gauge()
    gauge.on_book(a_book(bids, asks))
    assert gauge.now is not None
    assert gauge.now.buy == sum(bids) / (sum(bids) + sum(asks))
    assert gauge.now.dominance == 100 * max(sum(bids), sum(asks)) / (sum(bids) + sum(asks))
    assert gauge.now.depth_ratio == sum(bids) / sum(asks)


@given(st.lists(st.tuples(st.integers(0, 2_000), st.floats(0, 1)), min_size=1, max_size=60))
def test_the_slope_equals_a_least_squares_fit_of_its_window(steps: list[tuple[int, float]]) -> None:
    slope, told, at = RollingSlope(5 * SECOND), [], START
    for gap_ms, value in steps:
        at += gap_ms * SECOND // 1_000
        slope.add(value, at)
        told.append((at, value))
    live = [((ts - at) / SECOND, value) for ts, value in told if ts > at - 5 * SECOND]
    found = slope.value()
    if live[0][0] == live[-1][0]:
        assert found is None
        return
    mean_t, mean_v = sum(t for t, _ in live) / len(live), sum(v for _, v in live) / len(live)
    spread = sum((t - mean_t) ** 2 for t, _ in live)
    expected = sum((t - mean_t) * (v - mean_v) for t, v in live) / spread
    assert found is not None
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_the_running_sums_do_not_drift() -> None:
    slope = RollingSlope(5 * SECOND)
    for number in range(20_000):
        slope.add(number / 1_000, START + number * SECOND // 100)
    assert slope.value() == pytest.approx(0.1)


def test_a_large_order_is_a_footprint_once_it_has_stayed() -> None:
    gauge, seen = a_gauge(), []
    for second in range(4):
        gauge.on_book(a_book([10, 10, 90, 10, 10], [10] * 5, at=second))
        assert gauge.now is not None
        seen.append(gauge.now.footprint)
    assert seen == [0, 0, 1, 1]


def test_one_on_the_other_side_counts_against() -> None:
    gauge = a_gauge()
    for second in (0, 3):
        gauge.on_book(a_book([10] * 5, [90, 10, 10, 90, 10], at=second))
    assert gauge.now is not None
    assert gauge.now.footprint == -2


def test_a_large_order_that_left_and_came_back_starts_anew() -> None:
    gauge = a_gauge()
    for second, size in ((0, 90), (1, 10), (1.5, 90), (3, 90)):
        gauge.on_book(a_book([10, 10, size, 10, 10], [10] * 5, at=second))
    assert gauge.now is not None
    assert gauge.now.footprint == 0


def test_after_a_gap_nothing_is_known() -> None:
    gauge = a_gauge()
    gauge.on_book(a_book([90] + [10] * 4, [10] * 5))
    gauge.clear()
    assert gauge.now is None
    gauge.on_book(a_book([90] + [10] * 4, [10] * 5, at=9))
    assert gauge.now is not None
    assert (gauge.now.gradient, gauge.now.footprint) == (None, 0)
