"""S2, rule by rule."""

import pytest
from msgspec.structs import replace

from tests.strategies.builders_strategies import a_view, held
from tests.trading.builders_trading import MS, ONE, PAIR, SECOND, SOL, START, a_book
from wildbot.model.desk import PositionState
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import Money
from wildbot.model.market_data import SessionHours, TradePrint
from wildbot.model.orders import Purpose, Side
from wildbot.strategies.base import Decision
from wildbot.strategies.momentum_burst import STRATEGY, MomentumBurst, Reason

UP = (15_000, 15_005, 15_030)
"""Twenty basis points within a second: enough for every threshold."""
DOWN = (15_030, 15_005, 15_000)
FLAT_STATE = PositionState(PAIR)


def a_burst(**parameters: object) -> MomentumBurst:
    strategy = STRATEGY.make(parameters, SOL)
    assert isinstance(strategy, MomentumBurst)
    return strategy


def trade(strategy: MomentumBurst, ticks: int, lots: int, at: int) -> None:
    strategy.on_trade(TradePrint(PAIR, 1, Side.BUY, ticks, lots, at, at))


def burst(strategy: MomentumBurst, prices: tuple[int, ...] = UP, at: int = START + 14 * SECOND) -> int:
    """A quiet background of ten seconds, then a second full of volume; return the time after it."""
    for second in range(3, 13):
        trade(strategy, prices[0], ONE, at - second * SECOND)
    for number, ticks in enumerate(prices):
        trade(strategy, ticks, 10 * ONE, at + number * 100 * MS)
    return at + 300 * MS


def decide(strategy: MomentumBurst, at: int, position: PositionState = FLAT_STATE, **changes: object) -> Decision:
    bid = 15_030
    book = a_book(bid, bid + 1, at=at)
    return strategy.decide(a_view(book, position=position, now_ns=at, venue_now_ns=at, **changes))


def entered(decision: Decision) -> Side | None:
    taker = decision.taker
    return taker.side if taker is not None and taker.purpose is Purpose.ENTRY else None


def fade(strategy: MomentumBurst, at: int) -> int:
    """The burst is over: a minute later nothing signals."""
    later = at + 60 * SECOND
    assert decide(strategy, later).reason == Reason.WARMING_UP
    return later


# --- entry --------------------------------------------------------------------------------------------------------


def test_a_burst_upward_buys_at_once() -> None:
    strategy = a_burst()
    decision = decide(strategy, burst(strategy))
    assert (entered(decision), decision.reason, decision.action) == (Side.BUY, Reason.LONG, "take")


def test_a_burst_downward_sells_short_where_that_is_allowed() -> None:
    strategy = a_burst()
    assert entered(decide(strategy, burst(strategy, DOWN), allow_short=True)) is Side.SELL


def test_a_burst_downward_is_said_and_skipped_where_shorts_are_not_allowed() -> None:
    strategy = a_burst()
    decision = decide(strategy, burst(strategy, DOWN))
    assert (decision.taker, decision.reason) == (None, Reason.NO_SHORT)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"entry_threshold": 0.01}, Reason.NO_MOMENTUM),
        ({"volume_spike_multiplier": 15.0}, Reason.NO_SPIKE),
        ({"volatility_guard": 0.01}, Reason.QUIET),
    ],
)
def test_each_condition_alone_prevents_the_entry(parameters: dict[str, object], reason: Reason) -> None:
    strategy = a_burst(**parameters)
    decision = decide(strategy, burst(strategy))
    assert (decision.taker, decision.reason) == (None, reason)


def test_the_indicators_are_the_figures_of_the_rule() -> None:
    strategy = a_burst()
    seen = decide(strategy, burst(strategy)).indicators
    assert seen["momentum"] == pytest.approx(15_030 / 15_000 - 1)
    assert seen["range"] == pytest.approx(30 / 15_000)
    assert seen["volume_ratio"] == pytest.approx(30 * 15 / 40)
    assert seen["cooldown_left"] == 0


def test_the_order_and_its_fee_fit_the_lease_at_its_own_limit_price() -> None:
    strategy = a_burst()
    decision = decide(strategy, burst(strategy))
    assert decision.taker is not None
    limit = SOL.floor_ticks(15_031 * 1.005)
    cost = SOL.cost(limit, decision.taker.lots)
    assert cost + SOL.fee(cost, 4_000) <= a_view().lease
    bigger = SOL.cost(limit, decision.taker.lots + ONE // 1_000)
    assert bigger + SOL.fee(bigger, 4_000) > a_view().lease


def test_trades_from_before_a_gap_do_not_make_a_burst() -> None:
    strategy = a_burst()
    at = burst(strategy)
    strategy.on_gap()
    assert decide(strategy, at).reason == Reason.WARMING_UP


# --- exit ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cost", "age_s", "reason"),
    [
        (15_007, 1, Reason.TAKE_PROFIT),  # the bid is 15 bps above
        (15_008, 1, Reason.HOLDING),
        (15_038, 1, Reason.STOP_LOSS),  # the bid is 5 bps below
        (15_037, 1, Reason.HOLDING),
        (15_030, 8, Reason.TIME_STOP),
        (15_030, 7, Reason.HOLDING),
        (15_007, 9, Reason.TAKE_PROFIT),  # the first that holds
    ],
)
def test_a_long_leaves_by_the_first_exit_that_holds(cost: int, age_s: int, reason: Reason) -> None:
    strategy, at = a_burst(), START + 100 * SECOND
    decision = decide(strategy, at, held(ONE, cost, at - age_s * SECOND))
    assert decision.reason == reason
    assert (decision.taker is None) == (reason is Reason.HOLDING)
    if decision.taker is not None:
        assert (decision.taker.side, decision.taker.purpose, decision.taker.lots) == (Side.SELL, Purpose.EXIT, ONE)


