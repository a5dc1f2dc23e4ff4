"""Which session of each instrument is the current or the next one, from a table of sessions by calendar.

Rules: pure. A table of another question (other calendars, other hours) is none. What it holds ends some day; it is asked
    for anew every day, and for an instrument whose sessions it does not know nothing is told: its trader does not begin.
Owns: the table.
"""

from collections.abc import Iterable

import msgspec

from wildbot.market.session import DAY_NS
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import SessionHours

TELL_NS = NANOS_PER_SECOND
"""How often each session is told again: whoever subscribes late hears it within so long."""


class SessionTable(msgspec.Struct, frozen=True):
    """The coming sessions by calendar code, earliest first (the field `pair` of each is its code), asked for with the
    words of `question`."""

    question: tuple[str, ...]
    sessions: dict[str, tuple[SessionHours, ...]]


def question(codes: Iterable[str], entry_hours: Iterable[str]) -> tuple[str, ...]:
    """Return what a table answers, as words."""
    return (*sorted(set(codes)), *entry_hours)


class SessionBoard:
    """The sessions of the instruments that have some; `asked` is what a table has to answer."""

    def __init__(self, asked: tuple[str, ...]) -> None:
        self._codes: dict[str, str] = {}
        self._question = asked
        self._table: SessionTable | None = None
        self._day = -1
        self._told_ns = 0

    def set_codes(self, codes: dict[str, str]) -> None:
        """Tell of exactly these instruments: pair -> calendar code."""
        self._codes = codes

    def learn(self, table: SessionTable, now_ns: int) -> bool:
        """Take over a table; return whether it answers our question."""
        if table.question != self._question:
            return False
        self._table, self._day = table, now_ns // DAY_NS
        return True

    def is_stale(self, now_ns: int) -> bool:
        """Return whether the table has to be asked for: there is none of this UTC day."""
        return bool(self._codes) and now_ns // DAY_NS != self._day

    def current(self, pair: str, now_ns: int) -> SessionHours | None:
        """Return the pair's session that goes on, else its next one; None when it is not known."""
        code = self._codes.get(pair)
        if code is None or self._table is None:
            return None
        found = next((each for each in self._table.sessions.get(code, ()) if each.closes_ns > now_ns), None)
        return None if found is None else msgspec.structs.replace(found, pair=pair)

    def due(self, now_ns: int) -> list[SessionHours]:
        """Return what is to be told now: every known session once a second."""
        if 0 <= now_ns - self._told_ns < TELL_NS:
            return []
        self._told_ns = now_ns
        return [hours for pair in self._codes if (hours := self.current(pair, now_ns)) is not None]

    def unknown(self, now_ns: int) -> list[str]:
        """Return the pairs whose current or next session nobody knows."""
        return [pair for pair in self._codes if self.current(pair, now_ns) is None]
