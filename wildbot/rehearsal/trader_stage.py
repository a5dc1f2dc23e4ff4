"""A trader on virtual time: `actors.trader` with planned wires."""

from collections.abc import Iterable

from wildbot.desk.supervision_words import ALLOCATOR, GATEWAY
from wildbot.engine import TIMER_NS
from wildbot.model.control import FromSupervisor, HistoryRequest, Retire, Retired
from wildbot.model.desk import CountQuestion, LeaseRequest, OrderRequest, TraderHello
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.market_data import FeedBeat, InstrumentChanged, MarketEvent, VenueStatus
from wildbot.model.status import Severity
from wildbot.protocol.bus import FROM_ALLOCATOR, FROM_GATEWAY, encode, read_market_frame
from wildbot.rehearsal.stage import CAPITAL, MARKET, ORDERS, SUPERVISOR, Stage, trader_name
from wildbot.rehearsal.world import World
from wildbot.trader_seat import LeaveSeat, SeatCommand, TraderSeat, leaving_seat
from wildbot.trading.limits import EngineLimits
from wildbot.trading.note import Note

STATUS_NS = 250 * NANOS_PER_MS
ALERT_STAYS_NS = 60 * NANOS_PER_SECOND
LAST_ORDERS_NS = 5 * NANOS_PER_SECOND


class TraderStage(Stage):
    """One life of one trader."""

    world: World
    parent = SUPERVISOR

    def __init__(self, world: World, pair: str, epoch: int, *, only_leaves: bool = False) -> None:
        super().__init__(world, trader_name(pair), epoch)
        self.pair = pair
        self.seat: TraderSeat = leaving_seat(pair, epoch, EngineLimits()) if only_leaves else world.brains.seat(pair, epoch)
        self._alerted: dict[str, int] = {}

    def begin(self) -> None:
        """Say hello."""
        super().begin()
        self.every(STATUS_NS, self._say_status)
        self.every(TIMER_NS, self._tick)
        self._carry_out(self.seat.start(self.now_ns()))

    def hear(self, channel: str, source: str, frame: bytes) -> None:
        """A frame has arrived."""
        if channel == MARKET:
            self._carry_out(self.seat.on_market(read_market_frame(frame), self.now_ns()))
        elif channel == ORDERS:
            self._carry_out(self.seat.on_gateway(FROM_GATEWAY.decode(frame), self.now_ns()))
        elif channel == CAPITAL:
            self._carry_out(self.seat.on_allocator(FROM_ALLOCATOR.decode(frame), self.now_ns()))
        else:
            super().hear(channel, source, frame)

    def wants(self, event: MarketEvent) -> bool:
        """A trader hears of its own pair, and what concerns everyone."""
        if isinstance(event, InstrumentChanged):
            return event.instrument.pair == self.pair
        return isinstance(event, FeedBeat | VenueStatus) or event.pair == self.pair

    def on_command(self, command: FromSupervisor) -> None:
        """The supervisor says a verb."""
        self._carry_out(self.seat.on_supervisor(command, self.now_ns()))

    def ask_to_stop(self) -> None:
        """TERM."""
        self._carry_out(self.seat.on_supervisor(Retire(flatten=False), self.now_ns()))
        self.later(LAST_ORDERS_NS, lambda: self.stop(0))

    def _tick(self) -> None:
        now_ns = self.now_ns()
        self._carry_out(self.seat.on_timer(now_ns))
        if self.seat.engine is not None:
            self.state = self.seat.engine.mandate.mode
        for code in [code for code, said_ns in self._alerted.items() if now_ns - said_ns > ALERT_STAYS_NS]:
            del self._alerted[code]
            self.clear(f"{self.name}/{code}")

    def _carry_out(self, commands: Iterable[SeatCommand]) -> None:
        links = self.world.links
        for command in commands:
            match command:
                case OrderRequest():
                    self.reach("trader.decided")
                    links.send(ORDERS, self, GATEWAY, encode(command))
                case TraderHello() | CountQuestion():
                    links.send(ORDERS, self, GATEWAY, encode(command))
                case LeaseRequest():
                    links.send(CAPITAL, self, ALLOCATOR, encode(command))
                case HistoryRequest():
                    self.report(command)
                case Note():
                    self._say(command)
                case Retired():
                    self.report(command)
                    self.stop(0)
                case LeaveSeat():
                    self.stop(0)

    def _say(self, note: Note) -> None:
        if note.level is not Severity.INFO:
            self._alerted[note.code] = self.now_ns()
            self.alert(note.level, f"{self.name}/{note.code}", note.text)

    def _say_status(self) -> None:
        if self.seat.engine is not None:
            self.report(self.seat.engine.status(self.now_ns()))