def test_a_short_is_measured_at_the_ask() -> None:
    strategy, at = a_burst(), START + 100 * SECOND
    decision = decide(strategy, at, held(-ONE, 15_054, at - SECOND), allow_short=True)
    assert (decision.reason, decision.taker is not None and decision.taker.side) == (Reason.TAKE_PROFIT, Side.BUY)


def test_two_flat_candles_after_the_entry_end_the_trade() -> None:
    strategy, at = a_burst(), START + 100 * SECOND
    for second in range(2):
        trade(strategy, 15_030, ONE, at + second * SECOND)
    decision = decide(strategy, at + 2 * SECOND, held(ONE, 15_030, at))
    assert decision.reason == Reason.FLAT_MARKET


# --- limits -------------------------------------------------------------------------------------------------------


def after_a_loss(strategy: MomentumBurst, at: int) -> PositionState:
    decide(strategy, at)
    return PositionState(PAIR, losses=1, realised=Money(-1))


def test_after_a_losing_trade_the_next_two_entry_signals_are_skipped() -> None:
    strategy = a_burst()
    at = START + 20 * SECOND
    position = after_a_loss(strategy, at)
    outcomes = []
    for _ in range(4):
        at = burst(strategy, at=at + 20 * SECOND)
        outcomes += [decide(strategy, at + wait * MS, position).reason for wait in (0, 50)]
        at += 60 * SECOND
        decide(strategy, at, position)
    skipped, entered_ = Reason.COOL_DOWN, Reason.LONG
    assert outcomes == [skipped] * 4 + [entered_] * 4, "a signal that lasts counts once"


def test_a_winning_trade_skips_nothing() -> None:
    strategy = a_burst()
    decide(strategy, START)
    assert decide(strategy, burst(strategy), PositionState(PAIR, wins=1)).reason == Reason.LONG


def test_five_percent_of_the_days_capital_lost_ends_the_day() -> None:
    strategy = a_burst(cooldown_trades_after_loss=0)
    decide(strategy, START)
    lost = PositionState(PAIR, losses=1, realised=Money(-int(a_view().lease * 0.05)))
    at = burst(strategy)
    assert decide(strategy, at, lost).reason == Reason.DAILY_LOSS
    tomorrow = fade_to_tomorrow(strategy, at, lost)
    assert decide(strategy, burst(strategy, at=tomorrow), lost).reason == Reason.LONG


def test_the_day_is_the_session_s_where_there_is_one() -> None:
    strategy = a_burst(cooldown_trades_after_loss=0)
    first = SessionHours(PAIR, START - SECOND, START + 2 * 86_400 * SECOND, 20231114)
    decide(strategy, START, session=first)
    lost = PositionState(PAIR, losses=1, realised=Money(-int(a_view().lease * 0.05)))
    tomorrow = START + 86_400 * SECOND
    decide(strategy, tomorrow, lost, session=first)
    at = burst(strategy, at=tomorrow + 20 * SECOND)
    assert decide(strategy, at, lost, session=first).reason == Reason.DAILY_LOSS, "another UTC day, the same session"
    second = replace(first, day=20231115)
    assert decide(strategy, at, lost, session=second).reason == Reason.LONG


def fade_to_tomorrow(strategy: MomentumBurst, at: int, position: PositionState) -> int:
    tomorrow = at + 86_400 * SECOND
    decide(strategy, tomorrow, position)
    return tomorrow + 20 * SECOND


def test_a_loss_just_below_the_limit_does_not_end_the_day() -> None:
    strategy = a_burst(cooldown_trades_after_loss=0)
    decide(strategy, START)
    almost = PositionState(PAIR, losses=1, realised=Money(1 - int(a_view().lease * 0.05)))
    assert decide(strategy, burst(strategy), almost).reason == Reason.LONG


def test_without_a_signal_the_reason_says_what_is_missing() -> None:
    strategy = a_burst()
    assert fade(strategy, burst(strategy))


@pytest.mark.parametrize(
    "parameters", [{"window_seconds": 0}, {"position_size": 1.5}, {"stop_loss": 0}, {"flat_seconds": 16}]
)
def test_a_parameter_out_of_range_is_named_with_its_rule(parameters: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(parameters))):
        STRATEGY.configure(parameters)
