"""One pair's trader: the shell around `TraderSeat`.

It hears market data, the gateway's reports, the allocator's leases and the supervisor's verbs, hands each to the seat with
the time, and carries out what comes back.

Rules: decides nothing. The supervisor sets its parent-death signal and its environment; it imports nothing heavy.
Owns: the sockets, the alerts that are up.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from actors.runtime import Runtime
from actors.spec import EXIT_DONE, ActorSpec
from actors.trader_config import TraderConfig, TraderLimits, actor_name, from_environment
from wildbot.adapters import failpoints
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Spoke, Subscriber
from wildbot.engine import TIMER_NS, TradingEngine
from wildbot.model.control import HistoryRequest, Retire, Retired
from wildbot.model.desk import CountQuestion, LeaseRequest, OrderRequest, TraderHello
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, money_from_text
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.status import Severity
from wildbot.protocol.bus import (
    EVERYONE,
    FROM_ALLOCATOR,
    FROM_GATEWAY,
    conflated,
    encode,
    market_topic,
    read_market_frame,
)
from wildbot.strategies.base import Decision, find_strategy
from wildbot.trader_seat import LeaveSeat, SeatCommand, TraderSeat, leaving_seat
from wildbot.trading.limits import EngineLimits
from wildbot.trading.note import Note
from wildbot.trading.quote_diff import StaleOrderPolicy
from wildbot.trading.rate_budget import TIER_LIMITS
from wildbot.trading.risk import RiskLimits

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
        late_book_ns=limits.late_book_ms * NANOS_PER_MS,
        slow_answer_ns=limits.slow_answer_ms * NANOS_PER_MS,
    )


def the_seat(config: TraderConfig) -> TraderSeat:
    """Return the seat this start was made for. Raises: ConfigurationError naming key, value and rule."""
    limits = msgspec.structs.replace(engine_limits(config.limits), feed_shows_own=config.feed_shows_own)
    if config.only_leaves:
        return leaving_seat(config.pair, config.epoch, limits)
    return TraderSeat(
        config.pair,
        config.epoch,
        strategy=find_strategy(config.strategy),
        parameters=config.parameters,
        limits=limits,
        has_sessions=config.has_sessions,
    )


class Trader:
    """One start of one trader, on a given loop."""

    def __init__(self, runtime: Runtime, config: TraderConfig) -> None:
        self._runtime = runtime
        self._seat = the_seat(config)
        self._bus, self._decide = runtime.vitals.hop("bus"), runtime.vitals.hop("decide")
        self._tick_ns = 0
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
        runtime.every(STATUS_S, self._say_status)
        runtime.every(TIMER_NS / NANOS_PER_SECOND, self._tick)
        runtime.on_command = lambda command: self._carry_out(self._seat.on_supervisor(command, runtime.now_ns()))
        runtime.on_stop = self._wind_up
        runtime.on_crash = self._cancel_all
        self._carry_out(self._seat.start(runtime.now_ns()))

    @property
    def engine(self) -> TradingEngine | None:
        """The engine, from the inheritance on."""
        return self._seat.engine

    # --- ears -----------------------------------------------------------------------------------------------------

    def _hear_market(self) -> None:
        frames = self._market.drain()
        self._runtime.vitals.handled(len(frames))
        kept = conflated(frames)
        if len(kept) < len(frames):
            self._say(Note(Severity.WARNING, "behind", f"{len(frames) - len(kept)} books skipped for newer ones"))
        for frame in kept:
            event, now_ns = read_market_frame(frame), self._runtime.now_ns()
            if type(event) is BookSnapshot:
                self._bus.record(now_ns - event.recv_ts_ns)
            commands = self._seat.on_market(event, now_ns)
            if commands:
                self._tick_ns = event.recv_ts_ns if isinstance(event, BookSnapshot | TradePrint) else 0
                self._carry_out(commands)
                self._decide.record(self._runtime.now_ns() - now_ns)
                self._tick_ns = 0
            if self._says_decisions:
                self._say_decision()

    def _hear_gateway(self) -> None:
        for frame in self._orders.drain():
            self._carry_out(self._seat.on_gateway(FROM_GATEWAY.decode(frame), self._runtime.now_ns()))

    def _hear_allocator(self) -> None:
        for frame in self._capital.drain():
            self._carry_out(self._seat.on_allocator(FROM_ALLOCATOR.decode(frame), self._runtime.now_ns()))

    # --- what it does ---------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now_ns = self._runtime.now_ns()
        self._carry_out(self._seat.on_timer(now_ns))
        if self.engine is not None:
            self._runtime.state = self.engine.mandate.mode
        for code in [code for code, said_ns in self._alerted.items() if now_ns - said_ns > ALERT_STAYS_NS]:
            del self._alerted[code]
            self._runtime.clear(f"{self._runtime.name}/{code}")

    def _carry_out(self, commands: Iterable[SeatCommand]) -> None:
        for command in commands:
            match command:
                case OrderRequest():
                    failpoints.reach("trader.decided")
                    sent_ns = self._runtime.now_ns()
                    self._orders.send(encode(msgspec.structs.replace(command, sent_ns=sent_ns, tick_ns=self._tick_ns)))
                    if self._says_decisions:
                        self._runtime.log.debug("asks {}", command.command)
                case TraderHello() | CountQuestion():
                    self._orders.send(encode(command))
                case LeaseRequest():
                    self._capital.send(encode(command))
                case HistoryRequest():
                    self._runtime.report(command)
                case Note():
                    self._say(command)
                case Retired():
                    self._runtime.log.info("retired: {}", command.reason)
                    self._runtime.report(command)
                    self._runtime.stop(EXIT_DONE)
                case LeaveSeat():
                    self._runtime.stop(EXIT_DONE)

    def _say(self, note: Note) -> None:
        if note.level is Severity.INFO:
            self._runtime.log.info("{}: {}", note.code, note.text)
            return
        self._alerted[note.code] = self._runtime.now_ns()
        self._runtime.alert(note.level, f"{self._runtime.name}/{note.code}", note.text)

    def _say_decision(self) -> None:
        if self.engine is None:
            return
        decision = self.engine.decision
        if decision is not None and decision is not self._decision:
            self._decision = decision
            told = decision.text or self.engine.hindrance
            self._runtime.log.debug("{} {} {} {}", decision.action, decision.reason, told, decision.indicators)

    def _say_status(self) -> None:
        if self.engine is not None:
            self._runtime.report(self.engine.status(self._runtime.now_ns()))

    def _cancel_all(self) -> None:
        self._carry_out(self._seat.on_supervisor(Retire(flatten=False), self._runtime.now_ns()))

    def _wind_up(self) -> None:
        """Asked by a signal: cancel, and end when that is confirmed, or soon anyway."""
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
        actor_name(config.pair),
        Home(Path(config.home)),
        epoch=config.epoch,
        level=config.log_level,
        pair=config.pair,
        settings=config.fingerprint,
    )
    trader = Trader(runtime, config)
    code = runtime.run()
    trader.close()
    return code


ACTOR = ActorSpec("trader", "trades one pair", run)
