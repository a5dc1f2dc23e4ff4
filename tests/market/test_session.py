"""When an instrument trades."""

from math import inf

import pytest

from wildbot.market.session import DAY_NS, entries_open, is_open, seconds_to_close, trading_day, waiting_text
from wildbot.model.market_data import SessionHours

SECOND = 10**9
HOURS = SessionHours("X/Y", 100 * SECOND, 200 * SECOND, 20240703)
OWN = SessionHours(
    "X/Y", 100 * SECOND, 200 * SECOND, 20240703, ((110 * SECOND, 120 * SECOND), (150 * SECOND, 300 * SECOND))
)


@pytest.mark.parametrize(("at", "opened"), [(99, False), (100, True), (199, True), (200, False)])
def test_a_session_lasts_from_its_open_up_to_its_close(at: int, opened: bool) -> None:
    assert is_open(HOURS, at * SECOND) is opened
    assert entries_open(HOURS, at * SECOND) is opened


@pytest.mark.parametrize(("at", "may"), [(109, False), (110, True), (120, False), (150, True), (199, True), (250, False)])
def test_the_owner_s_hours_allow_entries_inside_the_session_only(at: int, may: bool) -> None:
    assert entries_open(OWN, at * SECOND) is may


def test_what_always_trades_has_no_close_and_days_of_utc() -> None:
    assert is_open(None, 0) and entries_open(None, 0)
    assert seconds_to_close(None, 0) == inf
    assert (trading_day(None, DAY_NS), trading_day(HOURS, DAY_NS)) == (1, 20240703)


def test_waiting_is_told_in_words() -> None:
    assert waiting_text(HOURS, 10 * SECOND) == "opens in 1 min 30 s"
    assert waiting_text(SessionHours("X/Y", 7_500 * SECOND, 9_000 * SECOND, 1), 0) == "opens in 2 h 5 min"
    assert waiting_text(HOURS, 100 * SECOND) == waiting_text(HOURS, 999 * SECOND) == waiting_text(None, 0) == ""
