"""Takes order requests: checks them, makes intents of them, has them written and sent.

Rules: a request whose client order id was seen before is a repetition and changes nothing, whatever became of the
    first. The row of an intent stands before the send in the command list, and the shell commits rows first. Cancels
    always pass; a cancel is done when the venue reports the order's end, not when it was asked for.
"""

from msgspec.structs import replace

from wildbot.desk.gateway_commands import Send, WriteOrder
from wildbot.desk.gateway_state import GatewayState, Phase
from wildbot.desk.intents import Intent, new_intent
from wildbot.desk.order_checks import Code, Denial, Facts, find_fault, worst_ticks
from wildbot.desk.peers import Peers
from wildbot.model.desk import OrderRequest
from wildbot.model.executions import Denied
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, OrderType, Purpose, counter_of, epoch_of
from wildbot.model.status import Severity
from wildbot.trading.rate_budget import ADD_COST, RateBudget

ANSWER_GRACE_NS = 2 * NANOS_PER_SECOND
"""So long after a request's deadline its silence becomes an unknown outcome, and a look for it counts as proof."""

FAILED_CHECKS_MAX = 3
"""So many checks that failed to decide are no accident."""

RUNAWAY_CODES = (Code.TURNOVER,)
"""Limits that no sane day reaches: only a person lets orders leave again."""

EPOCHS_REMEMBERED_MAX = 1_000

TIMER_MARGIN_NS = 5 * NANOS_PER_SECOND
"""Orders leave only while the dead man's switch stays armed for at least this long."""


