"""Measurement records: nearest-rank percentiles of raw samples, and memory that adds up."""

import os

from hypothesis import given
from hypothesis import strategies as st

from actors.bench_report import bench_report, percentile_us
from actors.bench_startup import measure_startup
from wildbot.commands.bench_memory import ALL, measure_memory
from wildbot.commands.instance import OwnProcess
from wildbot.settings_loading import load


def test_a_record_tells_work_time_rate_machine_and_versions() -> None:
    record = bench_report("feed", work=100, seconds=0.5, samples_ns=[3_000, 1_000, 2_000])
    assert (record.work, record.rate_per_s, record.p50_us, record.p999_us) == (100, 200.0, 2.0, 3.0)
    assert record.machine.cores >= 1 and record.versions["python"]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=200), st.floats(0.1, 100))
def test_a_percentile_is_a_sample_that_so_many_do_not_exceed(samples: list[int], percent: float) -> None:
    ordered = sorted(samples)
    value_ns = percentile_us(ordered, percent) * 1_000
    at_most = sum(sample <= value_ns + 1 for sample in ordered)
    assert any(abs(sample - value_ns) < 1 for sample in ordered)
    assert at_most >= len(ordered) * percent / 100 - 1e-6


def test_percentile_of_nothing_is_zero() -> None:
    assert percentile_us([], 50) == 0.0


def test_memory_is_told_per_process_and_in_all() -> None:
    record = measure_memory([OwnProcess(os.getpid(), "one"), OwnProcess(os.getppid(), "two")])
    assert set(record.rss_mb) == set(record.pss_mb) == {"one", "two", ALL}
    assert abs(record.rss_mb[ALL] - record.rss_mb["one"] - record.rss_mb["two"]) < 0.02
    assert 0 < record.pss_mb["one"] <= record.rss_mb["one"]


def test_a_process_that_is_gone_is_left_out_of_the_memory() -> None:
    nobody = 2**22 + 1
    assert set(measure_memory([OwnProcess(nobody, "gone")]).rss_mb) == {ALL}


def test_a_trader_start_is_measured_until_its_first_word() -> None:
    record = measure_startup(load(environment={}).settings, starts=1)
    assert record.work == 1 and record.ready_ms == round(record.p50_us / 1_000, 2) > 0
