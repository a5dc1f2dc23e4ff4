"""The trading sessions of a recorded day, from the exchange's calendar, which is asked in a process of its own.

Rules: a backtest's process never loads the calendars itself; each day of an exchange is asked for once.
"""

import functools
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import msgspec

from wildbot.desk.session_board import SessionTable
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import SessionHours

PATIENCE_S = 180
"""It takes two seconds; a machine that is busy with other work may take a hundred."""


@functools.cache
def sessions_on(code: str, day: date, days: int = 1) -> tuple[SessionHours, ...]:
    """Return the sessions of a calendar on that day and so many after it; `pair` is the code.

    Raises: ConfigurationError when the calendar does not exist or cannot be asked.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sessions.json"
        words = ["--out", str(out), "--since", str(day), "--days", str(days), "--", code]
        try:
            child = subprocess.run(  # noqa: S603 - our own words
                [sys.executable, "-m", "actors", "session_calendar", *words],
                capture_output=True, text=True, timeout=PATIENCE_S, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ConfigurationError(f"the calendar of {code} did not answer within {PATIENCE_S} s") from None
        if child.returncode:
            last = (child.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ConfigurationError(f"the calendar of {code} cannot be asked: {last}")
        return msgspec.json.decode(out.read_bytes(), type=SessionTable).sessions[code]


def of_instrument(sessions: tuple[SessionHours, ...], pair: str) -> tuple[SessionHours, ...]:
    """Return them as the sessions of an instrument."""
    return tuple(msgspec.structs.replace(each, pair=pair) for each in sessions)
