"""A small world around the supervisor's brain: a gateway, an allocator and traders that answer as they should."""

from dataclasses import dataclass, field
from typing import TypeVar

from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.loss_limits import DAY_NS
from wildbot.desk.supervision import Supervision
from wildbot.desk.supervision_state import SupervisionRules
from wildbot.desk.supervision_words import (
    ALLOCATOR,
    GATEWAY,
    Asked,
    ChildEnded,
    FeedHealth,
    Heard,
    KillTrader,
    Persist,
    RankedPair,
    Reply,
    SendTo,
    SendToTrader,
    SpawnTrader,
    SupervisionCommand,
    SupervisionEvent,
    SupervisorState,
    Verb,
)
from wildbot.desk.supervision_words import Ranked as RankedEvent
from wildbot.model.control import EndEpoch, EpochEnded, Rearm, Retire, Retired, StopAll
from wildbot.model.desk import AccountState, CapitalLease, PositionState
from wildbot.model.instrument import NANOS_PER_SECOND, Money
from wildbot.model.status import AllocatorStatus, GatewayStatus, Heartbeat

BTC, ETH, SOL, XRP, ADA = "BTC/USDC", "ETH/USDC", "SOL/USDC", "XRP/USDC", "ADA/USDC"
NOON = 20_000 * DAY_NS + DAY_NS // 2
STEP_NS = NANOS_PER_SECOND // 4
CRUMB = 1
"""A position of a lot is below the exchange's minimum."""
T = TypeVar("T", bound=SupervisionCommand)


