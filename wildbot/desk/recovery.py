"""How the gateway comes up, comes back after a lost stream, and goes down: the plans, each told from start to end.

Rules: start after a crash and start after a clean end are the same plan. Leftover orders of ours are taken back, not
    adopted; READY only after the venue confirmed twice that none rests, the trades are caught up, the balances agree,
    the private stream is verified and the dead man's switch is armed.
"""

from collections.abc import Generator

from wildbot.desk.gateway_commands import (
    ArmTimer,
    CloseStream,
    Leave,
    OpenStream,
    TellSupervisor,
    WriteMeta,
)
from wildbot.desk.gateway_state import GatewayState, Phase
from wildbot.desk.peers import ENDED_KEY, Peers
from wildbot.desk.plans import Pause, Plan, PlanFailedError, Step, ask
from wildbot.desk.reconciliation import BASELINE_KEY, LOOKS_APART_NS, Reconciliation, Steps
from wildbot.desk.venue_queries import (
    Answer,
    BalancesSeen,
    ClockSeen,
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

CLOCK_SKEW_NS_MAX = 3 * NANOS_PER_SECOND
"""The venue tells whole seconds, and the answer travels."""

STREAM_WAIT_NS = 15 * NANOS_PER_SECOND
STEP_NS = NANOS_PER_SECOND // 10
STOP_BUDGET_NS = 30 * NANOS_PER_SECOND
RECONNECT_FIRST_NS = NANOS_PER_SECOND // 2
RECONNECT_LAST_NS = 30 * NANOS_PER_SECOND
STEADY_NS = 60 * NANOS_PER_SECOND
LOOKS_BEFORE_ALERT = 6
FIRST_START_KEY = "first_start_ns"
TIMER_S = 60

FORBIDDEN_RIGHTS = frozenset(
    {"withdraw-funds", "add-withdraw-address", "update-withdraw-address", "add-funds", "earn-funds"}
)


class Recovery:
    """Builds the plans."""

    def __init__(self, state: GatewayState, peers: Peers, reconciliation: Reconciliation) -> None:
        self._state = state
        self._peers = peers
        self._look = reconciliation
        self._reconnect_ns = RECONNECT_FIRST_NS
        self._verified_ns = 0

    def start(self) -> Plan:
        """From nothing to READY."""
        state = self._state
        state.reason = "waiting for the exchange"
        system = yield from ask(Query(Topic.SYSTEM), SystemSeen)
        state.market.system = system.system
        yield from self._check_clock()
        yield from self._learn_rules()
        state.reason = "reading the journal"
        journal = yield from ask(Query(Topic.JOURNAL), JournalSeen)
        self._replay(journal)
        state.phase = Phase.RECONCILING
        state.reason = "taking back leftover orders"
        yield from self._clear_leftovers()
        state.reason = "comparing balances"
        yield from self._look.balances()
        self._announce()
        yield from self._connect()
        self._ready()

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
        """Explain what is unexplained."""
        yield from self._look.look()

    def refresh_fees(self) -> Plan:
        """Ask the account's rates again, and tell whose changed."""
        state = self._state
        answer = yield from ask(Query(Topic.FEES), FeesSeen)
        for pair, fees in answer.fees.items():
            if state.fees.get(pair) != fees and pair in state.instruments:
                state.fees[pair] = fees
                self._peers.fees_changed(pair, fees)
                state.note(state.now_ns, "fees_changed", f"{fees.maker_ppm}/{fees.taker_ppm} ppm", pair)
        self._announce()

    def accept_balances(self) -> Plan:
        """The owner says that a difference is his own doing: what the fills do not explain becomes baseline."""
        answer = yield from ask(Query(Topic.BALANCES), BalancesSeen)
        self._look.accept_balances(answer.balances)
        self._state.clear("reconciliation")

    def stop(self, *, leave: bool) -> Plan:
        """Take everything of ours back, have the venue confirm it twice, say so; then leave, if asked to."""
        state = self._state
        began_ns, empty_looks = state.now_ns, 0
        while empty_looks < 2:
            if leave and state.now_ns - began_ns > STOP_BUDGET_NS:
                state.do(Leave(False, "could not confirm that nothing rests; the dead man's switch stays armed"))
                return
            ours = yield from self._look.open_orders()
            state.want_cancel_all("stop")
            live = any(True for _ in state.intents.live())
            empty_looks = 0 if ours else empty_looks + 1
            if live or empty_looks < 2:
                yield Pause(NANOS_PER_SECOND)
            if live and not ours:
                yield from self._look.look()  # ended at the venue, but the report never came
        if state.intents.missing_fills():
            yield from self._look.trades()
        state.note(state.now_ns, "none_rest", "the venue confirmed twice that nothing of ours rests")
        state.do(TellSupervisor(NoneRest()))
        if leave:
            state.do(ArmTimer(0))
            yield Pause(NANOS_PER_SECOND // 2)
            state.do(CloseStream("stop"), Leave(True, "nothing of ours rests"))

    # --- parts ----------------------------------------------------------------------------------------------------

    def _check_clock(self) -> Steps:
        state = self._state
        while True:
            clock = yield from ask(Query(Topic.CLOCK), ClockSeen)
            skew_ns = state.now_ns - clock.venue_ns
            if -CLOCK_SKEW_NS_MAX <= skew_ns <= CLOCK_SKEW_NS_MAX + NANOS_PER_SECOND:
                state.clear("clock")
                return
            text = f"our clock is {skew_ns / NANOS_PER_SECOND:+.0f} s off the exchange's; no order leaves until it agrees"
            state.reason = text
            state.alert(Severity.CRITICAL, "clock", text)
            yield Pause(5 * NANOS_PER_SECOND)

    def _learn_rules(self) -> Steps:
        state = self._state
        state.reason = "asking for pairs, fees and rights"
        rules = yield from ask(Query(Topic.INSTRUMENTS), InstrumentsSeen)
        state.instruments.update({each.pair: each for each in rules.instruments})
        unheard = [pair for pair in state.setup.universe if pair not in state.instruments]
        if len(unheard) == len(state.setup.universe):
            raise PlanFailedError(f"the exchange knows no pair of the universe: {', '.join(unheard)}")
        if unheard:
            state.alert(Severity.WARNING, "universe", f"the exchange does not know {', '.join(unheard)}")
        if state.setup.live:
            key = yield from ask(Query(Topic.KEY), KeySeen)
            if forbidden := sorted(FORBIDDEN_RIGHTS & key.permissions):
                raise PlanFailedError(f"the API key must not carry the rights {', '.join(forbidden)}; make one without")
            if key.nonce_window:
                raise PlanFailedError(f"the API key's nonce window is {key.nonce_window}; it has to be 0")
        fees = yield from ask(Query(Topic.FEES), FeesSeen)
        state.fees.update(fees.fees)

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
        state.leases = {lease.pair: lease for lease in journal.leases}
        baseline = {k.removeprefix(BASELINE_KEY): int(v) for k, v in journal.meta.items() if k.startswith(BASELINE_KEY)}
        state.baseline = baseline or None
        state.ended = {k.removeprefix(ENDED_KEY): int(v) for k, v in journal.meta.items() if k.startswith(ENDED_KEY)}
        state.first_start_ns = int(journal.meta.get(FIRST_START_KEY, "0"))
        if not state.first_start_ns:
            state.first_start_ns = state.now_ns
            state.do(WriteMeta(FIRST_START_KEY, str(state.now_ns)))

    def _clear_leftovers(self) -> Steps:
        yield from self._look.look()
        looks = 1
        while self._look.is_needed():
            if looks == LOOKS_BEFORE_ALERT:
                text = "the venue's records do not explain all orders of the last run; still looking, no order leaves"
                self._state.alert(Severity.CRITICAL, "unexplained", text)
            yield Pause(LOOKS_APART_NS * min(looks, 5))
            yield from self._look.look()
            looks += 1
        self._state.clear("unexplained")
        empty_looks = 0 if self._look.ours_resting else 1
        while empty_looks < 2:
            yield Pause(NANOS_PER_SECOND)
            ours = yield from self._look.open_orders()
            empty_looks = 0 if ours else empty_looks + 1

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
        if state.phase is Phase.STOPPING:
            return
        state.phase = Phase.HALTED if state.halt_reason else Phase.READY
        state.reason = state.halt_reason or "ready"
        state.note(state.now_ns, "ready", state.phase.value)
        self._announce()
        self._peers.settle(state.now_ns)
