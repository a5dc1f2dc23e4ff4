"""Truth tests: a real participant in a simulated market beside paper, the same every time and honest about both."""

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from wildbot.backtest.exchange_venue import ACCOUNT
from wildbot.backtest.live_market import LiveMarket, MarketPlan, lonely_tape
from wildbot.backtest.queue_watch import QueueWatch
from wildbot.backtest.truth import Outcome, TruthPlan, paper_case, true_case
from wildbot.backtest.truth_verdict import verdict_of
from wildbot.commands.truth_run import TruthFile, run_truth, truth_case
from wildbot.model.errors import ConfigurationError
from wildbot.model.exchange import ASSET_DECIMALS, Kind, PlaceOrder, Tif
from wildbot.model.instrument import FeeSchedule, money_from_text
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.fills import FILL_MODELS
from wildbot.simulation.queue_fit import SeenLevel, SeenTrade
from wildbot.simulation.venue_pairs import UNIVERSE

PAIR = "AVAX/USDC"
EAGER: dict[str, object] = {"min_volatility_bps": 0, "edge_policy": "ignore", "max_spread_bps": 50, "ema_window": 10}
NEVER: dict[str, object] = {**EAGER, "max_spread_bps": 0.001}


def a_plan(seed: int = 1, *, scenario: str = "thin", seconds: int = 60, **changes: object) -> TruthPlan:
    market = MarketPlan(pair=PAIR, scenario=scenario, seed=seed, seconds=seconds)
    plain: dict[str, object] = {"strategy": "market_maker", "parameters": EAGER, "capital": money_from_text("100")}
    return TruthPlan(market=market, **{**plain, **changes})  # type: ignore[arg-type]


def test_whoever_never_trades_sees_the_market_that_nobody_disturbs() -> None:
    plan = a_plan(parameters=NEVER).market
    quiet = list(lonely_tape(LiveMarket(plan, FeeSchedule(0, 0), "pro")).events)
    assert quiet == list(lonely_tape(LiveMarket(plan, FeeSchedule(0, 0), "pro")).events)
    assert len(quiet) > 50
    assert true_case(a_plan(parameters=NEVER)).outcome == Outcome(0, 0.0, 0.0)


def test_a_truth_test_is_the_same_every_time() -> None:
    one, again = (truth_case(a_plan(), 1.0, None) for _ in range(2))
    assert one == again
    assert one.real.fills > 0
    assert set(one.paper) == set(FILL_MODELS)


def test_draws_of_the_delays_are_papers_of_their_own() -> None:
    outcomes = paper_case(a_plan(draws=3), 1.0)
    assert {len(each) for each in outcomes.values()} == {3}
    assert paper_case(a_plan(), 1.0) == {model: each[:1] for model, each in outcomes.items()}


def test_paper_beside_the_market_tells_more_than_paper_beside_another_one() -> None:
    """Loose, since six markets are few: with the paper of a neighbour half of the profits and a third of the fills are
    outside."""
    runs = [truth_case(a_plan(seed), 1.0, None) for seed in range(1, 7)]
    strangers = [replace(run, paper=runs[index - 1].paper) for index, run in enumerate(runs)]
    said, wrong = verdict_of(runs), verdict_of(strangers)
    assert said.fills_inside >= 0.8 > wrong.fills_inside
    assert said.pnl_inside >= 0.8 > wrong.pnl_inside
    assert said.fills_error < wrong.fills_error
    assert said.pnl_error < wrong.pnl_error


# --- the queue, seen from an order ----------------------------------------------------------------------------------


def test_an_orders_tape_holds_the_others_at_its_price_and_what_of_a_trade_was_its_own() -> None:
    instrument = UNIVERSE[PAIR].instrument
    exchange = SimulatedExchange([instrument], rng=random.Random(1), fees=FeeSchedule(0, 0))
    for account in ("~first", "~later", "~taker", ACCOUNT):
        exchange.open_account(account)
    exchange.deposit(ACCOUNT, "USDC", 10**6 * 10**ASSET_DECIMALS, 1)
    exchange.drain()
    watch, unit = QueueWatch(exchange, PAIR), 10**8

    def order(account: str, side: Side, coins: int, at_ns: int, **changes: object) -> None:
        plain: dict[str, object] = {"account": account, "pair": PAIR, "side": side, "kind": Kind.LIMIT, "ticks": 900}
        exchange.place(PlaceOrder(lots=coins * unit, **{**plain, **changes}), at_ns)  # type: ignore[arg-type]
        watch.learn(exchange.drain())

    order("~first", Side.BUY, 100, 2)
    order(ACCOUNT, Side.BUY, 10, 3)
    order("~later", Side.BUY, 7, 4)
    order("~taker", Side.SELL, 104, 5, tif=Tif.IOC)
    assert watch.tapes == []
    order("~taker", Side.SELL, 8, 6, tif=Tif.IOC)
    (tape,) = watch.tapes
    assert (tape.shown, tape.lots, tape.ticks) == (100 * unit, 10 * unit, 900)
    assert [each.shown for each in tape.steps if isinstance(each, SeenLevel)] == [107 * unit, 7 * unit]
    trades = [(each.trade.lots // unit, each.filled // unit) for each in tape.steps if isinstance(each, SeenTrade)]
    assert trades == [(100, 0), (4, 4), (6, 6)]


# --- many -----------------------------------------------------------------------------------------------------------


def test_an_interrupted_test_goes_on_where_it_stopped_and_says_the_same(tmp_path: Path) -> None:
    plan, seen = a_plan(seconds=10), list[int]()
    file = tmp_path / "kept"
    with ThreadPoolExecutor(1) as pool:
        run = partial(run_truth, plan, ("calm", "thin"), range(1, 2), range(50, 51), pool)
        whole = run(TruthFile(file, "words"), seen.append)
        lines = [line for line in file.read_bytes().split(b"\n") if line]
        file.write_bytes(b"\n".join(lines[:3]) + b"\n" + lines[3][:20])  # killed while it wrote
        again = run(TruthFile(file, "words"), seen.append)
    assert seen[-1] == 6
    assert len(lines) == 5
    assert again == whole


@pytest.mark.parametrize(("content", "rule"), [(b"{}\n", "holds no truth test"), (b'{"words":"a"}\n', "another test: a")])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, rule: str) -> None:
    file = tmp_path / "kept"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=rule):
        TruthFile(file, "words")
