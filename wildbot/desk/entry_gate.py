"""Has the order gateway hold back entries whenever the supervisor lets none be made: a second lock on the same door.

Rules: the traders are paused one by one and may be slow, stopped or wrong; the gateway refuses by itself. It is told at
    once when the answer changes, and again until its row says the same; what it was told outlives its own restart.
Owns: what was told last, and when.
"""

from wildbot.desk.supervision_state import SupervisionMemory
from wildbot.desk.supervision_words import GATEWAY, SendTo
from wildbot.model.control import Entries
from wildbot.model.instrument import NANOS_PER_SECOND

REPEAT_NS = NANOS_PER_SECOND


class EntryGate:
    """The part of supervision that closes the gateway for entries."""

    def __init__(self, memory: SupervisionMemory) -> None:
        self._memory = memory
        self._told: str | None = None
        self._told_ns = 0

    def look(self, now_ns: int) -> None:
        """Tell the gateway what holds now, where it does not know."""
        memory, closed = self._memory, self._closed()
        if memory.gateway is None:
            return
        is_known = memory.gateway.entries_closed == closed
        is_news = closed != self._told and not (is_known and self._told is None)
        if is_news or (not is_known and now_ns - self._told_ns >= REPEAT_NS):
            self._told, self._told_ns = closed, now_ns
            memory.do(SendTo(GATEWAY, Entries(closed)))

    def _closed(self) -> str:
        if self._memory.saved.entries_closed:
            return "the day's loss limit is reached"
        return "the owner paused all pairs" if self._memory.paused_all else ""
