"""One pair's trader: the shell around `TradingEngine`.

It hears market data, the gateway's reports, the allocator's leases and the supervisor's verbs, hands each to the engine
with the time, and carries out what comes back.

Rules: decides nothing. Trades only after the gateway's `Inheritance`; a gap in the gateway's numbering makes it say hello
    again. The supervisor sets its parent-death signal and its environment; it imports nothing heavy.
Owns: the sockets, the numbering guard, the alerts that are up.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from actors.runtime import Runtime
from actors.spec import EXIT_DONE, ActorSpec
from actors.trader_config import TraderConfig, TraderLimits, actor_name, from_environment
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Spoke, Subscriber
from wildbot.engine import TIMER_NS, EngineCommand, EngineEvent, TradingEngine
from wildbot.model.control import BookHistory, Flatten, FromSupervisor, HistoryRequest, Pause, Resume, Retire, Retired
from wildbot.model.desk import FeesChanged, Inheritance, LeaseRequest, OrderRequest, Report, TraderHello
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, money_from_text
from wildbot.model.market_data import BookSnapshot
from wildbot.model.status import Severity
from wildbot.protocol.bus import EVERYONE, FROM_ALLOCATOR, FROM_GATEWAY, encode, market_topic, read_market_frame
from wildbot.protocol.reliability import SequenceGuard
from wildbot.strategies.base import Decision, find_strategy
from wildbot.trading.limits import EngineLimits
from wildbot.trading.note import Note
from wildbot.trading.quote_diff import StaleOrderPolicy
from wildbot.trading.rate_budget import TIER_LIMITS
from wildbot.trading.risk import RiskLimits

HELLO_S = 1.0
HISTORY_WAIT_S = 1.0
STATUS_S = 0.25
ALERT_STAYS_NS = 60 * NANOS_PER_SECOND
"""An alert that was not repeated for so long has cleared."""
LAST_ORDERS_S = 5.0
"""A trader that is asked to stop waits so long for its cancels to be confirmed; the gateway sees to the rest."""


def engine_limits(limits: TraderLimits) -> EngineLimits:
    """Return the settings as the engine counts them. Raises: ConfigurationError naming key, value and rule."""
    if limits.tier not in TIER_LIMITS:
        raise ConfigurationError(f"tier = {limits.tier!r} is not one of: {', '.join(TIER_LIMITS)}")
    policies = [policy.value for policy in StaleOrderPolicy]
    if limits.stale_order_policy not in policies:
        text = f"orders.stale_order_policy = {limits.stale_order_policy!r} is not one of: {', '.join(policies)}"
        raise ConfigurationError(text)
    return EngineLimits(
        risk=RiskLimits(
            max_position=limits.max_position,
            max_order_notional=money_from_text(limits.max_order_notional),
            max_orders_per_s=limits.max_orders_per_s,
            entry_collar_pct=limits.entry_collar_pct,
            exit_collar_pct=limits.exit_collar_pct,
            allow_short=limits.allow_short,
            data_age_max_ns=limits.tick_age_max_ms * NANOS_PER_MS,
        ),
        silence_max_ns=int(limits.silence_max_s * NANOS_PER_SECOND),
        fill_cooldown_ns=limits.fill_cooldown_ms * NANOS_PER_MS,
        stale_order_ns=limits.stale_order_ms * NANOS_PER_MS,
        stale_order_policy=StaleOrderPolicy(limits.stale_order_policy),
        rate_reserve=limits.rate_reserve,
        tier=limits.tier,
    )


class Trader:
    """One start of one trader, on a given loop."""

    def __init__(self, runtime: Runtime, config: TraderConfig) -> None:
        self.engine: TradingEngine | None = None
        self._runtime = runtime
        self._config = config
        self._strategy = find_strategy(config.strategy)
        self._limits = engine_limits(config.limits)
        self._strategy.configure(config.parameters)  # a bad value ends the start here, not after the hello
        self._guard: SequenceGuard | None = SequenceGuard()
        self._alerted: dict[str, int] = {}
        self._decision: Decision | None = None
        self._says_decisions = config.log_level.upper() in ("DEBUG", "TRACE")
        name, home = actor_name(config.pair), runtime.home
        self._market = Subscriber(home.socket("market"), (market_topic(config.pair), EVERYONE))
        self._orders = Spoke(home.socket("orders"), name)
        self._capital = Spoke(home.socket("capital"), name)
        runtime.watch(self._market.socket, self._hear_market)
        runtime.watch(self._orders.socket, self._hear_gateway)
        runtime.watch(self._capital.socket, self._hear_allocator)
        runtime.every(HELLO_S, self._hello_again)
        runtime.every(STATUS_S, self._say_status)
        runtime.every(TIMER_NS / NANOS_PER_SECOND, self._tick)
        runtime.on_command = self._on_command
        runtime.on_stop = self._wind_up
        runtime.on_crash = self._cancel_all
        self._inheritance: Inheritance | None = None
        self._history: tuple[BookSnapshot, ...] | None = None
        runtime.report(HistoryRequest(config.pair))
        runtime.later(HISTORY_WAIT_S, self._start_cold)
        self._hello()

    # --- what it hears --------------------------------------------------------------------------------------------

    def _hear_market(self) -> None:
        frames = self._market.drain()
        self._runtime.vitals.handled(len(frames))
        for frame in frames:
            if self.engine is not None:
                self._give(read_market_frame(frame))

    def _hear_gateway(self) -> None:
        for frame in self._orders.drain():
            message = FROM_GATEWAY.decode(frame)
            match message:
                case Inheritance():
                    self._inherit(message)
                case Report() if message.epoch == self._config.epoch:
                    self._on_report(message)
                case FeesChanged() if message.pair == self._config.pair and self.engine is not None:
                    self._give(message)
                case _:
                    pass  # another epoch's or another actor's business

    def _hear_allocator(self) -> None:
        for frame in self._capital.drain():
            if self.engine is not None:
                self._give(FROM_ALLOCATOR.decode(frame))

    def _on_report(self, report: Report) -> None:
        if self._guard is None:  # the first after an inheritance says where the numbering stands
            self._guard = SequenceGuard(report.seq - 1)
        missing = self._guard.check(report.seq)
        if missing > 0:
            self._runtime.log.warning("{} reports are missing before {}; saying hello again", missing, report.seq)
            self._hello()
        if self.engine is not None and missing >= 0:
            self._give(report.body)

    def _inherit(self, inheritance: Inheritance) -> None:
        if inheritance.epoch != self._config.epoch:
            return
        self._guard = None
        if self.engine is not None:
            self._give(inheritance)
            return
        self._inheritance = inheritance
        self._begin()

    def _start_cold(self) -> None:
        if self._history is None:
            self._runtime.log.warning("no market history within {} s; signals start cold", HISTORY_WAIT_S)
            self._history = ()
            self._begin()

    def _begin(self) -> None:
        """Trade as soon as both the inheritance and the market's history are here."""
        inheritance = self._inheritance
        if self.engine is not None or inheritance is None or self._history is None:
            return
        self.engine = TradingEngine(
            pair=self._config.pair,
            epoch=self._config.epoch,
            instrument=inheritance.instrument,
            fees=inheritance.fees,
            position=inheritance.position,
            strategy=self._strategy,
            parameters=self._config.parameters,
            limits=self._limits,
        )
        self.engine.warm(self._history)
        lots, books = inheritance.position.lots, len(self._history)
        self._runtime.log.info("inherits {} lots, warmed by {} books", lots, books)
        self._tick()

    def _on_command(self, command: FromSupervisor) -> None:
        if isinstance(command, BookHistory):
            if self._history is None:
                self._history = command.books
                self._begin()
            return
        if isinstance(command, Retire) and self.engine is None:
            self._runtime.report(Retired(self._config.pair, self._config.epoch, 0, ok=True, reason="never traded"))
            self._runtime.stop(EXIT_DONE)
        elif self.engine is not None and isinstance(command, Pause | Resume | Flatten | Retire):
            self._give(command)

    # --- what it does ---------------------------------------------------------------------------------------------

    def _give(self, event: EngineEvent) -> None:
        assert self.engine is not None
        commands = self.engine.handle(event, self._runtime.now_ns())
        if commands:
            self._carry_out(commands)
        if self._says_decisions and self.engine.decision is not self._decision:
            self._say_decision(self.engine)

    def _tick(self) -> None:
        now_ns = self._runtime.now_ns()
        if self.engine is not None:
            self._carry_out(self.engine.on_timer(now_ns))
            self._runtime.state = self.engine.mandate.mode
        for code in [code for code, said_ns in self._alerted.items() if now_ns - said_ns > ALERT_STAYS_NS]:
            del self._alerted[code]
            self._runtime.clear(f"{self._runtime.name}/{code}")

    def _carry_out(self, commands: Iterable[EngineCommand]) -> None:
        for command in commands:
            match command:
                case OrderRequest():
                    self._orders.send(encode(command))
                    self._runtime.log.debug("asks {}", command.command)
                case LeaseRequest():
                    self._capital.send(encode(command))
                case Note():
                    self._say(command)
                case Retired():
                    self._runtime.log.info("retired: {}", command.reason)
                    self._runtime.report(command)
                    self._runtime.stop(EXIT_DONE)

    def _say(self, note: Note) -> None:
        if note.level is Severity.INFO:
            self._runtime.log.info("{}: {}", note.code, note.text)
            return
        self._alerted[note.code] = self._runtime.now_ns()
        self._runtime.alert(note.level, f"{self._runtime.name}/{note.code}", note.text)

    def _say_decision(self, engine: TradingEngine) -> None:
        self._decision = decision = engine.decision
        if decision is not None:
            self._runtime.log.debug("{} {} {} {}", decision.action, decision.reason, decision.text, decision.indicators)

    def _say_status(self) -> None:
        if self.engine is not None:
            self._runtime.report(self.engine.status(self._runtime.now_ns()))

    def _hello(self) -> None:
        self._orders.send(encode(TraderHello(self._config.pair, self._config.epoch)))

    def _hello_again(self) -> None:
        if self.engine is None:
            self._hello()

    def _cancel_all(self) -> None:
        if self.engine is not None:
            self._carry_out(self.engine.handle(Retire(flatten=False), self._runtime.now_ns()))

    def _wind_up(self) -> None:
        """Asked by a signal: cancel, and end when that is confirmed, or soon anyway."""
        if self.engine is None:
            self._runtime.stop(EXIT_DONE)
            return
        self._cancel_all()
        self._runtime.later(LAST_ORDERS_S, self._runtime.stop)

    def close(self) -> None:
        """Close the sockets; what is still queued for the gateway gets a moment to leave."""
        self._market.close()
        for spoke in (self._orders, self._capital):
            spoke.socket.close(linger=200)


def run(words: Sequence[str]) -> int:
    """Run the trader that `words` name with the configuration in the environment. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m actors trader", description=__doc__)
    parser.add_argument("--pair", required=True)
    parser.add_argument("--epoch", required=True, type=int)
    arguments = parser.parse_args(words)
    config = from_environment()
    if (arguments.pair, arguments.epoch) != (config.pair, config.epoch):
        told = f"{config.pair} epoch {config.epoch}"
        raise ConfigurationError(f"asked for {arguments.pair} epoch {arguments.epoch}, configured for {told}")
    runtime = Runtime(
        actor_name(config.pair), Home(Path(config.home)), epoch=config.epoch, level=config.log_level, pair=config.pair
    )
    trader = Trader(runtime, config)
    code = runtime.run()
    trader.close()
    return code


ACTOR = ActorSpec("trader", "trades one pair", run)
