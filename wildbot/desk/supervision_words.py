"""What the supervisor's brain hears and what it asks its shell to do.

Rules: commands are carried out in the order given; `Persist` comes first and is on disk before the next one is looked at,
    so what was promised (an epoch, a halt) survives whatever happens next.
"""

from enum import StrEnum

import msgspec

from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.model.control import FromSupervisor, ToSupervisor
from wildbot.model.instrument import Money, PairStatus

GATEWAY = "order_gateway"
ALLOCATOR = "balance_allocator"


class RunState(StrEnum):
    """The state of the whole run, as the status document says it."""

    STARTING = "starting"
    RECONCILING = "reconciling"
    RUNNING = "running"
    DEGRADED = "degraded"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"
    STOPPING = "stopping"


class SupervisorState(msgspec.Struct, frozen=True):
    """What outlives the supervisor: the last epoch given, the halt, the account's peak, what the owner chose, and when
    things went wrong.

    `starts_ns` are the starts since the last clean end; `restarts` are trader deaths as (time, pair), `peer_restarts` the
    restarts of gateway and allocator as (time, name), `peers` their process ids; `day_open` is the equity as the UTC day
    number `day` (since 1970) began, `day_closed` the day whose loss limit was reached. `universe` is the owner's choice in
    place of the configured `universe_of`. `limits` are the limits of the last start as texts.
    """

    epoch: int = 0
    halted: bool = False
    halt_reason: str = ""
    starting: Money = Money(0)
    peak: Money = Money(0)
    restarts: tuple[tuple[int, str], ...] = ()
    starts_ns: tuple[int, ...] = ()
    day: int = 0
    day_open: Money = Money(0)
    day_closed: int = 0
    peers: dict[str, int] = {}
    peer_restarts: tuple[tuple[int, str], ...] = ()
    paused: tuple[str, ...] = ()
    paused_all: bool = False
    stopped: tuple[str, ...] = ()
    quarantined: tuple[str, ...] = ()
    universe: tuple[str, ...] = ()
    universe_of: tuple[str, ...] = ()
    limits: dict[str, str] = {}

    @property
    def entries_closed(self) -> bool:
        """Whether the day's loss limit was reached on the day that goes on."""
        return 0 < self.day_closed == self.day


# --- heard ------------------------------------------------------------------------------------------------------------


class RankedPair(msgspec.Struct, frozen=True):
    """One row of the scanner's ranking, as far as it concerns the choice of pairs; best first."""

    pair: str
    tradeable: bool
    fits: bool
    warm: bool
    reason: str


class Ranked(msgspec.Struct, frozen=True):
    """A new ranking of the whole universe."""

    rows: tuple[RankedPair, ...]


class SwapProposed(msgspec.Struct, frozen=True):
    """The scanner's switch rule has held for its time."""

    out: str
    into: str
    reason: str


class Heard(msgspec.Struct, frozen=True):
    """A message of another actor, by its name on the link."""

    actor: str
    message: ToSupervisor


class ChildEnded(msgspec.Struct, frozen=True):
    """A trader process of ours is gone and reaped; `code` is negative for a signal."""

    pair: str
    epoch: int
    code: int


class EquityMarked(msgspec.Struct, frozen=True):
    """The account's equity at the current mid prices; told only while every held pair has a fresh mark."""

    equity: Money
    starting: Money


class FeedHealth(msgspec.Struct, frozen=True):
    """Whether market data flows; `reason` says what is wrong."""

    ok: bool
    reason: str = ""


class PairModeSeen(msgspec.Struct, frozen=True):
    """The exchange said which orders it takes on a pair, such as online, cancel_only or maintenance."""

    pair: str
    mode: PairStatus


class StopAsked(msgspec.Struct, frozen=True):
    """The process was asked to end (TERM or INT); a second one skips the waiting for traders."""


class Swap(msgspec.Struct, frozen=True):
    """Verb: trade `into` instead of `out`."""

    out: str
    into: str


class StartPair(msgspec.Struct, frozen=True):
    """Verb: trade `pair` in a free slot; lifts a quarantine."""

    pair: str


class StopPair(msgspec.Struct, frozen=True):
    """Verb: trade `pair` no longer; the slot stays empty until the owner fills it."""

    pair: str


class PausePair(msgspec.Struct, frozen=True):
    """Verb: no new entries on `pair`, or on all when empty."""

    pair: str = ""


class ResumePair(msgspec.Struct, frozen=True):
    """Verb: entries again on `pair`, or on all when empty."""

    pair: str = ""


class FlattenPair(msgspec.Struct, frozen=True):
    """Verb: leave the position of `pair`, or of all, then pause."""

    pair: str = ""


class HaltAll(msgspec.Struct, frozen=True):
    """Verb: stop trading for good, until `RearmAll`."""


class RearmAll(msgspec.Struct, frozen=True):
    """Verb: lift the halt."""


class SetUniverse(msgspec.Struct, frozen=True):
    """Verb: watch exactly these pairs."""

    pairs: tuple[str, ...]


Verb = Swap | StartPair | StopPair | PausePair | ResumePair | FlattenPair | HaltAll | RearmAll | SetUniverse


class Asked(msgspec.Struct, frozen=True):
    """The owner asked for something; the answer goes to `ticket`."""

    ticket: str
    verb: Verb


SupervisionEvent = Ranked | SwapProposed | Heard | ChildEnded | EquityMarked | FeedHealth | PairModeSeen | StopAsked | Asked


# --- asked for --------------------------------------------------------------------------------------------------------


class SpawnTrader(msgspec.Struct, frozen=True):
    """Start a trader process; `only_leaves`: it runs no strategy, leaves what the pair holds, and goes."""

    pair: str
    epoch: int
    only_leaves: bool = False


class KillTrader(msgspec.Struct, frozen=True):
    """SIGKILL the trader process of this epoch."""

    pair: str
    epoch: int


class SendTo(msgspec.Struct, frozen=True):
    """Send a message to another actor."""

    actor: str
    message: FromSupervisor


class SendToTrader(msgspec.Struct, frozen=True):
    """Send a message to the trader of a pair."""

    pair: str
    message: FromSupervisor


class Reply(msgspec.Struct, frozen=True):
    """Answer a verb: `code` is empty when it was done."""

    ticket: str
    result: dict[str, object] = {}
    code: str = ""
    message: str = ""


class Announce(msgspec.Struct, frozen=True):
    """An event for the status socket and the log; `kind` is one of swap, halt, rearm, trader, state, stop, limits."""

    kind: str
    text: str


class Persist(msgspec.Struct, frozen=True):
    """Write this down before anything else happens."""

    state: SupervisorState


class ChangeUniverse(msgspec.Struct, frozen=True):
    """Subscribe to and score exactly these pairs."""

    pairs: tuple[str, ...]


class EndRun(msgspec.Struct, frozen=True):
    """End this process with an exit code."""

    code: int


SupervisionCommand = (
    SpawnTrader
    | KillTrader
    | SendTo
    | SendToTrader
    | Reply
    | RaiseAlert
    | ClearAlert
    | Announce
    | Persist
    | ChangeUniverse
    | EndRun
)