@dataclass
class World:
    """Peers that answer at once unless told not to. `positions`: lots by pair; `hung`: traders that say nothing."""

    max_traders: int = 3
    pinned: tuple[str, ...] = ()
    policy: str = "flatten"
    saved: SupervisorState = field(default_factory=SupervisorState)
    leases: tuple[CapitalLease, ...] = ()
    now_ns: int = 1_000 * NANOS_PER_SECOND
    rules: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rules = SupervisionRules(self.max_traders, self.pinned, self.policy, 50.0, **self.rules)  # type: ignore[arg-type]
        self.brain = Supervision(rules, self.saved)
        self.log: list[SupervisionCommand] = []
        self.inbox: list[SupervisionEvent] = []
        self.running: dict[str, int] = {}
        self.hung: set[str] = set()
        self.positions: dict[str, int] = {}
        self.keeps_position: set[str] = set()
        self.gateway_up = self.gateway_answers = True
        self.phase = "ready"
        self.dies_at_start: set[str] = set()
        self._take(self.brain.start(self.now_ns))

    # --- time ---

    def run(self, seconds: float = 1.0) -> None:
        """Let time pass in timer steps, with everybody's heartbeats and status rows."""
        for _ in range(round(seconds * NANOS_PER_SECOND / STEP_NS)):
            self.now_ns += STEP_NS
            self._peers_speak()
            self._take(self.brain.on_timer(self.now_ns))

    def start(self, *pairs: str) -> None:
        """Everything comes up and the scanner ranks these pairs, best first."""
        self.tell(FeedHealth(ok=True))
        self.rank(*(pairs or (BTC, ETH, SOL, XRP)))
        self.run(2)

    def rank(self, *pairs: str, unfit: tuple[str, ...] = ()) -> None:
        rows = tuple(
            RankedPair(p, p not in unfit, p not in unfit, True, "needs 9 USDC" if p in unfit else "fine") for p in pairs
        )
        self.tell(RankedEvent(rows))

    def tell(self, event: SupervisionEvent) -> None:
        """Hand in one event; what it leads to is handed in after it, one at a time."""
        self.inbox.append(event)
        if len(self.inbox) > 1:
            return
        while self.inbox:
            self._take(self.brain.handle(self.inbox[0], self.now_ns))
            self.inbox.pop(0)

    def ask(self, verb: Verb, ticket: str = "t1") -> None:
        self.tell(Asked(ticket, verb))

    def kill(self, pair: str) -> None:
        """Somebody kills the trader's process with signal 9."""
        self._end(pair, -9)

    # --- what was asked for ---

    def sent(self, kind: type[T]) -> list[T]:
        return [command for command in self.log if isinstance(command, kind)]

    def reply(self, ticket: str = "t1") -> Reply:
        (reply,) = [each for each in self.sent(Reply) if each.ticket == ticket]
        return reply

    @property
    def on_disk(self) -> SupervisorState:
        return self.sent(Persist)[-1].state

    # --- the peers ---

    def _peers_speak(self) -> None:
        if self.gateway_up:
            positions = tuple(PositionState(pair, lots=lots, basis=Money(lots)) for pair, lots in self.positions.items())
            account = AccountState(Money(16), Money(0), positions, self.leases)
            self.tell(Heard(GATEWAY, GatewayStatus(self.phase, "test", account, 0, 0, 0, {}, self.now_ns)))
        self.tell(Heard(ALLOCATOR, AllocatorStatus(Money(16), Money(0), Money(0), self.leases, {}, self.now_ns)))
        for pair, epoch in list(self.running.items()):
            if pair not in self.hung:
                self.tell(Heard(f"trader-{pair}", a_heartbeat(epoch, self.now_ns)))

    def _take(self, commands: list[SupervisionCommand]) -> None:
        for command in commands:
            self.log.append(command)
            match command:
                case SpawnTrader(pair, epoch, only_leaves):
                    assert pair not in self.running, f"two traders on {pair}"
                    assert self.on_disk.epoch >= epoch, "an epoch was used before it was on disk"
                    self.running[pair] = epoch
                    if pair in self.dies_at_start:
                        self._end(pair, 1)
                    elif only_leaves:
                        self._leave(pair)
                case KillTrader(pair, _):
                    self._end(pair, -9)
                case SendTo(actor, EndEpoch(pair, epoch)) if actor == GATEWAY and self.gateway_up and self.gateway_answers:
                    self.tell(Heard(GATEWAY, EpochEnded(pair, epoch)))
                case SendTo(actor, EpochEnded(pair, epoch)) if actor == ALLOCATOR:
                    self.leases = tuple(lease for lease in self.leases if (lease.pair, lease.epoch) != (pair, epoch))
                case SendTo(actor, StopAll(halt)) if actor == GATEWAY and self.gateway_up:
                    self.phase = "halted" if halt else "stopping"
                case SendTo(actor, Rearm()) if actor == GATEWAY and self.gateway_up:
                    self.phase = "ready"
                case SendToTrader(pair, Retire(flatten)) if pair in self.running and pair not in self.hung:
                    self._retire(pair, flatten)
                case _:
                    pass

    def _leave(self, pair: str) -> None:
        """A last trader sells what its pair holds, but for a crumb, or says that it cannot; in any case it goes."""
        if self.positions[pair] > CRUMB and pair not in self.keeps_position:
            self.positions[pair] = 0
        lots, ok = self.positions[pair], pair not in self.keeps_position
        self.tell(
            Heard(f"trader-{pair}", Retired(pair, self.running[pair], lots, ok, "the book is empty" if not ok else ""))
        )
        self._end(pair, 0)

    def _retire(self, pair: str, flatten: bool) -> None:
        epoch = self.running[pair]
        if flatten and pair in self.keeps_position:
            self.tell(Heard(f"trader-{pair}", Retired(pair, epoch, self.positions[pair], False, "below the minimum order")))
            return
        if flatten:
            self.positions.pop(pair, None)
        self.tell(Heard(f"trader-{pair}", Retired(pair, epoch, self.positions.get(pair, 0), True, "")))
        self._end(pair, 0)

    def _end(self, pair: str, code: int) -> None:
        epoch = self.running.pop(pair)
        self.hung.discard(pair)
        self.tell(ChildEnded(pair, epoch, code))


def a_heartbeat(epoch: int, now_ns: int) -> Heartbeat:
    return Heartbeat("trader", 100 + epoch, epoch, "quoting", now_ns, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def a_running_world(**settings: object) -> World:
    """Everything is up, and the three best pairs are traded."""
    world = World(**settings)  # type: ignore[arg-type]
    world.start()
    return world


def a_world_at_noon(saved: SupervisorState | None = None, now_ns: int = NOON, **rules: object) -> World:
    """The same in the middle of a UTC day, with the memory of an earlier life."""
    return a_running_world(saved=saved or SupervisorState(), now_ns=now_ns, rules=rules)


def alerts(world: World) -> set[str]:
    """Return the keys of the alerts that are up."""
    up: set[str] = set()
    for command in world.log:
        if isinstance(command, RaiseAlert):
            up.add(command.key)
        elif isinstance(command, ClearAlert):
            up.discard(command.key)
    return up
