"""The order gateway: the only process with keys, nonce and rate budget; a shell around `desk.order_router`.

Rules: of one batch of commands all rows are on disk before the first byte leaves. When they cannot be written, cancels
    leave and nothing else. The journal, the keys and the private connection belong to this process alone.
"""

import os
from collections.abc import Sequence
from functools import partial

from actors.gateway_hops import GatewayHops
from actors.gateway_market import GatewayMarket
from actors.gateway_setup import FALLBACK_NAME, gateway_setup, take_key
from actors.gateway_tape import GatewayTape
from actors.runtime import Runtime
from actors.spec import EXIT_CONFIGURATION, EXIT_DONE, EXIT_FAILED, ActorSpec
from wildbot.adapters.failpoints import reach
from wildbot.adapters.home import Home
from wildbot.adapters.journal import Journal
from wildbot.adapters.live_gate import place_of
from wildbot.adapters.secrets import ApiKey
from wildbot.adapters.venue_client import VenueClient
from wildbot.adapters.websocket_link import WebSocketLink
from wildbot.adapters.zmq_bus import Hub
from wildbot.desk import gateway_commands as commands
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.gateway_commands import GatewayCommand
from wildbot.desk.journal_keeper import JournalKeeper
from wildbot.desk.key_health import LOCKED_UNTIL_KEY
from wildbot.desk.order_desk import ANSWER_GRACE_NS
from wildbot.desk.order_router import OrderRouter
from wildbot.desk.records import journal_seen
from wildbot.desk.venue_queries import Query, QuerySilent, Topic
from wildbot.desk.watch import JournalFailed, JournalMended, NotSent, StopRequested, Tick
from wildbot.liaison.desk_stream import DeskStream
from wildbot.liaison.key_memory import KeyMemory
from wildbot.liaison.questions import Questions
from wildbot.model.control import EndEpoch, Entries, FromSupervisor, Rearm, StopAll
from wildbot.model.desk import CountQuestion, LeaseRecall, LeaseTable, OrderRequest, ToGateway, TraderHello
from wildbot.model.errors import ConfigurationError, JournalError, ProtocolError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.orders import CancelOrder
from wildbot.model.status import Severity
from wildbot.protocol.bus import TO_GATEWAY, encode
from wildbot.settings import Settings
from wildbot.settings_loading import load

TICK_S = 0.1
TRADERS_REMEMBERED_MAX = 1_000
HALT_FILE = "HALT"
"""A file of this name in the home stops all orders, whatever else is dead."""


