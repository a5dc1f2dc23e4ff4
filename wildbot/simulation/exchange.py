"""The simulated exchange: accounts, checks, order rates and one engine per pair, behind one synchronous interface.

Rules: pure; time is told by each call, and a time before the latest one counts as the latest. Every call answers at once,
    and what it caused waits, in order, for `drain`. Refusals carry the exchange's own texts. Accounts starting with "~"
    are the house's participants: unlimited credit, no fees, no order rates, no minimums, no private events.
Source: Kraken spot, WebSocket v2 trading methods; what its manual leaves open is noted where it is decided.
Known limit: events wait without bound; whoever runs the exchange drains it after every call.
"""

import random
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from wildbot.model.exchange import (
    AmendDone,
    AmendPlaced,
    CancelDone,
    CancelPlaced,
    EngineStatus,
    ExchangeEvent,
    ExecType,
    Execution,
    Kind,
    OrderView,
    Placed,
    PlaceOrder,
    Refusal,
)
from wildbot.model.instrument import FeeSchedule, Instrument, PairStatus
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side
from wildbot.simulation import order_checks
from wildbot.simulation.accounts import Account, Change, ledger_entry
from wildbot.simulation.admission import amend_error, place_error, sized_lots
from wildbot.simulation.exchange_queries import ExchangeQueries
from wildbot.simulation.live_order import LiveOrder
from wildbot.simulation.order_rate import ADD_COST, AMEND_COST, INTERMEDIATE, Tier, amend_age_cost, cancel_age_cost
from wildbot.simulation.pair_engine import USER_REQUESTED

STANDARD_FEES = FeeSchedule(maker_ppm=2500, taker_ppm=4000)
"""Kraken's lowest volume tier: 0.25 % maker, 0.40 % taker."""

SWITCH_FIRED = "CancelAllOrdersAfter Timeout"
EXPIRED = "Expired"


