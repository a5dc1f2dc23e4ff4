"""What /metrics answers is what Prometheus' own parser reads, named and typed as its practices ask.

Source: "Metric and label naming" and "Writing exporters" of the Prometheus documentation; what `promtool check metrics`
    complains of.
"""

import re

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from actors.status_metrics import UNKNOWN_AGE_S, StatusCollector
from tests.commands.builders_commands import a_document
from tests.house.test_monitoring_files import TRUTH
from wildbot.analytics.status_view import view_of

NO_BASE_UNITS = {
    "ms", "us", "ns", "s", "sec", "secs", "millis", "milliseconds", "microseconds", "minutes", "hours", "days",
    "kb", "mb", "gb", "kib", "mib", "megabytes", "pct", "percent", "percentage",
}  # fmt: skip
TYPES = {"gauge", "counter", "histogram"}


def families(age_s: float = 0.0) -> list[Metric]:
    registry = CollectorRegistry()
    registry.register(StatusCollector(lambda: (view_of(a_document(truth=TRUTH)), age_s)))
    return list(text_string_to_metric_families(generate_latest(registry).decode()))


def faults_of(family: Metric) -> list[str]:
    """Return what promtool would say of a family."""
    words = family.name.split("_")
    faults = [f"{word} is no base unit" for word in words if word in NO_BASE_UNITS]
    faults += [] if family.documentation.strip() else ["no HELP"]
    faults += [] if family.type in TYPES else [f"type {family.type}"]
    faults += [] if re.fullmatch(r"wildbot_[a-z0-9_]+", family.name) else ["not our prefix and small letters"]
    for sample in family.samples:
        if family.type == "counter" and not sample.name.endswith("_total"):
            faults.append(f"{sample.name} is a counter without _total")
        if family.type == "gauge" and sample.name.endswith(("_total", "_count", "_sum", "_bucket")):
            faults.append(f"{sample.name} has a counter's ending")
        if family.type == "gauge" and sample.name.endswith("_ratio") and "return" not in sample.name and sample.value > 10:
            faults.append(f"{sample.name} is {sample.value}: not a ratio")
    return faults


def test_the_parser_reads_every_family_and_finds_nothing_to_complain_of() -> None:
    found = families()
    assert len(found) > 40
    assert {family.name: faults for family in found if (faults := faults_of(family))} == {}


def test_a_family_named_as_ours_once_were_is_complained_of() -> None:
    family = Metric("wildbot_actor_heartbeat_age_ms", "", "gauge")
    assert faults_of(family) == ["ms is no base unit", "no HELP"]


def test_no_sample_is_told_twice_and_no_family_has_two_heads() -> None:
    found = families()
    names = [family.name for family in found]
    assert len(names) == len(set(names))
    samples = [(sample.name, tuple(sorted(sample.labels.items()))) for family in found for sample in family.samples]
    assert len(samples) == len(set(samples))


def test_the_numbers_of_an_old_document_end_instead_of_lasting() -> None:
    assert len(families(UNKNOWN_AGE_S - 0.1)) > 40
    assert {family.name for family in families(UNKNOWN_AGE_S + 0.1)} == {"wildbot_healthy", "wildbot_status_age_seconds"}


def test_every_histogram_grows_with_its_borders_and_ends_in_its_count() -> None:
    (hops,) = [family for family in families() if family.type == "histogram"]
    rows: dict[tuple[str, str], dict[str, list[float]]] = {}
    for sample in hops.samples:
        row = rows.setdefault((sample.labels["actor"], sample.labels["hop"]), {})
        row.setdefault(sample.name.rsplit("_", 1)[1], []).append(sample.value)
        row.setdefault("le", []).extend([float(sample.labels["le"])] if "le" in sample.labels else [])
    assert rows
    for row in rows.values():
        assert row["bucket"] == sorted(row["bucket"]) and row["le"] == sorted(row["le"])
        assert row["le"][-1] == float("inf") and row["bucket"][-1] == row["count"][0]