class OrderGateway:
    """Carries out what the router decides."""

    def __init__(self, runtime: Runtime, settings: Settings, key: ApiKey, journal: Journal) -> None:
        self._runtime = runtime
        self._journal = journal
        hops = self._hops = GatewayHops(runtime.vitals)
        self._rows = JournalKeeper(journal, runtime.now_ns, reach, lambda _: hops.commit.record(self._rows.took_ns))
        self._router = OrderRouter(gateway_setup(settings, runtime.run_word))
        self._questions = Questions(settings.trading.universe)
        self._key_memory = KeyMemory(journal, runtime.now_ns, runtime.log.error)
        self._client = VenueClient(
            settings.rest_url,
            key,
            self._key_memory.nonces,
            calls_per_s=settings.kraken.rest_calls_per_s,
            tier=settings.kraken.tier,
            counter_empty_ns=self._key_memory.counter_empty_ns,
            clock_ns=runtime.now_ns,
        )
        self._link = WebSocketLink(settings.ws_auth_url)
        self._stream = DeskStream(self._link, self._router, runtime.now_ns, self._hops.venue.record)
        self._hub = Hub(runtime.home.socket("orders"))
        self._market = GatewayMarket(runtime, self._router)
        self._tape = GatewayTape(runtime.home)
        # Asked on the way of every order: a Path would take ten times as long.
        self._is_halted = partial(os.access, str(runtime.home.root / HALT_FILE), os.F_OK)
        self._log_all = runtime.log.debug if settings.log.level.upper() in ("DEBUG", "TRACE") else _unsaid
        self._settle_ns = settings.orders.deadline_ms * NANOS_PER_MS + ANSWER_GRACE_NS
        self._traders: dict[int, bytes] = {}
        self._allocator = b""

    def open(self) -> None:
        """Hook everything to the loop and begin to start up."""
        runtime = self._runtime
        runtime.watch(self._client, self._hear_rest)
        runtime.watch(self._link, self._hear_stream)
        runtime.watch(self._hub.socket, self._hear_peers)
        runtime.guard("orders")
        runtime.every(TICK_S, self._tick)
        runtime.on_command = self._hear_supervisor
        runtime.on_stop = lambda: self._do(self._router.on_shell(StopRequested(), runtime.now_ns()))
        runtime.on_crash = self._crash
        locked_until_ns = int(self._journal.meta().get(LOCKED_UNTIL_KEY, "0"))
        self._do(self._router.begin(runtime.now_ns(), locked_until_ns=locked_until_ns))

    def close(self) -> None:
        """Give everything back."""
        self._client.close()
        self._stream.drop()
        self._link.dispose()
        for each in (self._hub, self._market, self._tape, self._key_memory, self._journal):
            each.close()

    # --- ears -----------------------------------------------------------------------------------------------------

    def _hear_peers(self) -> None:
        for peer, frame in self._hub.drain():
            try:
                message = TO_GATEWAY.decode(frame)
            except ProtocolError as error:
                self._runtime.dropped(error)
                continue
            now_ns = self._runtime.now_ns()
            self._log_all("heard {}", message)
            self._note_address(peer, message)
            if isinstance(message, OrderRequest):
                self._hops.heard(message, now_ns)
                self._market.hear_of(message.command.pair)
                self._do(self._router.on_peer(message, self._runtime.now_ns()))
                self._hops.done(message, now_ns)
            else:
                self._do(self._router.on_peer(message, now_ns))

    def _note_address(self, peer: bytes, message: ToGateway) -> None:
        match message:
            case TraderHello():
                self._traders[message.epoch] = peer
            case OrderRequest() | CountQuestion():
                self._traders.setdefault(message.epoch, peer)  # so that a stranger hears why it is denied
            case LeaseTable() | LeaseRecall():
                self._allocator = peer
        while len(self._traders) > TRADERS_REMEMBERED_MAX:
            del self._traders[next(iter(self._traders))]

    def _hear_rest(self) -> None:
        for outcome in self._client.drain():
            answer = self._questions.answer(outcome)
            self._log_all("answer {}", answer)
            self._do(self._router.on_answer(answer, self._runtime.now_ns()))

    def _hear_stream(self) -> None:
        self._do(self._stream.pump())

    def _hear_supervisor(self, command: FromSupervisor) -> None:
        if isinstance(command, EndEpoch | Entries | StopAll | Rearm):
            self._runtime.log.info("supervisor: {}", command)
            if isinstance(command, Rearm):
                self._mend(at_once=True)  # the owner says that it is
            self._do(self._router.on_supervisor(command, self._runtime.now_ns()))

    def _tick(self) -> None:
        runtime = self._runtime
        self._key_memory.keep(self._client.counter_empty_ns)
        if not self._journal.is_in_place():
            self._do(self._router.on_shell(JournalFailed("its file is gone"), runtime.now_ns()))
        else:
            self._mend()
        self._do(self._stream.pump())
        silence_ns = int(runtime.supervisor_silence_s * NANOS_PER_SECOND)
        tick = Tick(silence_ns, self._is_halted(), self._rows.took_ns, runtime.is_answered)
        self._do(self._router.on_shell(tick, runtime.now_ns()))
        runtime.state = self._router.state.phase.value

    def _mend(self, *, at_once: bool = False) -> None:
        # Rows that failed may be on disk by now, written in front of others.
        if self._router.state.journal_failed and self._journal.is_in_place() and self._rows.catch_up(at_once=at_once):
            self._do(self._router.on_shell(JournalMended(), self._runtime.now_ns()))

    # --- hands ----------------------------------------------------------------------------------------------------

    def _do(self, batch: list[GatewayCommand]) -> None:
        written = self._write(batch)
        for command in batch:
            if not isinstance(command, commands.TellSupervisor):
                self._log_all("do {}", command)
            if isinstance(command, commands.Send):
                self._send(command, written=written)
            elif written or not isinstance(command, commands.TellTrader | commands.TellAllocator):
                self._carry_out(command)
        if written:
            self._tape.say(batch)

    def _write(self, batch: list[GatewayCommand]) -> bool:
        try:
            self._rows.write(batch, self._router.state.instruments)
        except JournalError as error:
            self._runtime.log.critical("the journal cannot be written: {}", error)
            failed = JournalFailed(str(error))
            self._runtime.later(0, lambda: self._do(self._router.on_shell(failed, self._runtime.now_ns())))
            return False
        for command in batch:
            if isinstance(command, commands.WriteEvent):
                self._runtime.log.info("{} {} {}", command.kind, command.pair, command.text)
        return True

    def _send(self, command: commands.Send, *, written: bool) -> None:
        order, reason = command.command, ""
        if not isinstance(order, CancelOrder):
            if not written:
                reason = "the journal could not be written"
            elif self._is_halted():
                reason = f"the file {HALT_FILE} lies in the home"
        if not reason:
            reach("gw.intent_committed")
            reason = self._stream.send(order, command.deadline_ns)
            self._hops.ready_ns = 0 if reason else self._stream.ready_ns
            reach("gw.sent")
        if reason:
            now_ns = self._runtime.now_ns()
            self._runtime.later(0, lambda: self._do(self._router.on_shell(NotSent(order, reason), now_ns)))

    def _carry_out(self, command: GatewayCommand) -> None:
        runtime = self._runtime
        match command:
            case commands.ArmTimer():
                self._stream.arm_timer(command.timeout_s)
            case commands.AskVenue():
                self._ask(command.query)
            case commands.OpenStream():
                self._stream.open(command.token, self._router.state.instruments)
            case commands.CloseStream():
                runtime.log.info("private stream closed: {}", command.reason)
                self._stream.drop()
            case commands.HoldRest():
                self._client.hold(command.until_ns)
            case commands.TellTrader():
                reach("gw.acked")
                self._hub.send(self._traders.get(command.epoch, b""), encode(command.message))
                reach("gw.reply_sent")
            case commands.TellAllocator():
                self._hub.send(self._allocator, encode(command.message))
            case commands.TellSupervisor():
                runtime.report(command.message)
            case RaiseAlert():
                runtime.alert(command.level, command.key, command.text)
            case ClearAlert():
                runtime.clear(command.key)
            case commands.Leave():
                runtime.log.info("leaving: {}", command.text)
                if not command.clean:
                    runtime.alert(Severity.CRITICAL, "unclean_stop", command.text)
                runtime.stop(EXIT_DONE if command.clean and not command.again else EXIT_FAILED)
            case commands.Refuse():
                runtime.alert(Severity.CRITICAL, "configuration", command.text)
                runtime.stop(EXIT_CONFIGURATION)
            case _:
                pass  # rows are written, sends are sent

    def _ask(self, query: Query) -> None:
        if query.topic is Topic.JOURNAL:
            self._runtime.later(0, lambda: self._read_journal(query))
        elif not self._client.submit(self._questions.call(query)):
            answer = QuerySilent(query, "too many calls wait; this one was not sent")
            self._runtime.later(0, lambda: self._do(self._router.on_answer(answer, self._runtime.now_ns())))

    def _read_journal(self, query: Query) -> None:
        try:
            seen = journal_seen(query, self._rows.contents(), self._router.state.instruments, self._settle_ns)
        except ConfigurationError as error:
            self._carry_out(commands.Refuse(str(error)))
            return
        self._do(self._router.on_answer(seen, self._runtime.now_ns()))

    def _crash(self) -> None:
        # The dead man's switch stays armed; these cancels are faster when the connection still stands.
        for intent in self._router.state.intents.live():
            self._stream.send(CancelOrder(intent.cl_ord_id, intent.pair, "gateway failed"), self._runtime.now_ns())


def _unsaid(text: str, value: object) -> None:
    pass  # what only DEBUG tells costs an order nothing at INFO


def run(words: Sequence[str]) -> int:
    """Run the order gateway until it is told to stop."""
    settings = load().settings
    key, hold = take_key(settings)
    runtime = Runtime("order_gateway", Home(settings.home), level=settings.log.level, settings=settings.fingerprint)
    journal = Journal(
        runtime.home.data / f"{settings.profile}.sqlite",
        profile=settings.profile.value,
        key_fingerprint=key.fingerprint,
        place=place_of(settings.rest_url),
    )
    gateway = OrderGateway(runtime, settings, key, journal)
    gateway.open()
    if fallback := os.environ.get(FALLBACK_NAME):
        runtime.alert(Severity.CRITICAL, "fallback", fallback)
    try:
        return runtime.run()
    finally:
        gateway.close()
        hold.release()


ACTOR = ActorSpec("order_gateway", "sole holder of keys, nonce and rate budget; routes every order", run)
