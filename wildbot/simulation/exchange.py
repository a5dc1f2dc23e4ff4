"""The simulated exchange: accounts, checks, order rates and one engine per pair, behind one synchronous interface.

Rules: pure; time is told by each call, and a time before the latest one counts as the latest. Every call answers at once,
    and what it caused waits, in order, for `drain`. Refusals carry the exchange's own texts. Accounts starting with "~"
    are the house's participants: unlimited credit, no fees, no order rates, no minimums, no private events.
Source: Kraken spot, WebSocket v2 trading methods; what its manual leaves open is a field of `EngineRules`.
Known limit: events wait without bound; whoever runs the exchange drains it after every call.
"""

import random
from collections.abc import Sequence

import msgspec

from wildbot.model.exchange import (
    AmendDone,
    AmendPlaced,
    CancelDone,
    CancelPlaced,
    EditDone,
    EditPlaced,
    ExecType,
    Kind,
    Placed,
    PlaceOrder,
    Refusal,
)
from wildbot.model.instrument import FeeSchedule, Instrument
from wildbot.simulation import order_checks
from wildbot.simulation.accounts import Account
from wildbot.simulation.admission import amend_error, place_error, sized_lots
from wildbot.simulation.engine_rules import EngineRules
from wildbot.simulation.exchange_queries import amendment, original_amend_id
from wildbot.simulation.interventions import Interventions
from wildbot.simulation.live_order import LiveOrder
from wildbot.simulation.order_rate import (
    ADD_COST,
    AMEND_COST,
    EDIT_COST,
    INTERMEDIATE,
    Tier,
    amend_age_cost,
    cancel_age_cost,
    edit_age_cost,
)
from wildbot.simulation.pair_engine import USER_REQUESTED, PairEngine

STANDARD_RULES = EngineRules()
ORDER_REPLACED = "Order replaced"


