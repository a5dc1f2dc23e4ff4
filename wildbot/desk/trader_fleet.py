"""The traders that run, from their start to the moment nothing of them is left.

Rules: a trader is gone only when its process is reaped *and* the gateway has said that no order of its epoch rests; until
    then its pair cannot be started again. Questions that may be lost (`Retire`, `EndEpoch`) are repeated until answered.
    A process that says nothing for `SILENT_NS` is killed, not waited for; one that has not begun to trade gets longer.
Owns: one record per pair.
"""

from dataclasses import dataclass
from enum import StrEnum

from wildbot.desk.supervision_words import ALLOCATOR, GATEWAY, KillTrader, SendTo, SendToTrader, SupervisionCommand
from wildbot.model.control import EndEpoch, EpochEnded, Resume, Retire, Retired
from wildbot.model.instrument import NANOS_PER_SECOND

SILENT_NS = 2 * NANOS_PER_SECOND
"""Four heartbeats in a row are missing: the process hangs."""

START_NS_MAX = 20 * NANOS_PER_SECOND
"""A new process may say nothing for so long: importing on a busy machine takes seconds, and nothing of it rests yet."""

EXIT_NS_MAX = 3 * NANOS_PER_SECOND
"""A retired trader that has not exited by then is killed."""

REPEAT_NS = NANOS_PER_SECOND


class TraderState(StrEnum):
    """Where one trader stands in the eyes of its supervisor."""

    STARTING = "starting"
    QUOTING = "quoting"
    PAUSED = "paused"
    RETIRING = "retiring"
    ENDING = "ending"
    QUARANTINED = "quarantined"


_STATE_BY_WORD = {
    "starting": TraderState.STARTING,
    "paused": TraderState.PAUSED,
    "flattening": TraderState.PAUSED,
}


@dataclass(slots=True)
class TraderRecord:
    """One start of one trader.

    `wanted` False: nobody replaces it when it is gone. `kept`: its retirement was taken back; should it exit all the same,
    that is no death, only a fresh start. `only_leaves`: it was started to leave its position and go.
    """

    pair: str
    epoch: int
    spawned_ns: int
    state: TraderState = TraderState.STARTING
    beat_ns: int = 0
    pid: int = 0
    wanted: bool = True
    kept: bool = False
    flatten: bool = False
    only_leaves: bool = False
    retired: Retired | None = None
    retired_ns: int = 0
    asked_ns: int = 0
    killed: bool = False
    exited: bool = False
    code: int | None = None
    ended: bool = False
    end_asked_ns: int = 0

    @property
    def is_gone(self) -> bool:
        """Whether neither a process nor an order of it is left."""
        return self.exited and self.ended

    @property
    def is_up(self) -> bool:
        """Whether it runs and nobody has asked it to go."""
        return self.state in (TraderState.STARTING, TraderState.QUOTING, TraderState.PAUSED)


