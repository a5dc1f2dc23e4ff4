"""How the gateway comes up, comes back after a lost stream, and goes down: the plans, each told from start to end.

Rules: start after a crash and start after a clean end are the same plan. Leftover orders of ours are taken back, not
    adopted, and the dead man's switch is armed before anything else that needs the key; READY only after the venue
    confirmed twice that none rests, the trades are caught up, the balances agree, the private stream is verified and
    the switch is armed.
"""

from collections.abc import Generator

from wildbot.desk.balance_watch import BASELINE_KEY, BalanceWatch
from wildbot.desk.clock_watch import ClockWatch
from wildbot.desk.fee_watch import FeeWatch
from wildbot.desk.gateway_commands import (
    ArmTimer,
    CloseStream,
    Leave,
    OpenStream,
    TellSupervisor,
    WriteMeta,
)
from wildbot.desk.gateway_state import ENTRIES_KEY, HALT_KEY, GatewayState, Phase
from wildbot.desk.key_rights import KeyFacts, judge_key
from wildbot.desk.leftovers import TIMER_S, Leftovers
from wildbot.desk.limit_rows import note_limits
from wildbot.desk.peers import ENDED_KEY, Peers
from wildbot.desk.plans import Pause, Plan, PlanFailedError, Step, ask
from wildbot.desk.reconciliation import Reconciliation, Steps
from wildbot.desk.venue_queries import (
    Answer,
    FeesSeen,
    InstrumentsSeen,
    JournalSeen,
    KeySeen,
    Query,
    SystemSeen,
    TokenSeen,
    Topic,
)
from wildbot.model.control import NoneRest
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import Severity
from wildbot.trading.order_state import OrderNews

STREAM_WAIT_NS = 15 * NANOS_PER_SECOND
STEP_NS = NANOS_PER_SECOND // 10
RECONNECT_FIRST_NS = NANOS_PER_SECOND // 2
RECONNECT_LAST_NS = 30 * NANOS_PER_SECOND
STEADY_NS = 60 * NANOS_PER_SECOND
FIRST_START_KEY = "first_start_ns"
SESSION_KIND = "session"
"""The journal's line that a gateway writes first: which run it is part of, its mode and its strategy."""


