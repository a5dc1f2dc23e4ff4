"""When exchanges are open: holidays, half days, daylight saving, the owner's own hours; asked in a process of its own."""

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest

from actors.session_calendar import sessions_of
from actors.session_guest import SessionGuest, calendar_code
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import SessionHours
from wildbot.settings import Settings
from wildbot.settings_loading import load

NEW_YORK, KOLKATA = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
DEADLINE_S = 60.0


def days(code: str, first: str, last: str, *hours: str) -> dict[int, SessionHours]:
    found = sessions_of(code, dt.date.fromisoformat(first), dt.date.fromisoformat(last), hours)
    return {each.day: each for each in found}


def local(ns: int, place: ZoneInfo) -> str:
    return dt.datetime.fromtimestamp(ns / 10**9, place).strftime("%H:%M")


def hours_of(session: SessionHours, place: ZoneInfo) -> tuple[str, str]:
    return local(session.opens_ns, place), local(session.closes_ns, place)


def test_the_national_stock_exchange_of_india_trades_from_nine_fifteen_to_half_past_three() -> None:
    week = days("XNSE", "2024-07-01", "2024-07-07")
    assert list(week) == [20240701, 20240702, 20240703, 20240704, 20240705]
    assert {hours_of(each, KOLKATA) for each in week.values()} == {("09:15", "15:30")}
    assert {local(each.opens_ns, ZoneInfo("UTC")) for each in week.values()} == {"03:45"}
    assert 20240815 not in days("XNSE", "2024-08-12", "2024-08-16"), "Independence Day"


def test_new_york_opens_at_half_past_nine_of_its_own_clock_on_both_sides_of_daylight_saving() -> None:
    around = days("XNYS", "2024-03-08", "2024-03-11")
    assert {hours_of(each, NEW_YORK) for each in around.values()} == {("09:30", "16:00")}
    assert [local(each.opens_ns, ZoneInfo("UTC")) for each in around.values()] == ["14:30", "13:30"]


def test_a_half_day_closes_at_one_and_a_holiday_has_no_session() -> None:
    week = days("XNYS", "2024-07-03", "2024-07-05")
    assert list(week) == [20240703, 20240705]
    assert hours_of(week[20240703], NEW_YORK) == ("09:30", "13:00")


def test_the_day_of_the_recorded_stocks_was_a_whole_session() -> None:
    (day,) = days("XNYS", "2012-06-21", "2012-06-21").values()
    assert hours_of(day, NEW_YORK) == ("09:30", "16:00")


def test_the_owner_s_hours_bound_entries_and_never_the_session() -> None:
    (day,) = days("XNYS", "2024-07-03", "2024-07-03", "09:45-11:30", "12:30-15:00").values()
    assert hours_of(day, NEW_YORK) == ("09:30", "13:00")
    assert [(local(a, NEW_YORK), local(b, NEW_YORK)) for a, b in day.entries] == [("09:45", "11:30"), ("12:30", "13:00")]


def test_hours_outside_of_the_session_allow_no_entry_at_all() -> None:
    (day,) = days("XNYS", "2024-07-03", "2024-07-03", "14:00-15:00").values()
    assert day.entries and all(begins == ends for begins, ends in day.entries)


def test_a_lunch_break_is_no_time_for_entries() -> None:
    (day,) = days("XTKS", "2024-07-03", "2024-07-03").values()
    assert [(local(a, ZoneInfo("Asia/Tokyo")), local(b, ZoneInfo("Asia/Tokyo"))) for a, b in day.entries] == [
        ("09:00", "11:30"),
        ("12:30", "15:00"),
    ]


@pytest.mark.parametrize(
    ("code", "hours", "words"),
    [
        ("XNYZ", (), "did you mean"),
        ("XNYS", ("nine-ten",), "must have hours"),
        ("XNYS", ("11:00-10:00",), "ends before it begins"),
    ],
)
def test_a_mistake_is_one_sentence(code: str, hours: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        days(code, "2024-07-01", "2024-07-02", *hours)


@pytest.mark.parametrize(
    "module", ["actors.supervisor", "actors.trader", "actors.session_guest", "wildbot.desk.session_board"]
)
def test_the_calendars_are_loaded_by_nobody_else(module: str) -> None:
    code = f"import sys, {module}; sys.exit('exchange_calendars' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# --- the supervisor's guest, with the real process ------------------------------------------------------------------


def configured(home: Path, **sessions: object) -> Settings:
    universe = ["AAPL/USD", "BTC/USD"]
    arguments = {"home": str(home), "trading": {"universe": universe, "pairs": []}, "sessions": sessions}
    return load(arguments, environment={}, env_file=Path("/nonexistent")).settings  # type: ignore[arg-type]


def a_guest(settings: Settings) -> tuple[SessionGuest, list[SessionHours], list[str]]:
    (settings.home / "data").mkdir(exist_ok=True)
    told: list[SessionHours] = []
    alerts: list[str] = []
    guest = SessionGuest(settings, told.append, lambda level, key, text: alerts.append(f"{level} {text}"), alerts.append)
    return guest, told, alerts


def poll(guest: SessionGuest, met: Callable[[], bool]) -> None:
    """Let the guest look until something is true."""
    until_s = time.monotonic() + DEADLINE_S
    while not met():
        guest.look(time.time_ns())
        assert time.monotonic() < until_s, "nothing came"
        Event().wait(0.05)


def test_an_instrument_follows_its_own_calendar_and_a_coin_none(tmp_path: Path) -> None:
    settings = configured(tmp_path, instruments=["AAPL/USD=XNYS"])
    assert (calendar_code(settings, "AAPL/USD"), calendar_code(settings, "BTC/USD")) == ("XNYS", "")
    assert calendar_code(configured(tmp_path, default="XNSE"), "BTC/USD") == "XNSE"


def test_the_guest_asks_once_and_tells_the_next_session(tmp_path: Path) -> None:
    guest, told, alerts = a_guest(configured(tmp_path, instruments=["AAPL/USD=XNYS"]))
    now = dt.datetime.now(dt.UTC)
    poll(guest, lambda: bool(told))
    assert {each.pair for each in told} == {"AAPL/USD"} and told[0].closes_ns > now.timestamp() * 10**9
    assert hours_of(told[0], NEW_YORK)[0] == "09:30"
    assert all(text == "session_calendar" for text in alerts)
    again, told_again, _ = a_guest(configured(tmp_path, instruments=["AAPL/USD=XNYS"]))
    again.look(time.time_ns())
    assert told_again[:1] == told[:1], "the answer of the day is on disk"


def test_an_unknown_calendar_is_told_to_the_owner_and_nothing_is_traded_on_it(tmp_path: Path) -> None:
    guest, told, alerts = a_guest(configured(tmp_path, default="XNYZ"))
    poll(guest, lambda: bool(alerts))
    assert alerts[0].startswith("critical the calendar of XNYZ could not be read (code 78") and not told


def test_instruments_that_always_trade_ask_nobody(tmp_path: Path) -> None:
    guest, told, alerts = a_guest(configured(tmp_path))
    for second in range(100):
        guest.look(second * 10**9)
    assert (told, alerts, list((tmp_path / "data").iterdir())) == ([], [], [])