class OrderDesk:
    """The door for orders."""

    def __init__(self, state: GatewayState, peers: Peers) -> None:
        self._state = state
        self._peers = peers
        self._last_counter: dict[int, int] = {}
        self._failed_checks = 0
        self._fenced_orders: dict[str, int] = {}

    def request(self, message: OrderRequest, now_ns: int) -> None:
        """Handle one request of a trader."""
        state, command = self._state, message.command
        if isinstance(command, CancelOrder):
            self._cancel(command, message.epoch, now_ns)
            return
        if state.send_rate.asked(now_ns):
            state.halt(now_ns, f"runaway: far more order requests than {state.setup.limits.orders_per_s:g} per second")
        if isinstance(command, NewOrder) and self._is_repeated(command, message.epoch):
            return  # by the wire or an impatient trader: what the first one was told stands
        denial = self._door_fault(message, now_ns)
        if denial is None and isinstance(command, NewOrder):
            denial = self._place(command, message.epoch, now_ns)
        elif denial is None and isinstance(command, AmendOrder):
            denial = self._amend(command, message.epoch, now_ns)
        if denial is not None:
            self._deny(message, denial, now_ns)

    def _door_fault(self, message: OrderRequest, now_ns: int) -> Denial | None:
        state, pair = self._state, message.command.pair
        if state.halt_reason:
            return Denial(Code.HALTED, f"halted until rearmed: {state.halt_reason}")
        if not state.supervisor_answered:
            return Denial(Code.NOT_READY, "the supervisor has not answered this gateway yet")
        if state.supervisor_gone:
            return Denial(Code.NOT_READY, "the supervisor is silent")
        if state.journal_slow:
            return Denial(Code.NOT_READY, "the journal's disk is slow")
        if state.clock_fault:
            return Denial(Code.NOT_READY, state.clock_fault)
        if state.phase is not Phase.READY or not state.stream_up:
            return Denial(Code.NOT_READY, f"the gateway is {state.phase}, orders need {Phase.READY}: {state.reason}")
        if pair not in state.instruments or pair not in state.fees:
            return Denial(Code.PAIR, f"{pair[:30]!r} is not in the universe of this account")
        if not self._peers.is_current(pair, message.epoch):
            current = state.epochs.get(pair, 0) or "none"
            return Denial(Code.EPOCH, f"epoch {message.epoch} of {pair} is not the current one ({current}); say hello")
        if epoch_of(message.command.cl_ord_id) != message.epoch:
            return Denial(Code.FORM, f"client order id is not one of epoch {message.epoch}")
        if not now_ns <= message.not_after_ns:
            late_ms = (now_ns - message.not_after_ns) // NANOS_PER_MS
            return Denial(Code.LATE, f"arrived {late_ms} ms after its not-after time")
        limit_ns = state.setup.limits.request_age_ns_max
        leaves = isinstance(message.command, NewOrder) and message.command.purpose is Purpose.EXIT
        if not leaves and not now_ns - message.decided_ns <= limit_ns:
            age_ms, limit_ms = (now_ns - message.decided_ns) // NANOS_PER_MS, limit_ns // NANOS_PER_MS
            return Denial(Code.LATE, f"decided {age_ms} ms ago, the limit is {limit_ms} ms")
        if now_ns < state.blocked_until_ns.get(pair, 0) and isinstance(message.command, NewOrder):
            return Denial(Code.OPEN_ORDERS, f"the exchange takes no more open orders on {pair} for now")
        if not state.timer_until_ns - now_ns > TIMER_MARGIN_NS:
            return Denial(Code.SAFETY_TIMER, "the venue's dead man's switch is not confirmed to be armed")
        return None

    # --- the three verbs ------------------------------------------------------------------------------------------

    def _place(self, order: NewOrder, epoch: int, now_ns: int) -> Denial | None:
        state = self._state
        facts = self._facts(order, epoch, ADD_COST, now_ns)
        denial = find_fault(order, facts, state.setup.limits)
        if denial is not None:
            return denial
        if order.order_type is OrderType.STOP_LOSS:
            order = replace(order, limit_ticks=worst_ticks(order, facts, state.setup.limits))
        deadline_ns = now_ns + state.setup.deadline_ns
        due_ns = deadline_ns + ANSWER_GRACE_NS
        intent = new_intent(order, now_ns=now_ns, answer_due_ns=due_ns, settled_ns=due_ns)
        state.intents.add(intent)
        state.budget(order.pair).spend(ADD_COST, now_ns)
        state.send_rate.sent(order.pair, now_ns)
        state.requests["placed"] += 1
        state.do(WriteOrder(intent, now_ns), Send(order, deadline_ns))
        return None

    def _amend(self, amend: AmendOrder, epoch: int, now_ns: int) -> Denial | None:
        state = self._state
        intent = state.intents.by_client(amend.cl_ord_id)
        if intent is None or not intent.is_live or intent.pair != amend.pair:
            return Denial(Code.UNKNOWN_ORDER, f"{amend.cl_ord_id[:20]!r} is no resting order of {amend.pair}")
        if intent.amend is not None or intent.cancel_wanted or intent.state in ("pending", "unknown"):
            return Denial(Code.BUSY, f"{intent.cl_ord_id} waits for the answer to an earlier request")
        if amend.lots <= intent.filled_lots:
            return Denial(Code.FORM, f"total size {amend.lots} lots is not above the {intent.filled_lots} executed")
        # Judged by what it would still have open; what has executed is in the position already.
        rest = replace(intent.order, ticks=amend.ticks, lots=amend.lots - intent.filled_lots, post_only=amend.post_only)
        cost = RateBudget.cost_of_amend(intent.age_s(now_ns))
        facts = self._facts(rest, epoch, cost, now_ns)
        if intent.filled_lots:  # the venue's minimums hold for the whole order
            facts = replace(facts, instrument=replace(facts.instrument, min_lots=0, min_cost=0))
        denial = find_fault(rest, facts, state.setup.limits)
        if denial is not None:
            return denial
        if rest.order_type is OrderType.STOP_LOSS:
            amend = replace(amend, limit_ticks=worst_ticks(rest, facts, state.setup.limits))
        deadline_ns = now_ns + state.setup.deadline_ns
        intent.amend = amend
        intent.changed_ns = now_ns
        intent.answer_due_ns = intent.settled_ns = deadline_ns + ANSWER_GRACE_NS
        state.budget(amend.pair).spend(cost, now_ns)
        state.send_rate.sent(amend.pair, now_ns)
        state.requests["amended"] += 1
        state.do(WriteOrder(intent, now_ns), Send(amend, deadline_ns))
        return None

    def _cancel(self, cancel: CancelOrder, epoch: int, now_ns: int) -> None:
        intent = self._state.intents.by_client(cancel.cl_ord_id)
        # A trader that outlived this gateway's predecessor was never told how its order ended: it has to say hello.
        unheard = intent is not None and not intent.is_live and not self._peers.is_current(cancel.pair, epoch)
        if intent is None or intent.epoch != epoch or unheard:
            text = f"{cancel.cl_ord_id[:20]!r} is no order of epoch {epoch} any more"
            self._peers.deny(cancel.pair, epoch, Denied(cancel.cl_ord_id, "cancel", Code.UNKNOWN_ORDER.value, text, now_ns))
            return
        if intent.is_live and not intent.cancel_wanted:
            intent.cancel_wanted = True
            intent.reason = intent.reason or cancel.reason
            self.send_cancel(intent, now_ns)

    def send_cancel(self, intent: Intent, now_ns: int) -> None:
        """Send the cancel of an intent on the stream; the watch repeats it until the order has ended."""
        self.note_cancel(intent, now_ns)
        self._state.do(Send(CancelOrder(intent.cl_ord_id, intent.pair, intent.reason), now_ns))

    def note_cancel(self, intent: Intent, now_ns: int) -> None:
        """Count one more cancel of an intent, whichever way it goes: the venue's order counter makes no difference."""
        intent.cancel_asked_ns = now_ns
        intent.cancel_tries += 1
        self._state.requests["cancelled"] += 1
        self._state.budget(intent.pair).spend(RateBudget.cost_of_cancel(intent.age_s(now_ns)), now_ns)

    def _is_repeated(self, order: NewOrder, epoch: int) -> bool:
        # Counters of an epoch rise and one socket keeps their order, so an older one has been here before.
        if self._state.intents.by_client(order.cl_ord_id) is not None:
            return True
        counter = counter_of(order.cl_ord_id)
        if counter is None or epoch_of(order.cl_ord_id) != epoch:
            return False  # malformed or forged: the door says so
        if counter <= self._last_counter.get(epoch, 0):
            return True
        self._last_counter[epoch] = counter
        while len(self._last_counter) > EPOCHS_REMEMBERED_MAX:
            del self._last_counter[next(iter(self._last_counter))]
        return False

    # --- parts ----------------------------------------------------------------------------------------------------

    def _facts(self, order: NewOrder, epoch: int, cost: float, now_ns: int) -> Facts:
        state, pair = self._state, order.pair
        return Facts(
            instrument=state.instruments[pair],
            fees=state.fees[pair],
            position=state.books.position(pair),
            lease=self._peers.lease_of(pair, epoch),
            sight=state.market.sight(pair),
            system=state.market.system,
            silence_ns=state.market.silence_ns(now_ns),
            resting_buys=state.resting_buys(pair, but=order.cl_ord_id),
            resting_sell_lots=state.resting_sell_lots(pair, but=order.cl_ord_id),
            unknown_on_side=state.unknown_on(pair, order.side),
            open_orders=sum(1 for each in state.intents.live() if each.cl_ord_id != order.cl_ord_id),
            turnover=state.books.turnover(now_ns),
            may_send=state.send_rate.may_send(pair, now_ns),
            budget=state.budget(pair),
            budget_cost=cost,
            now_ns=now_ns,
            entries_closed=state.entries_closed,
        )

    def _fenced(self, pair: str, epoch: int, order: str, now_ns: int) -> None:
        state = self._state
        state.note(now_ns, "fenced", f"{order} of epoch {epoch}", pair)
        if pair in state.instruments and epoch < max(state.epochs.get(pair, 0), state.ended.get(pair, 0) + 1):
            count = self._fenced_orders[pair] = self._fenced_orders.get(pair, 0) + 1
            text = f"{pair}: epoch {epoch} is over and still asks for orders ({count} refused); a former trader lives"
            state.clear(f"fenced/{pair}")  # the newest count is what is shown
            state.alert(Severity.WARNING, f"fenced/{pair}", text)

    def _deny(self, message: OrderRequest, denial: Denial, now_ns: int) -> None:
        command, state = message.command, self._state
        about = "new" if isinstance(command, NewOrder) else "amend"
        body = Denied(command.cl_ord_id, about, denial.code.value, denial.text, now_ns)
        if denial.code is Code.EPOCH:
            self._fenced(command.pair[:30], message.epoch, command.cl_ord_id[:20], now_ns)
        if denial.code is Code.ERROR:
            self._failed_checks += 1
            state.alert(Severity.CRITICAL, "check_failed", denial.text)
            if self._failed_checks >= FAILED_CHECKS_MAX:
                state.halt(now_ns, f"{self._failed_checks} order checks failed: {denial.text}")
        elif denial.code in RUNAWAY_CODES:
            state.halt(now_ns, f"runaway: {denial.text}")
        self._peers.deny(command.pair, message.epoch, body)
