"""What time alone brings about: silences that become unknowns, cancels asked again, the dead man's switch, the status row.

Rules: the switch is renewed only while the gateway is healthy: supervisor heard, private stream verified, journal
    writable, cancels not refused for our key's sake. A cancel is repeated until the order has ended: first on the
    stream, then by stream and REST in turn; over REST, and whenever the order counter has no room, as one batch.
Owns: when each of these was done last.
Source: Kraken advises renewing a 60 s timer every 15 to 30 s.
"""

import msgspec

from wildbot.desk.gateway_commands import ArmTimer, TellSupervisor, WriteMeta
from wildbot.desk.gateway_state import GatewayState, Phase
from wildbot.desk.intents import Intent
from wildbot.desk.leftovers import TIMER_S
from wildbot.desk.order_desk import OrderDesk
from wildbot.desk.report_desk import ReportDesk
from wildbot.desk.venue_queries import CANCEL_IDS_MAX, DeadManArmed, Query, Topic
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import OrderCommand
from wildbot.model.status import GatewayStatus, Severity
from wildbot.trading.order_state import OrderState

MAINTENANCE = SystemStatus.MAINTENANCE
TIMER_RENEW_NS = 15 * NANOS_PER_SECOND
TIMER_RETRY_NS = 2 * NANOS_PER_SECOND
TIMER_LATE_NS = 35 * NANOS_PER_SECOND
"""Two renewals missed: this much is left of the sixty seconds, or less."""

SUPERVISOR_FRESH_NS = 3 * NANOS_PER_SECOND
SUPERVISOR_GONE_NS = 10 * NANOS_PER_SECOND
SUPERVISOR_NEVER_NS = 60 * NANOS_PER_SECOND
"""A gateway that has not heard the supervisor once yet gives it so long: leaving sooner would only start it again."""

CANCEL_AGAIN_NS = 1_500 * NANOS_PER_MS
CANCEL_SLOW_NS = 5 * NANOS_PER_SECOND
CANCEL_FAST_TRIES = 3
CANCEL_BATCH_NS = 2_500 * NANOS_PER_MS
"""Over REST one batch at a time: whatever is due meanwhile waits for the next, or the looks would wait for cancels."""

CANCEL_REFUSED_NS = 15 * NANOS_PER_SECOND
JOURNAL_SLOW_NS = 500 * NANOS_PER_MS
JOURNAL_PROBE_NS = 2 * NANOS_PER_SECOND
PROBE_KEY = "journal_probe_ns"
STATUS_EVERY_NS = 500 * NANOS_PER_MS
TABLE_EVERY_NS = 5 * NANOS_PER_SECOND
"""How often pairs, rules and fees are stated: a supervisor that started anew knows none of them."""


class Tick(msgspec.Struct, frozen=True):
    """Time passed. `supervisor_silence_ns`: since its last answer, or the start; `halt_file`: the owner's halt flag lies on
    disk; `journal_ns`: how long the last commit took; `answered`: the supervisor answered us, so we are of its build."""

    supervisor_silence_ns: int
    halt_file: bool = False
    journal_ns: int = 0
    answered: bool = True


class NotSent(msgspec.Struct, frozen=True):
    """The shell could not hand a command to the network: nothing of it left this machine."""

    command: OrderCommand
    reason: str


class JournalFailed(msgspec.Struct, frozen=True):
    """Rows could not be written, so nothing but cancels was sent."""

    error: str


class JournalMended(msgspec.Struct, frozen=True):
    """Everything that had not been written is on disk now."""


class StopRequested(msgspec.Struct, frozen=True):
    """The process was asked to end."""


