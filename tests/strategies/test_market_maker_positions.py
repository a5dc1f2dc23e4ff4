"""S1, rule by rule: leaving, sizes, inventory modes, limits."""

import pytest

from tests.strategies.builders_strategies import a_maker, a_view, decide, held
from tests.trading.builders_trading import FEES, ONE, SECOND, SOL, START, a_book, money
from wildbot.model.orders import OrderType, Purpose, Side
from wildbot.strategies.market_maker_config import Reason
from wildbot.trading.order_ledger import WorkingOrder


def a_working_order(side: Side, lots: int) -> WorkingOrder:
    return WorkingOrder("wb1x1", side, 15_000, lots, Purpose.ENTRY, OrderType.LIMIT, "", START, rests=True)


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


@pytest.mark.parametrize("lease", ["0", "5"])
def test_balanced_offers_what_it_holds_with_any_lease(lease: str) -> None:
    position = held(3 * SOL.min_order_lots(15_010), 15_005)
    ask = decide(a_view(position=position, lease=money(lease)), inventory_mode="balanced").target.ask
    assert ask is not None
    assert SOL.min_order_lots(ask.ticks) <= ask.lots <= position.lots


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
