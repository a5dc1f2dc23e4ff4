"""What holds for a trader whatever market, fills and verbs come."""

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.builders_trading import (
    MS,
    SECOND,
    SOL,
    START,
    a_book,
    a_fill,
    a_lease,
    an_engine,
    canceled,
    money,
    requests,
)
from wildbot.engine import TradingEngine
from wildbot.model.control import Retire
from wildbot.model.executions import Accepted, Amended
from wildbot.model.orders import CancelOrder, NewOrder, Side, TimeInForce
from wildbot.trading.limits import EngineLimits
from wildbot.trading.mandate import Mode
from wildbot.trading.quote_diff import StaleOrderPolicy


class World:
    """A tiny venue that answers as the drawn choices say; it knows what really rests and what was really sold."""

    def __init__(self, engine: TradingEngine) -> None:
        self.engine, self.now, self.seq, self.bid = engine, START, 0, 15_000
        self.resting: dict[str, tuple[Side, int, int]] = {}
        self.filled: dict[str, int] = {}
        self.coins = 0
        self.take(engine.handle(a_lease(until=START + 10**6 * SECOND), START))

    def book(self, step: int) -> None:
        self.now += 250 * MS
        self.seq, self.bid = self.seq + 1, max(10_000, self.bid + step)
        self.take(self.engine.handle(a_book(self.bid, self.bid + 10, at=self.now, seq=self.seq), self.now))
        self.take(self.engine.on_timer(self.now))

    def fill(self, share: int) -> None:
        for cl_ord_id, (side, ticks, lots) in list(self.resting.items()):
            self._execute(cl_ord_id, side, ticks, max(1, lots * share // 10))

    def _execute(self, cl_ord_id: str, side: Side, ticks: int, lots: int) -> None:
        rest = self.resting[cl_ord_id][2] - lots
        self.resting[cl_ord_id] = (side, ticks, rest)
        if rest <= 0:
            del self.resting[cl_ord_id]
        self.coins += side.sign * lots
        self.filled[cl_ord_id] = self.filled.get(cl_ord_id, 0) + lots
        assert self.coins >= 0, "sold what was not owned"
        self.take(self.engine.handle(a_fill(side, lots, ticks, cl_ord_id=cl_ord_id, at=self.now), self.now))

    def take(self, commands: object) -> None:
        for request in requests(commands):
            order = request.command
            if isinstance(order, NewOrder):
                self.resting[order.cl_ord_id] = (order.side, order.ticks, order.lots)
                self.take(self.engine.handle(Accepted(order.cl_ord_id, "O", self.now), self.now))
                if order.time_in_force is TimeInForce.IOC:
                    self._execute(order.cl_ord_id, order.side, self.bid, order.lots)
            elif isinstance(order, CancelOrder):
                self.resting.pop(order.cl_ord_id, None)
                done = self.filled.get(order.cl_ord_id, 0)
                self.take(self.engine.handle(canceled(order.cl_ord_id, done, self.now), self.now))
            elif order.cl_ord_id in self.resting:
                side = self.resting[order.cl_ord_id][0]
                rest = order.lots - self.filled.get(order.cl_ord_id, 0)
                self.resting[order.cl_ord_id] = (side, order.ticks, rest)
                self.take(self.engine.handle(Amended(order.cl_ord_id, order.ticks, order.lots, self.now), self.now))
        assert len(self.resting) <= 2
        buys = sum(SOL.cost(ticks, lots) for side, ticks, lots in self.resting.values() if side is Side.BUY)
        assert buys + self.engine.position.basis <= money("16"), "more at work than the lease"


@given(
    st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 10)), min_size=5, max_size=60),
    st.sampled_from(["cash", "balanced"]),
    st.booleans(),
)
def test_it_never_sells_what_it_does_not_own_nor_spends_more_than_its_lease(
    steps: list[tuple[int, int]], mode: str, literal: bool
) -> None:
    policy = StaleOrderPolicy.CANCEL if literal else StaleOrderPolicy.REEVALUATE
    engine = an_engine(limits=EngineLimits(stale_order_policy=policy), inventory_mode=mode, stop_loss_bps=50)
    world = World(engine)
    for step, share in steps:
        world.book(step)
        if share > 5:
            world.fill(share)
    assert engine.position.lots == world.coins
    world.take(engine.handle(Retire(flatten=True), world.now))
    for _ in range(30):
        world.book(1)
    assert engine.mandate.mode is Mode.RETIRED
    assert not world.resting
    assert world.coins < SOL.min_order_lots(world.bid)
