"""One start of one trader without its sockets: from the first hello to the last order.

Rules: pure; the engine decides what to trade, this decides whether it may hear of it. It trades only after the gateway's
    `Inheritance` and the market's history (or after waiting a second for the latter), and, for an instrument that has
    sessions, after it knows the current or next one. A gap in the gateway's numbering, or a count of its reports that is
    higher than what was heard, makes it say hello again, and so does a request that nobody answers: the gateway that took
    it is dead. Between a hello and its own inheritance the engine only takes back, and is not done with anything: that
    inheritance says that none rests, and what is held.
Owns: the engine, the numbering guard, the unanswered requests, the inheritance, history and session that wait for each
    other.
"""

from collections.abc import Sequence

import msgspec

from wildbot.engine import EngineCommand, EngineEvent, TradingEngine
from wildbot.model.control import (
    BookHistory,
    EntrySlot,
    Flatten,
    FromSupervisor,
    HistoryRequest,
    Pause,
    Resume,
    Retire,
    Retired,
)
from wildbot.model.desk import (
    CountQuestion,
    FeesChanged,
    FromAllocator,
    FromGateway,
    Inheritance,
    OrderRequest,
    Report,
    ReportCount,
    TraderHello,
)
from wildbot.model.executions import Filled, OutcomeUnknown
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot, MarketEvent, SessionHours
from wildbot.protocol.reliability import SequenceGuard
from wildbot.strategies.base import StrategySpec
from wildbot.strategies.leaving import LEAVING
from wildbot.trading.limits import EngineLimits
from wildbot.trading.note import info_note

HELLO_NS = NANOS_PER_SECOND
HELLO_LAST_NS = 8 * NANOS_PER_SECOND
"""An unanswered hello is said again after a growing wait: the answer to an earlier one may be under way."""

COUNT_NS = 3 * NANOS_PER_SECOND
HISTORY_WAIT_NS = NANOS_PER_SECOND
ANSWER_WAIT_NS = 10 * NANOS_PER_SECOND
"""A living gateway has an answer, or calls the outcome unknown and explains it, in less."""


class LeaveSeat(msgspec.Struct, frozen=True):
    """Nothing is left to do: end this process."""


SeatCommand = EngineCommand | TraderHello | CountQuestion | HistoryRequest | LeaveSeat
"""To the gateway: `TraderHello`, `CountQuestion`, `OrderRequest`. To the allocator: `LeaseRequest`. To the supervisor:
`HistoryRequest`, `Retired`. For the log and the owner: `Note`."""