class TraderFleet:
    """All traders, by pair; at most one per pair."""

    def __init__(self) -> None:
        self.records: dict[str, TraderRecord] = {}

    def get(self, pair: str, epoch: int | None = None) -> TraderRecord | None:
        """Return the record of a pair, and of this epoch when one is given."""
        record = self.records.get(pair)
        return record if record is not None and epoch in (None, record.epoch) else None

    def add(self, pair: str, epoch: int, now_ns: int, *, only_leaves: bool = False) -> TraderRecord:
        """A process was asked for."""
        assert pair not in self.records, pair
        record = self.records[pair] = TraderRecord(pair, epoch, now_ns)
        if only_leaves:  # it is retiring from its first moment
            record.only_leaves = record.flatten = True
            record.wanted = False
            record.state, record.asked_ns = TraderState.RETIRING, now_ns
        return record

    def heard(self, record: TraderRecord, pid: int, word: str, now_ns: int) -> bool:
        """A heartbeat came, with the trader's own word for its state; return whether it is the first."""
        first = record.beat_ns == 0
        record.beat_ns, record.pid = now_ns, pid
        self.said(record, word)
        return first

    @staticmethod
    def said(record: TraderRecord, word: str) -> None:
        """Believe a trader that is up about whether it is still starting, paused or at work."""
        if record.is_up:
            record.state = _STATE_BY_WORD.get(word, TraderState.QUOTING)

    def retire(self, record: TraderRecord, *, flatten: bool, now_ns: int) -> list[SupervisionCommand]:
        """Ask a trader to go for good."""
        record.wanted = False
        record.flatten = flatten
        if record.state is TraderState.ENDING:
            return []
        record.state = TraderState.RETIRING
        record.asked_ns = now_ns
        return [SendToTrader(record.pair, Retire(flatten))]

    def keep(self, record: TraderRecord) -> list[SupervisionCommand]:
        """Take a retirement back: the trader goes on."""
        record.wanted = record.kept = True
        record.retired = None
        if record.state is TraderState.RETIRING:
            record.state = TraderState.QUOTING
            return [SendToTrader(record.pair, Resume())]
        return []

    def on_retired(self, record: TraderRecord, retired: Retired, now_ns: int) -> list[SupervisionCommand]:
        """A trader rests nothing any more and is about to exit."""
        if record.state is not TraderState.RETIRING or record.retired is not None:
            return []
        record.retired, record.retired_ns = retired, now_ns
        return self._end_epoch(record, now_ns)

    def on_exit(self, record: TraderRecord, code: int, now_ns: int) -> list[SupervisionCommand]:
        """The process is reaped, for whatever reason."""
        record.exited, record.code = True, code
        record.state = TraderState.ENDING
        return [] if record.ended or record.end_asked_ns else self._end_epoch(record, now_ns)

    def on_epoch_ended(self, ended: EpochEnded) -> None:
        """The gateway says that no order of the epoch rests."""
        record = self.records.get(ended.pair)
        if record is not None and record.epoch <= ended.epoch:
            record.ended = True

    def take_gone(self) -> list[TraderRecord]:
        """Return and forget the traders of which nothing is left."""
        gone = [record for record in self.records.values() if record.is_gone]
        for record in gone:
            del self.records[record.pair]
        return gone

    def is_hung(self, record: TraderRecord, now_ns: int, *, has_lease: bool) -> bool:
        """Whether a process says nothing although it should, or was asked to go and does not; with a lease it has begun to
        trade, whatever it said last."""
        if record.exited or record.killed:
            return False
        if record.retired is not None:
            return now_ns - record.retired_ns > EXIT_NS_MAX
        is_starting = not has_lease and (record.beat_ns == 0 or record.state is TraderState.STARTING)
        return now_ns - max(record.spawned_ns, record.beat_ns) > (START_NS_MAX if is_starting else SILENT_NS)

    def kill(self, record: TraderRecord) -> list[SupervisionCommand]:
        """End a process the hard way; its exit is reported like any other."""
        if record.exited or record.killed:
            return []
        record.killed = True
        record.state = TraderState.ENDING
        return [KillTrader(record.pair, record.epoch)]

    def repeat(self, record: TraderRecord, now_ns: int) -> list[SupervisionCommand]:
        """Ask again what was not answered."""
        if record.end_asked_ns and not record.ended and now_ns - record.end_asked_ns >= REPEAT_NS:
            return self._end_epoch(record, now_ns)
        unanswered = record.state is TraderState.RETIRING and record.retired is None
        if unanswered and now_ns - record.asked_ns >= REPEAT_NS:
            record.asked_ns = now_ns
            return [SendToTrader(record.pair, Retire(record.flatten))]
        return []

    def forgive_silence(self, now_ns: int) -> None:
        """We did not listen ourselves for a while: everyone's silence starts anew."""
        for record in self.records.values():
            if record.beat_ns:
                record.beat_ns = now_ns

    @staticmethod
    def _end_epoch(record: TraderRecord, now_ns: int) -> list[SupervisionCommand]:
        record.end_asked_ns = now_ns
        return [SendTo(GATEWAY, EndEpoch(record.pair, record.epoch))]


class OldEpochs:
    """Epochs that somebody still knows although no trader of ours has them: left by an earlier life, or by a lost message.

    Each is ended at the gateway, then told to the allocator, until neither lists it.
    """

    def __init__(self) -> None:
        self._ended: dict[str, int] = {}
        self._asked_ns: dict[tuple[str, int], int] = {}

    def is_over(self, pair: str, epoch: int) -> bool:
        """Whether the gateway has said that this epoch rests nothing."""
        return epoch <= self._ended.get(pair, 0)

    def on_epoch_ended(self, ended: EpochEnded) -> list[SupervisionCommand]:
        """Remember it and tell the allocator, so that the lease is freed."""
        self._ended[ended.pair] = max(self._ended.get(ended.pair, 0), ended.epoch)
        return [SendTo(ALLOCATOR, ended)]

    def chase(self, listed: set[tuple[str, int]], now_ns: int) -> list[SupervisionCommand]:
        """Return what to ask for the (pair, epoch)s that are listed as leases but belong to no living trader."""
        commands: list[SupervisionCommand] = []
        self._asked_ns = {key: at for key, at in self._asked_ns.items() if key in listed}
        for key in sorted(listed):
            if now_ns - self._asked_ns.get(key, 0) < REPEAT_NS:
                continue
            self._asked_ns[key] = now_ns
            pair, epoch = key
            over = self.is_over(pair, epoch)
            commands.append(SendTo(ALLOCATOR, EpochEnded(*key)) if over else SendTo(GATEWAY, EndEpoch(*key)))
        return commands

    @property
    def is_waiting(self) -> bool:
        """Whether an old epoch may still rest something."""
        return any(not self.is_over(*key) for key in self._asked_ns)
