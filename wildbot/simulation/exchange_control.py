"""What the operator of the simulated exchange may do: accounts, fees, modes, rules, time.

Owns: the passing of time, which makes orders expire and dead man's switches fire.
"""

import random
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from wildbot.model.exchange import (
    CancelDone,
    EngineStatus,
    ExchangeEvent,
    ExecType,
    Execution,
    InstrumentChange,
    LedgerEntry,
    OrderView,
)
from wildbot.model.instrument import FeeSchedule, Instrument, PairStatus
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side
from wildbot.simulation.accounts import Account, Change, ledger_entry
from wildbot.simulation.engine_rules import EngineRules
from wildbot.simulation.exchange_queries import ExchangeQueries
from wildbot.simulation.fee_tiers import fixed_table
from wildbot.simulation.order_rate import Tier

SWITCH_FIRED = "CancelAllOrdersAfter Timeout"
EXPIRED = "Expired"


class ExchangeControl(ExchangeQueries):
    """The operator's half of the exchange."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        fees: FeeSchedule | None,
        tier: Tier,
        rules: EngineRules,
        rng: random.Random,
    ) -> None:
        super().__init__(instruments, fees, tier, rules, rng)
        self._armed_in_maintenance: set[str] = set()

    def open_account(self, account: str) -> None:
        """Open an account; one that exists stays as it is."""
        self._accounts.open(account)

    def deposit(self, account: str, asset: str, units: int, now_ns: int) -> None:
        """Add to a balance (units of 10**-ASSET_DECIMALS)."""
        now = self._enter(now_ns)
        owner = self._accounts.get(account)
        change = Change(asset, units, 0)
        balance = self._accounts.apply(owner, change)
        if not owner.is_house:
            ids = (self._ids.ledger(now), self._ids.ledger(now))
            entry = ledger_entry(ids, account, "deposit", change, balance, now)
            owner.history.add_entry(entry)
            self._events.append(entry)

    def set_fees(self, pair: str | None, fees: FeeSchedule) -> None:
        """Fix the rates of one pair, or of all. Orders that stand keep what they reserved until they change."""
        for engine in self._engines.values():
            if pair is None or engine.instrument.pair == pair:
                engine.fee_table = fixed_table(fees)

    def advance(self, now_ns: int) -> None:
        """Let time do its work: expiries and dead man's switches. Every other call does this first, too."""
        self._enter(now_ns)

    def print_hidden(self, pair: str, side: Side, ticks: int, lots: int, now_ns: int) -> None:
        """Publish a trade of two hidden orders of the house: it is seen, and moves no book and no balance."""
        self._engines[pair].print_trade(side, ticks, lots, self._enter(now_ns))

    def set_system(self, system: SystemStatus, now_ns: int) -> None:
        """Change the engine's mode. After maintenance, orders of accounts that armed their switch in it are cancelled."""
        now = self._enter(now_ns)
        was_down = self._is_down
        self.system = system
        self._events.append(EngineStatus(system=system, ts_ns=now))
        if was_down and not self._is_down:
            for account in sorted(self._armed_in_maintenance):
                self._timers.arm(account, 0, now)
                self._withdraw_all(self._accounts.get(account), SWITCH_FIRED, now)
            self._armed_in_maintenance.clear()
            self._enter(now)

    def set_pair_status(self, pair: str, status: PairStatus, now_ns: int) -> None:
        """Change what one pair accepts."""
        self.set_instrument(msgspec.structs.replace(self._engines[pair].instrument, status=status), now_ns)

    def set_instrument(self, instrument: Instrument, now_ns: int) -> None:
        """Change the status or the rules of a pair that is listed. Orders that stand keep what they were given."""
        now = self._enter(now_ns)
        engine = self._engines[instrument.pair]
        if engine.instrument == instrument:
            return
        engine.instrument = self.instruments[instrument.pair] = instrument
        self._events.append(InstrumentChange(instrument=instrument, ts_ns=now))

    def drain(self) -> list[ExchangeEvent]:
        """Return every event since the last call, in order."""
        events = self._events[:]
        self._events.clear()
        return events

    def restore(
        self,
        account: str,
        balances: Mapping[str, int],
        executions: Iterable[Execution],
        closed: Iterable[OrderView],
        entries: Iterable[LedgerEntry] = (),
    ) -> None:
        """Give an account its past back after a restart, oldest first; trade numbers go on where they ended."""
        self._accounts.open(account)
        owner = self._accounts.get(account)
        self._accounts.replace_balances(owner, balances)
        for execution in executions:
            owner.history.add_execution(execution)
            if engine := self._engines.get(execution.pair):
                engine.last_trade_id = max(engine.last_trade_id, execution.trade_id)
        for order in closed:
            owner.history.add_closed(order)
        for entry in entries:
            owner.history.add_entry(entry)

    @property
    def _is_down(self) -> bool:
        return self.system in (SystemStatus.MAINTENANCE, SystemStatus.UNKNOWN)

    def _enter(self, now_ns: int) -> int:
        now = self._now_ns = self._accounts.now_ns = max(now_ns, self._now_ns)
        due = self._timers.next_due_ns()
        if due is None or due > now or self._is_down:
            return now
        while (key := self._timers.pop_expired(now)) is not None:
            for engine in self._engines.values():
                if order := engine.orders.get(key):
                    engine.withdraw(order, ExecType.EXPIRED, EXPIRED, now)
        while (account := self._timers.pop_fired(now)) is not None:
            self._withdraw_all(self._accounts.get(account), SWITCH_FIRED, now)
        return now

    def _withdraw_all(self, owner: Account, reason: str, now: int) -> CancelDone:
        cancelled = tuple(owner.open)
        for order in list(owner.open.values()):
            self._engines[order.request.pair].withdraw(order, ExecType.CANCELED, reason, now)
        return CancelDone(count=len(cancelled), order_ids=cancelled)
