"""The order gateway on virtual time: `actors.order_gateway` with a planned network and a journal in memory.

Rules: the same order of deeds as the real shell: rows first, then bytes, then words to the peers; between any two of them
    a planned crash may strike.
"""

from wildbot.desk import gateway_commands as commands
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.gateway_commands import GatewayCommand
from wildbot.desk.journal_keeper import JournalKeeper
from wildbot.desk.order_desk import ANSWER_GRACE_NS
from wildbot.desk.order_router import OrderRouter
from wildbot.desk.records import journal_seen
from wildbot.desk.supervision_words import ALLOCATOR, GATEWAY
from wildbot.desk.venue_queries import Query, QuerySilent, Topic
from wildbot.desk.watch import JournalFailed, JournalMended, NotSent, StopRequested, Tick
from wildbot.liaison.desk_stream import DeskStream
from wildbot.liaison.key_memory import KeyMemory
from wildbot.liaison.questions import Questions
from wildbot.model.control import EndEpoch, Entries, FromSupervisor, Rearm, StopAll
from wildbot.model.desk import CountQuestion, LeaseRecall, LeaseTable, OrderRequest, ToGateway, TraderHello
from wildbot.model.errors import ConfigurationError, JournalError
from wildbot.model.instrument import NANOS_PER_MS
from wildbot.model.market_data import MarketEvent
from wildbot.model.orders import CancelOrder
from wildbot.model.status import Severity
from wildbot.protocol.bus import TO_GATEWAY, encode, read_market_frame
from wildbot.rehearsal.rest_worker import VirtualRest
from wildbot.rehearsal.stage import MARKET, ORDERS, Stage
from wildbot.rehearsal.venue import VirtualSocket
from wildbot.rehearsal.world import World
from wildbot.venues.kraken.rest_calls import RestOutcome

TICK_NS = 100 * NANOS_PER_MS
EXIT_FAILED, EXIT_CONFIGURATION = 1, 78


