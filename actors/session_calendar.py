"""The calendars of exchanges, asked once a day in a process of its own: it loads pandas, which nobody else shall pay for.

It writes the coming sessions of each calendar into a file and ends.

Rules: the only file that imports `exchange_calendars`. Times are UTC nanoseconds; a lunch break and the owner's own hours
    (local time of the exchange) bound the time for entries, never the session.
Source: exchange_calendars' rules for holidays, half days and daylight saving. XNSE is not among them: the National Stock
    Exchange of India keeps the holidays and the regular hours of XBOM.
"""

import argparse
import datetime as dt
import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

import exchange_calendars  # type: ignore[import-untyped]
import msgspec
import pandas as pd  # type: ignore[import-untyped]

from actors.spec import EXIT_DONE, ActorSpec
from wildbot.desk.session_board import SessionTable, question
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import SessionHours

ALIASES = {"XNSE": "XBOM"}
DAYS = 21
"""How far ahead: longer than any closure of an exchange."""
MARGIN = dt.timedelta(days=7)

Span = tuple[int, int]


def sessions_of(code: str, first: dt.date, last: dt.date, entry_hours: Sequence[str] = ()) -> tuple[SessionHours, ...]:
    """Return the sessions of a calendar from `first` to `last`, both included; `entry_hours` such as "09:45-11:30".

    Raises: ConfigurationError for a calendar nobody knows, or hours that are none.
    """
    windows = [_hours(text) for text in entry_hours]
    known = sorted({*exchange_calendars.get_calendar_names(), *ALIASES})
    if code not in known:
        near = difflib.get_close_matches(code, known, n=3, cutoff=0.5)
        more = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ConfigurationError(f"sessions names the calendar {code!r}, which does not exist{more}")
    calendar = exchange_calendars.get_calendar(ALIASES.get(code, code), start=str(first - MARGIN), end=str(last + MARGIN))
    found = []
    for day in calendar.sessions_in_range(str(first), str(last)):
        opens, closes = calendar.session_open(day), calendar.session_close(day)
        trading: list[Span] = [(_ns(opens), _ns(closes))]
        if calendar.session_has_break(day):
            trading = [
                (_ns(opens), _ns(calendar.session_break_start(day))),
                (_ns(calendar.session_break_end(day)), _ns(closes)),
            ]
        wanted = [_span(day.date(), window, calendar.tz) for window in windows] or trading
        entries = tuple(_common(trading, wanted)) if windows or len(trading) > 1 else ()
        if windows and not entries:
            entries = ((_ns(opens), _ns(opens)),)  # none of the owner's hours lies in this session
        found.append(SessionHours(code, _ns(opens), _ns(closes), int(day.strftime("%Y%m%d")), entries))
    return tuple(found)


def _common(trading: Iterable[Span], wanted: Sequence[Span]) -> Iterable[Span]:
    for begins, ends in trading:
        for since, until in wanted:
            if max(begins, since) < min(ends, until):
                yield max(begins, since), min(ends, until)


def _hours(text: str) -> tuple[dt.time, dt.time]:
    try:
        begins, ends = (dt.time.fromisoformat(part) for part in text.split("-"))
    except ValueError:
        raise ConfigurationError(f"sessions.entry_hours has {text!r} but must have hours such as 09:45-11:30") from None
    if begins >= ends:
        raise ConfigurationError(f"sessions.entry_hours has {text!r}, which ends before it begins")
    return begins, ends


def _span(day: dt.date, window: tuple[dt.time, dt.time], place: dt.tzinfo) -> Span:
    begins, ends = (pd.Timestamp(dt.datetime.combine(day, each), tz=place) for each in window)
    return _ns(begins), _ns(ends)


def _ns(when: pd.Timestamp) -> int:
    return int(when.as_unit("ns").value)


def run(words: Sequence[str]) -> int:
    """Write the table that `words` ask for. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m actors session_calendar", description=__doc__)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--since", required=True, type=dt.date.fromisoformat, help="the first day, such as 2024-07-03")
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--entry-hours", action="append", default=[])
    parser.add_argument("codes", nargs="+")
    asked = parser.parse_args(words)
    last = asked.since + dt.timedelta(days=asked.days)
    table = SessionTable(
        question(asked.codes, asked.entry_hours),
        {code: sessions_of(code, asked.since, last, asked.entry_hours) for code in asked.codes},
    )
    fresh = asked.out.with_name(asked.out.name + ".new")
    fresh.write_bytes(msgspec.json.encode(table))
    fresh.replace(asked.out)
    return EXIT_DONE


ACTOR = ActorSpec("session_calendar", "writes down when exchanges are open, and ends", run)
