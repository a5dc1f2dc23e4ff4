"""What actors report of themselves: heartbeats, alerts and the rows of the status document.

Rules: integers here as everywhere; decimal text appears only in the status document itself (analytics.status_board).
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from wildbot.model.desk import AccountState, CapitalLease, PositionState
from wildbot.model.instrument import FeeSchedule, Instrument, Money


class HopLatency(msgspec.Struct, frozen=True, array_like=True):
    """How long one hop of an order's way took since the last heartbeat: all samples together, and how many fell in each
    bucket of `analytics.latency`, by its number."""

    name: str
    total_ns: int
    counts: dict[int, int]


class Heartbeat(msgspec.Struct, frozen=True, array_like=True, tag="heartbeat"):
    """An actor says it lives, twice a second, with what its loop measured since the last one (latency in microseconds).
    `build` names its message types and settings; `hops` are the ones this actor sees the end of."""

    actor: str
    pid: int
    epoch: int
    state: str
    ts_ns: int
    loop_lag_ms: float
    cpu_pct: float
    rss_mb: float
    messages_per_s: float
    p50_us: float
    p99_us: float
    build: str = ""
    hops: tuple[HopLatency, ...] = ()


class HeartbeatAck(msgspec.Struct, frozen=True, array_like=True, tag="beat_ack"):
    """The supervisor's answer; an actor that hears none for long knows its supervisor is gone."""

    ts_ns: int
    state: str


class Severity(StrEnum):
    """How loud an alert is: `critical` means money or the ability to cancel is at stake."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Alert(msgspec.Struct, frozen=True, array_like=True, tag="alert"):
    """Something the owner should know; `key` names the condition, so that it is told once until it clears."""

    ts_ns: int
    level: Severity
    actor: str
    key: str
    text: str


class AlertCleared(msgspec.Struct, frozen=True, array_like=True, tag="alert_cleared"):
    """The condition `key` no longer holds."""

    ts_ns: int
    actor: str
    key: str


class Quote(msgspec.Struct, frozen=True, array_like=True):
    """One of our resting orders as the status shows it."""

    cl_ord_id: str
    side: str
    ticks: int
    lots: int
    filled_lots: int
    state: str
    age_ms: float


class TraderStatus(msgspec.Struct, frozen=True, array_like=True, tag="trader"):
    """One trader's row of the status document; `indicators` by the names of the contract; `reason` is why it does what
    it does (a code and a sentence)."""

    pair: str
    epoch: int
    state: str
    strategy: str
    reason: str
    position: PositionState
    lease: Money
    bid_ticks: int
    ask_ticks: int
    data_age_ms: float
    orders: tuple[Quote, ...]
    indicators: dict[str, float | None]
    ts_ns: int


class GatewayStatus(msgspec.Struct, frozen=True, array_like=True, tag="gateway"):
    """The gateway's part of the status document. `open_orders` counts ours resting or unknown, on all pairs;
    `entries_closed`: why it refuses entries, empty when it does not; `requests`: how many since its start, by what became
    of them (placed, amended, cancelled: sent; denied: by us; rejected: by the venue)."""

    state: str
    reason: str
    account: AccountState
    open_orders: int
    unknown_orders: int
    foreign_orders: int
    budget_used: dict[str, float]
    ts_ns: int
    entries_closed: str = ""
    requests: dict[str, int] = {}


class TradeRecord(msgspec.Struct, frozen=True, array_like=True, tag="trade_record"):
    """One booked fill for the trade table; `pnl` is the realised profit of this fill before its own fee."""

    ts_ns: int
    pair: str
    side: str
    ticks: int
    lots: int
    fee: Money
    liquidity: str
    pnl: Money
    reason: str
    exec_id: str
    epoch: int


class InstrumentTable(msgspec.Struct, frozen=True, array_like=True, tag="instruments"):
    """Gateway to supervisor: the rules and the account's own rates of every pair of the universe."""

    instruments: tuple[Instrument, ...]
    fees: dict[str, FeeSchedule]


class AllocatorStatus(msgspec.Struct, frozen=True, array_like=True, tag="allocator"):
    """The allocator's part of the status document."""

    capital: Money
    granted: Money
    locked: Money
    leases: tuple[CapitalLease, ...]
    refused: dict[str, str]
    ts_ns: int


class MarkoutMean(msgspec.Struct, frozen=True, array_like=True):
    """The mid's mean move in our favour `horizon_s` after `fills` fills, in basis points; None without any."""

    horizon_s: int
    fills: int
    mean_bps: float | None


class Believer(msgspec.Struct, frozen=True, array_like=True):
    """What reality, or one fill model, made of the resting orders that were given to both. `net_pnl`: the account's change
    with its fills in place of the real ones; `wait_s`: mean time to the first fill; `move_bps`: mean move after fills."""

    orders: int
    filled_orders: int
    fills: int
    net_pnl: Money
    wait_s: float | None
    move_bps: float | None


class PowerBelief(msgspec.Struct, frozen=True, array_like=True):
    """The queue parameter that suits our own fills, with the range that chance leaves; `used` is the one in force."""

    used: float
    fitted: float
    low: float
    high: float
    orders: int
    trades: int


class TruthStatus(msgspec.Struct, frozen=True, array_like=True, tag="truth"):
    """What fills were worth, and what paper would have made of the same orders. `split` sums to the account's change;
    `unmarked` fills happened while nobody watched their market; `believers` by model, reality as `actual`; `turnover` is
    the money that changed hands."""

    ts_ns: int
    fills: int
    unmarked: int
    split: dict[str, Decimal]
    markouts: tuple[MarkoutMean, ...]
    believers: dict[str, Believer]
    power: PowerBelief | None
    turnover: Money
