"""What the top of a book says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.trading.builders_trading import a_book
from wildbot.market.quotes import (
    depth_lots,
    microprice_ticks,
    mid_ticks,
    queue_imbalance,
    same_touch,
    spread_bps,
    spread_ticks,
)

books = st.builds(
    lambda bid, spread, bids, asks: a_book(bid, bid + spread, bid_lots=bids, ask_lots=asks),
    st.integers(1, 10**9),
    st.integers(1, 10**6),
    st.integers(1, 10**14),
    st.integers(1, 10**14),
)


def test_mid_spread_and_microprice_of_a_known_book() -> None:
    book = a_book(10_000, 10_010, bid_lots=3, ask_lots=1)
    assert (mid_ticks(book), spread_ticks(book)) == (10_005.0, 10)
    assert spread_bps(book) == pytest.approx(9.995002)
    assert microprice_ticks(book) == 10_007.5
    assert queue_imbalance(book) == 0.5


def test_a_heavy_bid_pulls_the_microprice_up() -> None:
    assert microprice_ticks(a_book(bid_lots=9, ask_lots=1)) > mid_ticks(a_book())


def test_equal_sizes_put_the_microprice_on_the_mid() -> None:
    assert microprice_ticks(a_book(bid_lots=7, ask_lots=7)) == mid_ticks(a_book())


@given(books)
def test_the_microprice_lies_between_bid_and_ask(book: object) -> None:
    assert book.bid_ticks[0] <= microprice_ticks(book) <= book.ask_ticks[0]  # type: ignore[attr-defined, arg-type]
    assert -1 <= queue_imbalance(book) <= 1  # type: ignore[arg-type]


def test_the_touch_is_price_and_size_of_both_best_levels_and_nothing_deeper() -> None:
    book = a_book()
    assert same_touch(book, replace(book, seq=2, bid_lots=(*book.bid_lots[:1], 1)))
    assert not same_touch(book, a_book(bid_lots=1))
    assert not same_touch(book, a_book(ask=15_011))
    assert not same_touch(book, replace(book, ask_ticks=(), ask_lots=()))


def test_depth_sums_the_best_levels_only() -> None:
    assert depth_lots((1, 2, 4), 2) == 3
    assert depth_lots((1,), 5) == 1
