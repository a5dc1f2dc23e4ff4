"""The Grafana dashboard and the Prometheus files name metrics that are exported, and nothing beyond this machine."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from actors.status_metrics import StatusCollector
from tests.commands.builders_commands import a_document
from wildbot.analytics.status_view import view_of
from wildbot.settings_loading import load

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "config" / "grafana" / "wildbot.json"
FILES = (DASHBOARD, ROOT / "config" / "prometheus" / "alerts.yml", ROOT / "config" / "prometheus" / "prometheus.yml")
TRUTH = {
    "bracket": {"low": "-1"},
    "sign_stable": True,
    "markouts": [{"horizon_s": 5, "mean_bps": 1}],
    "split": {"fees": "-1"},
}


def panels() -> Iterator[dict[str, object]]:
    yield from json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def exported() -> set[str]:
    registry = CollectorRegistry()
    registry.register(StatusCollector(lambda: (view_of(a_document(truth=TRUTH)), 0.0)))
    return {line.split("{")[0].split(" ")[0] for line in generate_latest(registry).decode().splitlines() if line[:1] != "#"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_metric_that_is_named_is_exported(path: Path) -> None:
    named = set(re.findall(r"\bwildbot_\w+", path.read_text(encoding="utf-8")))
    assert named - exported() == set()


def test_the_dashboard_shows_what_the_owner_asks_for_first() -> None:
    text = DASHBOARD.read_text(encoding="utf-8")
    for metric in (
        "wildbot_state", "wildbot_account_equity", "wildbot_account_drawdown_ratio", "wildbot_fills_total",
        "wildbot_order_requests_total", "wildbot_rate_budget_used_ratio", "wildbot_trader_data_age_seconds",
        "wildbot_actor_restarts_total", "wildbot_hop_latency_seconds_bucket", "wildbot_truth_net_pnl",
    ):  # fmt: skip
        assert metric in text, metric


def test_no_two_panels_overlap_and_each_has_a_query() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        assert isinstance(place, dict)
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
        assert panel["type"] == "row" or panel["targets"], panel["title"]


def test_prometheus_asks_the_port_that_the_api_has_by_default() -> None:
    text = (ROOT / "config" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    assert f'"127.0.0.1:{load(environment={}).settings.api.port}"' in text
