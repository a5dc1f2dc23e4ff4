"""The trader's shell, driven turn by turn between a real gateway hub, allocator hub and market publisher."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.runtime import Runtime
from actors.spec import EXIT_CONFIGURATION
from actors.trader import Trader, engine_limits
from actors.trader_config import ENVIRONMENT_NAME, TraderConfig, TraderLimits
from tests.trading.builders_trading import EAGER, FEES, PAIR, SOL, a_book
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub, Publisher
from wildbot.model.control import Flatten, Pause, Retire
from wildbot.model.desk import CapitalLease, Inheritance, LeaseRequest, OrderRequest, PositionState, Report, TraderHello
from wildbot.model.errors import ConfigurationError
from wildbot.model.executions import Accepted, Canceled, OrderReport
from wildbot.model.instrument import money_from_text
from wildbot.model.orders import CancelOrder, NewOrder
from wildbot.protocol.bus import BACKLOG_MIN, TO_ALLOCATOR, TO_GATEWAY, encode, market_frame

NAME = b"trader-SOL-USDC"
EPOCH = 7
TURNS_MAX = 400
ROOT = Path(__file__).resolve().parents[2]


def limits(**changes: object) -> TraderLimits:
    plain: dict[str, object] = {
        "max_position": 1.0,
        "max_order_notional": "100",
        "max_orders_per_s": 5.0,
        "entry_collar_pct": 1.0,
        "exit_collar_pct": 3.0,
        "allow_short": False,
        "stale_order_ms": 500,
        "stale_order_policy": "reevaluate",
        "fill_cooldown_ms": 200,
        "rate_reserve": 0.4,
        "tick_age_max_ms": 10_000,
        "silence_max_s": 60.0,
        "tier": "intermediate",
        "late_book_ms": 10_000,
        "slow_answer_ms": 1_000,
    }
    return TraderLimits(**{**plain, **changes})  # type: ignore[arg-type]


def config(home: Path) -> TraderConfig:
    return TraderConfig(str(home), PAIR, EPOCH, "market_maker", EAGER, limits(), "DEBUG")


class Desk:
    """The other ends of the trader's sockets."""

    def __init__(self, root: Path) -> None:
        home = Home(root)
        home.prepare()
        self.orders, self.capital = Hub(home.socket("orders")), Hub(home.socket("capital"))
        self.market = Publisher(home.socket("market"))
        self.runtime = Runtime("trader-SOL-USDC", home, epoch=EPOCH, pair=PAIR, level="DEBUG", linked=False)
        self.trader = Trader(self.runtime, config(root))
        self.asked: list[TraderHello | OrderRequest] = []
        self.wanted: list[LeaseRequest] = []
        self.seq = self.book_seq = 0

    def turn_until(self, done: Callable[[], bool]) -> None:
        for _ in range(TURNS_MAX):
            self.runtime.turn(10)
            for _, frame in self.orders.drain():
                message = TO_GATEWAY.decode(frame)
                assert isinstance(message, TraderHello | OrderRequest)
                self.asked.append(message)
            self.wanted += [TO_ALLOCATOR.decode(frame) for _, frame in self.capital.drain()]
            if done():
                return
        raise AssertionError(f"nothing came of it in {TURNS_MAX} turns; so far {self.asked}")

    def commands(self, kind: type[NewOrder] | type[CancelOrder]) -> list[NewOrder | CancelOrder]:
        return [m.command for m in self.asked if isinstance(m, OrderRequest) and isinstance(m.command, kind)]

    def hellos(self) -> int:
        return sum(isinstance(message, TraderHello) for message in self.asked)

    def inherit(self, lots: int = 0) -> None:
        self.turn_until(lambda: self.hellos() > 0)
        state = PositionState(PAIR, lots=lots, basis=SOL.cost(15_000, lots))
        self.orders.send(NAME, encode(Inheritance(EPOCH, SOL, FEES, state, self.hellos())))
        self.turn_until(lambda: self.trader.engine is not None)

    def lend(self) -> None:
        self.turn_until(lambda: bool(self.wanted))
        self.capital.send(NAME, encode(CapitalLease(PAIR, EPOCH, money_from_text("16"), 2**62)))

    def publish(self, bid: int = 15_000) -> None:
        self.book_seq += 1
        now = self.runtime.now_ns()
        self.market.send(market_frame(a_book(bid, bid + 10, at=now, seq=self.book_seq)))

    def report(self, body: OrderReport, *, skip: int = 0) -> None:
        self.seq += 1 + skip
        self.orders.send(NAME, encode(Report(EPOCH, self.seq, body)))

    def quote(self) -> str:
        """Bring the trader to its first accepted bid; return the id."""
        self.inherit()
        self.lend()

        def quoted() -> bool:
            if not self.commands(NewOrder):
                self.publish()
            return bool(self.commands(NewOrder))

        self.turn_until(quoted)
        cl_ord_id = self.commands(NewOrder)[0].cl_ord_id
        self.report(Accepted(cl_ord_id, "O1", self.runtime.now_ns()))
        self.turn_until(lambda: self.state_of(cl_ord_id) == "open")
        return cl_ord_id

    def state_of(self, cl_ord_id: str) -> str:
        assert self.trader.engine is not None
        rows = self.trader.engine.status(self.runtime.now_ns()).orders
        return next((row.state for row in rows if row.cl_ord_id == cl_ord_id), "gone")

    def close(self) -> None:
        self.runtime.stop()
        self.runtime.run()
        self.trader.close()
        for socket in (self.orders, self.capital, self.market):
            socket.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def test_it_says_hello_and_nothing_else_until_it_has_inherited(desk: Desk) -> None:
    desk.turn_until(lambda: desk.hellos() > 0)
    desk.publish()
    desk.turn_until(lambda: desk.hellos() > 1)
    assert desk.asked == [TraderHello(PAIR, EPOCH, number) for number in range(1, desk.hellos() + 1)]
    assert desk.wanted == []


