"""The supervisor on virtual time: `actors.supervisor` with planned children, feed, scanner and status board included.

Rules: its record is on the virtual disk before the next command is looked at; its traders die with it.
"""

from collections.abc import Callable, Iterable

from wildbot.analytics.status_board import RunView, StatusBoard
from wildbot.analytics.status_rows import TraderView
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.scanner_guest import ScannerGuest
from wildbot.desk.supervision import Supervision
from wildbot.desk.supervision_words import (
    Announce,
    Asked,
    ChangeUniverse,
    ChildEnded,
    EndRun,
    EquityMarked,
    FeedHealth,
    Heard,
    KillTrader,
    Persist,
    Reply,
    SendTo,
    SendToTrader,
    SpawnTrader,
    StopAsked,
    SupervisionCommand,
    SupervisionEvent,
)
from wildbot.model.control import BookHistory, HistoryRequest
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, Money
from wildbot.model.market_data import BookSnapshot, InstrumentChanged, MarketEvent
from wildbot.model.status import Alert, AlertCleared, AllocatorStatus, InstrumentTable, Severity
from wildbot.protocol.bus import TO_SUPERVISOR, encode, market_frame
from wildbot.protocol.reliability import Backoff
from wildbot.rehearsal.stage import ACTORS, SUPERVISOR, Stage, trader_name
from wildbot.rehearsal.trader_stage import TraderStage
from wildbot.rehearsal.venue import VirtualSocket
from wildbot.rehearsal.world import World
from wildbot.venues.kraken.market_feed import MarketFeed

TIMER_NS = 100 * NANOS_PER_MS
STATUS_NS = 400 * NANOS_PER_MS
LOOK_NS = 500 * NANOS_PER_MS
MARK_AGE_NS_MAX = 10 * NANOS_PER_SECOND


