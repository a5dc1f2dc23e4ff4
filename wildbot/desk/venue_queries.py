"""What the desk asks a venue outside the order stream, and what it hears: questions, answers, news of the connection.

Rules: an answer repeats its question. `QueryRefused` is the venue's explicit no; `QuerySilent` is no usable answer at
    all, so whatever the question did is unknown. How a question travels is the business of the shell.
"""

from enum import StrEnum

import msgspec

from wildbot.desk.intents import Intent
from wildbot.model.desk import CapitalLease
from wildbot.model.exchange import OrderView
from wildbot.model.executions import Filled
from wildbot.model.instrument import FeeSchedule, Instrument
from wildbot.model.market_data import SystemStatus


class Topic(StrEnum):
    """What can be asked."""

    SYSTEM = "system"
    CLOCK = "clock"
    INSTRUMENTS = "instruments"
    KEY = "key"
    FEES = "fees"
    BALANCES = "balances"
    OPEN_ORDERS = "open_orders"
    CLOSED_ORDERS = "closed_orders"
    ORDERS = "orders"
    TRADES = "trades"
    CANCEL = "cancel"
    TIMER = "timer"
    TOKEN = "token"  # noqa: S105 - the name of a question
    JOURNAL = "journal"

    @property
    def is_private(self) -> bool:
        """Whether the answer needs the key; the rest is public, or our own."""
        return self not in _KEYLESS


_KEYLESS = frozenset({Topic.SYSTEM, Topic.CLOCK, Topic.INSTRUMENTS, Topic.JOURNAL})

CANCEL_IDS_MAX = 50
"""So many orders one CANCEL names at most; Kraken takes such a batch even when the order counter is exhausted."""


class Query(msgspec.Struct, frozen=True):
    """One question. `since_ns` and `offset` (records, newest first) page through history; `ids` are the venue's order
    ids, or for CANCEL up to `CANCEL_IDS_MAX` ids of either kind. `timeout_s` is what TIMER arms the dead man's switch
    for. `urgent` questions overtake the others."""

    topic: Topic
    since_ns: int = 0
    offset: int = 0
    ids: tuple[str, ...] = ()
    urgent: bool = False
    timeout_s: int = 0


class SystemSeen(msgspec.Struct, frozen=True):
    """The state of the venue's engine."""

    query: Query
    system: SystemStatus


class ClockSeen(msgspec.Struct, frozen=True):
    """The venue's clock; whole seconds on Kraken."""

    query: Query
    venue_ns: int


class InstrumentsSeen(msgspec.Struct, frozen=True):
    """The rules of the pairs of the universe that the venue knows."""

    query: Query
    instruments: tuple[Instrument, ...]


class KeySeen(msgspec.Struct, frozen=True):
    """What the venue says of our key; the fields are those of `key_rights.KeyFacts`."""

    query: Query
    permissions: frozenset[str]
    nonce_window: int
    ip_allowlist: tuple[str, ...] = ()
    valid_until_s: int = 0


class FeesSeen(msgspec.Struct, frozen=True):
    """The account's own rates by pair."""

    query: Query
    fees: dict[str, FeeSchedule]


class BalancesSeen(msgspec.Struct, frozen=True):
    """Totals by asset (display name) in units of 10**-ASSET_DECIMALS; what open orders hold is included."""

    query: Query
    balances: dict[str, int]


class OrdersSeen(msgspec.Struct, frozen=True):
    """Orders of the account; `total` counts what the question matches, of which this is one page. `foreign_holds` is what
    open orders that are not ours hold, by asset (display name) in units of 10**-ASSET_DECIMALS."""

    query: Query
    orders: tuple[OrderView, ...]
    total: int
    foreign_holds: dict[str, int] = {}


class TradesSeen(msgspec.Struct, frozen=True):
    """Executions of the account, `cl_ord_id` empty; `total` as in `OrdersSeen`, `received` counts this page."""

    query: Query
    fills: tuple[Filled, ...]
    received: int
    total: int


class CancelTaken(msgspec.Struct, frozen=True):
    """The venue took a cancel; only the order's own report closes it."""

    query: Query
    count: int


class TimerTaken(msgspec.Struct, frozen=True):
    """The venue armed the dead man's switch as asked."""

    query: Query


class TokenSeen(msgspec.Struct, frozen=True):
    """A token for the private stream; its text is a secret for fifteen minutes."""

    query: Query
    token: str

    def __repr__(self) -> str:
        """Never show the token."""
        return "TokenSeen(...)"


class StoredFill(msgspec.Struct, frozen=True):
    """A fill as the journal has it."""

    fill: Filled
    epoch: int
    reason: str


class JournalSeen(msgspec.Struct, frozen=True):
    """What the journal remembers, oldest first: fills, orders, leases in force, and the values by name.

    The journal is asked like a venue, since its numbers can only be read with the venue's instruments.
    """

    query: Query
    fills: tuple[StoredFill, ...]
    intents: tuple[Intent, ...]
    leases: tuple[CapitalLease, ...]
    meta: dict[str, str]


class QueryRefused(msgspec.Struct, frozen=True):
    """The venue said no, in its own words."""

    query: Query
    error: str


class QuerySilent(msgspec.Struct, frozen=True):
    """No usable answer: timeout, reset, HTML page, 5xx."""

    query: Query
    error: str


Answer = (
    SystemSeen
    | ClockSeen
    | InstrumentsSeen
    | KeySeen
    | FeesSeen
    | BalancesSeen
    | OrdersSeen
    | TradesSeen
    | CancelTaken
    | TimerTaken
    | TokenSeen
    | JournalSeen
    | QueryRefused
    | QuerySilent
)


class StreamVerified(msgspec.Struct, frozen=True):
    """The private stream answered our subscription and sent its first snapshot; `rate_max` is the counter's ceiling."""

    rate_max: float = 0.0


class StreamLost(msgspec.Struct, frozen=True):
    """The private stream ended or cannot be trusted: every unanswered request on it has an unknown outcome."""

    reason: str


class OpenOrdersStated(msgspec.Struct, frozen=True):
    """The private stream's snapshot of resting orders."""

    orders: tuple[OrderView, ...]


class CancelAnswered(msgspec.Struct, frozen=True):
    """The venue took a cancel on the stream; only the order's own report closes it."""

    cl_ord_id: str


class DeadManArmed(msgspec.Struct, frozen=True):
    """The venue confirmed the timer: it fires `timeout_s` after `asked_ns` unless renewed (0: disarmed)."""

    asked_ns: int
    timeout_s: int


class SystemStated(msgspec.Struct, frozen=True):
    """The private stream told the engine's state."""

    system: SystemStatus


StreamNews = StreamVerified | StreamLost | OpenOrdersStated | CancelAnswered | DeadManArmed | SystemStated
