"""What lies in the home may have been written by anybody: names and texts of logs, reports, journal and settings stay text,
and a journal that cannot be read takes nothing but its own page.
"""

import sqlite3
from pathlib import Path

import pytest

from tests.dashboard.builders_dashboard import a_document, a_snapshot, a_trade
from tests.dashboard.builders_pages import a_fill, a_journal, opened, shown
from tests.dashboard.fake_desk import FakeDesk
from wildbot.dashboard.source import open_source
from wildbot.dashboard.view.document import decimal

NASTY = "<img src=x onerror=alert(1)>"
RECORD = f"2026-11-21 20:58:36.608Z WARNING  supervisor          {NASTY}\n"


def test_a_log_s_name_and_records_stay_text(home: Path) -> None:
    (home / "log").mkdir()
    for name in ("supervisor", NASTY.replace("/", "")):
        (home / "log" / f"{name}.log").write_text(RECORD * 3, encoding="utf-8")
    page = opened("actors")
    assert "&lt;img" in shown(page) and NASTY not in shown(page)
    page.selectbox(key="log_actor").select(page.selectbox(key="log_actor").options[0]).run()
    assert not page.exception and NASTY not in shown(page)


def test_a_report_s_name_and_content_stay_in_a_frame_without_rights(home: Path) -> None:
    (home / "reports").mkdir()
    (home / "reports" / f"{NASTY}.html").write_text(f"<script>alert(1)</script>{NASTY}", encoding="utf-8")
    page = opened("reports")
    (frame,) = page.get("iframe")
    assert 'sandbox=""' in frame.proto.srcdoc
    assert "<script" not in frame.proto.srcdoc and NASTY not in frame.proto.srcdoc
    assert NASTY not in shown(page)


def test_names_and_reasons_of_the_journal_stay_text(home: Path) -> None:
    a_journal(home, a_fill(1, pair=NASTY, reason=NASTY, liquidity=NASTY))
    page = opened("trades")
    assert "&lt;img" in shown(page) and NASTY not in shown(page)


def test_settings_stay_text(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_KRAKEN__WS_URL", f"ws://127.0.0.1/{NASTY}")
    for name in ("config", "strategy"):
        page = opened(name)
        assert NASTY not in shown(page)


@pytest.mark.parametrize("kind", ["locked", "torn", "foreign"])
def test_a_journal_that_cannot_be_read_shows_the_fills_of_the_document_and_says_so(home: Path, kind: str) -> None:
    a_journal(home, a_fill(1))
    file = home / "data" / "sim.sqlite"
    holder = sqlite3.connect(file)
    if kind == "locked":
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
    elif kind == "torn":
        file.write_bytes(b"SQLite format 3\0" + b"\xff" * 5_000)
    else:
        file.write_text("no database", encoding="utf-8")
    try:
        with FakeDesk(home, a_document(trades=[a_trade(price="97123.4")]), a_snapshot(trades=[], fills={})):
            open_source().wait_first(5)
            page = opened("trades")
            assert "97,123.4" in shown(page), "the fills of the status document"
            assert "journal" in shown(page).lower()
            assert [button.key for button in page.button if button.key == "halt" and not button.disabled]
    finally:
        holder.close()


@pytest.mark.parametrize("value", ["1e999999", "1e-999999", "9" * 400, "nan", "-inf"])
def test_a_number_nobody_could_mean_is_none(value: str) -> None:
    assert decimal({"price": value}, "price") is None
