"""The bus measurement counts every book once: read, skipped for a newer one, or lost."""

from actors.bench_bus import measure_bus


def test_nothing_is_lost_and_only_a_slow_reader_skips() -> None:
    measured = measure_bus(rate_per_s=1_000, seconds=0.3)
    for part in ("one_to_one", "one_to_three", "slow_reader"):
        record = measured[part]
        assert isinstance(record, dict)
        assert (record["work"], record["lost"]) == (300, 0)
        assert record["p50_us"] > 0