class SupervisorStage(Stage):
    """One life of the supervisor."""

    world: World

    def __init__(self, world: World) -> None:
        super().__init__(world, SUPERVISOR)
        self.brain: Supervision = world.brains.supervision(world.supervisor_record)
        self._board = StatusBoard(run_id="rehearsal", mode="sim", currency=world.quote, started_ns=self.now_ns())
        self._scanner: ScannerGuest = world.brains.scanner()
        self._link = VirtualSocket(world.venue, "public", private=False, tell=lambda: self.do(self._feed.on_readable))
        self._feed = MarketFeed(self.loop, self._link, Backoff(world.derived_rng()), world.pairs, self._publish, depth=10)
        self._ended: list[tuple[str, int, int]] = []
        self._exit_code: int | None = None

    @property
    def loop(self) -> "FeedLoop":
        """The loop as the feed sees it."""
        return FeedLoop(self)

    def begin(self) -> None:
        """Start the feed and the brain."""
        self.every(TIMER_NS, self._tick)
        self.every(STATUS_NS, self._say_status)
        self.every(LOOK_NS, self._look)
        self._feed.start()
        self._carry_out(self.brain.start(self.now_ns()))

    def on_death(self) -> None:
        """The operating system closes the connection and ends the children."""
        self._link.close()
        for stage in list(self.world.stages.values()):
            if isinstance(stage, TraderStage):
                stage.die("killed")

    def ask_to_stop(self) -> None:
        """TERM."""
        self._tell(StopAsked())

    def asked(self, order: Asked) -> None:
        """The owner asks for something."""
        self._tell(order)

    def child_ended(self, child: Stage, code: int) -> None:
        """The operating system has noted the end of a trader."""
        assert isinstance(child, TraderStage), child.name
        self._ended.append((child.pair, child.epoch, code))

    # --- ears -----------------------------------------------------------------------------------------------------

    def hear(self, channel: str, source: str, frame: bytes) -> None:
        """A frame has arrived."""
        message = TO_SUPERVISOR.decode(frame)
        if isinstance(message, HistoryRequest):
            history = BookHistory(message.pair, self._scanner.history(message.pair))
            self.world.links.send(ACTORS, self, source, encode(history))
            return
        if isinstance(message, Alert):
            self.world.alerted(message)
            self._board.on_alert(message)
            return
        self._board.on_message(message, self.now_ns())
        if isinstance(message, InstrumentTable):
            self._scanner.on_instruments(message)
        elif isinstance(message, AllocatorStatus):
            self._scanner.set_share(Money(message.capital // self.world.max_traders))
        self._tell(Heard(source, message))

    def _publish(self, event: MarketEvent) -> None:
        world = self.world
        listeners = [name for name, stage in world.stages.items() if stage.wants(event)]
        world.links.publish(self, listeners, market_frame(event))
        self._scanner.on_market(event)
        if isinstance(event, BookSnapshot):
            self._board.on_book(event)
        elif isinstance(event, InstrumentChanged):
            self._board.on_instrument(event.instrument)

    # --- time -----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        ended, self._ended = self._ended, []
        for pair, epoch, code in ended:
            self._tell(ChildEnded(pair, epoch, code))
            if pair not in self.brain.traded:
                self._board.forget_actor(trader_name(pair))
        self._carry_out(self.brain.on_timer(self.now_ns()))
        self.state = self.brain.run_state.value

    def _look(self) -> None:
        now_ns = self.now_ns()
        self._board.on_message(self.heartbeat(), now_ns)
        self._tell(self._feed_health())
        scores, events = self._scanner.look(self.brain.traded, now_ns)
        self._board.on_ranking(scores, now_ns)
        for event in events:
            self._tell(event)
        board = self._board
        sheet = board.sheet()
        if sheet is not None and sheet.is_marked and board.books_fresh(board.held_pairs(), now_ns, MARK_AGE_NS_MAX):
            self._tell(EquityMarked(sheet.equity, sheet.starting))

    def _feed_health(self) -> FeedHealth:
        feed = self._feed.status()
        if not feed.connected:
            return FeedHealth(ok=False, reason="no connection to the market data")
        if feed.silent_ms is None or feed.silent_ms > 2_000:
            return FeedHealth(ok=False, reason="the market data is silent")
        if not any(pair.is_fresh for pair in feed.pairs.values()):
            return FeedHealth(ok=False, reason="no pair has a verified book")
        return FeedHealth(ok=True)

    def _say_status(self) -> None:
        if self.world.status_due():
            self.world.stated(self._board.document(self._run_view(), self.now_ns()))

    def _run_view(self) -> RunView:
        brain = self.brain
        return RunView(
            state=brain.run_state.value,
            reasons=brain.reasons,
            traders=tuple(TraderView(each.pair, each.epoch, each.state.value, each.pid) for each in brain.traders),
            traded=brain.traded,
            peak=brain.saved.peak,
            day_open=brain.saved.day_open,
            max_drawdown_pct=50.0,
        )

    # --- hands ----------------------------------------------------------------------------------------------------

    def _tell(self, event: SupervisionEvent) -> None:
        self._carry_out(self.brain.handle(event, self.now_ns()))

    def _carry_out(self, commands: Iterable[SupervisionCommand]) -> None:
        world = self.world
        for command in commands:
            match command:
                case SendTo(actor, message):
                    world.links.send(ACTORS, self, actor, encode(message))
                case SendToTrader(pair, message):
                    world.links.send(ACTORS, self, trader_name(pair), encode(message))
                case SpawnTrader(pair, epoch, only_leaves):
                    world.start(TraderStage(world, pair, epoch, only_leaves=only_leaves))
                    self.reach("sup.spawned")
                case KillTrader(pair, epoch):
                    stage = world.stages.get(trader_name(pair))
                    if stage is not None and stage.epoch == epoch:
                        stage.die("killed")
                case Persist(state):
                    self.reach("sup.deciding")
                    world.supervisor_record = state
                    self.reach("sup.saved")
                case RaiseAlert(level, key, text):
                    self.alert(level, key, text)
                case ClearAlert(key):
                    self.clear(key)
                case Announce(kind, text):
                    self._board.on_event(kind, text, self.now_ns())
                    world.announced(kind, text)
                case ChangeUniverse(pairs):
                    self._feed.set_pairs(pairs)
                    self._scanner.set_universe(pairs)
                case EndRun(code):
                    self._say_status()
                    self.die("exited", code)
                    return
                case Reply():
                    pass  # nobody asks here

    def alert(self, level: Severity, key: str, text: str) -> None:
        """Raise an alert on the own board."""
        alert = Alert(self.now_ns(), level, self.name, key, text)
        self.world.alerted(alert)
        self._board.on_alert(alert)

    def clear(self, key: str) -> None:
        """Clear one."""
        self._board.on_message(AlertCleared(self.now_ns(), self.name, key), self.now_ns())


class FeedLoop:
    """What `MarketFeed` asks of its loop."""

    def __init__(self, stage: SupervisorStage) -> None:
        self._stage = stage
        self.now_ns = stage.now_ns
        self.alert = stage.alert
        self.clear = stage.clear

    def every(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back each so many seconds."""
        self._stage.every(int(seconds * NANOS_PER_SECOND), callback)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back once."""
        self._stage.later(int(seconds * NANOS_PER_SECOND), callback)