class SimulatedExchange(Interventions):
    """The whole exchange, and what its clients may ask for; `ExchangeControl` is for its operator, `ExchangeQueries` for
    everyone. Without `fees` an account's rates follow its volume, by the published table."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        *,
        rng: random.Random,
        fees: FeeSchedule | None = None,
        tier: Tier = INTERMEDIATE,
        rules: EngineRules = STANDARD_RULES,
    ) -> None:
        super().__init__(instruments, fees, tier, rules, rng)
        self._last_key = 0

    def place(self, request: PlaceOrder, now_ns: int) -> Placed | Refusal:
        """Ask for a new order."""
        now = self._enter(now_ns)
        if request.pair not in self._engines:
            return Refusal(error=order_checks.UNKNOWN_PAIR)
        refusal = self._charge(self._accounts.get(request.account), request.pair, ADD_COST, now)
        return refusal or self._place(request, now)

    def place_many(self, requests: Sequence[PlaceOrder], now_ns: int) -> list[Placed | Refusal]:
        """Ask for several new orders of one account on one pair at half the price in order rate; each stands for itself."""
        now = self._enter(now_ns)
        first = requests[0]
        if first.pair not in self._engines:
            return [Refusal(error=order_checks.UNKNOWN_PAIR) for _ in requests]
        cost = ADD_COST * len(requests) / 2
        if refusal := self._charge(self._accounts.get(first.account), first.pair, cost, now):
            return [refusal for _ in requests]
        return [self._place(request, now) for request in requests]

    def _place(self, request: PlaceOrder, now: int) -> Placed | Refusal:
        account, engine = self._accounts.get(request.account), self._engines[request.pair]
        request = _as_billed(account, request)
        if 0 < request.deadline_ns < now:
            return Refusal(error=order_checks.DEADLINE)
        lots = sized_lots(engine, request)
        error = place_error(engine, account, self.system, request, lots, now) or self._crossing_error(engine, request)
        if error is not None:
            return Refusal(error=error)
        if request.validate_only:
            return Placed(order_id="", cl_ord_id=request.cl_ord_id, userref=request.userref)
        order_id = self._submit(engine, request, lots, now)
        return Placed(order_id=order_id, cl_ord_id=request.cl_ord_id, userref=request.userref)

    def amend(self, request: AmendPlaced, now_ns: int) -> AmendDone | Refusal:
        """Ask to change a resting order in place."""
        now = self._enter(now_ns)
        account = self._accounts.get(request.account)
        order = account.find_open(request.order_id, request.cl_ord_id)
        if order is None:
            return Refusal(error=_missing(account, request.order_id))
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
        before = amendment(original_amend_id(order.order_id), "original", order, order.opened_ns)
        ticks = order.ticks if request.ticks is None else request.ticks
        trigger_ticks = order.trigger_ticks if request.trigger_ticks is None else request.trigger_ticks
        amend_id = self._ids.amend(now)
        if not account.is_house:
            after = msgspec.structs.replace(
                before,
                amend_id=amend_id,
                kind="user",
                lots=lots,
                left_lots=max(0, lots - order.filled_lots),
                ticks=ticks,
                trigger_ticks=trigger_ticks,
                reason=USER_REQUESTED,
                ts_ns=now,
            )
            account.history.add_amendment(order.order_id, before, after)
        engine.change(order, ticks=ticks, lots=lots, trigger_ticks=trigger_ticks, now_ns=now)
        return AmendDone(amend_id=amend_id, order_id=order.order_id, cl_ord_id=order.request.cl_ord_id)

    def edit(self, request: EditPlaced, now_ns: int) -> EditDone | Refusal:
        """Ask to cancel an open order and place another one in its stead: both happen or neither does."""
        now = self._enter(now_ns)
        wanted = request.replacement
        account = self._accounts.get(wanted.account)
        order = account.find_open(request.order_id, "")
        if order is None:
            return Refusal(error=_missing(account, request.order_id))
        if refusal := self._charge(account, order.request.pair, EDIT_COST, now):
            return refusal
        wanted = _as_billed(account, wanted)
        if 0 < wanted.deadline_ns < now:
            return Refusal(error=order_checks.DEADLINE)
        if order.triggered or wanted.pair != order.request.pair:
            return Refusal(error=order_checks.INVALID_ORDER)
        if wanted.lots < order.filled_lots:
            return Refusal(error=order_checks.INVALID_VOLUME)
        lots = wanted.lots - (order.filled_lots if self._rules.edit_counts_fills else 0)
        engine = self._engines[wanted.pair]
        held = order.hold
        account.set_hold(order, order.hold_asset, 0)  # the new order may use what the old one reserved
        error = place_error(engine, account, self.system, wanted, lots, now, replacing=1)
        account.set_hold(order, order.hold_asset, held)
        if error := error or self._crossing_error(engine, wanted):
            return Refusal(error=error)
        if wanted.validate_only:
            return EditDone(order_id="", original_order_id=order.order_id, lots=lots)
        if not account.is_house:
            account.rate(wanted.pair).charge(edit_age_cost(now - order.touched_ns), now)
        engine.withdraw(order, ExecType.CANCELED, ORDER_REPLACED, now)
        order_id = self._submit(engine, wanted, lots, now)
        return EditDone(order_id=order_id, original_order_id=order.order_id, lots=lots)

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

    def cancel_many(self, requests: Sequence[CancelPlaced], now_ns: int) -> CancelDone:
        """Take several orders back, those that are not open left out; no order-rate counter refuses it."""
        now = self._enter(now_ns)
        cancelled: list[str] = []
        for request in requests:
            account = self._accounts.get(request.account)
            order = None if self._is_down else account.find_open(request.order_id, request.cl_ord_id)
            if order is not None:
                if not account.is_house:
                    account.rate(order.request.pair).charge(cancel_age_cost(now - order.touched_ns), now)
                self._engines[order.request.pair].withdraw(order, ExecType.CANCELED, USER_REQUESTED, now)
                cancelled.append(order.order_id)
        return CancelDone(count=len(cancelled), order_ids=tuple(cancelled))

    def cancel_all(self, account: str, now_ns: int) -> CancelDone:
        """Take all orders of an account back, on every pair; priced as a batch cancel, which no counter refuses. In
        maintenance nothing is cancelled."""
        now = self._enter(now_ns)
        owner = self._accounts.get(account)
        return self.cancel_many([CancelPlaced(account=account, order_id=order_id) for order_id in owner.open], now)

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

    def charge_refused(self, account: str, pair: str, cost: float, now_ns: int) -> Refusal | None:
        """Charge the fixed part of a request that was refused before it was one; a refusal when the counter is full."""
        return self._charge(self._accounts.get(account), pair, cost, self._enter(now_ns))

    def _submit(self, engine: PairEngine, request: PlaceOrder, lots: int, now: int) -> str:
        self._last_key += 1
        order = LiveOrder(self._last_key, self._ids.order(now), request, lots, now)
        if request.expire_ns:
            self._timers.expire_at(order.key, request.expire_ns, alive=engine.orders, alive_count=len(engine.orders))
        engine.submit(order, now)
        return order.order_id

    def _crossing_error(self, engine: PairEngine, request: PlaceOrder) -> str | None:
        refuses = self._rules.post_only_refuses and request.post_only and request.kind is Kind.LIMIT
        return order_checks.POST_ONLY if refuses and engine.book.would_match(request.side, request.ticks) else None

    def _charge(self, account: Account, pair: str, cost: float, now: int) -> Refusal | None:
        if account.is_house:
            return None
        counter = account.rate(pair)
        if counter.refuses(now):
            return Refusal(error=order_checks.RATE_LIMIT)
        counter.charge(cost, now)
        return None


def _as_billed(account: Account, request: PlaceOrder) -> PlaceOrder:
    """A stated fee currency of the account overrules what an order asks for."""
    if account.fee_in_base in (None, request.fee_in_base):
        return request
    return msgspec.structs.replace(request, fee_in_base=account.fee_in_base)


def _missing(account: Account, order_id: str) -> str:
    """An order that was closed is unknown, one that never was is invalid."""
    if order_id and account.history.closed(order_id) is None:
        return order_checks.INVALID_ORDER
    return order_checks.UNKNOWN_ORDER
