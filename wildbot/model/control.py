"""The supervisor's orders to the other actors, and their answers.

The verbs a trader hears: `Pause`, `Resume`, `Flatten`, `Retire`, `EntrySlot`; the order gateway hears
`EndEpoch`, `Entries`, `StopAll`, `Rearm`.
"""

import msgspec

from wildbot.model.market_data import BookSnapshot
from wildbot.model.status import (
    Alert,
    AlertCleared,
    AllocatorStatus,
    GatewayStatus,
    Heartbeat,
    HeartbeatAck,
    InstrumentTable,
    TradeRecord,
    TraderStatus,
    TruthStatus,
)


class HistoryRequest(msgspec.Struct, frozen=True, array_like=True, tag="history_request"):
    """A new trader asks what its pair's book did lately, so that its signals start warm."""

    pair: str


class BookHistory(msgspec.Struct, frozen=True, array_like=True, tag="history"):
    """The supervisor's answer to `HistoryRequest`: thinned books, oldest first (market.recent_books); may be empty."""

    pair: str
    books: tuple[BookSnapshot, ...]


class Pause(msgspec.Struct, frozen=True, array_like=True, tag="pause"):
    """No new entries; exits go on."""


class Resume(msgspec.Struct, frozen=True, array_like=True, tag="resume"):
    """Entries again."""


class Flatten(msgspec.Struct, frozen=True, array_like=True, tag="flatten"):
    """Cancel everything, leave the position as taker inside the collar, then pause."""


class Retire(msgspec.Struct, frozen=True, array_like=True, tag="retire"):
    """Stop quoting for good: cancel, flatten if asked, answer `Retired`, then exit."""

    flatten: bool


class Retired(msgspec.Struct, frozen=True, array_like=True, tag="retired"):
    """A trader that was asked to retire rests nothing and holds `lots`; `ok` is False when policy kept the position."""

    pair: str
    epoch: int
    lots: int
    ok: bool
    reason: str


class EntrySlot(msgspec.Struct, frozen=True, array_like=True, tag="entry_slot"):
    """The pair's trader alone may enter, until then (UTC, nanoseconds); 0: no longer. Said again while it holds."""

    pair: str
    until_ns: int


class EndEpoch(msgspec.Struct, frozen=True, array_like=True, tag="end_epoch"):
    """To the gateway: fence this epoch, cancel whatever of it rests, and answer `EpochEnded` when none does."""

    pair: str
    epoch: int


class EpochEnded(msgspec.Struct, frozen=True, array_like=True, tag="epoch_ended"):
    """No order of the epoch rests or is unknown; its lease may be freed. The allocator gets a copy."""

    pair: str
    epoch: int


class Entries(msgspec.Struct, frozen=True, array_like=True, tag="entries"):
    """To the gateway: refuse every entry, and take back those that rest, for this reason; empty: entries again.

    What makes a position smaller still leaves.
    """

    closed: str


class StopAll(msgspec.Struct, frozen=True, array_like=True, tag="stop_all"):
    """To the gateway: refuse every new order from now on, cancel ours, answer `NoneRest` when that is confirmed.

    `halt` says whether this is a safety halt (sticky) or the ordered end of the run.
    """

    halt: bool
    reason: str


class NoneRest(msgspec.Struct, frozen=True, array_like=True, tag="none_rest"):
    """The venue confirmed, twice, that no order of ours rests."""


class Rearm(msgspec.Struct, frozen=True, array_like=True, tag="rearm"):
    """To the gateway: take new orders again."""


ToSupervisor = (
    Heartbeat
    | Alert
    | AlertCleared
    | TraderStatus
    | GatewayStatus
    | AllocatorStatus
    | TradeRecord
    | InstrumentTable
    | Retired
    | EpochEnded
    | NoneRest
    | HistoryRequest
    | TruthStatus
)
FromSupervisor = (
    HeartbeatAck
    | BookHistory
    | Pause
    | Resume
    | Flatten
    | Retire
    | EntrySlot
    | EndEpoch
    | EpochEnded
    | Entries
    | StopAll
    | Rearm
)
