"""Pairs whose traders died too often: nobody trades them, and what they hold is left by a last trader.

Rules: a last trader runs no strategy; it inherits, leaves the position as an emergency exit does, and goes. Until nothing
    is left it takes the slot its pair had. One that dies, or cannot leave, is followed by another after `AGAIN_NS`, with
    an alert that stays up; its death is no reason for a halt. A crumb below the exchange's minimum is not tried again.
Owns: when to try again, and which pairs hold no more than a crumb.
"""

from collections.abc import Iterator

from wildbot.desk.supervision_state import SupervisionMemory
from wildbot.desk.trader_fleet import TraderRecord
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import Severity

AGAIN_NS = 60 * NANOS_PER_SECOND


class Quarantine:
    """The part of supervision that sees to what a pair in quarantine holds."""

    def __init__(self, memory: SupervisionMemory) -> None:
        self._memory = memory
        self._again_ns: dict[str, int] = {}
        self._crumbs: set[str] = set()

    def begin(self, pair: str, how: str) -> None:
        """A trader died once too often."""
        memory = self._memory
        memory.quarantined.add(pair)
        memory.wanted.remove(pair)
        text = f"{pair} is in quarantine: its trader died more than three times within a minute, last: {how}"
        if memory.position_lots(pair):
            text += "; a last trader leaves its position"
        memory.alert(Severity.CRITICAL, f"quarantine:{pair}", text)

    @property
    def slots_taken(self) -> int:
        """How many slots are not free for others yet."""
        leaving = {record.pair for record in self._memory.fleet.records.values() if record.only_leaves}
        return len(leaving | set(self._holding()))

    def due(self, now_ns: int) -> Iterator[str]:
        """Yield the pairs whose position a last trader should leave now."""
        memory = self._memory
        self._crumbs &= memory.quarantined
        for pair in self._holding():
            if memory.fleet.get(pair) is None and now_ns >= self._again_ns.get(pair, 0):
                self._again_ns[pair] = now_ns + AGAIN_NS
                memory.announce("trader", f"{pair} is in quarantine and holds a position: a last trader leaves it")
                yield pair

    def on_gone(self, record: TraderRecord, how: str, now_ns: int) -> None:
        """A last trader has ended, its work done or not."""
        memory, pair, retired = self._memory, record.pair, record.retired
        self._again_ns[pair] = now_ns + AGAIN_NS
        if retired is not None and retired.ok:
            if retired.lots:
                self._crumbs.add(pair)
            memory.clear(f"stranded:{pair}")
            memory.announce("trader", f"{pair} is left: {retired.reason}")
            return
        why = retired.reason if retired is not None else f"the last trader {how}"
        text = f"the position of {pair}, which is in quarantine, could not be left ({why}); it is tried again every minute"
        memory.alert(Severity.CRITICAL, f"stranded:{pair}", text)

    def _holding(self) -> list[str]:
        memory = self._memory
        return [pair for pair in sorted(memory.quarantined - self._crumbs) if memory.position_lots(pair)]
