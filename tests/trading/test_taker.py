"""Immediate orders: inside the collar, one at a time, until nothing is left."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.trading.builders_trading import ONE, SOL, START, a_book
from wildbot.market.quotes import mid_ticks
from wildbot.model.orders import Purpose, Side
from wildbot.trading.taker import RETRY_NS, Pursuit, TakerOrder, inside_collar, taker_ticks

LEAVE = TakerOrder(Side.SELL, ONE, Purpose.EXIT, "stop_loss")


def test_an_exit_reaches_one_percent_beyond_the_touch_and_an_entry_half_of_it() -> None:
    book = a_book(10_000, 10_010)
    assert taker_ticks(LEAVE, book, SOL) == 9_900
    assert taker_ticks(TakerOrder(Side.BUY, ONE, Purpose.ENTRY, "in"), book, SOL) == 10_060


@given(st.integers(1, 10**7), st.integers(1, 1_000), st.sampled_from(Side), st.sampled_from(Purpose))
def test_an_immediate_order_always_crosses(bid: int, spread: int, side: Side, purpose: Purpose) -> None:
    book = a_book(bid, bid + spread)
    ticks = taker_ticks(TakerOrder(side, ONE, purpose, "x"), book, SOL)
    assert ticks >= bid + spread if side is Side.BUY else 0 < ticks <= bid


def test_a_limit_price_ends_at_the_edge_of_the_collar() -> None:
    wide = a_book(9_800, 10_200)
    assert inside_collar(taker_ticks(LEAVE, wide, SOL), Side.SELL, wide, SOL, 2.5) == 9_750
    assert inside_collar(10_302, Side.BUY, wide, SOL, 2.5) == 10_250


def test_an_exit_whose_touch_lies_beyond_the_collar_is_left_to_the_gate() -> None:
    wide = a_book(9_800, 10_200)
    assert inside_collar(taker_ticks(LEAVE, wide, SOL), Side.SELL, wide, SOL, 1.5) == 9_800


@given(st.integers(100, 10**7), st.integers(1, 1_000), st.sampled_from(Side), st.floats(0.1, 20))
def test_what_is_pulled_back_still_crosses_and_lies_inside_unless_the_touch_does_not(
    bid: int, spread: int, side: Side, collar_pct: float
) -> None:
    book = a_book(bid, bid + spread)
    ticks = inside_collar(taker_ticks(replace(LEAVE, side=side), book, SOL), side, book, SOL, collar_pct)
    touch = book.ask_ticks[0] if side is Side.BUY else book.bid_ticks[0]
    assert ticks >= touch if side is Side.BUY else ticks <= touch
    assert ticks == touch or abs(ticks - mid_ticks(book)) <= mid_ticks(book) * collar_pct / 100 * (1 + 1e-12)


def test_attempts_are_spaced_and_ask_for_what_is_held() -> None:
    pursuit = Pursuit(LEAVE)
    first = pursuit.attempt(ONE + 7, 10, START)
    assert first is not None
    assert first.lots == ONE
    assert pursuit.attempt(ONE, 10, START + RETRY_NS - 1) is None
    assert pursuit.attempt(ONE, 10, START + RETRY_NS) is not None
    assert pursuit.tries == 2


def test_a_pursuit_is_over_when_flat_turned_or_too_small() -> None:
    pursuit = Pursuit(LEAVE)
    assert pursuit.is_over(0, 1)
    assert pursuit.is_over(-5, 1)
    assert pursuit.is_over(99, 100)
    assert not pursuit.is_over(100, 100)
