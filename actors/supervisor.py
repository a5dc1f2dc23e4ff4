"""The supervisor: hosts the feed handler and the pair scanner, runs the traders, answers the owner, says how things stand.

Rules: decides nothing; `Supervision` does. Commands are carried out in the order given. Traders are made by this main
    thread and die with this process.
Owns: the sockets `market`, `actors`, `status` and `control`, the trader processes, the durable record of the run.
"""

import random
import signal
import uuid
from collections.abc import Iterable, Sequence

from actors.control_socket import ControlSocket, SnapshotQuery, StatusQuery
from actors.entry_slot import SlotGuest
from actors.feed_handler import FeedHandler
from actors.feed_loop import FeedLoop
from actors.market_past import MarketPast
from actors.pair_scanner import scanner_guest
from actors.run_record import run_record
from actors.run_rows import feed_health, run_view, supervision_rules
from actors.runtime import Runtime
from actors.session_guest import SessionGuest
from actors.spec import ActorSpec
from actors.status_desk import StatusDesk
from actors.trader_children import TraderChildren
from actors.trader_config import actor_name
from wildbot.adapters import failpoints
from wildbot.adapters.home import Home
from wildbot.adapters.supervisor_state import DurableRecord
from wildbot.adapters.zmq_bus import Hub, Publisher
from wildbot.analytics.status_board import RunView, StatusBoard
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.supervision import Supervision
from wildbot.desk.supervision_words import (
    Announce,
    Asked,
    ChangeUniverse,
    ChildEnded,
    EndRun,
    EquityMarked,
    Heard,
    KillTrader,
    PairModeSeen,
    Persist,
    Reply,
    SendTo,
    SendToTrader,
    SpawnTrader,
    StopAsked,
    SupervisionCommand,
    SupervisionEvent,
    SupervisorState,
)
from wildbot.model.control import BookHistory, HistoryRequest, Retired, ToSupervisor
from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND, Money
from wildbot.model.market_data import BookSnapshot, InstrumentChanged, MarketEvent
from wildbot.model.status import Alert, AlertCleared, AllocatorStatus, Heartbeat, InstrumentTable, Severity
from wildbot.protocol.bus import TO_SUPERVISOR, encode, market_frame
from wildbot.settings import Settings
from wildbot.settings_loading import load

NAME = "supervisor"
TIMER_S = 0.1
STATUS_S = 0.4
LOOK_S = 0.5
MARK_AGE_NS_MAX = 10 * NANOS_PER_SECOND
"""Equity is judged against the drawdown limit only on marks that are younger."""


