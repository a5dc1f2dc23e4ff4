"""The exchange's own measurements: they do the work they name, and a record has what is promised."""

from pathlib import Path

import pytest

from actors import bench_exchange
from actors.bench_exchange import SECTIONS, measure_exchange
from wildbot.simulation.recording_files import read_lines

FIELDS = {"name", "work", "seconds", "rate_per_s", "p50_us", "p99_us", "p999_us", "machine", "versions"}
EQUITIES = Path(__file__).resolve().parents[2].parent / "shared" / "market-data" / "equities"
TAPE = EQUITIES / "AAPL_2012-06-21_first998_message_10.csv.gz"


def section(name: str, **options: object) -> dict[str, object]:
    measured = measure_exchange((name,), **options)  # type: ignore[arg-type]
    assert set(measured) == {"name", name}
    record = measured[name]
    assert isinstance(record, dict)
    assert set(record) >= FIELDS
    assert record["name"] == f"exchange.{name}"
    assert record["rate_per_s"] == pytest.approx(record["work"] / record["seconds"], rel=0.01)
    assert 0 < record["p50_us"] <= record["p99_us"] <= record["p999_us"]
    return record


def test_the_core_is_measured_by_so_many_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_exchange, "OPERATIONS", 500)
    assert section("core")["work"] == 500


def test_replay_without_a_tape_plays_a_sample_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_exchange, "SAMPLE_SECONDS", 5)
    record = section("replay")
    assert record["tape"] == "sample" and int(str(record["work"])) > 50
    assert float(str(record["morning_s"])) == pytest.approx(
        bench_exchange.MORNING * float(str(record["seconds"])) / int(str(record["work"])), abs=0.01
    )


def test_replay_of_a_tape_counts_its_messages() -> None:
    if not TAPE.exists():
        pytest.skip(f"the recording {TAPE.name} is not here")
    record = section("replay", tape=TAPE)
    messages = sum(1 for _ in read_lines(str(TAPE))) - 1  # the first is in the book it starts from
    assert (record["tape"], record["work"]) == (TAPE.name, messages)


def test_signed_orders_are_sent_and_answered_by_a_real_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_exchange, "ORDERS", 40)
    record = section("signed_ws")
    assert (record["work"], record["refused"]) == (40, 0)


def test_market_data_reaches_every_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_exchange, "FANOUT_S", 1.0)
    record = section("fanout")
    assert (record["clients"], record["pairs"]) == (4, 8)
    assert int(str(record["work"])) > 0
    assert float(str(record["slowest_pair_per_s"])) > 0


def test_what_is_no_section_measures_nothing() -> None:
    assert measure_exchange(()) == {"name": "exchange"}
    assert set(SECTIONS) == {"core", "signed_ws", "fanout", "replay"}
