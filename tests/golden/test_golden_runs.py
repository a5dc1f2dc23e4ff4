"""Golden runs: a small generated tape of events through the engine, its command stream compared line by line.

A difference means that trading behaviour changed. When that was meant, write the new stream with
`python -m tests.golden.test_golden_runs` and read the difference before it is committed.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.trading.builders_trading import MS, ONE, PAIR, START, a_beat, a_book, a_fill, a_lease, an_engine
from wildbot.engine import EngineCommand, TradingEngine
from wildbot.model.control import Flatten, Resume, Retire, Retired
from wildbot.model.desk import LeaseRequest, OrderRequest
from wildbot.model.executions import Accepted, Amended, Canceled
from wildbot.model.instrument import Liquidity
from wildbot.model.market_data import BookInvalidated
from wildbot.model.orders import AmendOrder, NewOrder, Side, TimeInForce
from wildbot.trading.limits import EngineLimits
from wildbot.trading.risk import RiskLimits

FOLDER = Path(__file__).parent
RUNS: dict[str, tuple[int, dict[str, object]]] = {
    "cash": (11, {"min_volatility_bps": 4, "ema_window": 10}),
    "balanced": (12, {"inventory_mode": "balanced"}),
    "margin": (13, {"inventory_mode": "margin", "stop_loss_bps": 20}),
    "hurdle": (14, {"edge_policy": "require", "ema_window": 10}),
}
BOOKS = 400


class Tape:
    """A seeded market and a venue that fills what the market reaches; every command becomes one line."""

    def __init__(self, seed: int, parameters: dict[str, object]) -> None:
        limits = EngineLimits(risk=RiskLimits(allow_short=parameters.get("inventory_mode") == "margin"))
        self.engine: TradingEngine = an_engine(limits=limits, **parameters)
        self.walk = random.Random(seed)
        self.lines: list[str] = []
        self.resting: dict[str, tuple[Side, int, int, int]] = {}
        self.now, self.bid = START, 15_000

    def run(self) -> list[str]:
        self.take(self.engine.handle(a_lease(), self.now))
        for seq in range(1, BOOKS + 1):
            self.now += self.walk.choice((50, 250, 600, 1_500)) * MS
            self.bid += self.walk.choice((-9, -3, -1, 0, 1, 3, 9))
            self.take(self.engine.handle(a_beat(self.now, seq - 1), self.now))
            lots = self.walk.randint(1, 20) * ONE
            book = a_book(self.bid, self.bid + 10, at=self.now, seq=seq, bid_lots=lots, ask_lots=10 * ONE)
            self.take(self.engine.handle(book, self.now))
            self.take(self.engine.on_timer(self.now))
            self.fill()
            if seq == BOOKS // 4:
                self.take(self.engine.handle(BookInvalidated(PAIR, "checksum", self.now), self.now))
            if seq == BOOKS // 2:
                self.take(self.engine.handle(Flatten(), self.now))
            if seq == BOOKS // 2 + 20:
                self.take(self.engine.handle(Resume(), self.now))
        self.take(self.engine.handle(Retire(flatten=True), self.now))
        return [*self.lines, self.line("end", msgspec.to_builtins(self.engine.position))]

    def fill(self) -> None:
        for cl_ord_id, (side, ticks, lots, done) in list(self.resting.items()):
            reached = ticks >= self.bid if side is Side.BUY else ticks <= self.bid + 10
            if reached and self.walk.random() < 0.3:
                part = min(lots, self.walk.choice((1_000_000, lots // 2 + 1, lots)))
                self.resting[cl_ord_id] = (side, ticks, lots - part, done + part)
                if part == lots:
                    del self.resting[cl_ord_id]
                self.report(a_fill(side, part, ticks, cl_ord_id=cl_ord_id, at=self.now))

    def take(self, commands: object) -> None:
        assert isinstance(commands, list | tuple)
        for command in commands:
            self.lines += list(self.describe(command))
            if isinstance(command, OrderRequest):
                self.answer(command)

    def answer(self, request: OrderRequest) -> None:
        order = request.command
        if isinstance(order, NewOrder):
            self.resting[order.cl_ord_id] = (order.side, order.ticks, order.lots, 0)
            self.report(Accepted(order.cl_ord_id, "O", self.now))
            if order.time_in_force is TimeInForce.IOC:
                del self.resting[order.cl_ord_id]
                price = self.bid if order.side is Side.SELL else self.bid + 10
                taken = {"cl_ord_id": order.cl_ord_id, "at": self.now, "liquidity": Liquidity.TAKER}
                self.report(a_fill(order.side, order.lots, price, **taken))  # type: ignore[arg-type]
        elif order.cl_ord_id in self.resting:
            side, _, _, done = self.resting[order.cl_ord_id]
            if isinstance(order, AmendOrder):
                self.resting[order.cl_ord_id] = (side, order.ticks, order.lots - done, done)
                self.report(Amended(order.cl_ord_id, order.ticks, order.lots, self.now))
            else:
                del self.resting[order.cl_ord_id]
                self.report(Canceled(order.cl_ord_id, done, "User requested", self.now))

    def report(self, report: Accepted | Amended | Canceled | object) -> None:
        self.take(self.engine.handle(report, self.now))  # type: ignore[arg-type]

    def describe(self, command: EngineCommand) -> Iterator[str]:
        if isinstance(command, LeaseRequest):
            yield self.line("lease", command.needed)
        elif isinstance(command, OrderRequest):
            yield self.line("order", msgspec.to_builtins(command.command))
        elif isinstance(command, Retired):
            yield self.line("retired", [command.lots, command.ok, command.reason])
        else:
            yield self.line("note", [command.code, command.text])

    def line(self, kind: str, what: object) -> str:
        return json.dumps([(self.now - START) // MS, kind, what])


def golden(name: str) -> Path:
    return FOLDER / f"{name}.jsonl"


@pytest.mark.parametrize("name", RUNS)
def test_the_command_stream_is_exactly_the_recorded_one(name: str) -> None:
    assert Tape(*RUNS[name]).run() == golden(name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", RUNS)
def test_a_golden_run_is_worth_comparing(name: str) -> None:
    kinds = {json.loads(line)[1] for line in golden(name).read_text(encoding="utf-8").splitlines()}
    assert {"lease", "order", "note", "retired", "end"} <= kinds


if __name__ == "__main__":
    for run_name, run_of in RUNS.items():
        golden(run_name).write_text("\n".join(Tape(*run_of).run()) + "\n", encoding="utf-8")
