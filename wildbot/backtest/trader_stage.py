"""One trader of a backtest: the live engine in virtual time, and what it decided.

Rules: it inherits, is leased to and reported to as the live one; it trades from the moment its inheritance came.
Owns: the engine; the decisions are handed to a sink that several traders share.
"""

from collections.abc import Callable, Iterable
from hashlib import blake2b

import msgspec

from wildbot.backtest.schedule import NEVER_NS
from wildbot.backtest.setup import BacktestSetup
from wildbot.engine import EngineCommand, EngineEvent, TradingEngine
from wildbot.model.control import Retire
from wildbot.model.desk import (
    CapitalLease,
    FeesChanged,
    Inheritance,
    LeaseRefused,
    LeaseRequest,
    OrderRequest,
    Report,
    ReportCount,
    TraderHello,
)
from wildbot.model.status import TraderStatus
from wildbot.strategies.base import Decision, Indicators
from wildbot.trading.lease_keeper import RENEW_NS

HASHED_AT_ONCE = 64
_ENCODER = msgspec.json.Encoder()

Asked = OrderRequest | TraderHello | LeaseRequest
"""What a trader says to the desk."""


class _Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One decision as it is written."""

    ts_ns: int
    instrument: str
    indicators: Indicators
    action: str
    reason: str
    hindrance: str = ""


class DecisionSink:
    """Counts and hashes decisions; `write` gets each as one JSON line (bytes, without the newline) when it is given."""

    def __init__(self, write: Callable[[bytes], None] | None = None) -> None:
        self.count = 0
        self._hash = blake2b(digest_size=16)
        self._write = write
        self._lines: list[bytes] = []

    @property
    def digest(self) -> str:
        """The hash of all decisions so far, as hexadecimal text."""
        self._digest()
        return self._hash.hexdigest()

    def take(self, pair: str, decision: Decision, ts_ns: int, hindrance: str = "") -> None:
        """Take in one decision, and why what it wants does not leave, if so."""
        self.count += 1
        line = _ENCODER.encode(_Line(ts_ns, pair, decision.indicators, decision.action, decision.reason, hindrance))
        if self._write is not None:
            self._write(line)
        self._lines.append(line)
        if len(self._lines) >= HASHED_AT_ONCE:
            self._digest()

    def _digest(self) -> None:
        self._hash.update(b"".join(self._lines))
        self._lines.clear()


class TraderStage:
    """One trader; `ask` hands a message to the desk."""

    def __init__(
        self, pair: str, epoch: int, setup: BacktestSetup, ask: Callable[[Asked, int], None], sink: DecisionSink
    ) -> None:
        self.pair = pair
        self._epoch = epoch
        self._setup = setup
        self._ask = ask
        self._sink = sink
        self._engine: TradingEngine | None = None
        self._decision: Decision | None = None
        self._lease_asked_ns = -RENEW_NS

    @property
    def held_lots(self) -> int:
        """The position, signed."""
        return self._engine.position.lots if self._engine is not None else 0

    def hello(self, now_ns: int) -> None:
        """Ask for the inheritance."""
        self._ask(TraderHello(self.pair, self._epoch), now_ns)

    def hear(
        self, message: Inheritance | Report | ReportCount | FeesChanged | CapitalLease | LeaseRefused, now_ns: int
    ) -> None:
        """The gateway or the allocator speaks."""
        if isinstance(message, Inheritance) and self._engine is None:
            self._begin(message)
        elif isinstance(message, Report):
            self.give(message.body, now_ns)
        elif isinstance(message, ReportCount):
            pass  # nothing is lost on the way here
        else:
            self.give(message, now_ns)

    @property
    def due_ns(self) -> int:
        """Before then `on_timer` does nothing."""
        engine = self._engine
        if engine is None:
            return NEVER_NS
        if engine.is_dirty:
            return 0
        return min(engine.stepped_ns + self._setup.limits.stale_order_ns, self._lease_asked_ns + RENEW_NS)

    def on_timer(self, now_ns: int) -> None:
        """Time passes."""
        engine = self._engine
        if engine is not None and now_ns >= self.due_ns:
            commands = engine.on_timer(now_ns)
            if engine.decision is not self._decision:
                self._listen(engine, now_ns)
            self._carry_out(commands, now_ns)

    def status(self, now_ns: int) -> TraderStatus | None:
        """How it stands; None before its inheritance."""
        return self._engine.status(now_ns) if self._engine is not None else None

    def retire(self, now_ns: int) -> None:
        """The recording is over: sell what is held, and end."""
        self.give(Retire(flatten=True), now_ns)

    def _begin(self, inheritance: Inheritance) -> None:
        setup = self._setup
        self._engine = TradingEngine(
            pair=self.pair,
            epoch=self._epoch,
            instrument=inheritance.instrument,
            fees=inheritance.fees,
            position=inheritance.position,
            strategy=setup.strategy,
            parameters=setup.parameters,
            limits=setup.limits,
        )

    def give(self, event: EngineEvent, now_ns: int) -> None:
        """Something happened: on the market, to an order, or to what it may do."""
        engine = self._engine
        if engine is not None:
            commands = engine.handle(event, now_ns)
            if engine.decision is not self._decision:
                self._listen(engine, now_ns)
            if commands:
                self._carry_out(commands, now_ns)

    def _listen(self, engine: TradingEngine, now_ns: int) -> None:
        decision = self._decision = engine.decision
        if decision is not None:
            self._sink.take(self.pair, decision, now_ns, engine.hindrance)

    def _carry_out(self, commands: Iterable[EngineCommand], now_ns: int) -> None:
        for command in commands:
            if isinstance(command, OrderRequest | LeaseRequest):
                if isinstance(command, LeaseRequest):
                    self._lease_asked_ns = now_ns
                self._ask(command, now_ns)