class Supervisor:
    """One run on a given loop."""

    def __init__(self, runtime: Runtime, settings: Settings, record: DurableRecord[SupervisorState]) -> None:
        self._runtime, self._settings, self._record = runtime, settings, record
        home, trading = runtime.home, settings.trading
        self._brain = Supervision(supervision_rules(settings), record.load() or SupervisorState())
        board = StatusBoard(
            run_id=uuid.uuid4().hex,
            mode=settings.profile.value,
            currency=settings.capital.currency,
            started_ns=runtime.now_ns(),
        )
        self._market = Publisher(home.socket("market"))
        self._actors = Hub(home.socket("actors"))
        self._status = StatusDesk(home, board)
        self._control = ControlSocket(home)
        self._decode = runtime.vitals.hop("decode")
        self._children = TraderChildren(settings, home.root)
        self._scanner = scanner_guest(settings)
        self._slot = SlotGuest(settings, lambda slot: self._actors.send(actor_name(slot.pair).encode(), encode(slot)))
        self._sessions = SessionGuest(settings, self._publish, self._alert, self._clear)
        self._feed = FeedHandler(
            FeedLoop(runtime, self._alert, self._clear),
            settings.ws_url,
            dict.fromkeys((*trading.universe, *trading.pairs)),
            self._publish,
            rng=random.Random(),
            depth=settings.feed.depth,
            silence_s=settings.feed.silence_max_s,
            rest_url=settings.rest_url,
        )
        self._past = MarketPast(runtime, settings.rest_url, self._scanner.on_past, board.on_prints)
        self._scanner.set_universe(tuple(dict.fromkeys((*trading.universe, *trading.pairs))))

    def open(self) -> None:
        """Hook everything to the loop and begin."""
        runtime = self._runtime
        runtime.watch(self._actors.socket, self._hear_actors)
        runtime.watch(self._control.socket, self._hear_owner)
        runtime.on_stop = lambda: self._tell(StopAsked())
        runtime.guard("market", "actors", "status", "control")
        runtime.every(TIMER_S, self._tick)
        runtime.every(STATUS_S, self._say_status)
        runtime.every(LOOK_S, self._look)
        self._feed.start()
        self._carry_out(self._brain.start(runtime.now_ns()))

    def close(self) -> None:
        """Close everything; the last document says that the run is stopping. Killed traders left their locks behind."""
        self._say_status()
        self._feed.stop()
        self._past.close()
        for each in (self._market, self._actors, self._status, self._control):
            each.close()
        for lock in self._runtime.home.run.glob(f"{actor_name('')}*.lock"):
            lock.unlink(missing_ok=True)

    # --- ears -----------------------------------------------------------------------------------------------------

    def _hear_actors(self) -> None:
        for peer, frame in self._actors.drain():
            try:
                message: ToSupervisor = TO_SUPERVISOR.decode(frame)
            except ProtocolError as error:
                self._runtime.dropped(error)
                continue
            self._on_message(peer.decode(errors="replace"), message)

    def _on_message(self, actor: str, message: ToSupervisor) -> None:
        if isinstance(message, HistoryRequest):
            self._actors.send(actor.encode(), encode(BookHistory(message.pair, self._scanner.history(message.pair))))
            return
        if isinstance(message, Alert):
            level = "ERROR" if message.level is Severity.CRITICAL else message.level.upper()
            self._runtime.log.log(level, "{} says {}: {}", message.actor, message.key, message.text)
            self._status.alert(message)
            return
        if isinstance(message, Retired):
            failpoints.reach("sup.swap_stopped_old")
        self._status.event(self._status.board.on_message(message, self._runtime.now_ns()))
        self._slot.hear(message)
        if isinstance(message, InstrumentTable):
            self._scanner.on_instruments(message)
            self._feed.on_rest_names(message.instruments)
        elif isinstance(message, AllocatorStatus):
            self._scanner.set_share(Money(message.capital // self._settings.trading.max_traders))
        self._tell(Heard(actor, message))

    def _hear_owner(self) -> None:
        for ticket, order in self._control.drain():
            match order:
                case StatusQuery():
                    self._control.answer(ticket, self._status.board.reply(self._run_view(), self._runtime.now_ns()))
                case SnapshotQuery():
                    self._control.answer(ticket, self._status.board.snapshot(self._run_view(), self._runtime.now_ns()))
                case _:
                    self._runtime.log.info("the owner asks: {}", order)
                    self._tell(Asked(ticket, order))

    def _publish(self, event: MarketEvent) -> None:
        self._market.send(market_frame(event))
        if type(event) is BookSnapshot:
            self._decode.record(self._runtime.now_ns() - event.recv_ts_ns)
        self._scanner.on_market(event)
        self._slot.on_market(event)
        if isinstance(event, BookSnapshot):
            self._status.board.on_book(event)
            self._past.on_book(self._feed.instruments[event.pair])
        elif isinstance(event, InstrumentChanged):
            self._status.board.on_instrument(event.instrument)
            self._tell(PairModeSeen(event.instrument.pair, event.instrument.status))

    # --- time -----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now_ns = self._runtime.now_ns()
        for (pair, epoch), code in self._children.reap():
            self._runtime.log.info("trader of {} epoch {} ended with code {}", pair, epoch, code)
            self._tell(ChildEnded(pair, epoch, code))
            if pair not in self._brain.traded:
                self._status.board.forget_actor(actor_name(pair))
        self._carry_out(self._brain.on_timer(now_ns))
        self._slot.look(now_ns)
        self._sessions.look(now_ns)
        self._runtime.state = self._brain.run_state.value

    def _look(self) -> None:
        now_ns = self._runtime.now_ns()
        beat: Heartbeat = self._runtime.vitals.heartbeat(NAME, 0, self._runtime.state, now_ns)
        self._status.board.on_message(beat, now_ns)
        self._tell(feed_health(self._feed.status(), self._settings.feed.silence_max_s))
        scores, events = self._scanner.look(self._brain.traded, now_ns)
        self._status.board.on_ranking(scores, now_ns)
        self._runtime.log.debug("ranking {}", scores)
        for event in events:
            self._tell(event)
        self._mark_equity(now_ns)

    def _mark_equity(self, now_ns: int) -> None:
        board = self._status.board
        sheet = board.sheet()
        if sheet is not None and sheet.is_marked and board.books_fresh(board.held_pairs(), now_ns, MARK_AGE_NS_MAX):
            self._tell(EquityMarked(sheet.equity, sheet.starting))

    # --- hands ----------------------------------------------------------------------------------------------------

    def _tell(self, event: SupervisionEvent) -> None:
        self._carry_out(self._brain.handle(event, self._runtime.now_ns()))

    def _carry_out(self, commands: Iterable[SupervisionCommand]) -> None:
        log = self._runtime.log
        for command in commands:
            match command:
                case SendTo(actor, message):
                    log.trace("to {}: {}", actor, message)
                    self._actors.send(actor.encode(), encode(message))
                case SendToTrader(pair, message):
                    log.info("to the trader of {}: {}", pair, message)
                    self._actors.send(actor_name(pair).encode(), encode(message))
                case SpawnTrader(pair, epoch, only_leaves):
                    pid = self._children.spawn(pair, epoch, only_leaves=only_leaves)
                    failpoints.reach("sup.spawned")
                    log.info("trader of {} epoch {} is process {}", pair, epoch, pid)
                case KillTrader(pair, epoch):
                    log.warning("killing the trader of {} epoch {}", pair, epoch)
                    self._children.signal(pair, epoch, signal.SIGKILL)
                case Persist(state):
                    self._record.save(state)
                    log.debug("on disk: {}", state)
                case Reply(ticket, result, code, message):
                    log.info("answer {}: {} {} {}", ticket, code or "done", message, result)
                    if code:
                        self._control.refuse(ticket, code, message)
                    else:
                        self._control.answer(ticket, result)
                case RaiseAlert(level, key, text):
                    self._alert(level, key, text)
                case ClearAlert(key):
                    self._clear(key)
                case Announce(kind, text):
                    log.info("{}: {}", kind, text)
                    self._status.event(self._status.board.on_event(kind, text, self._runtime.now_ns()))
                case ChangeUniverse(pairs):
                    self._feed.set_pairs(pairs)
                    self._scanner.set_universe(pairs)
                    self._sessions.set_pairs(pairs)
                case EndRun(code):
                    self._runtime.stop(code)

    def _alert(self, level: Severity, key: str, text: str) -> None:
        self._runtime.log.log("CRITICAL" if level is Severity.CRITICAL else level.upper(), "{}: {}", key, text)
        self._status.alert(Alert(self._runtime.now_ns(), level, NAME, key, text))

    def _clear(self, key: str) -> None:
        cleared = AlertCleared(self._runtime.now_ns(), NAME, key)
        self._status.board.on_message(cleared, cleared.ts_ns)

    # --- the status -----------------------------------------------------------------------------------------------

    def _say_status(self) -> None:
        self._status.publish(self._run_view(), self._runtime.now_ns())

    def _run_view(self) -> RunView:
        return run_view(self._brain, self._settings.risk.max_drawdown_pct)


def run(words: Sequence[str]) -> int:
    """Run the supervisor of this home until it is asked to stop; 0 when it was confirmed that no order rests."""
    del words
    settings = load().settings
    home = Home(settings.home)
    runtime = Runtime(NAME, home, level=settings.log.level, linked=False, settings=settings.fingerprint)
    supervisor = Supervisor(runtime, settings, run_record(settings))
    supervisor.open()
    code = runtime.run()
    supervisor.close()
    return code


ACTOR = ActorSpec(NAME, "hosts the market data, runs the traders, answers the owner", run)
