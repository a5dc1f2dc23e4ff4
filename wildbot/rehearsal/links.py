"""What lies between actors: real frames on virtual wires, in order per wire, with losses when fate wants some.

Rules: as ZeroMQ does it over ipc: a wire keeps its order; what a spoke sends while its hub is gone waits for the next one,
    what a hub or publisher sends to somebody who is gone is lost, and a dead sender's waiting messages die with it.
Owns: what is under way, and the standing troubles of each wire.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_MS
from wildbot.protocol.bus import (
    FROM_ALLOCATOR,
    FROM_GATEWAY,
    FROM_SUPERVISOR,
    TO_ALLOCATOR,
    TO_GATEWAY,
    TO_SUPERVISOR,
    read_market_frame,
)
from wildbot.rehearsal.diary import Diary
from wildbot.rehearsal.stage import ACTORS, CAPITAL, HUBS, MARKET, ORDERS, Stage
from wildbot.rehearsal.timeline import Timeline

LATENCY_NS = NANOS_PER_MS // 5
RECONNECT_NS = 100 * NANOS_PER_MS
WAITING_MAX = 1_000


@dataclass(slots=True)
class Trouble:
    """What befalls the frames of a channel (or, with `actor`, of one actor) until `until_ns`."""

    kind: str
    until_ns: int
    actor: str = ""
    channel: str = ""
    probability: float = 1.0
    delay_ns: int = 0


@dataclass(slots=True)
class Wire:
    """One direction between two names on one channel."""

    free_ns: int = 0
    waiting: list[tuple[Stage, bytes]] = field(default_factory=list)


READERS: dict[tuple[str, bool], Callable[[bytes], object]] = {
    (ORDERS, True): TO_GATEWAY.decode,
    (ORDERS, False): FROM_GATEWAY.decode,
    (CAPITAL, True): TO_ALLOCATOR.decode,
    (CAPITAL, False): FROM_ALLOCATOR.decode,
    (ACTORS, True): TO_SUPERVISOR.decode,
    (ACTORS, False): FROM_SUPERVISOR.decode,
    (MARKET, False): read_market_frame,
}


class Links:
    """Carries frames between the `stages`, by name, of those who live now."""

    def __init__(self, timeline: Timeline, diary: Diary, stages: Mapping[str, Stage], rng: Random) -> None:
        self._timeline = timeline
        self._diary = diary
        self._stages = stages
        self._rng = rng
        self._wires: dict[tuple[str, str, str], Wire] = {}
        self.troubles: list[Trouble] = []

    def send(self, channel: str, sender: Stage, target: str, frame: bytes) -> None:
        """Send one frame; what becomes of it is fate's business."""
        self._carry(channel, sender, target, frame)

    def publish(self, sender: Stage, targets: list[str], frame: bytes) -> None:
        """Send one frame to whoever listens now."""
        for target in targets:
            self._carry(MARKET, sender, target, frame)

    def reconnect(self, hub: str) -> None:
        """A hub is there again: what waited for it arrives."""
        for (channel, _, target), wire in self._wires.items():
            if HUBS.get(channel) == hub and target == hub and wire.waiting:
                waiting, wire.waiting = wire.waiting, []
                for sender, frame in waiting:
                    if sender.alive:
                        self._plan(wire, channel, sender, target, frame, RECONNECT_NS)

    def _carry(self, channel: str, sender: Stage, target: str, frame: bytes) -> None:
        source, now_ns = sender.name, self._timeline.now_ns
        wire = self._wires.setdefault((channel, source, target), Wire())
        to_hub = HUBS.get(channel) == target
        if to_hub and target not in self._stages:
            if len(wire.waiting) < WAITING_MAX:
                wire.waiting.append((sender, frame))
            return
        copies, delay_ns = 1, LATENCY_NS
        for trouble in self.troubles:
            if trouble.until_ns <= now_ns or trouble.channel not in ("", channel):
                continue
            if trouble.actor and trouble.actor not in (source, target):
                continue
            if trouble.probability < 1 and self._rng.random() >= trouble.probability:
                continue
            match trouble.kind:
                case "lose":
                    copies = 0
                case "double":
                    copies += 1
                case _:
                    delay_ns += trouble.delay_ns
        if not copies:
            self._diary.note(now_ns, f"lost {channel} {source}>{target}")
        for _ in range(copies):
            self._plan(wire, channel, sender, target, frame, delay_ns)

    def _plan(self, wire: Wire, channel: str, sender: Stage, target: str, frame: bytes, delay_ns: int) -> None:
        source = sender.name
        wire.free_ns = max(wire.free_ns, self._timeline.now_ns + delay_ns)

        def arrive() -> None:
            stage = self._stages.get(target)
            if stage is None:
                return
            reader = READERS[channel, HUBS.get(channel) == target]
            self._diary.note(self._timeline.now_ns, f"{channel} {source}>{target}", frame, reader)
            stage.do(lambda: _hear(stage, channel, source, frame))

        self._timeline.at(wire.free_ns, arrive)


def _hear(stage: Stage, channel: str, source: str, frame: bytes) -> None:
    try:
        stage.hear(channel, source, frame)
    except ProtocolError as error:
        raise AssertionError(f"{stage.name} cannot read {frame!r} of {source}") from error
