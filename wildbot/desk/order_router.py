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

from wildbot.desk.balance_watch import BalanceWatch
from wildbot.desk.booking import Books
from wildbot.desk.fee_watch import FeeWatch
from wildbot.desk.fill_desk import FillDesk
from wildbot.desk.gateway_commands import AskVenue, CloseStream, GatewayCommand, Refuse
from wildbot.desk.gateway_state import GatewaySetup, GatewayState, Phase
from wildbot.desk.key_health import KeyHealth
from wildbot.desk.order_desk import OrderDesk
from wildbot.desk.peers import Peers
from wildbot.desk.plans import Plan, PlanFailedError, PlanRunner
from wildbot.desk.reconciliation import Reconciliation
from wildbot.desk.recovery import Recovery
from wildbot.desk.report_desk import ReportDesk
from wildbot.desk.rounds import Rounds
from wildbot.desk.send_rate import SendRate
from wildbot.desk.stop_desk import StopDesk
from wildbot.desk.venue_queries import (
    Answer,
    CancelAnswered,
    DeadManArmed,
    OpenOrdersStated,
    Query,
    QueryRefused,
    QuerySilent,
    StreamLost,
    StreamNews,
    StreamVerified,
    SystemStated,
    Topic,
)
from wildbot.desk.watch import JournalFailed, JournalMended, NotSent, StopRequested, Tick, Watch
from wildbot.model.control import EndEpoch, Entries, Rearm, StopAll
from wildbot.model.desk import CountQuestion, LeaseRecall, LeaseTable, OrderRequest, ToGateway, TraderHello
from wildbot.model.executions import OrderReport
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import MarketEvent
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder
from wildbot.model.status import Severity

FromShell = Tick | NotSent | JournalFailed | JournalMended | StopRequested
FromSupervisor = EndEpoch | Entries | StopAll | Rearm

REFUSED_AGAIN_NS = 30 * NANOS_PER_SECOND
"""A venue that refused a plan may take it later; we stay halted, but know what rests."""


class OrderRouter:
    """See the module docstring; one method per source of events."""

    def __init__(self, setup: GatewaySetup) -> None:
        state = GatewayState(setup, Books(setup.starting, setup.quote))
        state.send_rate = SendRate(setup.limits.orders_per_s)
        self.state = state
        self._peers = Peers(state)
        fees = FeeWatch(state, self._peers)
        fills = FillDesk(state, self._peers, fees)
        self._orders = OrderDesk(state, self._peers)
        self._reports = ReportDesk(state, self._peers, fills)
        self._reconciliation = Reconciliation(state, self._reports, fills)
        self._balances = BalanceWatch(state, self._reconciliation)
        self._recovery = Recovery(state, self._peers, fees, self._reconciliation, self._balances)
        self._key = KeyHealth(state)
        self._rounds = Rounds(state, self._recovery, self._reconciliation, self._balances)
        self._watch = Watch(state, self._orders, self._reports)
        self._plans = PlanRunner()
        self._again_ns = 0
        self._stops = StopDesk(state, self._peers, self._recovery, self._balances, self._plans, self._run)

    @property
    def is_asking(self) -> bool:
        """Whether a question to the venue, or a pause before the next one, is under way."""
        return self._plans.is_busy

    @property
    def due_ns(self) -> int:
        """Before then, and while nothing is under way, time alone brings about nothing but status rows."""
        state = self.state
        if state.locked_until_ns or self._reconciliation.late_fills or self._reconciliation.is_needed():
            return 0
        return min(self._watch.due_ns, self._rounds.due_ns)

    def begin(self, now_ns: int, *, locked_until_ns: int = 0) -> list[GatewayCommand]:
        """Start up; `locked_until_ns`: a former run was told to ask nothing before then."""

        def start() -> None:
            self._key.lock_again(locked_until_ns)
            self._run("main", self._recovery.start())

        return self._turn(now_ns, start)

    def on_peer(self, message: ToGateway, now_ns: int) -> list[GatewayCommand]:
        """Handle a message of a trader or the allocator."""
        match message:
            case OrderRequest():
                return self._turn(now_ns, lambda: self._orders.request(message, now_ns))
            case TraderHello():
                return self._turn(now_ns, lambda: self._peers.hello(message, now_ns))
            case CountQuestion():
                return self._turn(now_ns, lambda: self._peers.count(message))
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

        def hear() -> None:
            self._key.reported(report)
            self._reports.report(report, now_ns)

        return self._turn(now_ns, hear)

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
            case Entries():
                return self._turn(now_ns, lambda: self._stops.entries(command, now_ns))
            case StopAll():
                return self._turn(now_ns, lambda: self._stops.stop_all(command, now_ns))
            case Rearm():
                return self._turn(now_ns, lambda: self._stops.rearm(now_ns))
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
        for query in queries:
            if self._key.may_ask(query):
                self.state.do(AskVenue(query))
            else:
                self._ask(self._plans.answer(QuerySilent(query, "not asked: lockout or wrong clock"), self.state.now_ns))

    def _stream(self, news: StreamNews, now_ns: int) -> None:
        state = self.state
        match news:
            case StreamVerified():
                state.stream_up = True
                state.rate_max = news.rate_max or state.rate_max
                for budget in state.budgets.values():
                    budget.threshold = state.rate_max or budget.threshold
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
        self._key.heard(answer)
        if answer.query.topic is Topic.CANCEL and isinstance(answer, QueryRefused):
            intents = self.state.intents
            named = [intents.by_client(each) or intents.by_order(each) for each in answer.query.ids]
            # What is unknown is looked for anyway, and may well not exist.
            self.state.wants_look |= not all(each is not None and each.state == "unknown" for each in named)
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
            case JournalMended():
                self.state.journal_failed = False
                self.state.note(now_ns, "journal_mended", "everything is on disk again; rearm lets orders leave")
            case StopRequested():
                self._stops.leave()
            case _:
                assert_never(event)

    def _after_plans(self, now_ns: int) -> None:
        state = self.state
        may_go_on = self._key.release() or 0 < self._again_ns <= now_ns
        if may_go_on and state.phase is Phase.RECONCILING and not self._plans.is_running("main"):
            self._again_ns = 0
            self._run("main", self._recovery.go_on())
        self._stops.watch(now_ns)
        if state.phase not in (Phase.READY, Phase.HALTED) or self._plans.is_running("main"):
            return
        if self._reconciliation.late_fills:
            self._reconciliation.late_fills = 0
            self._lost("a fill was found that the stream had not told", now_ns)
            return
        for name, plan in self._rounds.due(self._plans, now_ns):
            self._run(name, plan)

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

    def _plan_failed(self, text: str) -> None:
        state = self.state
        if state.phase is Phase.STARTING:  # nothing was sent and nothing of ours can rest
            state.do(Refuse(f"the exchange refuses this key or this set-up: {text}"))
            return
        # Orders may rest and cannot be managed: the dead man's switch runs out on its own. We stay halted, and look again.
        self._again_ns = state.now_ns + REFUSED_AGAIN_NS
        state.alert(Severity.CRITICAL, "venue_refusal", text)
        state.halt(state.now_ns, f"the venue refused: {text}")
