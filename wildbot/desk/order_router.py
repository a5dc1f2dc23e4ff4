"""The order gateway's mind: every order of every trader passes here, and every word of the venue about them.

Rules: `handle` takes one event and returns what to do, rows before sends; it never waits. One intent is one order at the
    venue, never sent twice. No answer is a third outcome: such orders are looked up, twice, before they are believed
    absent. Stopping, halting and losing the supervisor all mean the same for orders: no new ones, take back what rests.
Owns: nothing itself; `GatewayState` is its memory, the desks and plans are its hands.
Source: intent log and outcome table of docs/decisions; transaction identifiers after Gray.
"""

from collections.abc import Callable
from typing import assert_never

import msgspec

from wildbot.desk.booking import Books
from wildbot.desk.fill_desk import FillDesk
from wildbot.desk.gateway_commands import AskVenue, CloseStream, GatewayCommand, Leave, Refuse, TellSupervisor
from wildbot.desk.gateway_state import GatewaySetup, GatewayState, Phase
from wildbot.desk.order_desk import OrderDesk
from wildbot.desk.peers import Peers
from wildbot.desk.plans import Plan, PlanFailedError, PlanRunner
from wildbot.desk.reconciliation import LOOKS_APART_NS, Reconciliation
from wildbot.desk.recovery import Recovery
from wildbot.desk.report_desk import ReportDesk
from wildbot.desk.send_rate import SendRate
from wildbot.desk.venue_queries import (
    Answer,
    CancelAnswered,
    DeadManArmed,
    OpenOrdersStated,
    Query,
    QueryRefused,
    StreamLost,
    StreamNews,
    StreamVerified,
    SystemStated,
    Topic,
)
from wildbot.desk.watch import JournalFailed, NotSent, StopRequested, Tick, Watch
from wildbot.model.control import EndEpoch, NoneRest, Rearm, StopAll
from wildbot.model.desk import LeaseRecall, LeaseTable, OrderRequest, ToGateway, TraderHello
from wildbot.model.executions import OrderReport
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import MarketEvent
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder
from wildbot.model.status import Severity

AUDIT_EVERY_NS = 30 * NANOS_PER_SECOND
QUICK_LOOKS_MAX = 5
SLOW_LOOKS_NS = 10 * NANOS_PER_SECOND
"""A look costs about five of the twenty calls that the venue's REST counter holds; it forgets one in two seconds."""

FEES_AGAIN_NS = 60 * NANOS_PER_SECOND
FATAL_REFUSALS = ("EAPI:Invalid key", "EAPI:Invalid signature", "EGeneral:Permission denied", "the API key")


FromShell = Tick | NotSent | JournalFailed | StopRequested
FromSupervisor = EndEpoch | StopAll | Rearm


