"""The order gateway and the balance allocator of a backtest: the live brains, their shells replaced by virtual time.

Rules: rows are kept in memory; what would be sent to the venue arrives after the order latency, what the venue says after
    the report latency. Traders and allocator are heard at once: all of it runs on one machine.
Owns: the router, the allocator, the requests on their way.
"""

from collections.abc import Callable

from wildbot.backtest.exchange_venue import ExchangeVenue, News
from wildbot.backtest.latency import LatencyModel, Line
from wildbot.backtest.schedule import Schedule
from wildbot.desk import gateway_commands as commands
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.allocation import AllocatorCommand, CapitalAllocator
from wildbot.desk.gateway_commands import GatewayCommand
from wildbot.desk.gateway_state import GatewaySetup, Phase
from wildbot.desk.order_router import OrderRouter
from wildbot.desk.venue_queries import Answer, JournalSeen, Query, StreamNews, StreamVerified, Topic
from wildbot.desk.watch import Tick
from wildbot.model.desk import (
    AccountState,
    CapitalLease,
    FeesChanged,
    Inheritance,
    LeaseRecall,
    LeaseRefused,
    LeaseRequest,
    LeaseTable,
    LeaseTableAck,
    Report,
    ReportCount,
    ToGateway,
)
from wildbot.model.executions import Filled

TICK, READY, HALTED = Tick(0), Phase.READY, Phase.HALTED
ToTrader = Inheritance | Report | ReportCount | FeesChanged | CapitalLease | LeaseRefused


class DeskStage:
    """`tell` hands a message to the trader of an epoch, `on_fill` hears of each fill the instant it happens.
    `on_market`: the gateway's own eye on the market."""

    def __init__(
        self,
        setup: GatewaySetup,
        slots: int,
        venue: ExchangeVenue,
        schedule: Schedule,
        *,
        orders: LatencyModel,
        reports: LatencyModel,
        tell: Callable[[int, ToTrader], None],
        on_fill: Callable[[Filled, int], None],
    ) -> None:
        self.fills: list[commands.WriteFill] = []
        self.orders = 0
        self.alerts: dict[str, str] = {}
        self._told: tuple[int, ...] = ()
        self._router = OrderRouter(setup)
        self.on_market = self._router.on_market
        self._allocator = CapitalAllocator(slots=slots, quote=setup.quote)
        self._venue = venue
        self._schedule = schedule
        self._out, self._back = Line(orders), Line(reports)
        self._tell = tell
        self._on_fill = on_fill

    @property
    def router(self) -> OrderRouter:
        """The gateway's mind, for reading."""
        return self._router

    @property
    def is_ready(self) -> bool:
        """Whether orders may leave."""
        return self._router.state.phase is READY

    @property
    def is_waiting(self) -> bool:
        """Whether something under way may need the next tick: a start, a question, an order that is not yet where it
        should be."""
        state = self._router.state
        return (
            state.phase not in (READY, HALTED)
            or self._router.is_asking
            or state.wants_look
            or bool(state.orphans)
            or state.intents.has_loose_ends
        )

    @property
    def halted(self) -> str:
        """Why the gateway halted; empty while it did not."""
        return self._router.state.halt_reason

    def begin(self, now_ns: int) -> None:
        """Start up."""
        self._do(self._router.begin(now_ns))

    def on_trader(self, message: ToGateway | LeaseRequest, now_ns: int) -> None:
        """A trader speaks."""
        if isinstance(message, LeaseRequest):
            self._allocate(self._allocator.handle(message, now_ns), now_ns)
        else:
            self._do(self._router.on_peer(message, now_ns))

    def on_venue(self, news: list[News], now_ns: int) -> None:
        """The venue says something; we hear it after its way here."""
        if news:
            for each in news:
                if isinstance(each, Filled):
                    self._on_fill(each, now_ns)
            self._schedule.at(self._back.arrival_ns(now_ns), lambda at_ns: self._hear(news, at_ns))

    def tick(self, now_ns: int) -> None:
        """Let time act. Status rows have no reader here, so a tick that tells nothing else is left out."""
        if now_ns >= self._router.due_ns or self.is_waiting:
            self._do(self._router.on_shell(TICK, now_ns))
        self._allocate(self._allocator.on_timer(now_ns), now_ns)

    def _hear(self, news: list[News], now_ns: int) -> None:
        for each in news:
            if isinstance(each, StreamNews):
                self._do(self._router.on_stream(each, now_ns))
            else:
                self._do(self._router.on_report(each, now_ns))

    def _do(self, batch: list[GatewayCommand]) -> None:
        now_ns = self._router.state.now_ns
        for command in batch:
            match command:
                case commands.Send():
                    self.orders += 1
                    self._send(command, now_ns)
                case commands.TellTrader():
                    self._tell(command.epoch, command.message)
                case commands.WriteFill():
                    self.fills.append(command)
                case commands.TellAllocator():
                    self._to_allocator(command.message, now_ns)
                case commands.AskVenue():
                    self._ask(command.query, now_ns)
                case commands.OpenStream():
                    self.on_venue([StreamVerified()], now_ns)
                case commands.ArmTimer():
                    seconds = command.timeout_s
                    self._go(now_ns, lambda at_ns, s=seconds: self._venue.arm_timer(s, at_ns))  # type: ignore[misc]
                case RaiseAlert():
                    self.alerts.setdefault(command.key, command.text)
                case _:
                    pass  # rows, status and log lines have no reader here

    def _send(self, command: commands.Send, now_ns: int) -> None:
        order, deadline_ns = command.command, command.deadline_ns
        self._go(now_ns, lambda at_ns: self._venue.carry_out(order, deadline_ns, at_ns))

    def _go(self, now_ns: int, act: Callable[[int], list[News]]) -> None:
        self._schedule.at(self._out.arrival_ns(now_ns), lambda at_ns: self.on_venue(act(at_ns), at_ns))

    def _ask(self, query: Query, now_ns: int) -> None:
        if query.topic is Topic.JOURNAL:
            self._schedule.at(now_ns, lambda at_ns: self._answered(JournalSeen(query, (), (), (), {}), at_ns))
            return

        def arrive(at_ns: int) -> None:
            answer = self._venue.answer(query, at_ns)
            self._schedule.at(self._back.arrival_ns(at_ns), lambda back_ns: self._answered(answer, back_ns))

        self._schedule.at(self._out.arrival_ns(now_ns), arrive)

    def _answered(self, answer: Answer, now_ns: int) -> None:
        self._do(self._router.on_answer(answer, now_ns))

    def _to_allocator(self, message: LeaseTableAck | AccountState, now_ns: int) -> None:
        self._allocate(self._allocator.handle(message, now_ns), now_ns)

    def _allocate(self, batch: list[AllocatorCommand], now_ns: int) -> None:
        for command in batch:
            match command:
                case LeaseRecall() if self._is_account_told():
                    pass
                case LeaseTable() | LeaseRecall():
                    self._do(self._router.on_peer(command, now_ns))
                case CapitalLease() | LeaseRefused():
                    self._tell(command.epoch, command)
                case _:
                    pass

    def _is_account_told(self) -> bool:
        """Whether the allocator knows the account as it is, and waits for nothing: then it need not be told again."""
        state = self._router.state
        before, self._told = self._told, (state.books.fills, state.lease_version, state.withdrawn, state.foreign_held)
        return before == self._told and self._allocator.is_settled
