"""S3, rule by rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies.builders_strategies import a_view, held
from tests.trading.builders_trading import ONE, PAIR, SECOND, SOL, START
from wildbot.market.pressure import Pressure
from wildbot.model.desk import PositionState
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import BookSnapshot, SessionHours
from wildbot.model.orders import OrderType, Purpose, Side
from wildbot.strategies.base import Decision
from wildbot.strategies.order_flow_imbalance import (
    STRATEGY,
    OrderFlowImbalance,
    bracket,
    imbalance,
    score,
    signal,
    slippage_bps,
)
from wildbot.strategies.order_flow_imbalance_config import OrderFlowImbalanceConfig, Reason

PLAIN: dict[str, object] = {"gradient_enabled": False, "footprint_enabled": False}
CONFIG = OrderFlowImbalanceConfig()
BOUGHT, EVEN, SOLD = (80, 20), (50, 50), (20, 80)
OPEN = SessionHours(PAIR, START - 3_600 * SECOND, START + 3_600 * SECOND, 20231114)


def a_reading(buy: float, ratio: float, *, gradient: float | None = None, footprint: int = 0) -> Pressure:
    return Pressure(buy, 100 * max(buy, 1 - buy), ratio, gradient, footprint)


def a_book(sizes: tuple[int, int], at: int = START, bid: int = 15_000, coins: int = 1) -> BookSnapshot:
    """Five levels a side whose sizes are in this proportion."""
    levels = range(5)
    bids, asks = (size * coins * ONE // 100 for size in sizes)
    return BookSnapshot(
        PAIR, 1, at, at, tuple(bid - n for n in levels), (bids,) * 5, tuple(bid + 1 + n for n in levels), (asks,) * 5
    )


def decide(sizes: tuple[int, int], position: PositionState | None = None, **changes: object) -> Decision:
    parameters = {**PLAIN, **changes.pop("parameters", {})}  # type: ignore[dict-item]
    strategy = STRATEGY.make(parameters, SOL)
    book = a_book(sizes)
    strategy.on_book(book)
    return strategy.decide(a_view(book, position=position or PositionState(PAIR), **changes))


# --- the signal ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buy", "ratio", "side"),
    [
        (0.70, 1.51, Side.BUY),
        (0.95, 1.51, Side.BUY),
        (0.69, 1.51, None),
        (0.96, 1.51, None),
        (0.80, 1.50, None),
        (0.30, 1 / 1.51, Side.SELL),
        (0.05, 1 / 1.51, Side.SELL),
        (0.04, 1 / 1.51, None),
        (0.20, 1 / 1.49, None),
        (0.50, 1.0, None),
    ],
)
def test_both_conditions_make_the_signal_and_their_mirror_image_the_other(buy: float, ratio: float, side: Side) -> None:
    assert imbalance(CONFIG, a_reading(buy, ratio)) is side


@given(st.floats(0, 1), st.floats(0.01, 100))
def test_with_confirmations_off_the_rule_is_exactly_the_two_conditions(buy: float, ratio: float) -> None:
    config = OrderFlowImbalanceConfig(gradient_enabled=False, footprint_enabled=False)
    reading = a_reading(buy, ratio, gradient=-1.0, footprint=-3)
    assert signal(config, reading) is imbalance(config, reading)


@pytest.mark.parametrize(("gradient", "side"), [(0.1, Side.BUY), (-0.1, None), (0.0, None), (None, None)])
def test_the_gradient_has_to_agree_where_it_is_switched_on(gradient: float | None, side: Side | None) -> None:
    assert signal(CONFIG, a_reading(0.8, 4.0, gradient=gradient)) is side


def test_footprints_of_the_own_side_raise_the_score_and_others_lower_it() -> None:
    plain = score(CONFIG, a_reading(0.8, 4.0), Side.BUY)
    assert plain == 80
    assert score(CONFIG, a_reading(0.8, 4.0, footprint=1), Side.BUY) > plain
    assert score(CONFIG, a_reading(0.8, 4.0, footprint=1), Side.SELL) < plain
    off = OrderFlowImbalanceConfig(footprint_enabled=False)
    assert score(off, a_reading(0.8, 4.0, footprint=1), Side.BUY) == plain


# --- entry --------------------------------------------------------------------------------------------------------


def test_pressure_of_buyers_buys_the_smallest_order_at_once() -> None:
    decision = decide(BOUGHT)
    assert decision.taker is not None
    assert (decision.taker.side, decision.taker.purpose, decision.reason) == (Side.BUY, Purpose.ENTRY, Reason.BUY)
    assert decision.taker.lots == SOL.min_order_lots(SOL.floor_ticks(15_001 * 1.005))


def test_a_percentage_of_the_lease_is_taken_when_sized_so() -> None:
    decision = decide(BOUGHT, parameters={"sizing": "percent", "size_percent": 50})
    assert decision.taker is not None
    assert decision.taker.lots == pytest.approx(8 / (150.01 * 1.005 * 1.004) * ONE, rel=1e-3)


def test_pressure_of_sellers_needs_permission_to_sell_short() -> None:
    assert decide(SOLD).reason == Reason.NO_SHORT
    shorted = decide(SOLD, allow_short=True).taker
    assert shorted is not None
    assert shorted.side is Side.SELL


def test_an_even_book_signals_nothing() -> None:
    assert decide(EVEN).reason == Reason.NO_SIGNAL


def test_a_book_too_thin_for_the_order_is_not_entered() -> None:
    decision = decide(BOUGHT, lease=10**14, parameters={"sizing": "percent", "size_percent": 100})
    assert (decision.taker, decision.reason) == (None, Reason.DEPTH)


def test_walking_the_book_costs_the_average_price_beyond_the_touch() -> None:
    book = a_book((100, 100))
    assert slippage_bps(book, Side.BUY, ONE) == 0
    assert slippage_bps(book, Side.BUY, 2 * ONE) == pytest.approx(0.5 / 15_001 * 10_000)
    assert slippage_bps(book, Side.SELL, 5 * ONE) == pytest.approx(2 / 15_000 * 10_000)
    assert slippage_bps(book, Side.BUY, 5 * ONE + 1) is None


def test_nothing_is_entered_before_a_book_was_seen_or_after_a_gap() -> None:
    strategy = STRATEGY.make(PLAIN, SOL)
    assert strategy.decide(a_view(a_book(BOUGHT))).reason == Reason.WARMING_UP
    strategy.on_book(a_book(BOUGHT))
    strategy.on_gap()
    assert strategy.decide(a_view(a_book(BOUGHT))).reason == Reason.WARMING_UP


# --- bracket ------------------------------------------------------------------------------------------------------


def test_a_stop_rests_on_the_exchange_while_the_target_is_not_reached() -> None:
    decision = decide(EVEN, held(ONE, 15_000))
    stop = decision.target.stop
    assert stop is not None
    assert (stop.order_type, stop.side, stop.lots, stop.ticks) == (OrderType.STOP_LOSS, Side.SELL, ONE, 14_963)
    assert (decision.target.bid, decision.target.ask, decision.taker) == (None, None, None)


def test_the_target_is_taken_when_the_bid_reaches_it_and_no_stop_is_wanted_then() -> None:
    decision = decide(EVEN, held(ONE, 14_851))
    assert decision.taker is not None
    assert (decision.taker.side, decision.reason, decision.target.stop) == (Side.SELL, Reason.TAKE_PROFIT, None)
    assert decide(EVEN, held(ONE, 14_852)).taker is None


@given(st.floats(1_000, 100_000), st.sampled_from([1, -1]))
def test_both_legs_are_rounded_in_the_conservative_direction(cost: float, held_lots: int) -> None:
    stop, target = bracket(cost, held_lots, CONFIG, SOL)
    sign = held_lots
    assert sign * (stop - cost * (1 - sign * CONFIG.stop_loss_pct)) >= -1e-6, "never a larger loss than asked"
    assert sign * (target - cost * (1 + sign * CONFIG.take_profit_pct)) >= -1e-6, "never a smaller profit"
    assert abs(stop - cost * (1 - sign * CONFIG.stop_loss_pct)) <= 1 + 1e-6


def test_a_short_has_its_bracket_mirrored() -> None:
    stop = decide(EVEN, held(-ONE, 15_000), allow_short=True).target.stop
    assert stop is not None
    assert (stop.side, stop.ticks) == (Side.BUY, 15_037)


@pytest.mark.parametrize(("lots", "through"), [(ONE, 14_900), (-ONE, 15_100)])
def test_a_position_still_held_a_second_after_the_price_went_through_its_stop_is_left_at_once(
    lots: int, through: int
) -> None:
    strategy = STRATEGY.make(PLAIN, SOL)

    def at(seconds: float, bid: int) -> Decision:
        now = START + int(seconds * SECOND)
        book = a_book(EVEN, now, bid)
        strategy.on_book(book)
        return strategy.decide(a_view(book, position=held(lots), allow_short=True, venue_now_ns=now))

    reasons = [at(0, through).reason, at(0.9, through).reason, at(0.95, 15_000).reason, at(1.2, through).reason]
    assert reasons == [Reason.HOLDING] * 4, "a stop gets its second, and a new one when the price came back"
    decision = at(2.2, through)
    assert decision.reason == Reason.EMERGENCY and decision.taker is not None
    assert (decision.taker.purpose, decision.taker.lots, decision.taker.is_stop) == (Purpose.EXIT, ONE, True)


# --- the watch of the contest -------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 99), min_size=1, max_size=30))
def test_the_watch_says_what_the_strategy_itself_would_do(bids: list[int]) -> None:
    contest = STRATEGY.contest_of({})
    assert contest is not None and contest.entries_per_day == CONFIG.max_trades_per_day
    watch, strategy = contest.make_watch(), STRATEGY.make({}, SOL)
    assert isinstance(strategy, OrderFlowImbalance)
    for number, bid in enumerate(bids):
        book = a_book((bid, 100 - bid), START + number * SECOND)
        watch.on_book(book)
        strategy.on_book(book)
        reason = strategy.decide(a_view(book, allow_short=True)).reason
        taken = reason if reason in (Reason.BUY, Reason.SELL) else None
        wanted = {Side.BUY: Reason.BUY, Side.SELL: Reason.SELL}
        assert taken == (wanted[watch.signal.side] if watch.signal is not None else None)


# --- session and limits -------------------------------------------------------------------------------------------


def test_outside_the_session_nothing_is_entered() -> None:
    tomorrow = SessionHours(PAIR, START + SECOND, START + 3_600 * SECOND, 20231115)
    assert decide(BOUGHT, session=tomorrow).reason == Reason.CLOSED
    assert decide(BOUGHT, session=OPEN).reason == Reason.BUY


def test_before_the_close_positions_are_closed_and_none_is_opened() -> None:
    late = SessionHours(PAIR, START - 3_600 * SECOND, START + 300 * SECOND, 20231114)
    assert decide(BOUGHT, session=late).reason == Reason.CLOSING
    leaving = decide(EVEN, held(ONE), session=late)
    assert leaving.taker is not None
    assert (leaving.taker.purpose, leaving.reason) == (Purpose.EXIT, Reason.CLOSING)


def test_a_position_found_outside_the_session_is_closed() -> None:
    over = SessionHours(PAIR, START - 7_200 * SECOND, START - SECOND, 20231114)
    assert decide(EVEN, held(ONE), session=over).taker is not None


def test_ten_trades_a_day_are_enough() -> None:
    strategy = STRATEGY.make(PLAIN, SOL)
    assert isinstance(strategy, OrderFlowImbalance)
    strategy.on_book(a_book(BOUGHT))
    reasons = [
        strategy.decide(a_view(a_book(BOUGHT), session=OPEN, position=PositionState(PAIR, wins=done))).reason
        for done in range(12)
    ]
    assert reasons == [Reason.BUY] * 10 + [Reason.DAILY_LIMIT] * 2
    next_day = SessionHours(PAIR, OPEN.opens_ns, OPEN.closes_ns, 20231115)
    again = strategy.decide(a_view(a_book(BOUGHT), session=next_day, position=PositionState(PAIR, wins=12)))
    assert again.reason == Reason.BUY


def test_trades_of_an_earlier_start_of_the_same_trader_do_not_use_up_the_day() -> None:
    assert decide(BOUGHT, PositionState(PAIR, wins=50)).reason == Reason.BUY


@pytest.mark.parametrize(
    "parameters",
    [
        {"pressure_lower_bound": 0.4},
        {"pressure_upper_bound": 0.6},
        {"size_percent": 101},
        {"stop_loss_pct": 0},
        {"pressure_levels": 0},
        {"sizing": "half"},
    ],
)
def test_a_parameter_out_of_range_is_named_with_its_rule(parameters: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(parameters))):
        STRATEGY.configure(parameters)