class SimulatedExchange(ExchangeQueries):
    """The whole exchange; see `ExchangeQueries` for what can be asked."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        *,
        rng: random.Random,
        fees: FeeSchedule = STANDARD_FEES,
        tier: Tier = INTERMEDIATE,
        post_only_refuses: bool = False,
    ) -> None:
        super().__init__(instruments, fees, tier, rng)
        self._post_only_refuses = post_only_refuses
        self._last_key = 0
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
            self._events.append(ledger_entry(ids, account, "deposit", change, balance, now))

    def set_fees(self, pair: str | None, fees: FeeSchedule) -> None:
        """Set the rates of one pair, or of all. Orders that stand keep what they reserved until they change."""
        for engine in self._engines.values():
            if pair is None or engine.instrument.pair == pair:
                engine.fees = fees

    def place(self, request: PlaceOrder, now_ns: int) -> Placed | Refusal:
        """Ask for a new order."""
        now = self._enter(now_ns)
        account = self._accounts.get(request.account)
        engine = self._engines.get(request.pair)
        if engine is None:
            return Refusal(error=order_checks.UNKNOWN_PAIR)
        if refusal := self._charge(account, request.pair, ADD_COST, now):
            return refusal
        if 0 < request.deadline_ns < now:
            return Refusal(error=order_checks.DEADLINE)
        lots = sized_lots(engine, request)
        error = place_error(engine, account, self.system, request, lots, now)
        if error is None and self._post_only_refuses and request.post_only and request.kind is Kind.LIMIT:
            error = order_checks.POST_ONLY if engine.book.would_match(request.side, request.ticks) else None
        if error is not None:
            return Refusal(error=error)
        if request.validate_only:
            return Placed(order_id="", cl_ord_id=request.cl_ord_id, userref=request.userref)
        self._last_key += 1
        order = LiveOrder(self._last_key, self._ids.order(now), request, lots, now)
        if request.expire_ns:
            self._timers.expire_at(order.key, request.expire_ns, alive=engine.orders, alive_count=len(engine.orders))
        engine.submit(order, now)
        return Placed(order_id=order.order_id, cl_ord_id=request.cl_ord_id, userref=request.userref)

    def amend(self, request: AmendPlaced, now_ns: int) -> AmendDone | Refusal:
        """Ask to change a resting order in place."""
        now = self._enter(now_ns)
        account = self._accounts.get(request.account)
        order = account.find_open(request.order_id, request.cl_ord_id)
        if order is None:
            return Refusal(error=self._missing(account, request))
        engine = self._engines[order.request.pair]
        if refusal := self._charge(account, order.request.pair, AMEND_COST, now):
            return refusal
        if 0 < request.deadline_ns < now:
            return Refusal(error=order_checks.DEADLINE)
        if error := amend_error(engine, account, self.system, order, request):
            return Refusal(error=error)
        lots = order.lots if request.lots is None else request.lots
        age_ns = now - order.touched_ns
        if not account.is_house:
            # Cutting an order down to what has filled takes the rest back, and is priced as a cancel too.
            cost = amend_age_cost(age_ns) + (cancel_age_cost(age_ns) if lots <= order.filled_lots else 0)
            account.rate(order.request.pair).charge(cost, now)
        engine.change(
            order,
            ticks=order.ticks if request.ticks is None else request.ticks,
            lots=lots,
            trigger_ticks=order.trigger_ticks if request.trigger_ticks is None else request.trigger_ticks,
            now_ns=now,
        )
        return AmendDone(amend_id=self._ids.amend(now), order_id=order.order_id, cl_ord_id=order.request.cl_ord_id)

    def cancel(self, request: CancelPlaced, now_ns: int) -> CancelDone | Refusal:
        """Ask to take one order back."""
        now = self._enter(now_ns)
        account = self._accounts.get(request.account)
        if self._is_down:
            return Refusal(error=order_checks.UNAVAILABLE)
        order = account.find_open(request.order_id, request.cl_ord_id)
        if order is None:
            return Refusal(error=order_checks.UNKNOWN_ORDER)
        if refusal := self._charge(account, order.request.pair, cancel_age_cost(now - order.touched_ns), now):
            return refusal
        self._engines[order.request.pair].withdraw(order, ExecType.CANCELED, USER_REQUESTED, now)
        return CancelDone(count=1, order_ids=(order.order_id,))

    def cancel_all(self, account: str, now_ns: int) -> CancelDone:
        """Take all orders of an account back, on every pair; priced as a batch cancel, which no counter refuses. In
        maintenance nothing is cancelled."""
        now = self._enter(now_ns)
        owner = self._accounts.get(account)
        if self._is_down:
            return CancelDone(count=0)
        if not owner.is_house:
            for order in owner.open.values():
                owner.rate(order.request.pair).charge(cancel_age_cost(now - order.touched_ns), now)
        return self._withdraw_all(owner, USER_REQUESTED, now)

    def cancel_all_after(self, account: str, timeout_s: int, now_ns: int) -> int:
        """Set the account's dead man's switch; return when it fires (ns), 0 when disarmed. Renewing starts it anew.

        Raises:
            InvariantError: if the timeout is outside 0 .. 86399 s.
        """
        now = self._enter(now_ns)
        self._accounts.get(account)
        at_ns = self._timers.arm(account, timeout_s, now)
        if self._is_down and at_ns:
            self._armed_in_maintenance.add(account)
        else:
            self._armed_in_maintenance.discard(account)
        return at_ns

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
        self._enter(now_ns)
        engine = self._engines[pair]
        engine.instrument = self.instruments[pair] = msgspec.structs.replace(engine.instrument, status=status)

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

    @property
    def _is_down(self) -> bool:
        return self.system in (SystemStatus.MAINTENANCE, SystemStatus.UNKNOWN)

    def _enter(self, now_ns: int) -> int:
        now = self._now_ns = max(now_ns, self._now_ns)
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

    def _charge(self, account: Account, pair: str, cost: int, now: int) -> Refusal | None:
        if account.is_house:
            return None
        counter = account.rate(pair)
        if counter.refuses(now):
            return Refusal(error=order_checks.RATE_LIMIT)
        counter.charge(cost, now)
        return None

    def _missing(self, account: Account, request: AmendPlaced) -> str:
        if request.order_id and account.history.closed(request.order_id) is None:
            return order_checks.INVALID_ORDER
        return order_checks.UNKNOWN_ORDER

    def _withdraw_all(self, owner: Account, reason: str, now: int) -> CancelDone:
        cancelled = tuple(owner.open)
        for order in list(owner.open.values()):
            self._engines[order.request.pair].withdraw(order, ExecType.CANCELED, reason, now)
        return CancelDone(count=len(cancelled), order_ids=cancelled)
