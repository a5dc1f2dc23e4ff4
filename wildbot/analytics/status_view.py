"""The status document as its readers on this side use it: the command line, the status API, the metrics.

Rules: a reader is lenient: fields it does not know are ignored, fields that are missing or null mean "unknown". Prices,
    sizes and money stay the exact decimal text they came as; ages, rates and percentages are numbers.
Source: the status document of docs/contract.md, as analytics.status_board writes it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec


class AccountView(msgspec.Struct, frozen=True):
    """The account's block; money in units of `currency`."""

    currency: str = ""
    starting: str | None = None
    cash: str | None = None
    equity: str | None = None
    realised_pnl: str | None = None
    unrealised_pnl: str | None = None
    fees: str | None = None
    peak_equity: str | None = None
    day_pnl: str | None = None
    return_pct: float | None = None
    drawdown_pct: float | None = None
    max_drawdown_pct: float | None = None
    win_rate: float | None = None
    trades: int = 0
    wins: int = 0
    losses: int = 0


class QuoteView(msgspec.Struct, frozen=True):
    """One side of our resting quote."""

    price: str
    qty: str


class QuotesView(msgspec.Struct, frozen=True):
    """Our two resting quotes; None: nothing rests on that side."""

    bid: QuoteView | None = None
    ask: QuoteView | None = None


class TraderView(msgspec.Struct, frozen=True):
    """One trader's row."""

    pair: str
    state: str = "unknown"
    strategy: str = ""
    pid: int | None = None
    epoch: int | None = None
    position: str | None = None
    avg_cost: str | None = None
    mark: str | None = None
    equity: str | None = None
    realised_pnl: str | None = None
    unrealised_pnl: str | None = None
    fees: str | None = None
    wins: int = 0
    losses: int = 0
    bid: str | None = None
    ask: str | None = None
    spread_bps: float | None = None
    data_age_ms: float | None = None
    quotes: QuotesView = QuotesView()
    open_orders: list[dict[str, Any]] = []
    reason: str = ""

    @property
    def is_quoting(self) -> bool:
        """Whether at least one order of ours rests on the pair."""
        return self.quotes.bid is not None or self.quotes.ask is not None or bool(self.open_orders)


class ScannerView(msgspec.Struct, frozen=True):
    """One pair's row in the scanner's ranking."""

    pair: str
    rank: int | None = None
    score: float | None = None
    spread_bps: float | None = None
    volatility_bps: float | None = None
    hurdle_bps: float | None = None
    tradeable: bool = False
    active: bool = False
    reason: str = ""
    data_age_ms: float | None = None


class HopView(msgspec.Struct, frozen=True):
    """How long one hop took: percentiles of late, everything else since the start of the run. `octaves` {k: n}: n samples
    took less than 2**k nanoseconds, and not less than half of that."""

    count: int = 0
    p50_us: float | None = None
    p99_us: float | None = None
    total_s: float | None = None
    octaves: dict[int, int] = {}


class ActorView(msgspec.Struct, frozen=True):
    """One process's row."""

    name: str
    pid: int | None = None
    state: str = "unknown"
    heartbeat_age_ms: float | None = None
    restarts: int = 0
    cpu_pct: float | None = None
    rss_mb: float | None = None
    messages_per_s: float | None = None
    p50_us: float | None = None
    p99_us: float | None = None
    hops: dict[str, HopView] = {}


class TradeView(msgspec.Struct, frozen=True):
    """One booked fill."""

    ts_ns: int
    pair: str
    side: str
    price: str
    qty: str
    fee: str | None = None
    liquidity: str = ""
    pnl: str | None = None
    reason: str = ""


class AlertView(msgspec.Struct, frozen=True):
    """One thing the owner was told."""

    ts_ns: int
    level: str
    actor: str
    text: str
    key: str = ""


class AllocatorView(msgspec.Struct, frozen=True):
    """How the capital is shared out."""

    capital: str | None = None
    granted: str | None = None
    free: str | None = None


class GatewayView(msgspec.Struct, frozen=True):
    """The order gateway's own count of our orders at the exchange; None: it has not said. `budget_used` is each pair's
    order counter as a fraction of its threshold, `requests` how many since the gateway's start by what became of them."""

    state: str = "unknown"
    open_orders: int | None = None
    unknown_orders: int | None = None
    foreign_orders: int | None = None
    budget_used: dict[str, float | None] = {}
    requests: dict[str, int] = {}


class MarkoutView(msgspec.Struct, frozen=True):
    """What fills were worth so many seconds later, basis points of their price."""

    horizon_s: float
    fills: int = 0
    mean_bps: float | None = None


class TruthView(msgspec.Struct, frozen=True):
    """How far the result can be believed: the net result over the fill models, markouts, and where the money came from."""

    bracket: dict[str, str | None] = {}
    sign_stable: bool | None = None
    markouts: list[MarkoutView] = []
    split: dict[str, str | None] = {}


class StatusView(msgspec.Struct, frozen=True):
    """The whole document. `reasons` say why the state is what it is; `standing` are the alerts that have not cleared."""

    run_id: str = ""
    mode: str = ""
    state: str = "unknown"
    seq: int = 0
    ts_ns: int = 0
    uptime_s: float = 0.0
    reasons: list[str] = []
    account: AccountView = AccountView()
    traders: list[TraderView] = []
    scanner: list[ScannerView] = []
    allocator: AllocatorView = AllocatorView()
    actors: list[ActorView] = []
    trades: list[TradeView] = []
    alerts: list[AlertView] = []
    standing: list[AlertView] = []
    gateway: GatewayView = GatewayView()
    truth: TruthView = TruthView()


def view_of(document: Mapping[str, Any]) -> StatusView:
    """Return the typed view of a status document. Raises: msgspec.ValidationError when it is not one."""
    return msgspec.convert(document, StatusView, strict=False)
