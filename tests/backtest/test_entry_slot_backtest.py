"""Several instruments in one backtest: only the strongest is entered, as live, and sessions bound what is traded."""

from dataclasses import replace

from tests.backtest.builders_backtest import DAY, DEMO, SECOND, a_setup, a_tape
from wildbot.backtest.market_tape import MarketTape, TapeRow
from wildbot.backtest.run import Backtest, BacktestRun
from wildbot.backtest.trader_stage import DecisionSink
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import BookSnapshot, SessionHours
from wildbot.simulation.lobster import stock

OTHER = stock("OTHR")
PARAMETERS: dict[str, object] = {"gradient_enabled": False, "footprint_enabled": False, "stop_loss_pct": 0.02}


def leaning(
    instrument: Instrument, seconds: float, bid_share: int, *, bid: int = 20_000, since: float = 0
) -> list[TapeRow]:
    """A book twice a second whose sizes lean one way, moving a tick up and down so that it is news."""
    rows: list[TapeRow] = []
    for number in range(int(seconds * 2)):
        ts, best, levels = DAY + int((since + number / 2) * SECOND), bid + number % 2, range(5)
        rows.append(
            BookSnapshot(
                instrument.pair,
                number + 1,
                ts,
                ts,
                tuple(best - n for n in levels),
                (bid_share * 10,) * 5,
                tuple(best + 2 + n for n in levels),
                ((100 - bid_share) * 10,) * 5,
            )
        )
    return rows


def run(*tapes: MarketTape, **parameters: object) -> tuple[BacktestRun, list[bytes]]:
    lines: list[bytes] = []
    setup = a_setup("order_flow_imbalance", short=True, parameters={**PARAMETERS, **parameters})
    return Backtest(setup, list(tapes), DecisionSink(lines.append)).run(), lines


def entries(result: BacktestRun) -> list[str]:
    return [row.fill.pair for row in result.fills if row.fill.liquidity == "taker"]


def test_of_two_signals_the_stronger_is_entered_and_the_other_waits_for_it() -> None:
    result, lines = run(a_tape(leaning(DEMO, 20, 75)), a_tape(leaning(OTHER, 20, 85), OTHER))
    assert entries(result)[0] == OTHER.pair
    assert DEMO.pair not in entries(result)
    waiting = [line for line in lines if b'"DEMO/USD"' in line]
    assert waiting and all(b"not_strongest" in line or b"warming_up" in line for line in waiting)


def test_alone_it_enters_as_well_and_again_and_again_the_same() -> None:
    first, _ = run(a_tape(leaning(DEMO, 20, 75)))
    second, _ = run(a_tape(leaning(DEMO, 20, 75)))
    assert entries(first)[:1] == [DEMO.pair]
    assert first.digest == second.digest


def test_the_limit_of_the_day_holds_over_all_instruments() -> None:
    result, _ = run(a_tape(leaning(DEMO, 20, 75)), a_tape(leaning(OTHER, 20, 85), OTHER), max_trades_per_day=0)
    assert result.fills == []


def session(opens: float, closes: float) -> tuple[SessionHours, ...]:
    return (SessionHours(DEMO.pair, DAY + int(opens * SECOND), DAY + int(closes * SECOND), 20120621),)


def test_nothing_is_entered_before_the_open() -> None:
    result, lines = run(replace(a_tape(leaning(DEMO, 20, 75)), sessions=session(10, 3_600)))
    first = min(row.fill.ts_ns for row in result.fills)
    assert first >= DAY + 10 * SECOND
    assert any(b"session_closed" in line or b"not_strongest" in line for line in lines)


def test_the_position_is_closed_so_long_before_the_close() -> None:
    tape = replace(a_tape(leaning(DEMO, 60, 75)), sessions=session(0, 50))
    result, lines = run(tape, flatten_before_close_s=20)
    taken = [row.fill for row in result.fills]
    assert len(taken) == 2
    assert DAY + 30 * SECOND <= taken[1].ts_ns <= DAY + 32 * SECOND
    assert any(b"session_ends" in line for line in lines)


def test_equity_is_sampled_while_a_market_is_open_only() -> None:
    rows = [*leaning(DEMO, 150, 75), *leaning(DEMO, 150, 75, since=7_200)]
    result, _ = run(replace(a_tape(rows), sessions=(*session(0, 150), *session(7_200, 7_350))))
    seconds = [(ts_ns - DAY) // SECOND for ts_ns, _ in result.equity]
    assert all(second <= 150 or second >= 7_200 for second in seconds)
    assert len(seconds) >= 5, "once a minute of either session, at the beginning and at the end"
