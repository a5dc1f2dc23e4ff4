"""Every page, run by Streamlit's own test runner: on a full desk, on none, and on documents no page may stumble over."""

import math
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.dashboard.builders_dashboard import NOW_NS, SECOND, Json, a_document, a_snapshot, a_trader, an_actor
from tests.dashboard.builders_pages import a_fill, a_journal, opened, shown
from tests.dashboard.fake_desk import FakeDesk
from wildbot.dashboard.app import PAGES
from wildbot.dashboard.source import open_source

NASTY = "<img src=x onerror=alert(1)>"
HOSTILE: dict[str, Json] = {
    "full": a_document(),
    "empty": {"run_id": "run-1"},
    "halted": a_document(state="halted", reasons=["the owner halted"]),
    "odd": dict(
        zip(a_document(), [[7], "x", None, {"a": {}}, -1, 1e308, True, [[]], {"": ""}, [None], [{}], "", 0], strict=False)
    ),
    "nasty": a_document(
        traders=[a_trader(NASTY, reason=NASTY, strategy=NASTY, indicators={NASTY: 1.0, "mid": NASTY})],
        actors=[an_actor(NASTY, state=NASTY, hops={NASTY: {"count": NASTY, "p50_us": 1, "p99_us": 2}})],
        scanner=[{"pair": NASTY, "reason": NASTY, "rank": NASTY, "score": "1e999", "spread_bps": math.pi}],
        truth={"models": {NASTY: {"fills": NASTY, "net_pnl": NASTY}}, "bracket": NASTY, "markouts": [{"horizon_s": NASTY}]},
        alerts=[{"ts_ns": 1, "level": NASTY, "actor": NASTY, "text": NASTY}],
    ),
}
NASTY_SNAPSHOT = a_snapshot() | {
    "minds": {NASTY: {"ts_ns": [1, "x", 3], "words": [NASTY], "values": {NASTY: [None, NASTY]}}, "BTC/USDC": 7},
    "ranking": {"ts_ns": {}, "values": []},
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_a_desk_says_that_nothing_is_known(home: Path, name: str) -> None:
    markup = shown(opened(name))
    assert "NO DATA" in markup and "UNKNOWN" in markup


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_page_stands_whatever_the_document_holds_and_markup_stays_text(home: Path, name: str, kind: str) -> None:
    with FakeDesk(home, HOSTILE[kind] | {"run_id": "run-1"}, NASTY_SNAPSHOT):
        open_source().wait_first(5)
        page = opened(name)
    assert NASTY not in shown(page)
    assert [button.key for button in page.button if button.key == "halt" and not button.disabled], "WildBot can be stopped"


@pytest.mark.parametrize("name", PAGES)
def test_a_stale_page_claims_nothing(home: Path, name: str) -> None:
    with FakeDesk(home, a_document(), a_snapshot()) as desk:
        source = open_source()
        source.wait_first(5)
        desk.document = None
        source.close()
    source._feed._received_s -= 13
    markup = shown(opened(name))
    assert "● UNKNOWN" in markup and "● TRADING" not in markup


def test_the_trades_page_shows_the_whole_journal_filtered_and_summed(home: Path) -> None:
    a_journal(home, *(a_fill(number) for number in range(1, 251)), a_fill(251, pair="SOL/USDC", pnl="-1.0000"))
    page = opened("trades")
    markup = shown(page)
    assert "1–100 of 251" in markup
    # 125 even fills made 0.05 each, one lost 1, and 251 paid 0.02.
    assert "+5.2500" in markup and "5.0200" in markup and "+0.2300" in markup
    page.number_input(key="trades_page").set_value(3).run()
    assert "201–251 of 251" in shown(page)
    page.number_input(key="trades_page").set_value(1).run()
    page.selectbox(key="trades_pair").select("SOL/USDC").run()
    assert "1–1 of 1" in shown(page)
    page.selectbox(key="trades_side").select("sell").run()
    assert "no trade matches" in shown(page)


def test_the_trades_page_sees_a_fill_that_comes_while_it_is_open(home: Path) -> None:
    a_journal(home, a_fill(1))
    page = opened("trades")
    assert "1–1 of 1" in shown(page)
    a_journal(home, a_fill(2))
    ends_s = time.monotonic() + 20
    while "1–2 of 2" not in shown(page.run()):
        assert time.monotonic() < ends_s, "the page never saw the second fill"


def test_the_trades_page_keeps_to_the_days_that_were_asked_for(home: Path) -> None:
    day = 86_400 * SECOND
    a_journal(home, *(a_fill(number, ts_ns=NOW_NS + number * day) for number in range(4)))
    page = opened("trades")
    first = datetime.fromtimestamp(NOW_NS / SECOND, UTC).date()
    page.date_input(key="trades_since").set_value(first + timedelta(days=1)).run()
    assert "1–3 of 3" in shown(page)
    page.date_input(key="trades_until").set_value(first + timedelta(days=1)).run()
    assert "1–1 of 1" in shown(page)


def test_without_a_journal_the_trades_page_shows_what_the_document_holds_and_says_so(home: Path) -> None:
    with FakeDesk(home, a_document(), a_snapshot()):
        open_source().wait_first(5)
        page = opened("trades")
    markup = shown(page)
    assert "there is no journal sim.sqlite" in markup
    assert markup.count("<tr") > 15


def test_the_log_page_tails_one_actor_at_a_level_and_a_text(home: Path) -> None:
    (home / "log").mkdir()
    head = "2026-11-21 10:00:0{}.000Z {:<8} {:<18} {:<10} "
    lines = [
        head.format(1, "DEBUG", "supervisor", "") + "a decision",
        head.format(2, "INFO", "supervisor", "BTC/USDC") + f"it says {NASTY}",
        head.format(3, "ERROR", "supervisor", "") + "it broke",
        "    | Traceback of it",
    ]
    (home / "log" / "supervisor.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (home / "log" / "gateway.log").write_text(lines[0] + "\n", encoding="utf-8")
    page = opened("actors")
    markup = shown(page)
    assert "it says &lt;img" in markup and NASTY not in markup and "a decision" not in markup
    assert "Traceback of it" in markup
    assert markup.index("it broke") < markup.index("it says"), "newest first"
    page.segmented_control(key="log_level").set_value("ERROR").run()
    assert "it says" not in shown(page)
    page.segmented_control(key="log_level").set_value("DEBUG").run()
    page.text_input(key="log_text").set_value("DECISION").run()
    assert "a decision" in shown(page) and "it broke" not in shown(page)


def test_the_strategy_page_shows_reasons_over_time_and_the_parameters_with_their_origin(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WILDBOT_MARKET_MAKER__MAX_SPREAD_BPS", "33.5")
    times = [NOW_NS - (60 - n) * SECOND for n in range(10)]
    mind = {
        "ts_ns": times,
        "words": ["no_edge"] * 9 + ["quoting"],
        "values": {"mid": [100.0] * 10, "spread_bps": [2.5] * 10},
    }
    with FakeDesk(home, a_document(), a_snapshot(minds={"BTC/USDC": mind})):
        open_source().wait_first(5)
        page = opened("strategy")
    markup = shown(page)
    assert "no edge" in markup and "45 %" in markup, "nine seconds of twenty: a silence counts for ten"
    assert "33.5" in markup and "from environment" in markup
    assert any("no edge" in chart.proto.spec for chart in page.get("echarts_chart"))


def test_the_latency_page_shows_hops_in_the_order_of_the_path(home: Path) -> None:
    hops = {
        "venue": {"count": 9, "p50_us": 900.0, "p99_us": 4_000.0},
        "decode": {"count": 5_000, "p50_us": 40.0, "p99_us": 90.0},
    }
    with FakeDesk(home, a_document(actors=[an_actor("gateway", hops=hops)]), a_snapshot()):
        open_source().wait_first(5)
        page = opened("latency")
    markup = shown(page)
    assert markup.index("decode") < markup.index("venue")
    assert "5,000" in markup and "4.0 ms" in markup


def test_the_configuration_page_masks_secrets_and_names_origins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_DASHBOARD__PASSWORD", "open sesame")
    page = opened("config")
    markup = shown(page)
    assert "open sesame" not in markup and "****" in markup
    page.text_input(key="config_text").set_value("max_drawdown").run()
    assert "max_drawdown_pct" in shown(page) and "hysteresis_seconds" not in shown(page)
    page.text_input(key="config_text").set_value("").run()
    page.toggle(key="config_own").set_value(True).run()
    assert "hysteresis_seconds" not in shown(page) and "◆ environment" in shown(page)


def test_a_report_is_made_listed_and_framed_without_any_right(home: Path) -> None:
    a_journal(home, a_fill(1), a_fill(2, fee="0.0100"))
    page = opened("reports")
    assert "no report yet" in shown(page)
    page.button(key="report_make").click().run()
    making = page.session_state["report_making"]
    assert making.wait(60) and not making.state().failure, making.state()
    page.run()
    (file,) = (home / "reports").iterdir()
    assert page.selectbox(key="report_name").options == [file.name]
    (frame,) = page.get("iframe")
    assert 'sandbox=""' in frame.proto.srcdoc and "<script" not in frame.proto.srcdoc


def test_a_report_that_cannot_be_made_says_why(home: Path) -> None:
    page = opened("reports")
    page.button(key="report_make").click().run()
    assert page.session_state["report_making"].wait(60)
    assert "nothing was traded yet" in shown(page.run())


def test_the_truth_panel_says_when_the_sign_depends_on_the_model(home: Path) -> None:
    with FakeDesk(home, a_document(), a_snapshot()):
        open_source().wait_first(5)
        markup = shown(opened("cockpit"))
    assert "the sign depends on the fill model" in markup
    assert "adverse selection" in markup and "after 5 min" in markup