class TraderSeat:
    """See the module docstring; one method per source of news."""

    def __init__(
        self,
        pair: str,
        epoch: int,
        *,
        strategy: StrategySpec,
        parameters: dict[str, object],
        limits: EngineLimits,
        has_sessions: bool = False,
        only_leaves: bool = False,
    ) -> None:
        """Take a seat. `has_sessions`: the instrument does not always trade; `only_leaves`: sell what is inherited, and go.

        Raises: ConfigurationError when the strategy refuses a parameter.
        """
        self.engine: TradingEngine | None = None
        self._pair = pair
        self._epoch = epoch
        self._strategy = strategy
        self._parameters = parameters
        self._limits = limits
        strategy.configure(parameters)  # a bad value ends the start here, not after the hello
        self._guard = SequenceGuard()
        self._inheritance: Inheritance | None = None
        self._history: tuple[BookSnapshot, ...] | None = () if only_leaves else None
        self._retire: Retire | None = Retire(flatten=True) if only_leaves else None
        self._has_sessions = has_sessions
        self._session: SessionHours | None = None
        self._began_ns = 0
        self._hellos = 0
        self._hello_ns = 0
        self._hello_wait_ns = HELLO_NS
        self._is_waiting = False
        self._counted_ns = 0
        self._unanswered: dict[str, int] = {}

    def start(self, now_ns: int) -> Sequence[SeatCommand]:
        """Return what to say first."""
        self._began_ns = now_ns
        hello = self._hello(now_ns)
        return [HistoryRequest(self._pair), hello] if self._history is None else [hello]

    # --- what it hears --------------------------------------------------------------------------------------------

    def on_market(self, event: MarketEvent, now_ns: int) -> Sequence[SeatCommand]:
        """Hear market data."""
        if self.engine is None and isinstance(event, SessionHours):
            self._session = event
            return self._begin(now_ns)
        return self._give(event, now_ns)

    def on_allocator(self, message: FromAllocator, now_ns: int) -> Sequence[EngineCommand]:
        """Hear of the lease."""
        return self._give(message, now_ns)

    def on_gateway(self, message: FromGateway, now_ns: int) -> Sequence[SeatCommand]:
        """Hear the order gateway."""
        match message:
            case Inheritance() if message.epoch == self._epoch and message.hello == self._hellos and self._is_waiting:
                return self._inherit(message, now_ns)
            case Report() if message.epoch == self._epoch:
                return self._on_report(message, now_ns)
            case ReportCount() if message.epoch == self._epoch:
                return self._on_count(message, now_ns)
            case FeesChanged() if message.pair == self._pair:
                return self._give(message, now_ns)
            case _:
                return ()  # another epoch's or another actor's business

    def on_supervisor(self, command: FromSupervisor, now_ns: int) -> Sequence[SeatCommand]:
        """Hear a verb, or the history that was asked for."""
        if isinstance(command, BookHistory):
            if self._history is None:
                self._history = command.books
                return self._begin(now_ns)
            return ()
        if isinstance(command, Retire) and self.engine is None and not command.flatten:
            return [Retired(self._pair, self._epoch, 0, ok=True, reason="never traded"), LeaveSeat()]
        if isinstance(command, Retire | Resume) and self.engine is None:
            self._retire = command if isinstance(command, Retire) else None  # what it holds is not known yet
            return ()
        if isinstance(command, Pause | Resume | Flatten | Retire | EntrySlot):
            return self._give(command, now_ns)
        return ()

    def on_timer(self, now_ns: int) -> Sequence[SeatCommand]:
        """Let time act; call ten times a second."""
        commands: list[SeatCommand] = []
        if self._is_waiting and abs(now_ns - self._hello_ns) >= self._hello_wait_ns:  # the clock may have been put back
            self._hello_wait_ns = min(2 * self._hello_wait_ns, HELLO_LAST_NS)
            commands.append(self._hello(now_ns))
        if self.engine is not None:
            commands += self._ask_again(now_ns)
            return [*commands, *self._noted(self.engine.on_timer(now_ns), now_ns)]
        if self._history is None and abs(now_ns - self._began_ns) >= HISTORY_WAIT_NS:
            self._history = ()
            commands.append(info_note("cold_start", "no market history within a second; signals start cold"))
            commands += self._begin(now_ns)
        return commands

    # --- the start ------------------------------------------------------------------------------------------------

    def _hello(self, now_ns: int) -> TraderHello:
        self._hellos += 1
        self._hello_ns = now_ns
        self._is_waiting = True
        if self.engine is not None:
            self.engine.awaits_truth = self.engine.is_dirty = True
        return TraderHello(self._pair, self._epoch, self._hellos)

    def _inherit(self, inheritance: Inheritance, now_ns: int) -> Sequence[SeatCommand]:
        self._guard = SequenceGuard()  # every inheritance starts the numbering anew
        self._is_waiting = False
        self._hello_wait_ns = HELLO_NS
        self._counted_ns = now_ns
        self._unanswered.clear()
        if self.engine is not None:
            return self._give(inheritance, now_ns)
        self._inheritance = inheritance
        return self._begin(now_ns)

    def _begin(self, now_ns: int) -> Sequence[SeatCommand]:
        """Trade as soon as the inheritance, the market's history and the session, if it has any, are here."""
        inheritance = self._inheritance
        if self.engine is not None or inheritance is None or self._history is None:
            return ()
        if self._has_sessions and self._session is None and self._retire is None:
            return ()
        self.engine = TradingEngine(
            pair=self._pair,
            epoch=self._epoch,
            instrument=inheritance.instrument,
            fees=inheritance.fees,
            position=inheritance.position,
            strategy=self._strategy,
            parameters=self._parameters,
            limits=msgspec.structs.replace(self._limits, rate_max=inheritance.rate_max),
        )
        self.engine.warm(self._history)
        if self._session is not None:
            self.engine.handle(self._session, now_ns)
        text = f"inherits {inheritance.position.lots} lots, warmed by {len(self._history)} books"
        begun = self.engine.on_timer(now_ns) if self._retire is None else self.engine.handle(self._retire, now_ns)
        return [info_note("inheritance", text), *self._noted(begun, now_ns)]

    # --- reports --------------------------------------------------------------------------------------------------

    def _on_report(self, report: Report, now_ns: int) -> Sequence[SeatCommand]:
        missing = self._guard.check(report.seq)
        if missing < 0:
            return ()
        if not isinstance(report.body, Filled | OutcomeUnknown):
            self._unanswered.pop(report.body.cl_ord_id, None)
        if missing == 0 or self._is_waiting:
            return self._give(report.body, now_ns)
        lost = info_note("reports_missing", f"{missing} reports are missing before {report.seq}; saying hello again")
        return [lost, self._hello(now_ns), *self._give(report.body, now_ns)]

    def _on_count(self, told: ReportCount, now_ns: int) -> Sequence[SeatCommand]:
        missing = told.count - self._guard.last
        if missing <= 0 or self._is_waiting:
            return ()
        lost = info_note("reports_missing", f"{missing} reports after {self._guard.last} are missing; saying hello again")
        return [lost, self._hello(now_ns)]

    def _give(self, event: EngineEvent, now_ns: int) -> Sequence[EngineCommand]:
        return () if self.engine is None else self._noted(self.engine.handle(event, now_ns), now_ns)

    # --- requests -------------------------------------------------------------------------------------------------

    def _noted(self, commands: Sequence[EngineCommand], now_ns: int) -> Sequence[EngineCommand]:
        for command in commands:
            if isinstance(command, OrderRequest) and not self._is_waiting:
                self._unanswered.setdefault(command.command.cl_ord_id, now_ns)
        return commands

    def _ask_again(self, now_ns: int) -> Sequence[SeatCommand]:
        """Say hello when a request stays unanswered; otherwise ask now and then whether everything was heard."""
        if self._is_waiting:
            return ()
        if any(now_ns - asked_ns >= ANSWER_WAIT_NS for asked_ns in self._unanswered.values()):
            text = f"no answer about {', '.join(self._unanswered)}; saying hello again"
            return [info_note("unanswered", text), self._hello(now_ns)]
        if abs(now_ns - self._counted_ns) < COUNT_NS:
            return ()
        self._counted_ns = now_ns
        return [CountQuestion(self._pair, self._epoch)]


def leaving_seat(pair: str, epoch: int, limits: EngineLimits) -> TraderSeat:
    """Return the seat of a trader that runs no strategy: it leaves what it inherits, and goes."""
    return TraderSeat(pair, epoch, strategy=LEAVING, parameters={}, limits=limits, only_leaves=True)