class GatewayStage(Stage):
    """One life of the gateway."""

    world: World

    def __init__(self, world: World) -> None:
        super().__init__(world, GATEWAY)
        self.router: OrderRouter = world.brains.router(world.gateway_setup)
        self._questions = Questions(world.gateway_setup.universe)
        self._rows = JournalKeeper(world.journal, self.now_ns, self.reach, world.committed)
        self._key_memory = KeyMemory(world.journal, self.now_ns, self._complain)
        self._rest = VirtualRest(
            world.venue,
            self._key_memory.nonces,
            calls_per_s=world.rest_calls_per_s,
            counter_empty_ns=self._key_memory.counter_empty_ns,
            clock_ns=self.now_ns,
            tell=self._hear_rest,
        )
        self._link = VirtualSocket(world.venue, "private", private=True, tell=lambda: self.do(self._hear_stream))
        self._stream = DeskStream(self._link, self.router, self.now_ns)
        self._settle_ns = world.gateway_setup.deadline_ns + ANSWER_GRACE_NS
        self._traders: dict[int, str] = {}

    def begin(self) -> None:
        """Start up."""
        super().begin()
        self.every(TICK_NS, self._tick)
        self._do(self.router.begin(self.now_ns()))

    def _complain(self, text: str) -> None:
        self.world.diary.note(self.now_ns(), "gateway complains ", text.encode())

    def on_death(self) -> None:
        """The operating system closes the connections."""
        self._rest.is_closed = True
        self._link.close()

    def ask_to_stop(self) -> None:
        """TERM."""
        self._do(self.router.on_shell(StopRequested(), self.now_ns()))

    # --- ears -----------------------------------------------------------------------------------------------------

    def hear(self, channel: str, source: str, frame: bytes) -> None:
        """A frame has arrived."""
        if channel == MARKET:
            self.router.on_market(read_market_frame(frame), self.now_ns())
        elif channel == ORDERS:
            message = TO_GATEWAY.decode(frame)
            self._note_address(source, message)
            self._do(self.router.on_peer(message, self.now_ns()))
        else:
            super().hear(channel, source, frame)

    def wants(self, event: MarketEvent) -> bool:
        """The gateway hears all of the market."""
        return True

    def _note_address(self, source: str, message: ToGateway) -> None:
        match message:
            case TraderHello():
                self._traders[message.epoch] = source
            case OrderRequest() | CountQuestion():
                self._traders.setdefault(message.epoch, source)
            case LeaseTable() | LeaseRecall():
                pass  # the allocator has one name

    def _hear_rest(self, outcome: RestOutcome) -> None:
        self.do(lambda: self._do(self.router.on_answer(self._questions.answer(outcome), self.now_ns())))

    def _hear_stream(self) -> None:
        self._do(self._stream.pump())

    def on_command(self, command: FromSupervisor) -> None:
        """The supervisor orders something."""
        if isinstance(command, EndEpoch | Entries | StopAll | Rearm):
            if isinstance(command, Rearm):
                self._mend(at_once=True)
            self._do(self.router.on_supervisor(command, self.now_ns()))

    def _tick(self) -> None:
        self._key_memory.keep(self._rest.counter_empty_ns)
        self._mend()
        self._do(self._stream.pump())
        tick = Tick(self.supervisor_silence_ns, self.world.halt_file, self._rows.took_ns)
        self._do(self.router.on_shell(tick, self.now_ns()))
        self.state = self.router.state.phase.value

    # --- hands ----------------------------------------------------------------------------------------------------

    def _do(self, batch: list[GatewayCommand]) -> None:
        written = self._write(batch)
        for command in batch:
            if isinstance(command, commands.Send):
                self._send(command, written=written)
            elif written or not isinstance(command, commands.TellTrader | commands.TellAllocator):
                self._carry_out(command)

    def _write(self, batch: list[GatewayCommand]) -> bool:
        try:
            self._rows.write(batch, self.router.state.instruments)
        except JournalError as error:
            failed = JournalFailed(str(error))
            self.later(0, lambda: self._do(self.router.on_shell(failed, self.now_ns())))
            return False
        return True

    def _mend(self, *, at_once: bool = False) -> None:
        if self.router.state.journal_failed and self._rows.catch_up(at_once=at_once):
            self._do(self.router.on_shell(JournalMended(), self.now_ns()))

    def _send(self, command: commands.Send, *, written: bool) -> None:
        order, reason = command.command, ""
        if not isinstance(order, CancelOrder) and not written:
            reason = "the journal could not be written"
        if not reason:
            self.reach("gw.intent_committed")
            reason = self._stream.send(order, command.deadline_ns)
            self.reach("gw.sent")
        if reason:
            now_ns = self.now_ns()
            self.later(0, lambda: self._do(self.router.on_shell(NotSent(order, reason), now_ns)))

    def _carry_out(self, command: GatewayCommand) -> None:
        match command:
            case commands.ArmTimer():
                self._stream.arm_timer(command.timeout_s)
            case commands.AskVenue():
                self._ask(command.query)
            case commands.OpenStream():
                self._stream.open(command.token, self.router.state.instruments)
            case commands.CloseStream():
                self._stream.drop()
            case commands.HoldRest():
                self._rest.hold(command.until_ns)
            case commands.TellTrader():
                self.reach("gw.acked")
                target = self._traders.get(command.epoch)
                if target is not None:
                    self.world.links.send(ORDERS, self, target, encode(command.message))
                self.reach("gw.reply_sent")
            case commands.TellAllocator():
                self.world.links.send(ORDERS, self, ALLOCATOR, encode(command.message))
            case commands.TellSupervisor():
                self.report(command.message)
            case RaiseAlert():
                self.alert(command.level, command.key, command.text)
            case ClearAlert():
                self.clear(command.key)
            case commands.Leave():
                if not command.clean:
                    self.alert(Severity.CRITICAL, "unclean_stop", command.text)
                self.stop(0 if command.clean and not command.again else EXIT_FAILED)
            case commands.Refuse():
                self.alert(Severity.CRITICAL, "configuration", command.text)
                self.stop(EXIT_CONFIGURATION)
            case _:
                pass  # rows are written, sends are sent

    def _ask(self, query: Query) -> None:
        if query.topic is Topic.JOURNAL:
            self.later(0, lambda: self._read_journal(query))
        elif not self._rest.submit(self._questions.call(query)):
            answer = QuerySilent(query, "too many calls wait; this one was not sent")
            self.later(0, lambda: self._do(self.router.on_answer(answer, self.now_ns())))

    def _read_journal(self, query: Query) -> None:
        try:
            seen = journal_seen(query, self._rows.contents(), self.router.state.instruments, self._settle_ns)
        except ConfigurationError as error:
            self._carry_out(commands.Refuse(str(error)))
            return
        self._do(self.router.on_answer(seen, self.now_ns()))
