"""What the order router wants done: rows to write, requests to send, peers to tell.

Rules: the shell writes all rows of one batch in one transaction before anything of that batch is sent; when that fails,
    only cancels are sent and the router is told (`JournalFailed`).
"""

import msgspec

from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.intents import Intent
from wildbot.desk.venue_queries import Query
from wildbot.model.control import EpochEnded, NoneRest
from wildbot.model.desk import AccountState, FeesChanged, Inheritance, LeaseTable, LeaseTableAck, Report, ReportCount
from wildbot.model.executions import Filled
from wildbot.model.instrument import Money
from wildbot.model.orders import OrderCommand
from wildbot.model.status import GatewayStatus, InstrumentTable, TradeRecord


class WriteOrder(msgspec.Struct, frozen=True):
    """Write (or rewrite) an order's row as the intent stands now."""

    intent: Intent
    now_ns: int


class WriteFill(msgspec.Struct, frozen=True):
    """Write a fill; `reason` is the strategy's, `realised` the profit of this fill before its fee."""

    fill: Filled
    epoch: int
    reason: str
    realised: Money


class WriteLeases(msgspec.Struct, frozen=True):
    """Replace the leases in force."""

    table: LeaseTable


class WriteEvent(msgspec.Struct, frozen=True):
    """Write a line of history."""

    ts_ns: int
    kind: str
    pair: str
    text: str


class WriteMeta(msgspec.Struct, frozen=True):
    """Remember a value by name."""

    key: str
    value: str


class Send(msgspec.Struct, frozen=True):
    """Send one command on the private stream. The venue must not act on it after `deadline_ns`."""

    command: OrderCommand
    deadline_ns: int


class ArmTimer(msgspec.Struct, frozen=True):
    """Arm the dead man's switch for so long; 0 disarms."""

    timeout_s: int


class AskVenue(msgspec.Struct, frozen=True):
    """Ask over REST."""

    query: Query


class OpenStream(msgspec.Struct, frozen=True):
    """Connect the private stream with this token."""

    token: str

    def __repr__(self) -> str:
        """Never show the token."""
        return "OpenStream(...)"


class CloseStream(msgspec.Struct, frozen=True):
    """Drop the private stream."""

    reason: str


class HoldRest(msgspec.Struct, frozen=True):
    """Let no private call over REST leave before this time; the ones that wait are answered with silence."""

    until_ns: int


class TellTrader(msgspec.Struct, frozen=True):
    """To the trader of `epoch`."""

    epoch: int
    message: Inheritance | Report | ReportCount | FeesChanged


class TellAllocator(msgspec.Struct, frozen=True):
    """To the balance allocator."""

    message: LeaseTableAck | AccountState


class TellSupervisor(msgspec.Struct, frozen=True):
    """Up to the supervisor."""

    message: GatewayStatus | TradeRecord | InstrumentTable | EpochEnded | NoneRest


class Leave(msgspec.Struct, frozen=True):
    """End the process: `clean` when the venue confirmed that nothing of ours rests; `again` when nobody asked for the
    end, so that the process should be started anew."""

    clean: bool
    text: str
    again: bool = False


class Refuse(msgspec.Struct, frozen=True):
    """End the process: the owner has to change something; `text` says what."""

    text: str


Row = WriteOrder | WriteFill | WriteLeases | WriteEvent | WriteMeta
GatewayCommand = (
    Row
    | Send
    | ArmTimer
    | AskVenue
    | OpenStream
    | CloseStream
    | HoldRest
    | TellTrader
    | TellAllocator
    | TellSupervisor
    | RaiseAlert
    | ClearAlert
    | Leave
    | Refuse
)
