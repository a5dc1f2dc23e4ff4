"""Incremental signals against plain computations of the same thing."""

import math
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.trading.builders_trading import PAIR, SECOND, START, a_book
from wildbot.market.signals import (
    VOLATILITY_WARM_SAMPLES,
    ClockVolatility,
    Ema,
    OrderFlowImbalance,
    RollingSum,
    TradeFlow,
    book_flow,
    momentum_bps,
)
from wildbot.model.market_data import TradePrint
from wildbot.model.orders import Side

prices = st.lists(st.floats(100, 10_000), min_size=1, max_size=200)


@given(prices, st.integers(1, 60))
def test_the_ema_is_the_textbook_recursion(values: list[float], window: int) -> None:
    ema = Ema(window)
    expected = values[0]
    for number, value in enumerate(values):
        assert ema.is_warm is (number >= window)
        ema.update(value)
        expected = value if number == 0 else value * 2 / (window + 1) + expected * (1 - 2 / (window + 1))
    assert ema.value == pytest.approx(expected)


def test_momentum_is_the_distance_from_the_average_in_basis_points() -> None:
    assert momentum_bps(10_002.0, 10_000.0) == pytest.approx(2.0)
    assert momentum_bps(9_998.0, 10_000.0) == pytest.approx(-2.0)


def plain_volatility(points: list[tuple[int, float]], window: int) -> float | None:
    """Sample the last mid before each whole second, take log returns, keep the last `window`."""
    samples = []
    tick = points[0][0] // SECOND + 1
    while tick * SECOND <= points[-1][0]:
        samples.append([mid for at, mid in points if at < tick * SECOND][-1])
        tick += 1
    returns = [math.log(after / before) for before, after in pairwise(samples)][-window:]
    return statistics.stdev(returns) * 10_000 if len(returns) >= min(VOLATILITY_WARM_SAMPLES, window) else None


@given(
    st.lists(st.tuples(st.integers(1, 3 * SECOND), st.floats(9_900, 10_100)), min_size=2, max_size=120),
    st.sampled_from([5, 25, 100]),
)
def test_volatility_is_the_deviation_of_clock_sampled_returns(steps: list[tuple[int, float]], window: int) -> None:
    at, points = START, []
    signal = ClockVolatility(SECOND, window)
    for step, mid in steps:
        at += step
        points.append((at, mid))
        signal.update(mid, at)
    expected = plain_volatility(points, window)
    assert signal.bps(SECOND) == (None if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-6))


def test_volatility_grows_with_the_square_root_of_the_horizon() -> None:
    signal = ClockVolatility(SECOND, 30)
    for number in range(40):
        signal.update(10_000.0 + number % 2, START + number * SECOND)
    one, hundred = signal.bps(SECOND), signal.bps(100 * SECOND)
    assert one is not None
    assert hundred == pytest.approx(10 * one)


def test_volatility_does_not_depend_on_how_often_quotes_come() -> None:
    few, many = ClockVolatility(SECOND, 30), ClockVolatility(SECOND, 30)
    for number in range(400):
        mid = 10_000.0 + (number // 10) % 3
        many.update(mid, START + number * SECOND // 10)
        if number % 10 == 0:
            few.update(mid, START + number * SECOND // 10)
    assert many.bps(SECOND) == pytest.approx(few.bps(SECOND))


def test_a_silence_longer_than_the_window_restarts_the_volatility() -> None:
    signal = ClockVolatility(SECOND, 30)
    for number in range(40):
        signal.update(10_000.0 + number % 2, START + number * SECOND)
    signal.update(12_000.0, START + 80 * SECOND)
    assert signal.bps(SECOND) is None
    assert signal.samples == 0


events = st.lists(st.tuples(st.integers(0, 2 * SECOND), st.integers(-1_000, 1_000)), max_size=100)


@given(events)
def test_a_rolling_sum_is_the_sum_of_the_window(steps: list[tuple[int, int]]) -> None:
    rolling, at, seen = RollingSum(5 * SECOND), START, []
    for step, value in steps:
        at += step
        seen.append((at, value))
        rolling.add(value, at)
        assert rolling.total == sum(v for t, v in seen if t > at - 5 * SECOND)


@pytest.mark.parametrize(
    ("after", "flow"),
    [
        (a_book(bid_lots=12), 2),
        (a_book(bid_lots=7), -3),
        (a_book(bid=15_001, bid_lots=4), 4),
        (a_book(bid=14_999, bid_lots=4), -10),
        (a_book(ask_lots=12), -2),
        (a_book(ask=15_009, ask_lots=4), -4),
        (a_book(ask=15_011, ask_lots=4), 10),
    ],
)
def test_order_flow_of_one_step_is_the_papers(after: object, flow: int) -> None:
    before = a_book(bid_lots=10, ask_lots=10)
    after = replace(after, bid_lots=(after.bid_lots[0] % 100 or 10, 1), ask_lots=(after.ask_lots[0] % 100 or 10, 1))  # type: ignore[attr-defined, type-var]
    assert book_flow(before, after, 1) == flow


def test_deeper_levels_add_up_and_missing_ones_count_as_empty() -> None:
    before = a_book(bid_lots=10, ask_lots=10)
    thinner = replace(before, bid_ticks=before.bid_ticks[:1], bid_lots=before.bid_lots[:1])
    assert book_flow(before, thinner, 1) == 0
    assert book_flow(before, thinner, 5) == -before.bid_lots[1]
    assert book_flow(thinner, before, 5) == before.bid_lots[1]


def test_order_flow_sums_over_its_window_and_skips_a_gap() -> None:
    flow = OrderFlowImbalance(1, 10 * SECOND)
    flow.update(a_book(bid_lots=10))
    flow.update(a_book(bid_lots=15, at=START + SECOND))
    assert flow.lots == 5
    flow.reset()
    flow.update(a_book(bid_lots=99, at=START + 2 * SECOND))
    assert flow.lots == 5
    flow.update(a_book(bid_lots=98, at=START + 11 * SECOND))
    assert flow.lots == -1


def test_trade_flow_is_signed_by_the_taker() -> None:
    flow = TradeFlow(10 * SECOND)
    flow.update(TradePrint(PAIR, 1, Side.BUY, 15_000, 7, START, START))
    flow.update(TradePrint(PAIR, 2, Side.SELL, 15_000, 3, START + SECOND, START))
    assert (flow.signed_lots, flow.volume_lots) == (4, 10)
    flow.advance(START + 10 * SECOND)
    assert (flow.signed_lots, flow.volume_lots) == (-3, 3)
