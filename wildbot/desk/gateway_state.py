"""What all parts of the order router share: the venue's rules, the books, the intents, and whether orders may leave.

Rules: parts of the router read and change this, one event at a time; nothing else does. Commands are collected in `out`
    in the order they were decided.
Owns: everything below.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.booking import Books
from wildbot.desk.gateway_commands import GatewayCommand, WriteEvent
from wildbot.desk.intents import Intent, IntentBook
from wildbot.desk.market_watch import MarketWatch
from wildbot.desk.order_checks import GatewayLimits, buy_cost
from wildbot.desk.send_rate import SendRate
from wildbot.model.desk import CapitalLease
from wildbot.model.executions import Filled
from wildbot.model.instrument import NANOS_PER_MS, FeeSchedule, Instrument, Money
from wildbot.model.orders import Side
from wildbot.model.status import InstrumentTable, Severity
from wildbot.trading.rate_budget import TIER_LIMITS, RateBudget


class Phase(StrEnum):
    """Where the gateway stands; orders leave only in READY."""

    STARTING = "starting"
    RECONCILING = "reconciling"
    READY = "ready"
    HALTED = "halted"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class GatewaySetup:
    """What the owner chose, in the units of the desk. `live` keys must carry no right to move money."""

    universe: tuple[str, ...]
    quote: str
    starting: Money
    limits: GatewayLimits
    tier: str = "intermediate"
    deadline_ns: int = 5_000 * NANOS_PER_MS
    live: bool = False


@dataclass(slots=True)
class GatewayState:
    """The router's memory.

    `wants_look`, `wants_fees`: something was seen that only the venue's records can explain; `timer_fired`: the dead
    man's switch cancelled our orders; `orphans`: fills by execution id whose order we cannot name yet;
    `foreign_ids`: venue order ids that turned out not to be this journal's.
    """

    setup: GatewaySetup
    books: Books
    now_ns: int = 0
    phase: Phase = Phase.STARTING
    reason: str = "start"
    halt_reason: str = ""
    instruments: dict[str, Instrument] = field(default_factory=dict)
    fees: dict[str, FeeSchedule] = field(default_factory=dict)
    baseline: dict[str, int] | None = None
    first_start_ns: int = 0
    market: MarketWatch = field(default_factory=MarketWatch)
    intents: IntentBook = field(default_factory=IntentBook)
    leases: dict[str, CapitalLease] = field(default_factory=dict)
    lease_version: int = 0
    epochs: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    budgets: dict[str, RateBudget] = field(default_factory=dict)
    send_rate: SendRate = field(default_factory=lambda: SendRate(5.0))
    stream_up: bool = False
    supervisor_gone: bool = False
    journal_failed: bool = False
    timer_until_ns: int = 0
    foreign_orders: int = 0
    wants_look: bool = False
    wants_fees: bool = False
    timer_fired: bool = False
    orphans: dict[str, Filled] = field(default_factory=dict)
    foreign_ids: dict[str, None] = field(default_factory=dict)
    alerts: set[str] = field(default_factory=set)
    out: list[GatewayCommand] = field(default_factory=list)

    # --- commands -------------------------------------------------------------------------------------------------

    def do(self, *commands: GatewayCommand) -> None:
        """Add commands to this turn's list."""
        self.out.extend(commands)

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

    def note(self, now_ns: int, kind: str, text: str, pair: str = "") -> None:
        """Write a line of history."""
        self.do(WriteEvent(now_ns, kind, pair, text))

    def halt(self, now_ns: int, reason: str) -> None:
        """Let no order leave until the owner rearms, and take back what rests."""
        if self.halt_reason:
            return
        self.halt_reason = reason
        if self.phase is Phase.READY:
            self.phase, self.reason = Phase.HALTED, reason
        self.note(now_ns, "halt", reason)
        self.alert(Severity.CRITICAL, "halt", f"halted: {reason}")
        self.want_cancel_all("halt")

    def instrument_table(self) -> InstrumentTable:
        """Return the rules and the account's rates of every pair whose rates are known."""
        known = tuple(each for each in self.instruments.values() if each.pair in self.fees)
        return InstrumentTable(known, dict(self.fees))

    # --- orders ---------------------------------------------------------------------------------------------------

    def want_cancel_all(self, reason: str, pair: str = "", epoch_max: int | None = None) -> None:
        """Mark live orders to be taken back; the watch sends and repeats the cancels."""
        for intent in self.intents.live(pair, epoch_max):
            if not intent.cancel_wanted:
                intent.cancel_wanted = True
                intent.reason = intent.reason or reason

    def budget(self, pair: str) -> RateBudget:
        """Return the pair's order counter."""
        if pair not in self.budgets:
            self.budgets[pair] = RateBudget(*TIER_LIMITS[self.setup.tier])
        return self.budgets[pair]

    def resting_buys(self, pair: str, but: str = "") -> Money:
        """Return what the pair's buys may still cost, fees included, without the order `but`."""
        instrument, fees = self.instruments[pair], self.fees[pair]
        return Money(
            sum(
                buy_cost(each.exposed_ticks, each.exposed_lots, instrument, fees)
                for each in self._exposed(pair, Side.BUY, but)
            )
        )

    def resting_sell_lots(self, pair: str, but: str = "") -> int:
        """Return what the pair's sells may still sell, without the order `but`."""
        return sum(each.exposed_lots for each in self._exposed(pair, Side.SELL, but))

    def unknown_on(self, pair: str, side: Side) -> bool:
        """Whether an order of that pair and side has an unknown outcome."""
        return any(each.side is side and each.state == "unknown" for each in self.intents.live(pair))

    def _exposed(self, pair: str, side: Side, but: str) -> list[Intent]:
        return [each for each in self.intents.unfinished(pair) if each.side is side and each.cl_ord_id != but]
