"""Quiet time costs only what is done in it, and what is left out decides nothing."""

import itertools
import json
from collections.abc import Iterator

import pytest

from tests.backtest.builders_backtest import DEMO, a_sample_tape, a_setup
from tests.desk.builders_router import a_ready_desk
from wildbot.backtest.desk_stage import TICK
from wildbot.backtest.market_tape import MarketTape, TapeRow
from wildbot.backtest.run import Backtest, BacktestRun
from wildbot.backtest.trader_stage import DecisionSink
from wildbot.desk.gateway_commands import TellSupervisor
from wildbot.strategies.base import find_strategies

PULSE_NS = 100_000_000


def sparse_rows(seed: int) -> list[TapeRow]:
    """A simulated minute of which one event in eight was recorded: seconds pass without any."""
    return [row for number, row in enumerate(a_sample_tape(seed).events) if number % 8 == 0]


def played(strategy: str, rows: list[TapeRow], *, by_step: bool) -> BacktestRun:
    """With `by_step` time passes from one thing that is due to the next, so no two pulses are taken together."""

    def stepped() -> Iterator[TapeRow]:
        for row in rows:
            while by_step and test.due_ns < row.recv_ts_ns:
                test.pass_until(test.due_ns)
            yield row

    test = Backtest(a_setup(strategy, short=True), [MarketTape(DEMO, stepped())])
    return test.run()


@pytest.mark.parametrize("strategy", sorted(find_strategies()))
def test_pulses_that_are_left_out_change_no_decision_and_no_money(strategy: str) -> None:
    rows = sparse_rows(1)
    one, other = played(strategy, rows, by_step=False), played(strategy, rows, by_step=True)
    assert (one.digest, one.orders, one.fills, one.equity) == (other.digest, other.orders, other.fills, other.equity)
    assert one.orders > 0 or strategy != "market_maker"


def test_a_trader_in_a_quiet_market_looks_again_at_the_first_pulse_on_which_its_orders_are_stale() -> None:
    lines: list[bytes] = []
    rows, setup = sparse_rows(1), a_setup()
    Backtest(setup, [MarketTape(DEMO, iter(rows))], DecisionSink(lines.append)).run()
    times_ns = [int(json.loads(line)["ts_ns"]) for line in lines]
    waits_ns = [later - sooner for sooner, later in itertools.pairwise(times_ns) if sooner > rows[0].recv_ts_ns]
    assert setup.limits.stale_order_ns <= max(waits_ns) < setup.limits.stale_order_ns + PULSE_NS


def test_a_tick_before_the_desk_is_due_only_tells_how_things_are() -> None:
    desk = a_ready_desk()
    router, now_ns, told, worked = desk.router, desk.now, 0, 0
    for _ in range(300):
        now_ns += PULSE_NS
        is_due = now_ns >= router.due_ns or router.is_asking
        done = router.on_shell(TICK, now_ns)
        if not is_due:
            told += 1
            assert [each for each in done if not isinstance(each, TellSupervisor)] == []
        elif any(not isinstance(each, TellSupervisor) for each in done):
            worked += 1
    assert told > 20
    assert worked > 0
