"""The live objects over a recording: the same every time, honest about fills, exact about money."""

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.backtest.builders_backtest import DAY, SECOND, a_book_at, a_sample_tape, a_setup, a_tape, a_trade_at, still
from wildbot.backtest.latency import ConstantLatency
from wildbot.backtest.market_tape import TapeRow
from wildbot.backtest.run import Backtest, BacktestRun
from wildbot.backtest.trader_stage import DecisionSink
from wildbot.commands.backtest_job import BacktestJob, setup_of
from wildbot.desk.order_checks import GatewayLimits
from wildbot.model.instrument import MONEY_DECIMALS, FeeSchedule, Liquidity, Money, money_from_text
from wildbot.model.market_data import BookInvalidated
from wildbot.model.orders import Side
from wildbot.settings_loading import load
from wildbot.simulation.fills import FILL_MODELS

MODELS = tuple(FILL_MODELS)


def run(setup: object = None, rows: list[TapeRow] | None = None, *, seed: int = 1, seconds: int = 60) -> BacktestRun:
    tape = a_sample_tape(seed, seconds) if rows is None else a_tape(rows)
    return Backtest(setup or a_setup(), [tape]).run()  # type: ignore[arg-type]


def change(result: BacktestRun) -> Decimal:
    """What the account gained, from its equity."""
    return Decimal(result.equity[-1][1]).scaleb(-MONEY_DECIMALS) - 10_000


# --- the same every time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_the_same_recording_and_seed_give_the_same_decisions_and_money(model: str) -> None:
    one, other = run(a_setup(model=model)), run(a_setup(model=model))
    assert one.digest == other.digest
    assert one.equity == other.equity
    assert [row.fill for row in one.fills] == [row.fill for row in other.fills]


def test_another_recording_gives_other_decisions() -> None:
    assert run(seed=1).digest != run(seed=2).digest


def test_every_decision_is_written_as_one_json_line_of_the_contract() -> None:
    lines: list[bytes] = []
    Backtest(a_setup(), [a_sample_tape()], DecisionSink(lines.append)).run()
    assert len(lines) > 100
    assert all(line.startswith(b'{"ts_ns":') and b'"indicators":{"mid"' in line and b"\n" not in line for line in lines)


def test_a_decision_whose_order_was_refused_says_so() -> None:
    lines: list[bytes] = []
    limits = GatewayLimits(order_notional_max=Money(10**18), daily_turnover_max=money_from_text("100"))
    Backtest(a_setup(gateway_limits=limits), [a_sample_tape()], DecisionSink(lines.append)).run()
    told = [line for line in lines if b'"hindrance":"order_refused: daily_turnover: ' in line]
    assert told and all(b'"action":"quote_bid"' in line for line in told)


def test_a_day_s_turnover_counts_in_the_capital_of_the_backtest() -> None:
    job = BacktestJob(
        tapes=(),
        strategy="momentum_burst",
        parameters={},
        model="touch",
        fees=FeeSchedule(0, 0),
        capital=Decimal(10_000),
        settings=load(environment={}, env_file=Path("/nonexistent/.env")).settings,
    )
    assert setup_of(job).gateway_limits.daily_turnover_max == money_from_text("10000") * 10_000


# --- fills --------------------------------------------------------------------------------------------------------


def quoted(*later: TapeRow) -> list[TapeRow]:
    """Ten still seconds, in which the maker's bid at 200.00 joins a hundred shares, and what comes then."""
    return [*still(10), *later, *(a_book_at(12 + n / 2, seq=100 + n) for n in range(4))]


def test_a_trade_smaller_than_the_queue_fills_the_optimist_only() -> None:
    rows = quoted(a_trade_at(10.5, Side.SELL, 20_000, 10))
    fills = {model: [f for f in run(a_setup(model=model), rows).fills if f.fill.side is Side.BUY] for model in MODELS}
    assert [len(fills[model]) for model in MODELS] == [0, 0, 1, 1]


def test_a_trade_through_the_queue_fills_every_model_as_maker() -> None:
    rows = quoted(a_trade_at(10.5, Side.SELL, 20_000, 150))
    for model in MODELS:
        first = run(a_setup(model=model), rows).fills[0].fill
        assert (first.side, first.ticks, first.liquidity) == (Side.BUY, 20_000, Liquidity.MAKER)


