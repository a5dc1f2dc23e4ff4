"""S1, rule by rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.trading.builders_trading import EAGER, FEES, ONE, PAIR, SECOND, SOL, START, a_book, money
from wildbot.model.desk import PositionState
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import FeeSchedule
from wildbot.model.market_data import BookSnapshot
from wildbot.model.orders import OrderType, Purpose, Side
from wildbot.strategies.base import Decision, Strategy
from wildbot.strategies.market_maker import STRATEGY
from wildbot.strategies.market_maker_config import Reason
from wildbot.strategies.view import TradingView
from wildbot.trading.order_ledger import WorkingOrder

INDICATORS = {
    "mid",
    "microprice",
    "ema",
    "momentum_bps",
    "volatility_bps",
    "spread_bps",
    "inventory_ratio",
    "reservation",
    "hurdle_bps",
    "exit_target_bps",
    "hold_fraction",
}


def a_maker(**parameters: object) -> Strategy:
    return STRATEGY.make({**EAGER, **parameters}, SOL)


def a_view(book: BookSnapshot | None = None, **changes: object) -> TradingView:
    plain: dict[str, object] = {
        "book": book or a_book(),
        "instrument": SOL,
        "fees": FEES,
        "position": PositionState(PAIR),
        "lease": money("16"),
        "max_position": 1.0,
        "allow_short": False,
        "entry_block": "",
        "now_ns": START,
        "venue_now_ns": START,
    }
    return TradingView(**{**plain, **changes})  # type: ignore[arg-type]


def held(lots: int, ticks: int = 15_000, opened: int = START) -> PositionState:
    basis = SOL.cost(ticks, abs(lots)) * (1 if lots > 0 else -1)
    return PositionState(PAIR, lots=lots, basis=money("0") + basis, opened_ns=opened)  # type: ignore[arg-type]


def decide(view: TradingView | None = None, maker: Strategy | None = None, **parameters: object) -> Decision:
    maker, view = maker or a_maker(**parameters), view or a_view()
    maker.on_book(view.book)
    return maker.decide(view)


def a_working_order(side: Side, lots: int) -> WorkingOrder:
    return WorkingOrder("wb1x1", side, 15_000, lots, Purpose.ENTRY, OrderType.LIMIT, "", START, rests=True)


# --- rule 1: refusals ---------------------------------------------------------------------------------------------


def test_a_wide_spread_refuses_entries_and_keeps_exits() -> None:
    wide = a_book(15_000, 15_023)
    assert decide(a_view(wide), max_spread_bps=15).reason == Reason.SPREAD
    assert decide(a_view(a_book(15_000, 15_022)), max_spread_bps=15).reason == Reason.QUOTING
    holding = decide(a_view(wide, position=held(ONE // 10)), max_spread_bps=15)
    assert holding.target.ask is not None


def test_a_quiet_market_refuses_while_flat_and_a_cold_signal_says_so() -> None:
    maker = a_maker(min_volatility_bps=8)
    assert decide(maker=maker).reason == Reason.WARMING_UP
    for second in range(1, 30):
        maker.on_book(a_book(at=START + second * SECOND))
    assert decide(a_view(a_book(at=START + 30 * SECOND)), maker).reason == Reason.QUIET


def test_a_moving_market_is_quoted_once_volatility_is_known() -> None:
    maker = a_maker(min_volatility_bps=8, momentum_filter_enabled=False)
    for second in range(1, 30):
        maker.on_book(a_book(15_000 + second % 2, 15_010 + second % 2, at=START + second * SECOND))
    decision = decide(a_view(a_book(at=START + 30 * SECOND)), maker)
    assert decision.reason == Reason.QUOTING
    assert (decision.indicators["volatility_bps"] or 0) > 8


def test_the_edge_must_pay_the_hurdle_when_required() -> None:
    cheap = FeeSchedule(200, 400)
    assert decide(edge_policy="require").reason == Reason.EDGE
    assert decide(a_view(fees=cheap), edge_policy="require", min_profit_bps=2.6).reason == Reason.QUOTING
    assert decide(a_view(fees=cheap), edge_policy="require", min_profit_bps=2.7).reason == Reason.EDGE


def test_what_blocks_entries_from_outside_is_the_reason_shown() -> None:
    decision = decide(a_view(entry_block="paused"))
    assert (decision.reason, decision.action) == ("paused", "rest_nothing")


def test_entries_wait_for_the_ema_unless_the_filter_is_off() -> None:
    assert decide(ema_window=2).reason == Reason.WARMING_UP
    assert decide(ema_window=2, momentum_filter_enabled=False).reason == Reason.QUOTING


# --- rules 2 and 3: prices ----------------------------------------------------------------------------------------


def test_flat_and_balanced_the_touch_is_joined() -> None:
    decision = decide(a_view(allow_short=True), inventory_mode="margin")
    assert decision.target.bid is not None
    assert decision.target.ask is not None
    assert (decision.target.bid.ticks, decision.target.ask.ticks) == (15_000, 15_010)


def test_inventory_leans_both_quotes_by_its_share_of_the_spread() -> None:
    lots = SOL.floor_lots_for(money("8"), 15_005)
    decision = decide(a_view(position=held(lots, 15_005), allow_short=True), inventory_mode="margin")
    assert decision.indicators["inventory_ratio"] == pytest.approx(0.5)
    assert decision.indicators["reservation"] == pytest.approx(150.05 - 0.5 * 0.5 * 0.10)
    assert decision.target.bid is not None
    assert decision.target.bid.ticks == 14_997


def test_a_required_hurdle_widens_the_quotes() -> None:
    cheap = FeeSchedule(500, 900)
    decision = decide(
        a_view(a_book(15_000, 15_020), fees=cheap), edge_policy="require", min_profit_bps=0, max_spread_bps=20
    )
    assert decision.target.bid is not None
    assert decision.target.bid.ticks == 15_000
    maker = a_maker(edge_policy="require", min_profit_bps=0, momentum_filter_enabled=False)
    for second in range(1, 30):
        maker.on_book(a_book(15_000 + 5 * (second % 2), 15_010 + 5 * (second % 2), at=START + second * SECOND))
    leaned = decide(a_view(a_book(at=START + 30 * SECOND), fees=FeeSchedule(1_000, 2_000)), maker)
    assert leaned.target.bid is not None
    assert leaned.target.bid.ticks == 14_989  # the mid less ten basis points, rounded away from it


def test_the_least_half_spread_counts_in_ticks() -> None:
    decision = decide(min_half_spread_ticks=20)
    assert decision.target.bid is not None
    assert decision.target.bid.ticks == 14_985


@given(
    st.integers(1_000, 10**6),
    st.integers(1, 40),
    st.integers(1, 10**12),
    st.integers(1, 10**12),
    st.floats(0, 5),
    st.integers(-10, 10),
)
def test_no_quote_ever_crosses_or_leaves_the_grid(
    bid: int, spread: int, bids: int, asks: int, skew: float, tenths: int
) -> None:
    book = a_book(bid, bid + spread, bid_lots=bids, ask_lots=asks)
    lots = SOL.floor_lots_for(money("16"), bid) * tenths // 10
    view = a_view(book, position=held(lots, bid) if lots else PositionState(PAIR), allow_short=True)
    decision = decide(view, inventory_mode="margin", skew_factor=skew, max_spread_bps=1_000, stop_loss_bps=1_000)
    for order in (decision.target.bid, decision.target.ask):
        if order is not None:
            assert order.lots >= 0
            assert order.ticks < bid + spread if order.side is Side.BUY else order.ticks > bid


# --- rule 4: momentum ---------------------------------------------------------------------------------------------


def test_falling_prices_stop_buys_and_rising_prices_stop_short_sales() -> None:
    def after(step: int) -> Decision:
        maker = a_maker(ema_window=10, inventory_mode="margin")
        for number in range(20):
            maker.on_book(a_book(15_000 + step * number, 15_010 + step * number, at=START + number))
        last = 15_000 + step * 20
        return decide(a_view(a_book(last, last + 10), allow_short=True), maker)

    falling, rising = after(-2), after(2)
    assert falling.target.bid is None
    assert falling.target.ask is not None
    assert rising.target.bid is not None
    assert rising.target.ask is None


def test_momentum_never_filters_an_exit_and_never_strands_a_crumb() -> None:
    maker = a_maker(ema_window=10)
    for number in range(20):
        maker.on_book(a_book(15_000 - 2 * number, 15_010 - 2 * number, at=START + number))
    book = a_book(14_960, 14_970)
    assert decide(a_view(book), maker).reason == Reason.MOMENTUM_DOWN
    assert decide(a_view(book, position=held(ONE // 10, 14_970)), maker).target.ask is not None
    crumb = decide(a_view(book, position=held(1_000_000, 14_970)), maker)
    assert crumb.reason == Reason.COMPLETING
    assert crumb.target.bid is not None


# --- rule 7: leaving ----------------------------------------------------------------------------------------------


def test_the_exit_asks_the_full_target_at_first_and_less_with_time() -> None:
    def exit_ticks(held_s: float) -> int:
        view = a_view(position=held(ONE // 10), venue_now_ns=START + int(held_s * SECOND))
        ask = decide(view).target.ask
        assert ask is not None
        assert (ask.lots, ask.purpose) == (ONE // 10, Purpose.EXIT)
        return ask.ticks

    assert exit_ticks(0) == 15_078  # 52 bps over 150.00
    assert exit_ticks(120) == 15_078
    assert exit_ticks(225) == 15_038  # one maker fee: 25 bps, rounded up
    assert exit_ticks(299) == 15_006  # near 3 bps: inside the spread


def test_the_exit_takes_a_better_market_than_its_target() -> None:
    ask = decide(a_view(a_book(15_200, 15_210), position=held(ONE // 10))).target.ask
    assert ask is not None
    assert ask.ticks >= 15_201


def test_the_time_stop_leaves_as_taker_when_the_hold_limit_is_reached() -> None:
    early = decide(a_view(position=held(ONE // 10), venue_now_ns=START + 300 * SECOND - 1))
    late = decide(a_view(position=held(ONE // 10), venue_now_ns=START + 300 * SECOND))
    assert early.taker is None
    assert late.taker is not None
    assert (late.taker.reason, late.taker.side, late.taker.lots) == (Reason.TIME_STOP, Side.SELL, ONE // 10)
    assert late.target.ask is None


@pytest.mark.parametrize(("bid", "leaves"), [(14_948, False), (14_947, True)])
def test_the_stop_loss_is_measured_at_the_price_leaving_would_get(bid: int, leaves: bool) -> None:
    decision = decide(a_view(a_book(bid, bid + 5), position=held(ONE // 10)))
    assert (decision.taker is not None) is leaves
    if decision.taker is not None:
        assert decision.taker.is_stop


def test_a_short_position_is_left_by_buying() -> None:
    decision = decide(a_view(a_book(15_050, 15_053), position=held(-ONE // 10), allow_short=True), inventory_mode="margin")
    assert decision.taker is not None
    assert (decision.taker.side, decision.taker.reason) == (Side.BUY, Reason.STOP_LOSS)


# --- rule 8: size -------------------------------------------------------------------------------------------------


def test_the_order_is_a_fraction_of_the_lease_floored_to_lots() -> None:
    bid = decide().target.bid
    assert bid is not None
    assert bid.lots == SOL.floor_lots_for(money("12.8"), 15_000)


def test_an_order_for_the_whole_lease_leaves_room_for_its_fee() -> None:
    bid = decide(order_fraction=1.0).target.bid
    assert bid is not None
    cost = SOL.cost(bid.ticks, bid.lots)
    assert cost + SOL.fee(cost, FEES.maker_ppm) <= money("16")


def test_a_fixed_size_overrides_the_fraction() -> None:
    bid = decide(order_qty="0.05").target.bid
    assert bid is not None
    assert bid.lots == ONE // 20


def test_a_lease_below_the_minimum_order_is_said_with_what_would_be_needed() -> None:
    decision = decide(a_view(lease=money("3.7")))
    assert decision.reason == Reason.MINIMUM
    assert "3.83 would be needed" in decision.text
    assert decide(a_view(lease=money("3.83"))).reason == Reason.QUOTING


def test_the_least_lease_asked_for_is_enough_to_trade() -> None:
    needed = a_maker().least_needed(SOL, FEES, 15_000)
    assert decide(a_view(lease=needed)).reason == Reason.QUOTING


def test_a_crumb_is_completed_to_the_planned_size_or_at_least_to_the_minimum() -> None:
    bid = decide(a_view(position=held(1_000_000))).target.bid
    assert bid is not None
    planned = SOL.floor_lots_for(money("12.8"), bid.ticks)
    assert bid.lots == planned - 1_000_000
    small = decide(a_view(position=held(1_000_000), lease=money("6"), max_position=1.0), order_fraction=0.3).target.bid
    assert small is not None
    assert small.lots == SOL.min_lots


def test_the_rest_of_a_partly_filled_exit_stays_on_the_book() -> None:
    working = a_working_order(Side.SELL, ONE)
    decision = decide(a_view(position=held(1_000_000), working_ask=working))
    assert decision.target.ask is not None
    assert decision.target.bid is None


def test_a_crumb_is_not_left_as_taker_since_the_exchange_would_refuse() -> None:
    decision = decide(a_view(a_book(14_000, 14_005), position=held(1_000_000), venue_now_ns=START + 10**6 * SECOND))
    assert decision.taker is None


# --- rule 9: inventory modes --------------------------------------------------------------------------------------


def test_cash_quotes_one_side_at_a_time() -> None:
    flat, holding = decide(), decide(a_view(position=held(ONE // 10)))
    assert (flat.target.bid is not None, flat.target.ask) == (True, None)
    assert (holding.target.bid, holding.target.ask is not None) == (None, True)


def test_margin_without_permission_to_short_does_not_short() -> None:
    assert decide(inventory_mode="margin").target.ask is None


def test_balanced_first_acquires_then_quotes_both_sides() -> None:
    flat = decide(inventory_mode="balanced")
    assert (flat.reason, flat.target.ask) == (Reason.ACQUIRING, None)
    assert flat.target.bid is not None
    half = held(SOL.floor_lots_for(money("8"), 15_005), 15_005)
    both = decide(a_view(position=half, venue_now_ns=START + 10**6 * SECOND), inventory_mode="balanced")
    assert both.action == "quote_both"
    assert both.target.ask is not None
    assert both.target.ask.lots <= half.lots
    assert both.indicators["inventory_ratio"] == pytest.approx(0.0, abs=1e-6)


# --- shown --------------------------------------------------------------------------------------------------------


def test_every_promised_indicator_is_there_in_every_decision() -> None:
    for decision in (decide(), decide(a_view(entry_block="paused")), decide(a_view(position=held(ONE // 10)))):
        assert set(decision.indicators) == INDICATORS


def test_the_ema_counts_changes_of_the_touch_not_messages() -> None:
    maker = a_maker(ema_window=2)
    for seq in range(5):
        maker.on_book(replace(a_book(seq=seq), bid_lots=(10 * ONE, seq + 1)))
    assert decide(maker=maker).reason == Reason.WARMING_UP
    assert decide(a_view(a_book(bid_lots=ONE)), maker).reason != Reason.WARMING_UP


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("ema_window", 0, "at least 1"),
        ("order_fraction", 1.5, "at most 1"),
        ("stop_loss_bps", 0, "above 0"),
        ("skew_factor", -1, "at least 0"),
        ("inventory_mode", "credit", "credit"),
    ],
)
def test_a_bad_parameter_is_refused_with_key_value_and_rule(key: str, value: object, rule: str) -> None:
    with pytest.raises(ConfigurationError, match="market_maker") as caught:
        STRATEGY.configure({key: value})
    assert key in str(caught.value)
    assert rule in str(caught.value)


def test_an_unknown_parameter_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"market_maker\.ema_widow is not a setting; did you mean 'ema_window'"):
        STRATEGY.configure({"ema_widow": 5})


# --- limits and growth --------------------------------------------------------------------------------------------


def test_a_full_position_is_not_grown() -> None:
    def bid_beside(held_money: str) -> int:
        position = held(SOL.floor_lots_for(money(held_money), 15_005), 15_005)
        view = a_view(position=position, allow_short=True)
        bid = decide(view, inventory_mode="margin", order_fraction=0.5).target.bid
        return bid.lots if bid is not None else 0

    half = SOL.floor_lots_for(money("8"), 15_000)
    assert bid_beside("4") == pytest.approx(half, rel=0.01)
    assert bid_beside("12") == pytest.approx(half // 2, rel=0.01)  # what the limit leaves
    assert bid_beside("16") == 0


def test_margin_grows_what_it_holds_and_leaves_it_at_once() -> None:
    half = held(SOL.floor_lots_for(money("8"), 15_005), 15_005)
    both = decide(a_view(position=half, allow_short=True), inventory_mode="margin", order_fraction=0.25)
    assert both.action == "quote_both"
    assert both.target.ask is not None and both.target.bid is not None
    assert (both.target.ask.purpose, both.target.ask.lots) == (Purpose.EXIT, half.lots)
    assert both.target.bid.purpose is Purpose.ENTRY
