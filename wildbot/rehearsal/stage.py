"""One life of one actor on virtual time: what `actors.runtime` is to a real one.

Rules: a dead actor hears nothing; a frozen one hears everything late, in order, and its timers have skipped. A handler that
    reaches a crash point dies there, with everything it had not sent.
"""

from collections import deque
from typing import Protocol

from wildbot.desk.supervision_words import ALLOCATOR, GATEWAY, Asked
from wildbot.model.control import FromSupervisor, ToSupervisor
from wildbot.model.instrument import NANOS_PER_MS
from wildbot.model.market_data import MarketEvent
from wildbot.model.status import Alert, AlertCleared, Heartbeat, HeartbeatAck, Severity
from wildbot.protocol.bus import FROM_SUPERVISOR, encode
from wildbot.rehearsal.fate import Fate
from wildbot.rehearsal.timeline import Act, Timeline

HEARTBEAT_NS = 500 * NANOS_PER_MS
SUPERVISOR = "supervisor"

ORDERS, CAPITAL, ACTORS, MARKET = "orders", "capital", "actors", "market"
"""The channels between actors; the first three have a hub (gateway, allocator, supervisor), the last a publisher."""

HUBS = {ORDERS: GATEWAY, CAPITAL: ALLOCATOR, ACTORS: SUPERVISOR}


class KilledError(Exception):
    """This life ends here and now."""


def trader_name(pair: str) -> str:
    """Return the name of the trader of a pair."""
    return "trader-" + pair.replace("/", "-")


class Surroundings(Protocol):
    """What every life needs of the world it is in."""

    timeline: Timeline
    fate: Fate

    def wall_ns(self) -> int:
        """Return what the run's own clock shows."""

    def next_pid(self) -> int:
        """Return a process number."""

    def report(self, sender: "Stage", frame: bytes) -> None:
        """Send a frame up to the supervisor."""

    def process(self, name: str, what: str) -> None:
        """Something befell a process."""

    def ended(self, stage: "Stage", how: str, code: int) -> None:
        """A life has ended."""


class Stage:
    """What all actors share; subclasses begin in `begin` and hear in `hear`."""

    parent = ""
    """Who has to hear of this life's end, and may begin another; nobody: it is started anew, as supervisord does it."""

    def __init__(self, world: Surroundings, name: str, epoch: int = 0) -> None:
        self.world = world
        self.name = name
        self.epoch = epoch
        self.pid = world.next_pid()
        self.alive = True
        self.state = "starting"
        self.frozen_until_ns = 0
        self._inbox: deque[Act] = deque()
        self._acked_ns = world.timeline.now_ns

    # --- time -----------------------------------------------------------------------------------------------------

    def now_ns(self) -> int:
        """Return what this actor's clock shows."""
        return self.world.wall_ns()

    def every(self, ns: int, act: Act) -> None:
        """Call back each `ns`; what falls into a frozen time happens once, afterwards."""
        timeline = self.world.timeline

        def fire() -> None:
            if not self.alive:
                return
            timeline.after(max(ns, self.frozen_until_ns - timeline.now_ns), fire)
            self.do(act)

        timeline.after(ns, fire)

    def later(self, ns: int, act: Act) -> None:
        """Call back once."""
        self.world.timeline.after(ns, lambda: self.do(act))

    # --- life -----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Hook everything up; the first thing a life does."""
        self.every(HEARTBEAT_NS, self._beat)

    def do(self, act: Act) -> None:
        """Let this actor do something, now or when it wakes up."""
        if not self.alive:
            return
        if self.frozen_until_ns > self.world.timeline.now_ns:
            self._inbox.append(act)
            return
        try:
            act()
        except KilledError:
            self.die("killed")

    def freeze(self, ns: int) -> None:
        """Stop handling anything for a while (SIGSTOP, a suspended machine, a long pause)."""
        timeline = self.world.timeline
        self.frozen_until_ns = max(self.frozen_until_ns, timeline.now_ns + ns)
        self.world.process(self.name, "stopped")
        timeline.at(self.frozen_until_ns, self._thaw)

    def _thaw(self) -> None:
        if not self.alive or self.frozen_until_ns > self.world.timeline.now_ns:
            return
        self.world.process(self.name, "continued")
        # A handler may kill or freeze this actor again; `do` then forgets or keeps what is left.
        waiting, self._inbox = self._inbox, deque()
        for act in waiting:
            self.do(act)

    def die(self, how: str, code: int = -9) -> None:
        """End this life."""
        if self.alive:
            self.alive = False
            self._inbox.clear()
            self.on_death()
            self.world.ended(self, how, code)

    def on_death(self) -> None:
        """Let go of what the operating system lets go of."""

    def stop(self, code: int) -> None:
        """End on purpose, with a last heartbeat."""
        if self.alive:
            self._beat()
            self.die("exited", code)

    def reach(self, point: str) -> None:
        """Pass a place where a planned crash may wait. Raises: KilledError."""
        if self.world.fate.strikes(self.name, point):
            raise KilledError(point)

    # --- the supervisor -------------------------------------------------------------------------------------------

    def report(self, message: ToSupervisor) -> None:
        """Send a message up."""
        self.world.report(self, encode(message))

    def alert(self, level: Severity, key: str, text: str) -> None:
        """Tell the owner about the condition `key`."""
        self.report(Alert(self.now_ns(), level, self.name, key, text))

    def clear(self, key: str) -> None:
        """Tell that it no longer holds."""
        self.report(AlertCleared(self.now_ns(), self.name, key))

    @property
    def supervisor_silence_ns(self) -> int:
        """How long the supervisor has not answered a heartbeat."""
        return self.world.timeline.now_ns - self._acked_ns

    def hear(self, channel: str, source: str, frame: bytes) -> None:
        """A frame has arrived on a channel."""
        assert channel == ACTORS, (self.name, channel)
        command = FROM_SUPERVISOR.decode(frame)
        self._acked_ns = self.world.timeline.now_ns
        if not isinstance(command, HeartbeatAck):
            self.on_command(command)

    def wants(self, event: MarketEvent) -> bool:
        """Whether this actor subscribed to a market event."""
        return False

    def ask_to_stop(self) -> None:
        """TERM."""

    def asked(self, order: Asked) -> None:
        """The owner asks the supervisor for something."""

    def child_ended(self, child: "Stage", code: int) -> None:
        """The operating system has noted the end of a child."""

    def on_command(self, command: FromSupervisor) -> None:
        """The supervisor says something."""

    def heartbeat(self) -> Heartbeat:
        """Return this actor's row; what a machine measures is nothing here."""
        return Heartbeat(
            actor=self.name,
            pid=self.pid,
            epoch=self.epoch,
            state=self.state,
            ts_ns=self.now_ns(),
            loop_lag_ms=0.0,
            cpu_pct=0.0,
            rss_mb=0.0,
            messages_per_s=0.0,
            p50_us=0.0,
            p99_us=0.0,
        )

    def _beat(self) -> None:
        self.report(self.heartbeat())
