"""The pages themselves, run by Streamlit's own test runner against a pretend desk on real sockets."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard.builders_dashboard import Json, a_document, a_snapshot, a_trader
from tests.dashboard.builders_pages import shown
from tests.dashboard.fake_desk import FakeDesk, WalkingDesk
from wildbot.dashboard.source import open_source

APPLICATION = str(Path(__file__).resolve().parents[2] / "dashboard_app.py")
NASTY = "<img src=x onerror=alert(1)>"


def opened(desk: FakeDesk | None = None) -> AppTest:
    if desk is not None:
        open_source().wait_first(5)
    page = AppTest.from_file(APPLICATION, default_timeout=20).run()
    assert not page.exception, page.exception
    return page


def a_desk(home: Path, **changes: object) -> FakeDesk:
    return FakeDesk(home, a_document(**changes), a_snapshot())


def fields(calls: list[Json]) -> list[tuple[str, Json]]:
    return [(call["verb"], call["args"]) for call in calls]


def test_a_full_document_fills_every_panel(home: Path) -> None:
    with a_desk(home) as desk:
        page = opened(desk)
        markup = shown(page)
    for words in (
        "SIM",
        "TRADING",
        "LONG 0.00010",
        "does not pay the hurdle",
        "Pair scanner",
        "Event log",
        "10 of 10 well",
    ):
        assert words in markup, words
    price, equity = (chart.proto.spec for chart in page.get("echarts_chart"))
    assert price.count("symbolRotate") == 2
    assert "16.2451" in equity


def test_sparklines_of_another_run_are_not_shown(home: Path) -> None:
    with a_desk(home) as desk:
        source = open_source()
        source.wait_first(5)
        assert source.sparks()
        assert desk.document is not None
        desk.snapshot = {}
        desk.document = desk.document | {"run_id": "run-2"}
        while source.now().document["run_id"] != "run-2":
            source._feed.wait_change(1.0)
        assert not source.sparks()


def test_without_a_desk_the_page_says_no_data_and_offers_only_halt(home: Path) -> None:
    page = opened()
    assert "NO DATA" in shown(page)
    assert "UNKNOWN" in shown(page)
    assert [button.key for button in page.button if not button.disabled] == ["halt"]


def test_a_stale_document_is_dimmed_and_unknown(home: Path) -> None:
    with a_desk(home) as desk:
        source = open_source()
        source.wait_first(5)
        desk.document = None
        source.close()
    source._feed._received_s -= 13
    markup = shown(opened())
    assert re.search(r"NO DATA \d\d s", markup)
    assert "● UNKNOWN" in markup
    assert '● TRADING</span><span class="wb-nodata' not in markup
    assert 'class="wb-kpis stale"' in markup


def test_a_halted_desk_offers_rearm_and_rearm_asks_first(home: Path) -> None:
    with a_desk(home, state="halted") as desk:
        page = opened(desk)
        assert "HALTED" in shown(page)
        page.button(key="rearm").click().run()
        assert not desk.wait_calls("rearm", 0.05)
        page.button(key="confirm_rearm").click().run()
        assert fields(desk.wait_calls("rearm")) == [("rearm", {})]


def test_rearming_real_money_takes_a_typed_word(home: Path) -> None:
    with a_desk(home, state="halted", mode="live") as desk:
        page = opened(desk)
        page.button(key="rearm").click().run()
        assert page.button(key="confirm_rearm").disabled
        page.text_input(key="rearm_word").set_value("REARM").run()
        assert not page.button(key="confirm_rearm").disabled


def test_hostile_text_stays_text(home: Path) -> None:
    trader = a_trader(NASTY, reason=NASTY, strategy=NASTY)
    alerts = [{"ts_ns": 1, "level": "critical", "actor": NASTY, "text": NASTY}]
    with a_desk(home, traders=[trader, a_trader()], alerts=alerts) as desk:
        page = opened(desk)
    assert NASTY not in shown(page)
    assert "&lt;img src=x" in shown(page)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_button_reaches_the_control_socket_for_the_selected_pair(home: Path, verb: str) -> None:
    with a_desk(home) as desk:
        page = opened(desk)
        page.button(key=verb).click().run()
        assert fields(desk.wait_calls(verb)) == [(verb, {"pair": "BTC/USDC"})]
        assert "acknowledged in" in shown(page)


def test_swap_shows_its_plan_and_sends_only_after_the_confirmation(home: Path) -> None:
    with a_desk(home) as desk:
        page = opened(desk)
        page.button(key="swap").click().run()
        assert "cancel 2 open orders on BTC/USDC" in shown(page)
        page.selectbox(key="swap_in").select("DOGE/USDC").run()
        assert not desk.wait_calls("swap", 0.05)
        page.button(key="confirm_swap").click().run()
        assert fields(desk.wait_calls("swap")) == [("swap", {"out": "BTC/USDC", "in": "DOGE/USDC"})]


@pytest.mark.parametrize(("which", "args"), [("BTC/USDC", {"pair": "BTC/USDC"}), ("all pairs", {})])
def test_flatten_asks_which_and_sends_it(home: Path, which: str, args: Json) -> None:
    with a_desk(home) as desk:
        page = opened(desk)
        page.button(key="flatten").click().run()
        page.selectbox(key="flatten_which").select(which).run()
        page.button(key="confirm_flatten").click().run()
        assert fields(desk.wait_calls("flatten")) == [("flatten", args)]


def test_halt_takes_one_confirmation_and_cancel_sends_nothing(home: Path) -> None:
    with a_desk(home) as desk:
        page = opened(desk)
        page.button(key="halt").click().run()
        page.button(key="cancel").click().run()
        assert not desk.wait_calls("halt", 0.05)
        page.button(key="halt").click().run()
        page.button(key="confirm_halt").click().run()
        assert fields(desk.wait_calls("halt")) == [("halt", {})]


def test_a_refusal_is_shown_with_its_reason(home: Path) -> None:
    with a_desk(home) as desk:
        page = opened(desk)
        desk.refusal = {"code": "not_flat", "message": f"it holds a position {NASTY}"}
        page.button(key="pause").click().run()
        assert "✗ pause BTC/USDC: it holds a position" in shown(page)
        assert NASTY not in shown(page)


def test_no_reply_is_never_shown_as_success(home: Path) -> None:
    with a_desk(home) as desk:
        page = opened(desk)
        desk.is_mute = True
        page.button(key="pause").click().run()
        assert "… pause BTC/USDC: requested" in shown(page)
        assert "✓" not in shown(page)


def test_a_command_without_a_desk_says_that_nobody_listens(home: Path) -> None:
    page = opened()
    page.button(key="halt").click().run()
    page.button(key="confirm_halt").click().run()
    assert "✗ halt: WildBot does not run" in shown(page)


def test_choosing_a_pair_turns_the_page_to_it(home: Path) -> None:
    with a_desk(home) as desk:
        page = opened(desk)
        page.segmented_control(key="pair").set_value("SOL/USDC").run()
        assert '<span class="wb-pair">SOL/USDC</span>' in shown(page)
        page.button(key="pause").click().run()
        assert fields(desk.wait_calls("pause")) == [("pause", {"pair": "SOL/USDC"})]


def test_settings_that_cannot_be_used_are_told_in_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_DASHBOARD__PROT", "1")
    page = AppTest.from_file(APPLICATION, default_timeout=20).run()
    assert "prot" in page.code[0].value
    assert not page.button


def test_a_password_keeps_the_page_shut_until_it_is_given(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_DASHBOARD__PASSWORD", "open sesame")
    page = AppTest.from_file(APPLICATION, default_timeout=20).run()
    assert not page.get("echarts_chart")
    page.text_input[0].set_value("wrong")
    page.button[0].click().run()
    assert page.error[0].value == "wrong password"
    page.text_input[0].set_value("open sesame")
    page.button[0].click().run()
    assert len(page.get("echarts_chart")) == 2


def test_a_pair_that_was_swapped_in_brings_its_past(home: Path) -> None:
    with WalkingDesk(home) as desk:
        page = opened(desk)
        page.button(key="swap").click().run()
        page.button(key="confirm_swap").click().run()
        source = open_source()
        for _ in range(20):
            if len(source.candles("ETH/USDC")) > 100:
                break
            source._feed.wait_change(1.0)
        assert len(source.candles("ETH/USDC")) > 100
