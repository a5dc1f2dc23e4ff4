"""Latency histograms: buckets without holes, quantiles within a part, counts that only add up."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.analytics.hop_board import HOPS_MAX, RECENT_NS, HopBoard
from wildbot.analytics.latency import BUCKETS, CEILING_BITS, FLOOR_NS, PARTS, Latencies, bucket_of, floor_of
from wildbot.model.status import HopLatency

CEILING_NS = 1 << CEILING_BITS
DURATIONS = st.integers(0, CEILING_NS - 1)
T0 = 1_700_000_000_000_000_000


def noted(*durations: int) -> Latencies:
    latencies = Latencies()
    for nanos in durations:
        latencies.record(nanos)
    return latencies


@given(DURATIONS)
def test_a_duration_lies_between_the_borders_of_its_bucket(nanos: int) -> None:
    bucket = bucket_of(nanos)
    assert floor_of(bucket) <= nanos < floor_of(bucket + 1)


@given(st.integers(FLOOR_NS, CEILING_NS - 1))
def test_a_bucket_is_narrower_than_a_part_of_its_floor(nanos: int) -> None:
    bucket = bucket_of(nanos)
    assert (floor_of(bucket + 1) - floor_of(bucket)) * PARTS <= floor_of(bucket)


def test_what_the_scheme_does_not_reach_falls_into_its_ends() -> None:
    assert bucket_of(-5) == 0
    assert bucket_of(CEILING_NS) == bucket_of(10 * CEILING_NS) == BUCKETS - 1
    assert floor_of(BUCKETS) == CEILING_NS


@given(st.lists(st.integers(FLOOR_NS, CEILING_NS - 1), min_size=1, max_size=200), st.floats(1, 100))
def test_a_quantile_is_within_a_part_of_the_exact_one(durations: list[int], percent: float) -> None:
    exact_us = sorted(durations)[max(1, math.ceil(len(durations) * percent / 100)) - 1] / 1_000
    told_us = noted(*durations).quantile_us(percent)
    assert told_us is not None
    assert exact_us * (1 - 1.01 / PARTS) <= told_us <= exact_us * (1 + 1.01 / PARTS)


def test_nothing_noted_has_no_quantile() -> None:
    assert Latencies().quantile_us(50) is None


@given(st.lists(DURATIONS), st.lists(DURATIONS))
def test_counts_of_two_processes_add_up_to_those_of_one(here: list[int], there: list[int]) -> None:
    told = noted(*there).take("hop")
    both, whole = noted(*here), noted(*here, *there)
    both.add(told.counts, told.total_ns)
    assert (both.counts, both.count, both.total_ns) == (whole.counts, whole.count, whole.total_ns)
    assert sum(both.octaves().values()) == both.count


@given(st.lists(DURATIONS, max_size=50))
def test_an_octave_holds_what_is_below_its_power_of_two(durations: list[int]) -> None:
    octaves = noted(*durations).octaves()
    for bits in range(10, 36):
        assert sum(n for k, n in octaves.items() if k <= bits) == sum(nanos < 2**bits for nanos in durations)


def test_taking_starts_anew() -> None:
    latencies = noted(5_000, 6_000)
    assert latencies.take("send") == HopLatency("send", 11_000, {bucket_of(5_000): 1, bucket_of(6_000): 1})
    assert (latencies.count, latencies.counts, latencies.total_ns) == (0, {}, 0)


# --- the board ------------------------------------------------------------------------------------------------------


def hop(*durations: int, name: str = "bus") -> HopLatency:
    return noted(*durations).take(name)


def test_counts_of_a_run_only_rise_and_percentiles_are_of_late() -> None:
    board = HopBoard()
    board.add("trader-SOL-USDC", [hop(*[1_000_000] * 100)], T0)
    board.add("trader-SOL-USDC", [hop(*[10_000] * 10)], T0 + 2 * RECENT_NS)
    row = board.rows("trader-SOL-USDC", T0 + 2 * RECENT_NS)["bus"]
    assert (row["count"], row["total_s"], row["octaves"]) == (110, 0.1001, {"14": 10, "20": 100})
    assert row["p99_us"] == pytest.approx(10, rel=0.07)


def test_percentiles_survive_the_turn_of_one_period() -> None:
    board = HopBoard()
    board.add("order_gateway", [hop(50_000)], T0)
    assert board.rows("order_gateway", T0 + RECENT_NS)["bus"]["p50_us"] is not None
    assert board.rows("order_gateway", T0 + 2 * RECENT_NS)["bus"]["p50_us"] is None
    assert board.rows("order_gateway", T0 + 200 * RECENT_NS)["bus"]["count"] == 1


def test_hops_of_an_actor_are_bounded() -> None:
    board = HopBoard()
    board.add("order_gateway", [hop(1, name=f"hop{number}") for number in range(100)], T0)
    assert len(board.rows("order_gateway", T0)) == HOPS_MAX


def test_an_actor_nobody_heard_of_has_no_hops() -> None:
    assert HopBoard().rows("nobody", T0) == {}
