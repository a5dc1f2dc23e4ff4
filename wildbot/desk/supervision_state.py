"""What all parts of supervision share: the settings, what is on disk, the traders, the slots, and what peers last said.

Rules: parts read and change this one event at a time; nothing else does. Commands are collected in `out` in the order
    they were decided; what is saved is saved before what follows from it.
Owns: everything below.
"""

from dataclasses import dataclass, field

import msgspec

from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.restart_budget import RestartBudget
from wildbot.desk.supervision_words import Announce, Persist, RankedPair, RunState, SupervisionCommand, SupervisorState
from wildbot.desk.swap import PendingSwap
from wildbot.desk.trader_fleet import OldEpochs, TraderFleet
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import AllocatorStatus, GatewayStatus, Severity

GATEWAY_READY = "ready"
GATEWAY_HALTED = "halted"
GATEWAY_STOPPING = "stopping"

PEER_SILENT_NS = 3 * NANOS_PER_SECOND
"""The gateway and the allocator beat twice a second; six missing beats are a fault worth an alert."""


@dataclass(frozen=True, slots=True)
class SupervisionRules:
    """What the owner chose. `pinned` empty: the scanner chooses the pairs.

    `max_daily_loss_pct` and `max_daily_loss` (money) 0: no such limit. `limits`: every limit of the settings as (name,
    text), to compare with the last start's. `build`: what a peer's heartbeat has to say of its message types and settings;
    "" asks nothing.
    """

    max_traders: int
    pinned: tuple[str, ...] = ()
    swap_policy: str = "flatten"
    max_drawdown_pct: float = 50.0
    max_daily_loss_pct: float = 0.0
    max_daily_loss: int = 0
    universe: tuple[str, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()
    build: str = ""


@dataclass
class SupervisionMemory:
    """The supervisor's memory; `wanted` begins empty, the owner's pauses and stops are what the last life left on disk."""

    rules: SupervisionRules
    saved: SupervisorState
    budget: RestartBudget
    fleet: TraderFleet = field(default_factory=TraderFleet)
    old_epochs: OldEpochs = field(default_factory=OldEpochs)
    wanted: list[str] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    quarantined: set[str] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    paused_all: bool = False
    swap: PendingSwap | None = None
    ranked: dict[str, RankedPair] = field(default_factory=dict)
    gateway: GatewayStatus | None = None
    gateway_ns: int = 0
    allocator: AllocatorStatus | None = None
    allocator_ns: int = 0
    feed_ok: bool = False
    feed_reason: str = "no market data yet"
    stopping: bool = False
    alerts: set[str] = field(default_factory=set)
    run_state: RunState = RunState.STARTING
    has_begun: bool = False
    reasons: tuple[str, ...] = ()
    out: list[SupervisionCommand] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stopped, self.quarantined = set(self.saved.stopped), set(self.saved.quarantined)
        self.paused, self.paused_all = set(self.saved.paused), self.saved.paused_all
        self._on_disk = self.saved

    def do(self, *commands: SupervisionCommand) -> None:
        """Add commands to this turn's list."""
        self.out.extend(commands)

    def save(self, **changes: object) -> None:
        """Change what will be on disk before anything that this turn leads to."""
        self.saved = msgspec.structs.replace(self.saved, **changes)

    def take(self) -> list[SupervisionCommand]:
        """Return this turn's commands: what has to be on disk comes first, then what follows from it."""
        self.save(
            paused=tuple(sorted(self.paused)),
            paused_all=self.paused_all,
            stopped=tuple(sorted(self.stopped)),
            quarantined=tuple(sorted(self.quarantined)),
        )
        out, self.out = self.out, []
        if self.saved == self._on_disk:
            return out
        self._on_disk = self.saved
        return [Persist(self.saved), *out]

    def holds_back(self, pair: str) -> bool:
        """Whether a pair may not enter: the owner paused it, or the day's loss limit was reached."""
        return self.paused_all or pair in self.paused or self.saved.entries_closed

    def alert(self, level: Severity, key: str, text: str) -> None:
        """Raise an alert once until it is cleared."""
        if key not in self.alerts:
            self.alerts.add(key)
            self.do(RaiseAlert(level, key, text))

    def clear(self, key: str) -> None:
        """Clear an alert if it was raised."""
        if key in self.alerts:
            self.alerts.discard(key)
            self.do(ClearAlert(key))

    def announce(self, kind: str, text: str) -> None:
        """Tell the log and the status socket what was decided."""
        self.do(Announce(kind, text))

    def position_lots(self, pair: str) -> int:
        """Return the position of a pair as the gateway's books last said; 0 when they did not."""
        positions = () if self.gateway is None else self.gateway.account.positions
        return next((position.lots for position in positions if position.pair == pair), 0)

    def is_gateway_heard(self, now_ns: int) -> bool:
        """Whether the gateway spoke lately."""
        return self.gateway_ns > 0 and now_ns - self.gateway_ns <= PEER_SILENT_NS

    def is_allocator_heard(self, now_ns: int) -> bool:
        """Whether the allocator spoke lately."""
        return self.allocator_ns > 0 and now_ns - self.allocator_ns <= PEER_SILENT_NS

    @property
    def gateway_phase(self) -> str:
        """The gateway's own state; empty while it never spoke."""
        return "" if self.gateway is None else self.gateway.state
