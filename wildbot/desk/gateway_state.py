"""What all parts of the order router share: the venue's rules, the books, the intents, and whether orders may leave.

Rules: parts of the router read and change this, one event at a time; nothing else does. Commands are collected in `out`
    in the order they were decided.
Owns: everything below.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.booking import Books
from wildbot.desk.gateway_commands import AskVenue, GatewayCommand, WriteEvent, WriteMeta
from wildbot.desk.intents import Intent, IntentBook
from wildbot.desk.market_watch import MarketWatch
from wildbot.desk.order_checks import GatewayLimits, buy_cost
from wildbot.desk.send_rate import SendRate
from wildbot.desk.venue_queries import Query, Topic
from wildbot.model.desk import AccountState, CapitalLease
from wildbot.model.executions import Filled
from wildbot.model.instrument import NANOS_PER_MS, FeeSchedule, Instrument, Money
from wildbot.model.orders import Side
from wildbot.model.status import InstrumentTable, Severity
from wildbot.trading.rate_budget import TIER_LIMITS, RateBudget

EXPOSURE_SHOWN = 8

ENTRIES_KEY = "entries_closed"
HALT_KEY = "halted"
"""The journal's memory of why entries are closed."""


class Phase(StrEnum):
    """Where the gateway stands; orders leave only in READY."""

    STARTING = "starting"
    RECONCILING = "reconciling"
    READY = "ready"
    HALTED = "halted"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class GatewaySetup:
    """What the owner chose, in the units of the desk. `live` keys must carry no right to move money; `limit_texts` are all
    limits of the settings as (name, text), to compare with the last start's; `session` is the journal's first line of
    this start, none where it is empty."""

    universe: tuple[str, ...]
    quote: str
    starting: Money
    limits: GatewayLimits
    tier: str = "intermediate"
    deadline_ns: int = 5_000 * NANOS_PER_MS
    live: bool = False
    limit_texts: tuple[tuple[str, str], ...] = ()
    session: str = ""


@dataclass(slots=True)
class GatewayState:
    """The router's memory.

    `wants_look`, `wants_fees`: something was seen that only the venue's records can explain; `wants_glance`: a look at
    the open orders may explain it; `timer_fired`: the dead
    man's switch cancelled our orders; `orphans`: fills by execution id whose order we cannot name yet;
    `foreign_ids`: venue order ids that turned out not to be this journal's; `withdrawn`: capital that others took from
    the account; `foreign_seen`, `foreign_held`: quote that others' open orders hold, as last seen and as it counts;
    `locked_until_ns`: no private REST before then; `refused_topics`: what our key may not do any more;
    `requests`: orders placed, amended, cancelled, denied and rejected since the start;
    `rate_max`: the order counter's ceiling as the venue stated it, 0 before; `clock_fault`: how our clock differs from the
    venue's; `entries_closed`: why the supervisor lets nothing be entered.
    """

    setup: GatewaySetup
    books: Books
    now_ns: int = 0
    rate_max: float = 0.0
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
    supervisor_answered: bool = False
    supervisor_gone: bool = False
    supervisor_lost: bool = False
    journal_failed: bool = False
    timer_until_ns: int = 0
    foreign_orders: int = 0
    foreign_seen: int = 0
    foreign_held: int = 0
    wants_look: bool = False
    wants_glance: bool = False
    wants_fees: bool = False
    wants_rules: bool = False
    timer_fired: bool = False
    withdrawn: int = 0
    locked_until_ns: int = 0
    clock_fault: str = ""
    entries_closed: str = ""
    refused_topics: set[Topic] = field(default_factory=set)
    journal_slow: bool = False
    blocked_until_ns: dict[str, int] = field(default_factory=dict)
    orphans: dict[str, Filled] = field(default_factory=dict)
    foreign_ids: dict[str, None] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
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
        """Let no order leave until the owner rearms, over restarts too, and take back what rests."""
        if self.halt_reason:
            return
        self.halt_reason = reason
        self.do(WriteMeta(HALT_KEY, reason))
        if self.phase is Phase.READY:
            self.phase, self.reason = Phase.HALTED, reason
        self.note(now_ns, "halt", reason)
        self.alert(Severity.CRITICAL, "halt", f"halted: {reason}")
        self.want_cancel_all("halt")

    def ask(self, query: Query) -> None:
        """Ask outside of any plan; dropped while it may not be asked, since whoever asks so asks again."""
        if self.may_ask(query.topic):
            self.do(AskVenue(query))

    def may_ask(self, topic: Topic) -> bool:
        """Whether such a question may leave now: nothing private during a lockout; only cancels on a wrong clock."""
        if not topic.is_private:
            return True
        return self.now_ns >= self.locked_until_ns and (not self.clock_fault or topic is Topic.CANCEL)

    def exposure(self) -> str:
        """Say what is at stake: the orders that may rest, and what we hold."""
        live = list(self.intents.live())
        orders = [
            f"{each.side} {self.instruments[each.pair].lots_text(each.lots - each.filled_lots)} {each.pair} at"
            f" {self.instruments[each.pair].price_text(each.ticks)}"
            for each in live[:EXPOSURE_SHOWN]
            if each.pair in self.instruments
        ]
        held = [
            f"{self.instruments[pair].lots_text(state.lots)} {self.instruments[pair].base}"
            for pair in self.instruments
            if (state := self.books.position(pair)).lots
        ]
        more = f" and {len(live) - EXPOSURE_SHOWN} more" if len(live) > EXPOSURE_SHOWN else ""
        return f"{len(live)} open orders ({', '.join(orders) or 'none'}{more}), holding {', '.join(held) or 'nothing'}"

    def account_for_leases(self) -> AccountState:
        """Return the account as the allocator may lend it out: less what others took or hold of it."""
        account = self.books.account(self.leases.values())
        lent = account.starting - self.withdrawn
        # Fills move the balance and our books alike, so the baseline alone says what the owner has beside our capital.
        owners_part = max(0, (self.baseline or {}).get(self.books.quote, 0) - lent)
        return msgspec.structs.replace(account, starting=Money(lent - max(0, self.foreign_held - owners_part)))

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
            tier = TIER_LIMITS[self.setup.tier]
            self.budgets[pair] = RateBudget(self.rate_max or tier.threshold, tier.decay_per_s)
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
