"""When an instrument trades: its current or next session, as told; without one it always does.

Rules: pure arithmetic on what the calendar's owner told. An instrument with sessions is closed before the first is known to
    have begun. Days are the session's own, or UTC days for instruments that always trade.
"""

from math import inf

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import SessionHours

DAY_NS = 86_400 * NANOS_PER_SECOND


def is_open(session: SessionHours | None, now_ns: int) -> bool:
    """Return whether the instrument trades at this time of the exchange."""
    return session is None or session.opens_ns <= now_ns < session.closes_ns


def entries_open(session: SessionHours | None, now_ns: int) -> bool:
    """Return whether positions may be opened: the instrument trades, and the owner's own hours, if any, say so."""
    if session is None or not session.entries:
        return is_open(session, now_ns)
    return is_open(session, now_ns) and any(begins_ns <= now_ns < ends_ns for begins_ns, ends_ns in session.entries)


def waiting_text(session: SessionHours | None, now_ns: int) -> str:
    """Return in words how long it is to the open; "" while it is open or nobody knows the next one."""
    if session is None or now_ns >= session.opens_ns:
        return ""
    minutes, seconds = divmod((session.opens_ns - now_ns) // NANOS_PER_SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    return f"opens in {hours} h {minutes} min" if hours else f"opens in {minutes} min {seconds} s"


def seconds_to_close(session: SessionHours | None, now_ns: int) -> float:
    """Return how long the session still lasts; infinity without one, 0.0 or less when it is over."""
    return inf if session is None else (session.closes_ns - now_ns) / NANOS_PER_SECOND


def trading_day(session: SessionHours | None, now_ns: int) -> int:
    """Return a number that changes with every trading day."""
    return now_ns // DAY_NS if session is None else session.day
