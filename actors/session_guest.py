"""The sessions of the instruments as the supervisor's guest: has the calendars asked once a day, tells traders the hours.

Rules: the calendars are asked in a process of their own (`session_calendar`), which ends. The last answer is kept on
    disk, so that a start need not wait for it and a calendar that fails costs nothing for days. Instruments that always
    trade have no session and cost nothing.
Owns: the file with the sessions, the process that writes it.
"""

import datetime as dt
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec

from wildbot.adapters.home import Home
from wildbot.adapters.processes import ChildProcesses
from wildbot.desk.session_board import SessionBoard, SessionTable, question
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import SessionHours
from wildbot.model.status import Severity
from wildbot.settings import Settings

ALWAYS = "24/7"
CALENDAR = "session_calendar"
ALERT = "session_calendar"
RETRY_NS = 30 * NANOS_PER_SECOND
PATIENCE_NS = 60 * NANOS_PER_SECOND
"""A calendar process that takes longer is killed and asked again later."""


def calendar_code(settings: Settings, pair: str) -> str:
    """Return the code of the calendar that an instrument follows; "" for one that always trades."""
    own = dict(each.split("=", 1) for each in settings.sessions.instruments)
    code = own.get(pair, settings.sessions.default)
    return "" if code == ALWAYS else code


class SessionGuest:
    """The sessions of one run. `tell` publishes one; `alert` and `clear` reach the owner."""

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[SessionHours], None],
        alert: Callable[[Severity, str, str], None],
        clear: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._hours = settings.sessions.entry_hours
        named = {settings.sessions.default, *(each.split("=", 1)[1] for each in settings.sessions.instruments)}
        self._asked = sorted(named - {ALWAYS})
        self._board = SessionBoard(question(self._asked, self._hours))
        self.set_pairs((*settings.trading.universe, *settings.trading.pairs))
        self._home = Home(settings.home).root
        self._path = Home(settings.home).data / "sessions.json"
        self._children: ChildProcesses[str] = ChildProcesses()
        self._tell, self._alert, self._clear = tell, alert, clear
        self._next_ns, self._spawned_ns = 0, 0
        self._is_begun = False

    def set_pairs(self, pairs: tuple[str, ...]) -> None:
        """Tell of exactly these instruments."""
        self._board.set_codes({pair: code for pair in pairs if (code := calendar_code(self._settings, pair))})

    def look(self, now_ns: int) -> None:
        """Ask, listen and tell; to be called a few times a second."""
        if not self._asked:
            return
        if not self._is_begun:
            self._is_begun = True
            self._read(now_ns)
        for _, code in self._children.reap():
            if code or not self._read(now_ns):
                unknown = ", ".join(self._board.unknown(now_ns)) or "none yet"
                self._alert(
                    Severity.CRITICAL if self._board.unknown(now_ns) else Severity.WARNING,
                    ALERT,
                    f"the calendar of {', '.join(self._asked)} could not be read (code {code}, its words are in the"
                    f" supervisor's output); without a session: {unknown}",
                )
            else:
                self._clear(ALERT)
        self._ask(now_ns)
        for hours in self._board.due(now_ns):
            self._tell(hours)

    def _ask(self, now_ns: int) -> None:
        if len(self._children):
            if now_ns - self._spawned_ns > PATIENCE_NS:
                self._children.signal(CALENDAR, signal.SIGKILL)
            return
        if not self._board.is_stale(now_ns) or now_ns < self._next_ns:
            return
        self._spawned_ns, self._next_ns = now_ns, now_ns + RETRY_NS
        today = dt.datetime.fromtimestamp(now_ns / NANOS_PER_SECOND, dt.UTC).date()
        since = today - dt.timedelta(days=1)  # a session may have begun on the day before, by UTC
        hours = [word for each in self._hours for word in ("--entry-hours", each)]
        words = ["-m", "actors", CALENDAR, "--out", str(self._path), "--since", str(since), *hours, "--", *self._asked]
        self._children.spawn(CALENDAR, words, {"WILDBOT_HOME": str(self._home)})

    def _read(self, now_ns: int) -> bool:
        """Take over what the file says; an older day's answer is used, and asked for anew."""
        table = read_table(self._path)
        return table is not None and self._board.learn(table, _written_ns(self._path, now_ns))


def read_table(path: Path) -> SessionTable | None:
    """Return the table in a file; None when there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=SessionTable)
    except (OSError, msgspec.DecodeError):
        return None


def _written_ns(path: Path, now_ns: int) -> int:
    return min(now_ns, path.stat().st_mtime_ns)