class OrderRouter:
    """See the module docstring; one method per source of events."""

    def __init__(self, setup: GatewaySetup) -> None:
        state = GatewayState(setup, Books(setup.starting, setup.quote))
        state.send_rate = SendRate(setup.limits.orders_per_s)
        self.state = state
        self._peers = Peers(state)
        fills = FillDesk(state, self._peers)
        self._orders = OrderDesk(state, self._peers)
        self._reports = ReportDesk(state, self._peers, fills)
        self._reconciliation = Reconciliation(state, self._reports, fills)
        self._recovery = Recovery(state, self._peers, self._reconciliation)
        self._watch = Watch(state, self._orders, self._reports)
        self._plans = PlanRunner()
        self._looked_ns = 0
        self._looks = 0
        self._fees_ns = 0

    def begin(self, now_ns: int) -> list[GatewayCommand]:
        """Start up."""
        return self._turn(now_ns, lambda: self._run("main", self._recovery.start()))

    def on_peer(self, message: ToGateway, now_ns: int) -> list[GatewayCommand]:
        """Handle a message of a trader or the allocator."""
        match message:
            case OrderRequest():
                return self._turn(now_ns, lambda: self._orders.request(message, now_ns))
            case TraderHello():
                return self._turn(now_ns, lambda: self._peers.hello(message, now_ns))
            case LeaseTable():
                return self._turn(now_ns, lambda: self._peers.lease_table(message, now_ns))
            case LeaseRecall():
                return self._turn(now_ns, self._peers.recall)
            case _:
                assert_never(message)

    def on_market(self, event: MarketEvent, now_ns: int) -> None:
        """Handle market data: it changes what is believed, and causes nothing."""
        stated = self.state.market.handle(event, now_ns)
        if stated is not None and stated.pair in self.state.instruments:
            known = self.state.instruments[stated.pair]
            self.state.instruments[stated.pair] = msgspec.structs.replace(stated, rest_key=known.rest_key)

    def on_report(self, report: OrderReport, now_ns: int) -> list[GatewayCommand]:
        """Handle what the private stream says of an order."""
        return self._turn(now_ns, lambda: self._reports.report(report, now_ns))

    def on_stream(self, news: StreamNews, now_ns: int) -> list[GatewayCommand]:
        """Handle what the private stream says of itself and the venue."""
        return self._turn(now_ns, lambda: self._stream(news, now_ns))

    def on_answer(self, answer: Answer, now_ns: int) -> list[GatewayCommand]:
        """Handle an answer over REST, or the journal's."""
        return self._turn(now_ns, lambda: self._answer(answer, now_ns))

    def on_supervisor(self, command: FromSupervisor, now_ns: int) -> list[GatewayCommand]:
        """Handle an order of the supervisor."""
        match command:
            case EndEpoch():
                return self._turn(now_ns, lambda: self._peers.end_epoch(command, now_ns))
            case StopAll():
                return self._turn(now_ns, lambda: self._stop_all(command, now_ns))
            case Rearm():
                return self._turn(now_ns, lambda: self._rearm(now_ns))
            case _:
                assert_never(command)

    def on_shell(self, event: FromShell, now_ns: int) -> list[GatewayCommand]:
        """Handle time, and what the shell found out by doing what it was told."""
        return self._turn(now_ns, lambda: self._shell(event, now_ns))

    def _turn(self, now_ns: int, act: Callable[[], None]) -> list[GatewayCommand]:
        state = self.state
        state.now_ns = max(state.now_ns, now_ns)
        try:
            act()
        except PlanFailedError as error:
            self._plan_failed(str(error))
        commands, state.out = state.out, []
        return commands

    def _run(self, name: str, plan: Plan) -> None:
        self._ask(self._plans.start(name, plan, self.state.now_ns))

    def _ask(self, queries: list[Query]) -> None:
        self.state.do(*(AskVenue(query) for query in queries))

    def _stream(self, news: StreamNews, now_ns: int) -> None:
        state = self.state
        match news:
            case StreamVerified():
                state.stream_up = True
                for budget in state.budgets.values():
                    budget.threshold = news.rate_max or budget.threshold
            case StreamLost():
                self._lost(news.reason, now_ns)
            case OpenOrdersStated():
                for view in news.orders:
                    self._reports.view(view, now_ns, stated_ns=now_ns)
            case CancelAnswered():
                pass  # only the order's own report ends it
            case DeadManArmed():
                self._watch.armed(news)
            case SystemStated():
                state.market.system = news.system
            case _:
                assert_never(news)

    def _lost(self, reason: str, now_ns: int) -> None:
        state = self.state
        was_up, state.stream_up = state.stream_up, False
        state.do(CloseStream(reason))
        for intent in state.intents.live():
            if intent.answer_due_ns:
                about = "amend" if intent.amend is not None else "new"
                self._reports.unknown(intent, about, f"stream lost: {reason}", now_ns)
        # Quotes that nobody can manage are taken back, over REST as long as the stream is away.
        state.want_cancel_all("stream lost")
        if was_up and state.phase in (Phase.READY, Phase.HALTED):
            state.phase, state.reason = Phase.RECONCILING, f"private stream lost: {reason}"
            state.alert(Severity.WARNING, "stream", f"private stream lost: {reason}")
            self._run("main", self._recovery.reconnect())

    def _answer(self, answer: Answer, now_ns: int) -> None:
        if answer.query.topic is Topic.CANCEL:
            self.state.wants_look |= isinstance(answer, QueryRefused)
        self._ask(self._plans.answer(answer, now_ns))
        self._after_plans(now_ns)

    def _shell(self, event: FromShell, now_ns: int) -> None:
        match event:
            case Tick():
                self._watch.tick(event, now_ns)
                self._ask(self._plans.tick(now_ns))
                self._after_plans(now_ns)
            case NotSent():
                self._not_sent(event, now_ns)
            case JournalFailed():
                self.state.journal_failed = True
                self.state.halt(now_ns, f"the journal cannot be written: {event.error}")
            case StopRequested():
                self._leave()
            case _:
                assert_never(event)

    def _after_plans(self, now_ns: int) -> None:
        state = self.state
        if state.phase not in (Phase.READY, Phase.HALTED) or self._plans.is_running("main"):
            return
        if self._reconciliation.late_fills:
            self._reconciliation.late_fills = 0
            self._lost("a fill was found that the stream had not told", now_ns)
            return
        needed = self._reconciliation.is_needed()
        self._looks = self._looks if needed else 0
        quick = needed and self._looks < QUICK_LOOKS_MAX
        gap_ns = LOOKS_APART_NS if quick else SLOW_LOOKS_NS if needed else AUDIT_EVERY_NS
        if not self._plans.is_running("look") and now_ns - self._looked_ns >= gap_ns:
            self._looked_ns = now_ns
            self._looks += 1
            self._run("look", self._recovery.look())
        if state.wants_fees and now_ns - self._fees_ns >= FEES_AGAIN_NS:
            state.wants_fees, self._fees_ns = False, now_ns
            self._run("fees", self._recovery.refresh_fees())

    def _not_sent(self, event: NotSent, now_ns: int) -> None:
        intent = self.state.intents.by_client(event.command.cl_ord_id)
        if intent is None or not intent.is_live:
            return
        match event.command:
            case NewOrder():
                self._reports.unknown(intent, "new", event.reason, now_ns)
                self._reports.not_placed(intent, now_ns)
            case AmendOrder():
                self._reports.amend_not_sent(intent, event.reason, now_ns)
            case CancelOrder():
                pass  # the watch asks again

    def _stop_all(self, command: StopAll, now_ns: int) -> None:
        if not command.halt:
            self._leave()
            return
        self.state.halt(now_ns, command.reason)
        if self.state.phase is Phase.HALTED:
            self._run("halt", self._recovery.stop(leave=False))

    def _leave(self) -> None:
        state = self.state
        if state.phase is Phase.STOPPING:
            return
        known = state.phase is not Phase.STARTING
        state.phase, state.reason = Phase.STOPPING, "asked to stop"
        state.note(state.now_ns, "stopping", "no new orders; taking back what rests")
        for name in ("main", "look", "fees", "halt"):
            self._plans.stop(name)
        if known:
            state.want_cancel_all("stop")
            self._run("stop", self._recovery.stop(leave=True))
        else:
            state.do(TellSupervisor(NoneRest()), Leave(True, "nothing was sent"))

    def _rearm(self, now_ns: int) -> None:
        state = self.state
        if state.journal_failed or not state.halt_reason:
            return
        state.note(now_ns, "rearm", f"was halted: {state.halt_reason}")
        if "reconciliation" in state.alerts:
            self._run("rearm", self._recovery.accept_balances())
        state.halt_reason = ""
        state.clear("halt")
        self._plans.stop("halt")
        state.clear("venue_refusal")
        if state.phase is Phase.HALTED:
            state.phase, state.reason = Phase.READY, "rearmed"
        elif state.phase is Phase.RECONCILING and not self._plans.is_running("main"):
            self._run("main", self._recovery.reconnect())
        self._peers.settle(now_ns)

    def _plan_failed(self, text: str) -> None:
        state = self.state
        starting = state.phase in (Phase.STARTING, Phase.RECONCILING) and not any(state.intents.live())
        if starting and (state.phase is Phase.STARTING or any(refusal in text for refusal in FATAL_REFUSALS)):
            state.do(Refuse(f"the exchange refuses this key or this set-up: {text}"))
            return
        # Orders may rest and cannot be managed: the dead man's switch runs out on its own.
        state.alert(Severity.CRITICAL, "venue_refusal", text)
        state.halt(state.now_ns, f"the venue refused: {text}")
