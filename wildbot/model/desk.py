"""What a trader, the order gateway and the balance allocator say to each other.

Rules: every trader start has a durable, rising `epoch`; leases and orders carry it, and the order gateway refuses older
    ones (fencing).
"""

import msgspec

from wildbot.model.executions import OrderReport
from wildbot.model.instrument import FeeSchedule, Instrument, Money
from wildbot.model.orders import OrderCommand


class TraderHello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """A trader asks for its inheritance; until that arrives it asks for nothing but cancels. `number` rises with every
    hello of one start, and only the answer to the last one counts."""

    pair: str
    epoch: int
    number: int = 1


class CountQuestion(msgspec.Struct, frozen=True, array_like=True, tag="count_question"):
    """A trader that hears nothing asks how many reports it was sent since its inheritance."""

    pair: str
    epoch: int


class OrderRequest(msgspec.Struct, frozen=True, array_like=True, tag="request"):
    """One command, with what it was decided on. Later than `not_after_ns` the gateway denies it.

    For the latency of its way alone: when it was sent, and when the market event that caused it was read from the exchange
    (0: time or other news did).
    """

    epoch: int
    command: OrderCommand
    decided_ns: int
    not_after_ns: int
    sent_ns: int = 0
    tick_ns: int = 0


class PositionState(msgspec.Struct, frozen=True, array_like=True):
    """Everything `trading.position.Position` needs to go on: `basis` is the signed cost of `lots`, fees are not in it;
    `dust` is less than a lot of coins that fees in coins left over, in units of 10**-ASSET_DECIMALS."""

    pair: str
    lots: int = 0
    basis: Money = Money(0)
    realised: Money = Money(0)
    fees: Money = Money(0)
    trip_pnl: Money = Money(0)
    wins: int = 0
    losses: int = 0
    trades: int = 0
    opened_ns: int = 0
    last_fill_ns: int = 0
    dust: int = 0


class Inheritance(msgspec.Struct, frozen=True, array_like=True, tag="inheritance"):
    """The gateway's answer to the `TraderHello` of number `hello`: what the journal knows of this pair. No order of ours
    rests on it. `rate_max` is the ceiling of the venue's order counter as it stated it, 0 when it did not."""

    epoch: int
    instrument: Instrument
    fees: FeeSchedule
    position: PositionState
    hello: int = 1
    rate_max: float = 0.0


class Report(msgspec.Struct, frozen=True, array_like=True, tag="report"):
    """One order report for its owner, numbered from 1 per epoch; a gap means: say `TraderHello` again."""

    epoch: int
    seq: int
    body: OrderReport


class ReportCount(msgspec.Struct, frozen=True, array_like=True, tag="count"):
    """So many reports were sent to this epoch since its inheritance; beyond all counting when it has none."""

    epoch: int
    count: int


class FeesChanged(msgspec.Struct, frozen=True, array_like=True, tag="fees"):
    """The account's rates on a pair differ from what was last said."""

    pair: str
    fees: FeeSchedule


class LeaseRequest(msgspec.Struct, frozen=True, array_like=True, tag="lease_request"):
    """A trader asks for capital, or renews what it has. `needed` is the least it can trade with."""

    pair: str
    epoch: int
    needed: Money


class CapitalLease(msgspec.Struct, frozen=True, array_like=True, tag="lease"):
    """Permission to have `amount` at work on `pair` (inventory at cost plus resting buys) until `expires_ns`."""

    pair: str
    epoch: int
    amount: Money
    expires_ns: int


class LeaseRefused(msgspec.Struct, frozen=True, array_like=True, tag="lease_refused"):
    """No lease: the text says why and how much would be needed."""

    pair: str
    epoch: int
    needed: Money
    reason: str


class LeaseTable(msgspec.Struct, frozen=True, array_like=True, tag="lease_table"):
    """Allocator to gateway: every lease in force. The gateway writes it down, then acknowledges `version`."""

    version: int
    capital: Money
    leases: tuple[CapitalLease, ...]


class LeaseTableAck(msgspec.Struct, frozen=True, array_like=True, tag="lease_ack"):
    """Gateway to allocator: the table of `version` is on disk and in force."""

    version: int


class LeaseRecall(msgspec.Struct, frozen=True, array_like=True, tag="lease_recall"):
    """Allocator to gateway on start: which leases did you last hold, and what is the account worth?"""


class AccountState(msgspec.Struct, frozen=True, array_like=True, tag="account"):
    """What the journal says the account is: `cash_flow` is the sum of all fills' quote legs, fees included, since the
    start; `positions` holds every pair ever traded."""

    starting: Money
    cash_flow: Money
    positions: tuple[PositionState, ...]
    leases: tuple[CapitalLease, ...] = ()

    @property
    def realised_net(self) -> Money:
        """Realised profit of all pairs after all fees."""
        return Money(sum(p.realised - p.fees for p in self.positions))


ToGateway = TraderHello | CountQuestion | OrderRequest | LeaseTable | LeaseRecall
FromGateway = Inheritance | Report | ReportCount | FeesChanged | LeaseTableAck | AccountState
ToAllocator = LeaseRequest
FromAllocator = CapitalLease | LeaseRefused