class Recovery:
    """Builds the plans."""

    def __init__(
        self,
        state: GatewayState,
        peers: Peers,
        fees: FeeWatch,
        reconciliation: Reconciliation,
        balances: BalanceWatch,
    ) -> None:
        self._state = state
        self._peers = peers
        self._fees = fees
        self._look = reconciliation
        self._balances = balances
        self._leftovers = Leftovers(state, reconciliation)
        self._clock = ClockWatch(state)
        self._reconnect_ns = RECONNECT_FIRST_NS
        self._verified_ns = 0
        self._is_whole = False

    def start(self) -> Plan:
        """From nothing to READY. What may rest from the last run is the first thing that is seen to."""
        state = self._state
        state.reason = "waiting for the exchange"
        if state.setup.session:
            state.note(state.now_ns, SESSION_KIND, state.setup.session)
        system = yield from ask(Query(Topic.SYSTEM), SystemSeen)
        state.market.system = system.system
        yield from self._clock.agree()
        state.reason = "asking for pairs"
        yield from self._learn_pairs()
        state.reason = "reading the journal"
        journal = yield from ask(Query(Topic.JOURNAL), JournalSeen)
        self._replay(journal)
        rests = any(state.intents.live())
        if rests:  # first of all: nothing that is refused later may leave them there
            yield from self._take_back(arm=True)
        state.reason = "asking for rights and fees"
        yield from self._learn_rights()
        if not rests:
            yield from self._take_back(arm=False)
        state.reason = "comparing balances"
        yield from self._balances.at_start()
        self._is_whole = True
        self._announce()
        yield from self._connect()
        self._ready()

    def go_on(self) -> Plan:
        """From a plan that the venue refused, or that a lockout ended, to READY."""
        return self.reconnect() if self._is_whole else self.start()

    def reconnect(self) -> Plan:
        """From a lost stream back to READY."""
        state = self._state
        if state.now_ns - self._verified_ns > STEADY_NS:
            self._reconnect_ns = RECONNECT_FIRST_NS
        yield Pause(self._reconnect_ns)
        self._reconnect_ns = min(2 * self._reconnect_ns, RECONNECT_LAST_NS)
        yield from self._connect()
        yield from self._look.look()
        self._ready()

    def look(self) -> Plan:
        """Compare everything with the venue's records."""
        yield from self._look.look()

    def explain(self) -> Plan:
        """Explain what is unexplained, with as few calls as that takes."""
        yield from self._look.explain()

    def check_clock(self) -> Plan:
        """Compare our clock with the exchange's until they agree."""
        yield from self._clock.agree()

    def refresh_fees(self) -> Plan:
        """Ask the account's rates again. A refusal is told and stops nothing: the rates known last go on counting."""
        state = self._state
        try:
            answer = yield from ask(Query(Topic.FEES), FeesSeen)
        except PlanFailedError as error:
            state.alert(Severity.WARNING, "fees_refused", f"the exchange does not state the account's fees: {error}")
            return
        state.clear("fees_refused")
        self._fees.stated(answer.fees)

    def learn_rules(self) -> Plan:
        """Ask for the pairs' rules again: the venue refused an order for them."""
        state = self._state
        rules = yield from ask(Query(Topic.INSTRUMENTS), InstrumentsSeen)
        for each in rules.instruments:
            if state.instruments.get(each.pair) != each:
                state.instruments[each.pair] = each
                state.note(state.now_ns, "rules_changed", f"tick {each.tick_step}, least {each.min_lots} lots", each.pair)
        self._announce()

    def stop(self, *, leave: bool, again: bool = False) -> Plan:
        """Take everything of ours back, have the venue confirm it twice, say so; then leave, if asked to."""
        state = self._state
        empty_looks = 0
        while empty_looks < 2:
            ours = yield from self._look.open_orders()
            state.want_cancel_all("stop")
            live = list(state.intents.live())
            empty_looks = 0 if ours else empty_looks + 1
            if live or empty_looks < 2:
                yield Pause(NANOS_PER_SECOND)
            if live and not ours and (self._look.is_needed() or any(each.order_id for each in live)):
                yield from self._look.explain()  # ended at the venue, but the report never came
        if state.intents.missing_fills():
            yield from self._look.trades()
        state.note(state.now_ns, "none_rest", "the venue confirmed twice that nothing of ours rests")
        state.do(TellSupervisor(NoneRest()))
        if leave:
            if not any(True for _ in state.intents.live()):  # else records that lag may hide one that does rest
                state.do(ArmTimer(0))
            yield Pause(NANOS_PER_SECOND // 2)
            state.do(CloseStream("stop"), Leave(True, "nothing of ours rests", again))

    # --- parts ----------------------------------------------------------------------------------------------------

    def _take_back(self, *, arm: bool) -> Steps:
        self._state.phase = Phase.RECONCILING
        if arm:
            yield from self._leftovers.arm()
        self._state.reason = "taking back leftover orders"
        yield from self._leftovers.clear()

    def _learn_pairs(self) -> Steps:
        state = self._state
        rules = yield from ask(Query(Topic.INSTRUMENTS), InstrumentsSeen)
        state.instruments.update({each.pair: each for each in rules.instruments})
        unheard = [pair for pair in state.setup.universe if pair not in state.instruments]
        if len(unheard) == len(state.setup.universe):
            raise PlanFailedError(f"the exchange knows no pair of the universe: {', '.join(unheard)}")
        if unheard:
            state.alert(Severity.WARNING, "universe", f"the exchange does not know {', '.join(unheard)}")

    def _learn_rights(self) -> Steps:
        state = self._state
        if state.setup.live:
            key = yield from ask(Query(Topic.KEY), KeySeen)
            facts = KeyFacts(key.permissions, key.nonce_window, key.ip_allowlist, key.valid_until_s)
            judgement = judge_key(facts, state.now_ns // NANOS_PER_SECOND)
            if judgement.refusals:
                raise PlanFailedError("; ".join(judgement.refusals))
            if judgement.warnings:
                state.alert(Severity.WARNING, "key", "; ".join(judgement.warnings))
        fees = yield from ask(Query(Topic.FEES), FeesSeen)
        self._fees.stated(fees.fees)

    def _replay(self, journal: JournalSeen) -> None:
        state = self._state
        for each in journal.intents:
            if state.intents.by_client(each.cl_ord_id) is None:
                state.intents.add(each)
                state.intents.close_when_ended(each)
        for stored in journal.fills:
            instrument = state.instruments.get(stored.fill.pair)
            if instrument is not None and not state.books.has(stored.fill.exec_id):
                state.books.book(stored.fill, instrument)
        for each in journal.intents:
            if each.is_live:
                each.learn(OrderNews.OUTCOME_UNKNOWN)
                each.cancel_wanted, each.amend, each.answer_due_ns = True, None, 0
            # The counter outlives us; the former gateway kept its reserve, so no more than this was used.
            budget, used_ns = state.budget(each.pair), min(each.changed_ns, state.now_ns)
            budget.assume(budget.threshold * (1 - state.setup.limits.cancel_reserve), used_ns)
        state.leases = {lease.pair: lease for lease in journal.leases}
        baseline = {k.removeprefix(BASELINE_KEY): int(v) for k, v in journal.meta.items() if k.startswith(BASELINE_KEY)}
        state.baseline = baseline or None
        state.ended = {k.removeprefix(ENDED_KEY): int(v) for k, v in journal.meta.items() if k.startswith(ENDED_KEY)}
        state.entries_closed = journal.meta.get(ENTRIES_KEY, "")
        if halted := journal.meta.get(HALT_KEY, ""):
            state.halt(state.now_ns, halted)
        note_limits(state, journal.meta)
        state.first_start_ns = int(journal.meta.get(FIRST_START_KEY, "0"))
        if not state.first_start_ns:
            state.first_start_ns = state.now_ns
            state.do(WriteMeta(FIRST_START_KEY, str(state.now_ns)))

    def _connect(self) -> Generator[Step, Answer | None, None]:
        state = self._state
        while not self._is_up():
            state.reason = "connecting the private stream"
            token = yield from ask(Query(Topic.TOKEN), TokenSeen)
            state.do(OpenStream(token.token))
            for _ in range(STREAM_WAIT_NS // STEP_NS):
                yield Pause(STEP_NS)
                if self._is_up():
                    break
            else:
                state.do(CloseStream("not verified in time"))
                yield Pause(NANOS_PER_SECOND)
        self._verified_ns = state.now_ns
        state.reason = "arming the dead man's switch"
        state.do(ArmTimer(TIMER_S))

    def _is_up(self) -> bool:
        return self._state.stream_up

    def _announce(self) -> None:
        state = self._state
        state.do(TellSupervisor(state.instrument_table()))

    def _ready(self) -> None:
        state = self._state
        state.clear("stream")
        self._look.late_fills = 0  # what happened while there was no stream, the stream could not tell
        if state.phase is Phase.STOPPING:
            return
        state.phase = Phase.HALTED if state.halt_reason else Phase.READY
        state.reason = state.halt_reason or "ready"
        state.note(state.now_ns, "ready", state.phase.value)
        self._announce()
        self._peers.settle(state.now_ns)