class Watch:
    """Driven by `tick`, several times a second."""

    def __init__(self, state: GatewayState, orders: OrderDesk, reports: ReportDesk) -> None:
        self._state = state
        self._orders = orders
        self._reports = reports
        self._timer_asked_ns = 0
        self._was_shut = False
        self._fired_ns = 0
        self._status_ns = 0
        self._table_ns = 0
        self._probe_ns = 0
        self._batch_ns = 0
        self._began_ns = 0
        self._heard_supervisor = False

    def tick(self, tick: Tick, now_ns: int) -> None:
        """Do whatever is due."""
        state = self._state
        self._began_ns = self._began_ns or now_ns
        state.supervisor_answered = tick.answered
        if tick.halt_file:
            state.halt(now_ns, "the halt flag lies on disk")
        self._watch_journal(tick.journal_ns, now_ns)
        self._watch_supervisor(tick.supervisor_silence_ns, now_ns)
        self._watch_answers(now_ns)
        self._watch_cancels(now_ns)
        self._watch_timer(tick.supervisor_silence_ns, now_ns)
        if now_ns - self._status_ns >= STATUS_EVERY_NS:
            self._status_ns = now_ns
            state.do(TellSupervisor(self.status(now_ns)))
        if state.fees and now_ns - self._table_ns >= TABLE_EVERY_NS:
            self._table_ns = now_ns
            state.do(TellSupervisor(state.instrument_table()))

    @property
    def due_ns(self) -> int:
        """Before then a tick of a healthy gateway, none of whose orders waits for anything, only tells how things are."""
        state = self._state
        if state.journal_slow or state.journal_failed or state.supervisor_gone or state.timer_fired or self._was_shut:
            return 0
        if state.market.system is MAINTENANCE or "timer_late" in state.alerts or "timer_fired" in state.alerts:
            return 0
        return state.timer_until_ns - (TIMER_S * NANOS_PER_SECOND - TIMER_RENEW_NS) + 1

    def armed(self, news: DeadManArmed) -> None:
        """The venue confirmed the switch; a word that was on its way when it fired is none."""
        if self._state.timer_fired or news.asked_ns <= self._fired_ns:
            return
        self._state.timer_until_ns = news.asked_ns + news.timeout_s * NANOS_PER_SECOND if news.timeout_s else 0
        self._was_shut &= self._state.market.system is MAINTENANCE

    def status(self, now_ns: int) -> GatewayStatus:
        """Return the gateway's row."""
        state = self._state
        live = list(state.intents.live())
        return GatewayStatus(
            state=state.phase.value,
            reason=state.halt_reason or state.reason,
            account=state.books.account(state.leases.values()),
            open_orders=len(live),
            unknown_orders=sum(each.state is OrderState.UNKNOWN for each in live),
            foreign_orders=state.foreign_orders,
            budget_used={pair: round(budget.used(now_ns), 4) for pair, budget in state.budgets.items()},
            ts_ns=now_ns,
            entries_closed=state.entries_closed,
            requests=dict(state.requests),
        )

    # --- parts ----------------------------------------------------------------------------------------------------

    def _watch_journal(self, took_ns: int, now_ns: int) -> None:
        """Quote only while intents reach the disk in time; while they do not, probe whether they do again."""
        state = self._state
        slow = took_ns > JOURNAL_SLOW_NS
        if slow and not state.journal_slow:
            state.note(now_ns, "journal_slow", f"a commit took {took_ns // NANOS_PER_MS} ms")
            state.alert(Severity.WARNING, "journal_slow", "the disk is slow; no orders until it is fast again")
            state.want_cancel_all("journal slow")
        elif state.journal_slow and not slow:
            state.clear("journal_slow")
        state.journal_slow = slow
        if slow and not state.journal_failed and now_ns - self._probe_ns >= JOURNAL_PROBE_NS:
            self._probe_ns = now_ns
            state.do(WriteMeta(PROBE_KEY, str(now_ns)))

    def _watch_supervisor(self, silence_ns: int, now_ns: int) -> None:
        state = self._state
        gone = silence_ns > SUPERVISOR_GONE_NS
        if gone and not state.supervisor_gone:
            state.note(now_ns, "supervisor_gone", f"silent for {silence_ns // NANOS_PER_MS} ms; taking every order back")
            state.alert(Severity.CRITICAL, "supervisor", "the supervisor is silent; orders are taken back")
            state.want_cancel_all("supervisor gone")
        elif state.supervisor_gone and not gone:
            state.clear("supervisor")
        state.supervisor_gone = gone
        self._heard_supervisor |= silence_ns < SUPERVISOR_FRESH_NS and now_ns - self._began_ns > SUPERVISOR_FRESH_NS
        wait_ns = SUPERVISOR_GONE_NS if self._heard_supervisor else SUPERVISOR_NEVER_NS
        state.supervisor_lost = gone and silence_ns > wait_ns

    def _watch_answers(self, now_ns: int) -> None:
        for intent in self._state.intents.live():
            if 0 < intent.answer_due_ns <= now_ns:
                about = "amend" if intent.amend is not None else "new"
                intent.answer_due_ns = 0
                self._reports.unknown(intent, about, "no answer in time", now_ns)

    def _watch_cancels(self, now_ns: int) -> None:
        state = self._state
        batch: list[str] = []
        for intent in state.intents.live():
            if not intent.cancel_wanted:
                continue
            quick = state.stream_up and intent.cancel_tries < CANCEL_FAST_TRIES
            wait_ns = CANCEL_AGAIN_NS if quick else CANCEL_SLOW_NS
            wait_ns = CANCEL_REFUSED_NS if Topic.CANCEL in state.refused_topics else wait_ns
            if intent.cancel_tries and now_ns - intent.cancel_asked_ns < wait_ns:
                continue
            locked = now_ns < state.locked_until_ns
            if state.stream_up and (locked or (intent.cancel_tries % 2 == 0 and self._has_room(intent, now_ns))):
                self._orders.send_cancel(intent, now_ns)
            elif not locked and now_ns - self._batch_ns >= CANCEL_BATCH_NS:
                self._orders.note_cancel(intent, now_ns)
                batch.append(intent.order_id or intent.cl_ord_id)
        self._batch_ns = now_ns if batch else self._batch_ns
        for start in range(0, len(batch), CANCEL_IDS_MAX):
            state.ask(Query(Topic.CANCEL, ids=tuple(batch[start : start + CANCEL_IDS_MAX]), urgent=True))

    def _has_room(self, intent: Intent, now_ns: int) -> bool:
        # Above the counter's ceiling the venue may refuse single cancels; it takes batches.
        budget = self._state.budget(intent.pair)
        return budget.would_fit(budget.cost_of_cancel(intent.age_s(now_ns)), now_ns)

    def _watch_timer(self, silence_ns: int, now_ns: int) -> None:
        state = self._state
        self._was_shut |= state.market.system is MAINTENANCE
        if 0 < state.timer_until_ns <= now_ns:
            state.timer_until_ns = 0
            if any(state.intents.live()):  # nobody told us, but it must have fired
                state.timer_fired = state.wants_look = True
        if state.timer_fired:
            state.timer_fired = False
            state.timer_until_ns, self._fired_ns = 0, now_ns
            state.note(now_ns, "timer_fired", "the venue's dead man's switch cancelled our orders")
            state.alert(Severity.CRITICAL, "timer_fired", "the venue's dead man's switch cancelled all orders")
        healthy = (
            state.stream_up
            and silence_ns < SUPERVISOR_FRESH_NS
            and not state.journal_failed
            and Topic.CANCEL not in state.refused_topics
        )
        if not healthy or state.phase not in (Phase.READY, Phase.HALTED):
            return
        left_ns = state.timer_until_ns - now_ns
        # As the venue comes back from a maintenance the switch fires, whatever it was told meanwhile.
        fired = self._was_shut and state.market.system is not MAINTENANCE
        due = fired or left_ns < TIMER_S * NANOS_PER_SECOND - TIMER_RENEW_NS
        if due and now_ns - self._timer_asked_ns >= TIMER_RETRY_NS:
            self._timer_asked_ns = now_ns
            state.do(ArmTimer(TIMER_S))
        if left_ns < TIMER_LATE_NS - 2 * TIMER_RETRY_NS:
            state.alert(Severity.WARNING, "timer_late", "the dead man's switch is not renewed")
        elif left_ns > TIMER_LATE_NS:
            state.clear("timer_late")
            state.clear("timer_fired")
