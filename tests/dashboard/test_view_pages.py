"""What the pages beyond the cockpit say: minds, truth, sums, hops, settings, reports."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.dashboard.builders_dashboard import NOW_NS, SECOND, a_document, a_mind, a_rating, a_trade, a_truth, an_actor
from wildbot.dashboard.view.chart import Line, named, thinned
from wildbot.dashboard.view.latency import hops, spread_option
from wildbot.dashboard.view.minds import BPS, PERCENT, PRICE, RATIO, families, reason_shares
from wildbot.dashboard.view.parameters import chosen, in_force, settings_html
from wildbot.dashboard.view.process_table import processes_html
from wildbot.dashboard.view.report_files import framed, report_files
from wildbot.dashboard.view.results import results
from wildbot.dashboard.view.tracks import ROWS_MAX, Track
from wildbot.dashboard.view.truth import models_html, truth_html, verdict
from wildbot.dashboard.view.universe import standing, universe_html


def a_track() -> Track:
    track = Track()
    track.join(a_mind(NOW_NS))
    return track


def names(lines: list[Line]) -> list[str]:
    return [name for name, _, _ in lines]


def test_indicators_share_an_axis_with_their_kind() -> None:
    found = families(a_track())
    assert {family: names(lines) for family, lines in found.items()} == {
        PRICE: ["mid", "ema"],
        BPS: ["momentum"],
        PERCENT: [],
        RATIO: ["inventory ratio"],
    }


def test_dominance_is_a_percentage_and_no_ratio_beside_small_ones() -> None:
    track = Track()
    track.add(NOW_NS, "quoting", {"dominance": 60.0, "depth_ratio": 1.5})
    assert names(families(track)[PERCENT]) == ["dominance"]
    assert names(families(track)[RATIO]) == ["depth ratio"]


def test_reasons_are_counted_by_share_of_time() -> None:
    track = Track()
    for second in range(10):
        track.add(NOW_NS + second * SECOND, "no_edge" if second < 7 else "", {})
    assert [(share.code, share.percent) for share in reason_shares(track)] == [("no_edge", 70.0), ("no reason given", 30.0)]


def test_a_track_joins_the_past_once_and_goes_on_without_repeats() -> None:
    track = Track()
    track.add(NOW_NS, "live", {"mid": 3.0})
    for _ in range(2):
        track.join(a_mind(NOW_NS, rows=5))
    track.add(NOW_NS + SECOND // 2, "too soon", {})
    track.add(NOW_NS + SECOND, "next", {"mid": 4.0})
    assert len(track.rows) == 7
    assert [word for _, word in track.words()][-2:] == ["live", "next"]
    assert list(track.rows) == sorted(track.rows)


def test_a_track_is_bounded() -> None:
    track = Track()
    for second in range(ROWS_MAX + 10):
        track.add(NOW_NS + second * SECOND, "", {str(second): 1.0})
    assert len(track.rows) == ROWS_MAX


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "the sign depends on the fill model"),
        ({"sign_stable": True, "bracket": {"low": "0.1", "calibrated": "0.2", "high": "0.3"}}, "a gain under every model"),
        ({"sign_stable": True, "bracket": {"low": "-3", "calibrated": "-2", "high": "-1"}}, "a loss under every model"),
        (
            {
                "sign_stable": True,
                "bracket": {"low": "0.1", "high": "0.3", "believable_low": "-0.1", "believable_high": "0.5"},
            },
            "within the error of the models",
        ),
        (
            {"sign_stable": True, "bracket": {"low": "1", "high": "3", "believable_low": "0.8", "believable_high": "3.2"}},
            "a gain under every model",
        ),
        ({"sign_stable": None}, "not known yet"),
        ({"bracket": {"low": None, "high": None}}, "not known yet"),
    ],
)
def test_the_verdict_never_claims_more_than_the_models(changes: dict[str, object], words: str) -> None:
    assert words in verdict(a_truth(**changes))[1]


def test_the_truth_shows_where_the_profit_came_from_and_what_followed() -> None:
    markup = truth_html(a_document(), stale=False)
    for words in ("+0.4120", "−0.1630", "−0.1203", "after 30 s", "−1.90 bp", "lowest model"):
        assert words in markup, words
    unknown = {"bracket": {"low": None, "calibrated": None, "high": None}, "split": {"spread": None}, "fills": 0}
    for document in ({}, {"truth": unknown}):
        assert "no result to judge yet" in truth_html(document, stale=False)


def test_reality_stands_beside_the_calibrated_model() -> None:
    markup = models_html(a_document(), stale=False)
    for words in ("88 orders", "really", "47 %", "49 %", "2.4 s old", "queue position"):
        assert words in markup, words
    assert "orders" not in models_html({}, stale=False)


def test_results_are_exact_by_day_and_pair() -> None:
    day = 86_400 * SECOND
    fills = [a_trade(NOW_NS + n * day // 2, pnl="0.10", fee="0.01", cost="3.3") for n in range(4)]
    found = results([*fills, a_trade(NOW_NS + 3 * day, pair="X/Y", pnl="-1", fee="0.1", cost="1", liquidity="taker")])
    assert found.total.net == Decimal("-0.74") == sum(sums.net for sums in found.days.values())
    assert found.pairs["BTC/USDC"].profit == Decimal("0.40") and found.pairs["BTC/USDC"].makers == 4
    assert len(found.days) == 3
    assert [round(net, 2) for _, net in found.curve] == [0.09, 0.18, 0.27, 0.36, -0.74]


def test_hops_come_in_the_order_of_the_path_whoever_reports_them() -> None:
    one = {"count": 1, "p50_us": 1.0, "p99_us": 2.0}
    actors = [an_actor("b", hops={"venue": one, "odd": one}), an_actor("a", hops={"decode": one, "venue": one, "sick": {}})]
    assert [(hop.name, hop.actor) for hop in hops({"actors": actors})] == [
        ("decode", "a"),
        ("venue", "a"),
        ("venue", "b"),
        ("odd", "b"),
    ]


def test_the_histogram_of_a_hop_is_summed_over_its_actors_and_has_no_holes() -> None:
    octaves = ({"10": 3, "12": 1}, {"12": 4, "x": 9, "-1": 9, "999": 9})
    actors = [
        an_actor(f"t{n}", hops={"bus": {"p50_us": 1, "p99_us": 2, "octaves": told}}) for n, told in enumerate(octaves)
    ]
    option = msgspec.convert(spread_option(hops({"actors": actors})), dict[str, Any])
    assert option["xAxis"]["data"] == ["to 1 µs", "to 2 µs", "to 4 µs"]
    assert option["series"][0]["data"] == [37.5, 0.0, 62.5]


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"active": True}, "traded"), ({"active": False}, "tradeable"), ({"active": False, "tradeable": False}, "not traded")],
)
def test_what_a_pair_is_to_us_is_a_word(changes: dict[str, object], word: str) -> None:
    assert word in standing(a_rating("BTC/USDC", 1, **changes))[1]


def test_the_universe_shows_the_age_of_every_rating() -> None:
    assert "120 ms" in universe_html(a_document(), stale=False)


def test_a_stale_table_of_processes_knows_nobody_well() -> None:
    markup = processes_html(a_document(), Track(), stale=True)
    assert "● well" not in markup and "○ unknown" in markup


def test_settings_are_found_by_name_or_value_and_the_chosen_ones_are_marked() -> None:
    rows = [("risk.a", "1", "built-in default"), ("risk.b", "two", "environment"), ("c", "3", "config/default.toml")]
    assert [row[0] for row in chosen(rows, containing="TWO", own_only=False)] == ["risk.b"]
    assert [row[0] for row in chosen(rows, containing="", own_only=True)] == ["risk.b"]
    assert settings_html(rows, 3).count("◆ environment") == 1


def test_a_universe_that_was_changed_while_it_runs_is_shown_as_such() -> None:
    rows = [("trading.universe", '["A/B"]', "config/default.toml"), ("risk.a", "1", "environment")]
    assert in_force(rows, [], ["A/B"]) == in_force(rows, ["A/B"], ["A/B"]) == rows
    assert in_force(rows, ["C/D", "A/B"], ["A/B"])[0] == ("trading.universe", '["A/B","C/D"]', "changed while it runs")


def test_reports_are_listed_newest_first_and_links_are_not_followed(tmp_path: Path) -> None:
    reports, secret = tmp_path / "reports", tmp_path / "secret.html"
    (reports / "daily").mkdir(parents=True)
    secret.write_text("x")
    for name in ("a.html", "daily/b.csv", "c.exe"):
        (reports / name).write_text("x")
    (reports / "link.html").symlink_to(secret)
    assert sorted(file.name for file in report_files(reports)) == ["a.html", "daily/b.csv"]
    assert report_files(tmp_path / "none") == []


def test_a_report_is_framed_without_any_right() -> None:
    frame = framed("<script>alert(1)</script>\"'", "", 600)
    assert 'sandbox=""' in frame and "<script" not in frame


@pytest.mark.parametrize("text", ["<b>", "a&b", "x\"y'", "line\nbreak", "{b}"])
def test_a_name_in_a_chart_is_harmless(text: str) -> None:
    assert not set(named(text)) & set("<>&\"'\n{}")


def test_thinning_keeps_the_last_point_and_the_bound() -> None:
    assert thinned(list(range(10)), 4) == [0, 3, 6, 9]
    assert thinned([1, 2], 4) == [1, 2]
