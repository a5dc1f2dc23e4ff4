"""The fast book against an obvious one, after every event, and the rules of what may be published."""

from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wildbot.market.order_book import CHECKSUM_MISMATCH, CROSSED, OrderBook, level_digits


class ObviousBook:
    """Two dicts, sorted anew each time: what the documentation describes."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}

    def apply(self, bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> None:
        for side, levels in ((self.bids, bids), (self.asks, asks)):
            for ticks, lots in levels:
                if lots:
                    side[ticks] = lots
                else:
                    side.pop(ticks, None)
        self.bids = dict(self.top_bids(self.depth))
        self.asks = dict(self.top_asks(self.depth))

    def top_bids(self, count: int) -> list[tuple[int, int]]:
        return sorted(self.bids.items(), reverse=True)[:count]

    def top_asks(self, count: int) -> list[tuple[int, int]]:
        return sorted(self.asks.items())[:count]

    def checksum(self) -> int:
        text = "".join(f"{ticks}{lots}" for ticks, lots in self.top_asks(10) + self.top_bids(10))
        return crc32(text.encode())


# Few prices, so that levels meet, vanish and scroll through the window often; bids and asks may cross on purpose.
LEVELS = st.lists(st.tuples(st.integers(1, 60), st.one_of(st.just(0), st.integers(1, 10**17))), max_size=5)
FULL_SIDE = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 10**9)), max_size=40)


@pytest.mark.parametrize("depth", [10, 25])
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_book_equals_the_obvious_book_after_every_event(depth: int, data: st.DataObject) -> None:
    fast, obvious = OrderBook("BTC/USD", depth), ObviousBook(depth)
    for seq in range(1, data.draw(st.integers(1, 25)) + 1):
        if data.draw(st.integers(0, 9)) == 0:
            bids, asks = data.draw(FULL_SIDE), data.draw(FULL_SIDE)
            fast.load(bids, asks)
            obvious = ObviousBook(depth)
        else:
            bids, asks = data.draw(LEVELS), data.draw(LEVELS)
            fast.apply(bids, asks)
        obvious.apply(bids, asks)
        assert fast.checksum() == obvious.checksum()
        best_bid, best_ask = max(obvious.bids, default=0), min(obvious.asks, default=1 << 60)
        assert fast.is_crossed == (best_bid >= best_ask)
        shot = fast.snapshot(seq, 5, 6)
        assert (shot.pair, shot.seq, shot.venue_ts_ns, shot.recv_ts_ns) == ("BTC/USD", seq, 5, 6)
        assert list(zip(shot.bid_ticks, shot.bid_lots, strict=True)) == obvious.top_bids(10)
        assert list(zip(shot.ask_ticks, shot.ask_lots, strict=True)) == obvious.top_asks(10)


def a_full_book(depth: int = 10) -> OrderBook:
    book = OrderBook("BTC/USD", depth)
    book.load([(100 - i, 10 + i) for i in range(depth)], [(101 + i, 20 + i) for i in range(depth)])
    return book


def test_a_level_pushed_out_of_the_window_is_forgotten_when_a_better_one_comes() -> None:
    book = a_full_book()
    book.apply([], [(101, 0), (102, 0), (103, 5), (90, 7)])
    assert book.snapshot(1, 0, 0).ask_ticks == (90, 103, 104, 105, 106, 107, 108, 109, 110)


def test_a_change_below_the_checked_levels_leaves_the_checksum_as_it_was() -> None:
    book = a_full_book(depth=25)
    before = book.checksum()
    book.apply([(80, 999)], [(120, 0)])
    assert book.checksum() == before


def test_a_change_inside_the_checked_levels_changes_the_checksum() -> None:
    book = a_full_book(depth=25)
    before = book.checksum()
    book.apply([(91, 999)], [])
    assert book.checksum() != before


def test_a_fault_is_named_when_the_venue_states_another_checksum() -> None:
    book = a_full_book()
    assert book.fault_against(book.checksum()) == ""
    assert book.fault_against(book.checksum() ^ 1) == CHECKSUM_MISMATCH


@pytest.mark.parametrize("bid_ticks", [101, 105])
def test_a_locked_or_crossed_book_is_a_fault_even_when_the_checksum_fits(bid_ticks: int) -> None:
    book = a_full_book()
    book.apply([(bid_ticks, 1)], [])
    assert book.fault_against(book.checksum()) == CROSSED


def test_a_book_with_one_empty_side_is_not_crossed() -> None:
    book = OrderBook("BTC/USD")
    book.load([(100, 1)], [])
    assert not book.is_crossed
    assert not book.snapshot(1, 0, 0).is_two_sided


def test_published_levels_are_fewer_than_the_depth_when_asked() -> None:
    book = OrderBook("BTC/USD", 25, published_levels=3)
    book.load([(100 - i, 1) for i in range(25)], [(101 + i, 1) for i in range(25)])
    assert book.snapshot(1, 0, 0).bid_ticks == (100, 99, 98)


def test_digits_have_no_point_and_no_leading_zeros() -> None:
    assert level_digits(45_285_2, 100_000) == b"452852100000"
