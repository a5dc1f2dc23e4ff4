"""The order gateway on virtual time: `actors.order_gateway` with a planned network and a journal in memory.

Rules: the same order of deeds as the real shell: rows first, then bytes, then words to the peers; between any two of them
    a planned crash may strike.
"""

from typing import TYPE_CHECKING

from wildbot.desk import gateway_commands as commands
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.gateway_commands import GatewayCommand
from wildbot.desk.intents import CLOSED_KEPT_MAX
from wildbot.desk.order_desk import ANSWER_GRACE_NS
from wildbot.desk.order_router import OrderRouter
from wildbot.desk.records import JournalBatch, journal_batch, journal_seen
from wildbot.desk.supervision_words import ALLOCATOR, GATEWAY
from wildbot.desk.venue_queries import Query, QuerySilent, Topic
from wildbot.desk.watch import JournalFailed, JournalMended, NotSent, StopRequested, Tick
from wildbot.liaison.desk_stream import DeskStream
from wildbot.liaison.questions import Questions
from wildbot.model.control import EndEpoch, Entries, FromSupervisor, Rearm, StopAll
from wildbot.model.desk import CountQuestion, LeaseRecall, LeaseTable, OrderRequest, ToGateway, TraderHello
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.market_data import MarketEvent
from wildbot.model.orders import CancelOrder
from wildbot.model.status import Severity
from wildbot.protocol.bus import TO_GATEWAY, encode, read_market_frame
from wildbot.rehearsal.journal import JournalRefusedError
from wildbot.rehearsal.rest_worker import VirtualRest
from wildbot.rehearsal.stage import MARKET, ORDERS, Stage
from wildbot.rehearsal.venue import VirtualSocket
from wildbot.venues.kraken.rest_calls import NonceReserve, RestOutcome

if TYPE_CHECKING:
    from wildbot.rehearsal.world import World

TICK_NS = 100 * NANOS_PER_MS
AGAIN_NS = 5 * NANOS_PER_SECOND
NONCE_META = "nonce_ceiling"
COUNTER_META = "rest_counter_empty_ns"
COUNTER_NEWS_NS = NANOS_PER_SECOND
EXIT_FAILED, EXIT_CONFIGURATION = 1, 78


class GatewayStage(Stage):
    """One life of the gateway."""

    def __init__(self, world: "World") -> None:
        super().__init__(world, GATEWAY)
        self._journal = world.journal
        self.router: OrderRouter = world.brains.router(world.gateway_setup)
        self._questions = Questions(world.gateway_setup.universe)
        self._nonces = NonceReserve(int(self._journal.meta.get(NONCE_META, "0")), self.now_ns())
        self._counter_empty_ns = int(self._journal.meta.get(COUNTER_META, "0"))
        self._rest = VirtualRest(
            world.venue,
            self._nonces,
            calls_per_s=world.rest_calls_per_s,
            counter_empty_ns=self._counter_empty_ns,
            clock_ns=self.now_ns,
            tell=self._hear_rest,
        )
        self._link = VirtualSocket(world.venue, "private", private=True, tell=lambda: self.do(self._hear_stream))
        self._stream = DeskStream(self._link, self.router, self.now_ns)
        self._settle_ns = world.gateway_setup.deadline_ns + ANSWER_GRACE_NS
        self._traders: dict[int, str] = {}
        self._unwritten = JournalBatch()
        self._tried_ns = 0

    def begin(self) -> None:
        """Start up."""
        super().begin()
        self._reserve_nonces()
        self.every(TICK_NS, self._tick)
        self._do(self.router.begin(self.now_ns()))

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
            self._do(self.router.on_supervisor(command, self.now_ns()))

    def _tick(self) -> None:
        self._reserve_nonces()
        self._keep_counter()
        if self._unwritten and self.world.timeline.now_ns - self._tried_ns >= AGAIN_NS:
            self._mend()
        self._do(self._stream.pump())
        self._do(self.router.on_shell(Tick(self.supervisor_silence_ns, self.world.halt_file), self.now_ns()))
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
        rows = journal_batch(batch, self.router.state.instruments).after(self._unwritten)
        if not batch or not rows:
            return True
        if rows.fills:
            self.reach("gw.fill_seen")
        try:
            self._journal.write(rows)
        except JournalRefusedError as error:
            self._unwritten, self._tried_ns = rows, self.world.timeline.now_ns
            failed = JournalFailed(str(error))
            self.later(0, lambda: self._do(self.router.on_shell(failed, self.now_ns())))
            return False
        self._unwritten = JournalBatch()
        self.world.committed(rows)
        if rows.fills:
            self.reach("gw.fill_committed")
        return True

    def _mend(self) -> None:
        self._tried_ns = self.world.timeline.now_ns
        try:
            self._journal.write(self._unwritten)
        except JournalRefusedError:
            return
        rows, self._unwritten = self._unwritten, JournalBatch()
        self.world.committed(rows)
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
        contents = self._journal.contents(CLOSED_KEPT_MAX)
        try:
            seen = journal_seen(query, contents, self.router.state.instruments, self._settle_ns)
        except ConfigurationError as error:
            self._carry_out(commands.Refuse(str(error)))
            return
        self._do(self.router.on_answer(seen, self.now_ns()))

    def _reserve_nonces(self) -> None:
        ceiling = self._nonces.wanted_ceiling()
        if ceiling is None:
            return
        try:
            self._journal.write(JournalBatch(meta={NONCE_META: str(ceiling)}))
        except JournalRefusedError:
            return
        self._nonces.extend(ceiling)

    def _keep_counter(self) -> None:
        empty_ns = self._rest.counter_empty_ns
        if abs(empty_ns - self._counter_empty_ns) < COUNTER_NEWS_NS or empty_ns - self.now_ns() < COUNTER_NEWS_NS:
            return
        try:
            self._journal.write(JournalBatch(meta={COUNTER_META: str(empty_ns)}))
        except JournalRefusedError:
            return
        self._counter_empty_ns = empty_ns
