"""Breakers: small memories of trouble that stop new entries for a while, then let go by themselves.

Rules: a breaker never stops an exit or a cancel. Times are handed in; nothing here reads a clock.
"""

from collections import deque
from enum import StrEnum

from wildbot.model.instrument import NANOS_PER_SECOND

REJECTS_MAX = 3
REJECT_WINDOW_NS = 10 * NANOS_PER_SECOND
REJECT_BACK_OFF_NS = 10 * NANOS_PER_SECOND
"""Three post-only rejects in ten seconds: the market runs faster than our orders; wait as long again."""

SLOW_MAX = 3
SLOW_WINDOW_NS = 30 * NANOS_PER_SECOND
SLOW_BACK_OFF_NS = 15 * NANOS_PER_SECOND
"""Three slow answers, or three seconds with a late book, in thirty seconds: what we do comes too late; wait."""

LATE_BOOK_SPACING_NS = NANOS_PER_SECOND
"""One hold-up delays many books at once; it counts once."""

STOP_LOSS_COOL_DOWN_NS = 30 * NANOS_PER_SECOND


class BreakerCode(StrEnum):
    """Which breaker holds entries back."""

    REJECTS = "breaker_rejects"
    LATENCY = "breaker_latency"
    COOL_DOWN = "breaker_cool_down"


class BurstBreaker:
    """Opens for `back_off_ns` when `limit` incidents fall within `window_ns`; a further incident while open extends it."""

    __slots__ = ("_back_off_ns", "_incidents", "_limit", "_window_ns", "open_until_ns")

    def __init__(self, limit: int, window_ns: int, back_off_ns: int) -> None:
        assert limit >= 1, limit
        self._limit = limit
        self._window_ns = window_ns
        self._back_off_ns = back_off_ns
        self._incidents: deque[int] = deque(maxlen=limit)
        self.open_until_ns = 0

    def incident(self, now_ns: int) -> bool:
        """Take note of trouble; return whether this opened a closed breaker."""
        was_open = self.is_open(now_ns)
        self._incidents.append(now_ns)
        is_burst = len(self._incidents) == self._limit and now_ns - self._incidents[0] <= self._window_ns
        if is_burst or was_open:
            self.open_until_ns = now_ns + self._back_off_ns
        return is_burst and not was_open

    def is_open(self, now_ns: int) -> bool:
        """Return whether entries are to wait."""
        return now_ns < self.open_until_ns


class CoolDown:
    """Open for a given time after each start."""

    __slots__ = ("open_until_ns",)

    def __init__(self) -> None:
        self.open_until_ns = 0

    def start(self, now_ns: int, length_ns: int) -> None:
        """Hold entries back for `length_ns`; a longer pause under way is kept."""
        self.open_until_ns = max(self.open_until_ns, now_ns + length_ns)

    def is_open(self, now_ns: int) -> bool:
        """Return whether entries are to wait."""
        return now_ns < self.open_until_ns


class Breakers:
    """All breakers of one trader."""

    __slots__ = ("_cool_down", "_late_books", "_late_ns", "_rejects", "_slow_answer_ns", "_slow_answers")

    def __init__(self, slow_answer_ns: int) -> None:
        """Close all. An acknowledgement that takes longer than `slow_answer_ns` is slow."""
        self._slow_answer_ns = slow_answer_ns
        self._rejects = BurstBreaker(REJECTS_MAX, REJECT_WINDOW_NS, REJECT_BACK_OFF_NS)
        self._slow_answers = BurstBreaker(SLOW_MAX, SLOW_WINDOW_NS, SLOW_BACK_OFF_NS)
        self._late_books = BurstBreaker(SLOW_MAX, SLOW_WINDOW_NS, SLOW_BACK_OFF_NS)
        self._late_ns = -LATE_BOOK_SPACING_NS
        self._cool_down = CoolDown()

    def order_rejected(self, now_ns: int) -> bool:
        """A post-only order crossed or was refused; return whether that opened the breaker."""
        return self._rejects.incident(now_ns)

    def order_answered(self, took_ns: int, now_ns: int) -> bool:
        """An order was acknowledged after `took_ns`; return whether slowness opened the breaker."""
        return took_ns > self._slow_answer_ns and self._slow_answers.incident(now_ns)

    def book_late(self, now_ns: int) -> bool:
        """A book reached us too long after it was read; return whether that opened the breaker."""
        if now_ns - self._late_ns < LATE_BOOK_SPACING_NS:
            return False
        self._late_ns = now_ns
        return self._late_books.incident(now_ns)

    def stopped_out(self, now_ns: int) -> None:
        """A position was left at a loss limit."""
        self._cool_down.start(now_ns, STOP_LOSS_COOL_DOWN_NS)

    def open_code(self, now_ns: int) -> BreakerCode | None:
        """Return which breaker holds entries back, or None."""
        if now_ns < self._rejects.open_until_ns:
            return BreakerCode.REJECTS
        if now_ns < self._slow_answers.open_until_ns or now_ns < self._late_books.open_until_ns:
            return BreakerCode.LATENCY
        return BreakerCode.COOL_DOWN if now_ns < self._cool_down.open_until_ns else None
