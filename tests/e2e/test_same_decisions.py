"""The same recording gives the live trader the same decisions as the backtest, byte for byte.

What is proven: every message that the backtest's trader hears (books, trades, beats, leases, inheritance, reports) and every
turn of its timer is given, as the very frames of the bus, over real sockets, to the trader's own shell, its clock set to the
recording's time. Its decisions hash to the backtest's, and what it asks of the gateway and the allocator is the same.
What is not: the gateway, the allocator and the feed handler run here as the backtest's stages, and time is virtual; between
real processes on a wall clock arrival times differ from run to run, and decisions with them.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from actors.runtime import Callback, Runtime
from actors.trader import Trader, engine_limits
from actors.trader_children import trader_config
from actors.trader_config import TraderConfig, actor_name
from tests.backtest.builders_backtest import EAGER, a_setup
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub, Publisher
from wildbot.backtest.latency import ConstantLatency
from wildbot.backtest.live_market import LiveMarket, MarketPlan, lonely_tape
from wildbot.backtest.run import Backtest
from wildbot.backtest.setup import BacktestSetup
from wildbot.backtest.trader_stage import Asked, DecisionSink, TraderStage
from wildbot.commands.compiled import runs_compiled
from wildbot.engine import TIMER_NS, EngineEvent
from wildbot.model.control import BookHistory, Retire
from wildbot.model.desk import CapitalLease, LeaseRefused, OrderRequest, ReportCount, ToGateway
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, FeeSchedule
from wildbot.model.market_data import FeedBeat, MarketEvent
from wildbot.protocol.bus import TO_GATEWAY, encode, market_frame
from wildbot.settings_loading import load

pytestmark = pytest.mark.skipif(runs_compiled(), reason="the tap is a subclass, which machine code does not take")
PAIR = "SOL/USDC"
EPOCH = 1
SECONDS = 30
TURNS_MAX = 2_000
NAME = actor_name(PAIR).encode()

TIMER, MARKET, ORDERS, CAPITAL, VERB = "timer", "market", "orders", "capital", "verb"
Step = tuple[int, str, bytes]
"""When, over which wire, which frame."""

SETTINGS = load(environment={}, env_file=Path("/nonexistent/.env")).settings
LIMITS = replace(trader_config(SETTINGS, Path("/nonexistent"), PAIR, EPOCH).limits, max_order_notional="10000")


class TappedTrader(TraderStage):
    """The backtest's trader; everything it hears is written down as it would travel."""

    def __init__(self, backtest: Backtest, setup: BacktestSetup, sink: DecisionSink) -> None:
        self.steps: list[Step] = []
        self.requests: list[OrderRequest] = []

        def ask(message: Asked, now_ns: int) -> None:
            if isinstance(message, OrderRequest):
                self.requests.append(message)
            backtest._desk.on_trader(message, now_ns)

        super().__init__(PAIR, EPOCH, setup, ask, sink)
        backtest._traders[EPOCH] = backtest._by_pair[PAIR] = self

    def hear(self, message: msgspec.Struct, now_ns: int) -> None:
        wire = CAPITAL if isinstance(message, CapitalLease | LeaseRefused) else ORDERS
        if not isinstance(message, ReportCount):
            self.steps.append((now_ns, wire, encode(message)))
        super().hear(message, now_ns)  # type: ignore[arg-type]

    def give(self, event: EngineEvent, now_ns: int) -> None:
        if isinstance(event, MarketEvent):
            self.steps.append((now_ns, MARKET, market_frame(event)))
        super().give(event, now_ns)

    def on_timer(self, now_ns: int) -> None:
        self.steps.append((now_ns, TIMER, b""))
        super().on_timer(now_ns)

    def retire(self, now_ns: int) -> None:
        self.steps.append((now_ns, VERB, b""))
        super().retire(now_ns)


class VirtualRuntime(Runtime):
    """The runtime with a clock that is set, and timers that are called by hand; sockets are real."""

    def __init__(self, home: Home, at_ns: int) -> None:
        self.at_ns = at_ns
        self.heard = 0
        self.timers: dict[float, Callback] = {}
        super().__init__(actor_name(PAIR), home, epoch=EPOCH, pair=PAIR, level="DEBUG", linked=False)

    def now_ns(self) -> int:
        return self.at_ns

    def every(self, seconds: float, callback: Callback) -> None:
        self.timers[seconds] = callback

    def watch(self, source: object, callback: Callback) -> None:
        def counted() -> None:
            callback()
            self.heard += 1

        super().watch(source, counted)  # type: ignore[arg-type]


