"""No tick may cost more work than its budget in `budgets.toml`: counted, not timed, so it holds on any machine.

A value above its budget is a regression, or a decision to be made: then the table is changed in the same commit, with its
reason. A value far below its budget means that the table was not tightened when the code got better.
"""

import tomllib
from pathlib import Path

import pytest

from actors.bench_feed_frames import SHAPES, generated_frames
from tests.backtest.builders_backtest import a_sample_tape, a_setup
from tests.budget.builders_budget import calls_in, engine_work
from tests.budget.builders_order import ORDERS, order_work
from tests.budget.flame import Node, drawn
from wildbot.backtest.run import Backtest
from wildbot.commands.compiled import runs_compiled
from wildbot.model.market_data import BookSnapshot
from wildbot.protocol.bus import market_frame
from wildbot.strategies.base import find_strategies
from wildbot.venues.kraken.market_stream import KrakenMarketStream

pytestmark = pytest.mark.skipif(runs_compiled(), reason="the table is of the interpreted build")
TABLE = Path(__file__).with_name("budgets.toml")
BUDGETS: dict[str, dict[str, float]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
IMAGE_BYTES_MAX = 200_000
SLACK = 0.75
"""Below this part of its budget a value must be followed by the table; `kept_blocks` may well be nothing."""


def check(name: str, measured: dict[str, float]) -> None:
    budget = BUDGETS[name]
    assert measured.keys() == budget.keys(), f"{name}: measured {sorted(measured)}, the table has {sorted(budget)}"
    for what, value in measured.items():
        assert value <= budget[what], f"{name}.{what} is {value:g}, its budget in {TABLE.name} is {budget[what]:g}"
        tight = what in ("kept_blocks", "requests") or value >= SLACK * budget[what]
        assert tight, f"{name}.{what} is {value:g} only: lower its budget of {budget[what]:g} in {TABLE.name}"


@pytest.mark.parametrize("strategy", sorted(find_strategies()))
def test_a_decision_costs_no_more_than_its_budget(strategy: str) -> None:
    check(f"engine_{strategy}", engine_work(strategy))


def test_a_frame_of_the_feed_costs_no_more_than_its_budget() -> None:
    frames = generated_frames(600, depth=10, seed=7)
    stream = KrakenMarketStream([shape.pair for shape in SHAPES], depth=10, any_pair=True)
    calls, messages, size = 0, 0, 0
    for number, frame in enumerate(frames):
        counted, events = calls_in(lambda frame=frame, number=number: stream.receive(frame, number))  # type: ignore[misc]
        calls += counted
        books = [event for event in events if isinstance(event, BookSnapshot)]  # type: ignore[attr-defined]
        messages += len(books)
        size += sum(len(market_frame(book)) for book in books)
    check("feed", {"calls": calls / len(frames), "messages": messages / len(frames), "bytes": size / messages})


def test_an_order_on_its_way_through_the_gateway_costs_no_more_than_its_budget(tmp_path: Path) -> None:
    check("order", order_work(tmp_path))


def test_the_flame_graph_holds_every_call_that_is_counted_and_needs_nothing_else(tmp_path: Path) -> None:
    counted, tree = order_work(tmp_path)["calls"], Node()
    order_work(tmp_path / "flame", tree.fold)
    assert tree.total() / ORDERS - 1 == pytest.approx(counted, rel=0.01)  # the action itself is in the tree
    image = drawn({"gateway": tree})
    assert "<title>OrderDesk.request: " in image
    assert "href" not in image and len(image) < IMAGE_BYTES_MAX


def test_an_event_of_a_backtest_costs_no_more_than_its_budget() -> None:
    tape = a_sample_tape(seconds=60)
    tape.events = iter(list(tape.events))
    backtest = Backtest(a_setup(), [tape])
    calls, run = calls_in(backtest.run)
    check("backtest", {"calls": calls / run.events})  # type: ignore[attr-defined]
