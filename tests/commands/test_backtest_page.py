"""The page of a backtest: whole, self-contained, with everything the result says."""

import csv
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.backtest.builders_backtest import DEMO, a_sample_tape
from tests.dashboard.browser import CHROMIUM, DESK, PHONE, a_tab
from wildbot.adapters.recording import PairWriter
from wildbot.analytics.plots import Series, line_chart
from wildbot.cli import app
from wildbot.commands.backtest_report import range_text, sign_text
from wildbot.market.book_changes import BookChanges
from wildbot.model.market_data import BookSnapshot


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WILDBOT_HOME", str(tmp_path / "home"))
    writer, changes = PairWriter(tmp_path / "rec", DEMO, "test"), BookChanges()
    for row in a_sample_tape(seconds=130).events:
        writer.add(changes.row(row) if isinstance(row, BookSnapshot) else row)  # type: ignore[arg-type]
    writer.close()
    return tmp_path / "rec"


WORDS = ("--format", "wildbot", "--capital", "10000", "--set", "edge_policy=ignore", "--fills", "touch", "--json")


def test_a_recording_gives_a_page_and_sheets_that_need_nothing_else(recording: Path) -> None:
    page, sheets = recording.parent / "r.html", recording.parent / "sheets"
    words = ["backtest", "--data", str(recording), *WORDS, "--html", str(page), "--csv", str(sheets)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    told, text = json.loads(result.stdout), page.read_text()
    assert not re.search(r"<script|src=|href=|@import|url\(", text)
    assert text.count("<svg") >= 2
    assert told["decisions_digest"] in text
    fills, trips, equity = (list(csv.DictReader((sheets / f"{name}.csv").open())) for name in ("fills", "trips", "equity"))
    assert len(fills) == told["fills"] > 0
    assert all(float(row["mid"]) > 0 for row in fills)
    paid = sum((1 if row["side"] == "buy" else -1) * Decimal(row["cost"]) + Decimal(row["fee"]) for row in fills)
    assert told["left_lots"] or Decimal(told["exact"]["net_pnl"]) == -paid
    assert len(trips) == told["round_trips"]
    assert abs(sum(float(row["net"]) for row in trips) - told["net_pnl"]) < 1e-9 or told["left_lots"]
    assert float(equity[0]["equity"]) == 10_000
    assert abs(float(equity[-1]["equity"]) - 10_000 - told["net_pnl"]) < 1e-6


@pytest.mark.parametrize(("fills", "is_asked"), [("touch", False), ("queue_position", True)])
def test_a_value_is_called_calibrated_only_where_that_model_was_asked(recording: Path, fills: str, is_asked: bool) -> None:
    page = recording.parent / "r.html"
    words = ["backtest", "--data", str(recording), *WORDS, "--fills", fills, "--html", str(page)]
    told = json.loads(CliRunner().invoke(app, words).stdout)
    assert (told["bracket"]["calibrated"] is not None) == is_asked
    assert ("calibrated" in page.read_text()) == ("calibrated" in range_text(told)) == is_asked


def told_of(*fills: int, stable: bool = True, believable: tuple[float, float] | None = None) -> dict[str, object]:
    low, high = believable or (None, None)
    bracket = {"low": 1.0, "calibrated": 1.0, "high": 2.0, "believable_low": low, "believable_high": high}
    models = {str(number): {"fills": count} for number, count in enumerate(fills)}
    return {"models": models, "sign_stable": stable, "bracket": bracket}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (told_of(0, 0), "nothing was filled"),
        (told_of(0), "nothing was filled"),
        (told_of(3), "one fill model alone"),
        (told_of(3, 0, stable=False), "disagree"),
        (told_of(3, 1, believable=(-1.0, 3.0)), "across zero"),
        (told_of(3, 1, believable=(0.5, 3.0)), "agrees on the sign"),
    ],
)
def test_a_sign_is_claimed_only_where_fills_show_one(told: dict[str, object], words: str) -> None:
    assert words in sign_text(told)
    assert ("agrees on the sign" in sign_text(told)) == (words in ("across zero", "agrees on the sign"))


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_page_asks_nobody_for_anything_and_fits_its_window(recording: Path, size: tuple[int, int]) -> None:
    page = recording.parent / "r.html"
    result = CliRunner().invoke(app, ["backtest", "--data", str(recording), *WORDS, "--html", str(page)])
    assert result.exit_code == 0, result.output
    with a_tab(size) as tab:
        tab.page.goto(page.as_uri())
        assert tab.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert tab.page.locator("svg").count() >= 2
        assert (tab.asked, tab.complaints) == ([page.as_uri()], [])


def test_measured_delays_are_drawn_the_same_every_time_and_change_the_run(recording: Path) -> None:
    measured = recording.parent / "latency.json"
    measured.write_text(json.dumps({"feed": [10**6, 10**8], "order": [5 * 10**7], "report": [10**7, 2 * 10**8]}))
    words = ["backtest", "--data", str(recording), *WORDS]
    at_once, late, again = (
        json.loads(CliRunner().invoke(app, [*words, *more]).stdout)["decisions_digest"]
        for more in ([], ["--latency", str(measured)], ["--latency", str(measured)])
    )
    assert late == again != at_once


def test_the_figures_tell_what_the_run_was_asked(recording: Path) -> None:
    measured = recording.parent / "latency.json"
    measured.write_text(json.dumps({"order": [5 * 10**7]}))
    words = ["backtest", "--data", str(recording), *WORDS, "--latency", str(measured), "--allow-short"]
    told = json.loads(CliRunner().invoke(app, [*words, "--feed-latency-ms", "2.5"]).stdout)
    asked = {name: told[name] for name in ("feed_latency_ms", "measured_latency", "allow_short")}
    assert asked == {"feed_latency_ms": 2.5, "measured_latency": ["order"], "allow_short": True}
    assert told["parameters"]["edge_policy"] == "ignore"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"feed": []}', '{"feed": [-1]}', '{"way": [1]}'])
def test_a_file_without_measured_delays_is_refused_in_a_sentence(recording: Path, content: str) -> None:
    measured = recording.parent / "latency.json"
    measured.write_text(content)
    result = CliRunner().invoke(app, ["backtest", "--data", str(recording), *WORDS, "--latency", str(measured)])
    assert result.exit_code == 78
    assert "--latency" in result.output


def test_a_chart_keeps_its_peaks_and_escapes_its_texts() -> None:
    points = [(float(x), 100.0 if x == 7_777 else 0.0) for x in range(20_000)]
    chart = line_chart("<b>", [Series("a&b", points)])
    assert "<b>" not in chart
    assert "a&amp;b" in chart
    assert len(chart) < 60_000
    assert min(float(y) for y in re.findall(r"[\d.]+,([\d.]+)", chart)) < 60


def test_nothing_to_draw_is_no_chart() -> None:
    assert line_chart("t", []) == ""
