"""A recorded stock brings the session of its day into a backtest."""

import random
from datetime import date
from pathlib import Path

import pytest

from wildbot.commands.backtest_sessions import of_instrument, sessions_on
from wildbot.commands.backtest_tapes import TapeFile, open_tape
from wildbot.model.errors import ConfigurationError
from wildbot.simulation.tapes import lobster_sample

HALF_PAST_NINE = 1_340_285_400 * 10**9
"""2012-06-21 09:30 in New York."""
SIX_AND_A_HALF_HOURS = 23_400 * 10**9


def test_a_lobster_recording_has_new_york_s_session(tmp_path: Path) -> None:
    messages, rows = lobster_sample(random.Random(1), symbol="DEMO", seconds=2)
    path = tmp_path / "DEMO_2012-06-21_34200000_34202000_message_10.csv"
    path.write_text("\n".join(messages))
    path.with_name(path.name.replace("_message_", "_orderbook_")).write_text("\n".join(rows))
    tape = open_tape(TapeFile(path))
    today, *_ = tape.sessions
    assert (today.pair, today.day) == ("DEMO/USD", 20120621)
    assert (today.opens_ns, today.closes_ns) == (HALF_PAST_NINE, HALF_PAST_NINE + SIX_AND_A_HALF_HOURS)
    assert today.opens_ns <= next(tape.events).recv_ts_ns < today.closes_ns


def test_the_next_day_follows_and_each_carries_the_instrument() -> None:
    days = of_instrument(sessions_on("XNYS", date(2012, 6, 21)), "AAPL/USD")
    assert [(each.pair, each.day) for each in days] == [("AAPL/USD", 20120621), ("AAPL/USD", 20120622)]


def test_a_calendar_nobody_knows_is_told() -> None:
    with pytest.raises(ConfigurationError, match="XNYZ"):
        sessions_on("XNYZ", date(2012, 6, 21))


def test_a_calendar_that_does_not_answer_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wildbot.commands.backtest_sessions.PATIENCE_S", 0.001)
    with pytest.raises(ConfigurationError, match="did not answer"):
        sessions_on("XNYS", date(2012, 6, 20))