def test_an_order_that_is_still_on_its_way_is_not_filled() -> None:
    rows: list[TapeRow] = [
        *still(1),
        a_trade_at(1.2, Side.SELL, 20_000, 500),
        *(a_book_at(2 + n, seq=50 + n) for n in range(3)),
    ]
    at_once = run(a_setup(model="touch"), rows)
    late = run(a_setup(model="touch", order_latency=ConstantLatency(2 * SECOND)), rows)
    assert any(row.fill.side is Side.BUY for row in at_once.fills)
    assert not any(row.fill.ts_ns < DAY + 2 * SECOND for row in late.fills)


def test_data_that_comes_late_is_decided_on_late() -> None:
    lines: list[bytes] = []
    setup = a_setup(feed_latency=ConstantLatency(SECOND // 10))
    Backtest(setup, [a_tape(still(5))], DecisionSink(lines.append)).run()
    assert f'"ts_ns":{DAY + SECOND // 10}'.encode() in lines[0]


# --- money --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fees", [FeeSchedule(0, 0), FeeSchedule(2_500, 4_000), FeeSchedule(-100, 700)])
def test_the_split_sums_exactly_to_the_accounts_change(model: str, fees: FeeSchedule) -> None:
    result = run(a_setup(model=model, fees=fees), seconds=120)
    assert result.fills
    assert result.left_lots == {}
    assert result.split.total == change(result)


def test_fees_are_those_of_the_account() -> None:
    free, paying = run(), run(a_setup(fees=FeeSchedule(2_500, 4_000)))
    assert free.split.fees == 0
    assert paying.split.fees == sum(Decimal(row.fill.fee).scaleb(-MONEY_DECIMALS) for row in paying.fills) > 0


def test_a_recording_that_ends_in_mid_trade_ends_flat() -> None:
    result = run(a_setup(model="touch"), quoted(a_trade_at(10.5, Side.SELL, 20_000, 150)))
    assert result.fills
    assert result.left_lots == {}


def test_round_trips_are_net_of_fees_and_sum_to_the_profit() -> None:
    result = run(a_setup(fees=FeeSchedule(1_000, 1_000)), seconds=120)
    assert result.trips
    assert Decimal(sum(trip.net for trip in result.trips)).scaleb(-MONEY_DECIMALS) == result.split.total


# --- bad recordings -----------------------------------------------------------------------------------------------


def test_an_empty_recording_gives_an_empty_result() -> None:
    result = run(rows=[])
    assert (result.events, result.fills, result.digest) == (0, [], "")


def test_nothing_is_filled_while_the_book_is_invalid() -> None:
    void = BookInvalidated("DEMO/USD", "crossed book", DAY + 10 * SECOND + SECOND // 4)
    rows = quoted(void, a_trade_at(10.5, Side.SELL, 20_000, 500))
    assert not any(row.fill.side is Side.BUY and row.fill.ts_ns < DAY + 12 * SECOND for row in run(rows=rows).fills)


def test_two_instruments_share_one_account() -> None:
    both = Backtest(a_setup(), [a_tape(still(20)), a_tape(_renamed(still(20)), _OTHER)]).run()
    assert both.events == 80
    assert both.orders >= 2


_OTHER = replace(a_tape([]).instrument, pair="OTHR/USD", base="OTHR", rest_key="OTHRUSD")


def _renamed(rows: list[TapeRow]) -> list[TapeRow]:
    return [replace(row, pair="OTHR/USD") for row in rows]


@pytest.mark.parametrize("seconds", [20, 80, 100])
def test_equity_is_told_from_the_beginning_to_the_end_in_the_order_of_time(seconds: int) -> None:
    result = Backtest(a_setup(), [a_sample_tape(seconds=seconds)]).run()
    times = [ts for ts, _ in result.equity]
    assert times == sorted(set(times))
    assert (times[0], times[-1]) == (result.began_ns, result.ended_ns)
    assert result.equity[0][1] == a_setup().capital
    assert len(times) == 2 + (seconds > 90)  # what is less than half a minute is part of the minute before it