class Replayed:
    """The trader's shell between real sockets, fed step by step."""

    def __init__(self, root: Path, at_ns: int, parameters: dict[str, object], decisions: DecisionSink) -> None:
        home = Home(root)
        home.prepare()
        self.orders, self.capital = Hub(home.socket("orders")), Hub(home.socket("capital"))
        self.market = Publisher(home.socket("market"))
        self.runtime = VirtualRuntime(home, at_ns)
        config = TraderConfig(str(root), PAIR, EPOCH, "market_maker", parameters, LIMITS, "DEBUG")
        self.trader = Trader(self.runtime, config)
        self.requests: list[OrderRequest] = []
        self._decisions = decisions
        self._last: object = None

    def begin(self) -> None:
        """Wait until all wires are connected; before its inheritance a trader passes market data over."""
        at_ns = self.runtime.at_ns
        for _ in range(TURNS_MAX):
            self.market.send(market_frame(FeedBeat(at_ns, at_ns, True, {})))
            self.runtime.turn(5)
            if self._listen() and self.runtime.heard:
                break
        while self._turned():
            pass
        self.runtime.on_command(BookHistory(PAIR, ()))

    def play(self, step: Step) -> None:
        """Let one thing happen to the trader, at its time."""
        self.runtime.at_ns, wire, frame = step
        if wire == TIMER:
            self.runtime.timers[TIMER_NS / NANOS_PER_SECOND]()
        elif wire == VERB:
            self.runtime.on_command(Retire(flatten=True))
        else:
            self._send(wire, frame)
            assert any(self._turned() for _ in range(TURNS_MAX)), f"{wire} brought nothing in {TURNS_MAX} turns"
        engine = self.trader.engine
        if engine is not None and engine.decision is not self._last and engine.decision is not None:
            self._last = engine.decision
            self._decisions.take(PAIR, engine.decision, self.runtime.at_ns)

    def _send(self, wire: str, frame: bytes) -> None:
        if wire == MARKET:
            self.market.send(frame)
        else:
            (self.orders if wire == ORDERS else self.capital).send(NAME, frame)

    def _turned(self) -> bool:
        before = self.runtime.heard
        self.runtime.turn(5)
        return self.runtime.heard > before

    def _listen(self) -> int:
        """Take in what the trader said to the gateway; return how much it was."""
        said: list[ToGateway] = [TO_GATEWAY.decode(frame) for _, frame in self.orders.drain()]
        self.requests += [each for each in said if isinstance(each, OrderRequest)]
        return len(said)

    def close(self) -> None:
        """Wait for the last requests, then close every socket."""
        while self._listen():
            pass
        self.trader.close()
        for socket in (self.orders, self.capital, self.market):
            socket.close()


def a_backtest(strategy: dict[str, object], write: Callable[[bytes], None]) -> TappedTrader:
    """A minute of a simulated market, recorded, and the market maker on it."""
    market = LiveMarket(MarketPlan(pair=PAIR, scenario="busy", seed=3, seconds=SECONDS), FeeSchedule(0, 0), "pro")
    delay = ConstantLatency(20 * NANOS_PER_MS)
    setup = a_setup(
        parameters=strategy,
        limits=engine_limits(LIMITS),
        feed_latency=delay,
        order_latency=delay,
        report_latency=delay,
    )
    sink = DecisionSink(write)
    backtest = Backtest(setup, [lonely_tape(market)], sink)
    tapped = TappedTrader(backtest, setup, sink)
    backtest.run()
    return tapped


def replay(root: Path, tapped: TappedTrader) -> tuple[list[bytes], list[OrderRequest]]:
    """Return the decisions and the requests of the live shell that is given what the backtest's trader heard."""
    lines: list[bytes] = []
    stage = Replayed(root, tapped.steps[0][0], EAGER, DecisionSink(lines.append))
    try:
        stage.begin()
        for step in tapped.steps:
            stage.play(step)
    finally:
        stage.close()
    return lines, stage.requests


def test_a_recording_through_the_traders_shell_gives_the_decisions_of_the_backtest(tmp_path: Path) -> None:
    expected: list[bytes] = []
    tapped = a_backtest(EAGER, expected.append)
    lines, requests = replay(tmp_path, tapped)
    assert len(expected) > 150
    assert len(tapped.requests) > 10
    assert next(((one, other) for one, other in zip(lines, expected, strict=False) if one != other), None) is None
    assert len(lines) == len(expected)
    assert [each.command for each in requests] == [each.command for each in tapped.requests]


def test_one_book_less_gives_other_decisions(tmp_path: Path) -> None:
    expected: list[bytes] = []
    tapped = a_backtest(EAGER, expected.append)
    books = [index for index, (_, wire, _) in enumerate(tapped.steps) if wire == MARKET]
    del tapped.steps[books[len(books) // 2]]
    assert replay(tmp_path, tapped)[0] != expected