def test_it_inherits_asks_for_capital_and_quotes(desk: Desk) -> None:
    cl_ord_id = desk.quote()
    assert cl_ord_id == "wb7x1"
    assert desk.wanted[0].epoch == EPOCH


def test_an_inheritance_of_another_epoch_is_not_its_own(desk: Desk) -> None:
    desk.turn_until(lambda: desk.hellos() > 0)
    desk.orders.send(NAME, encode(Inheritance(EPOCH + 1, SOL, FEES, PositionState(PAIR))))
    desk.turn_until(lambda: desk.hellos() > 1)
    assert desk.trader.engine is None


def test_a_gap_in_the_reports_makes_it_say_hello_again(desk: Desk) -> None:
    cl_ord_id = desk.quote()
    before = desk.hellos()
    desk.report(Canceled(cl_ord_id, 0, "User requested", desk.runtime.now_ns()), skip=1)
    desk.turn_until(lambda: desk.hellos() > before)
    assert desk.trader.engine is not None
    desk.orders.send(NAME, encode(Inheritance(EPOCH, SOL, FEES, PositionState(PAIR, trades=3), desk.hellos())))
    desk.turn_until(lambda: desk.trader.engine is not None and desk.trader.engine.position.trades == 3)


def test_verbs_reach_the_engine_and_retire_ends_the_process(desk: Desk) -> None:
    cl_ord_id = desk.quote()
    desk.runtime.on_command(Pause())
    desk.turn_until(lambda: bool(desk.commands(CancelOrder)))
    desk.runtime.on_command(Flatten())
    desk.runtime.on_command(Retire(flatten=True))
    assert not desk.runtime.stopping
    desk.report(Canceled(cl_ord_id, 0, "User requested", desk.runtime.now_ns()))
    desk.turn_until(lambda: desk.runtime.stopping)


def test_a_trader_that_never_traded_retires_at_once(desk: Desk) -> None:
    desk.runtime.on_command(Retire(flatten=False))
    assert desk.runtime.stopping


def test_a_trader_that_should_leave_its_position_first_hears_what_that_is(desk: Desk) -> None:
    desk.runtime.on_command(Retire(flatten=True))
    assert not desk.runtime.stopping
    desk.inherit()
    desk.turn_until(lambda: desk.runtime.stopping)


def test_a_signal_cancels_before_it_ends(desk: Desk) -> None:
    cl_ord_id = desk.quote()
    desk.runtime.on_stop()
    desk.turn_until(lambda: bool(desk.commands(CancelOrder)))
    assert not desk.runtime.stopping
    desk.report(Canceled(cl_ord_id, 0, "User requested", desk.runtime.now_ns()))
    desk.turn_until(lambda: desk.runtime.stopping)


def test_every_decision_is_in_the_debug_log(desk: Desk) -> None:
    desk.quote()
    text = (desk.runtime.home.log / "trader-SOL-USDC.log").read_text(encoding="utf-8")
    assert "DEBUG" in text
    assert "quote_bid quoting" in text
    assert "microprice" in text


def test_unreadable_market_frames_are_not_a_reason_to_die(desk: Desk) -> None:
    desk.quote()
    desk.market.send(b"md." + PAIR.encode() + b"\0nonsense")
    desk.turn_until(lambda: desk.runtime.vitals.unreadable > 0)


@pytest.mark.parametrize(("key", "value"), [("tier", "gold"), ("stale_order_policy", "ignore")])
def test_limits_that_do_not_exist_are_refused(key: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=value):
        engine_limits(limits(**{key: value}))


def test_a_trader_nobody_configured_ends_with_the_configuration_code(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != ENVIRONMENT_NAME}
    command = [sys.executable, "-m", "actors", "trader", "--pair", PAIR, "--epoch", "1"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == EXIT_CONFIGURATION
    assert ENVIRONMENT_NAME in done.stderr


def test_it_measures_the_way_to_it_and_its_own_part(desk: Desk) -> None:
    desk.quote()
    (request,) = [message for message in desk.asked if isinstance(message, OrderRequest)]
    assert 0 < request.tick_ns <= request.decided_ns <= request.sent_ns
    hops = {hop.name: hop for hop in desk.runtime.vitals.heartbeat("trader", EPOCH, "trading", 0).hops}
    assert set(hops) == {"bus", "decide"}
    assert sum(hops["bus"].counts.values()) == desk.book_seq


def test_a_trader_far_behind_acts_on_the_newest_book_and_says_so(desk: Desk) -> None:
    desk.quote()
    for number in range(2 * BACKLOG_MIN):
        desk.publish(15_000 + number % 2)
    desk.turn_until(lambda: "books skipped for newer ones" in (desk.runtime.home.log / "trader-SOL-USDC.log").read_text())
    assert desk.trader.engine is not None
    desk.turn_until(lambda: desk.trader.engine is not None and desk.trader.engine.market.book.seq == desk.book_seq)
