from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wildbot.model.errors import InvariantError
from wildbot.model.exchange import SelfTrade
from wildbot.model.orders import Side
from wildbot.simulation.matching import Fill, LimitBook

NEWEST, OLDEST, BOTH = SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_OLDEST, SelfTrade.CANCEL_BOTH


class SlowBook:
    """The obvious book: one list per side, in order of arrival, sorted afresh for every question."""

    def __init__(self) -> None:
        self.orders: list[list] = []  # [key, owner, side, ticks, lots], oldest first

    def side(self, side: Side) -> list[list]:
        return sorted((o for o in self.orders if o[2] is side), key=lambda o: -side.sign * o[3])  # stable: age stays

    def depth(self, side: Side) -> list[tuple[int, int]]:
        return [(t, sum(o[4] for o in group)) for t, group in groupby(self.side(side), key=lambda o: o[3])]

    def find(self, key: int) -> list | None:
        return next((o for o in self.orders if o[0] == key), None)

    def match(self, taker: Side, lots: int, limit: int | None, owner: str, stp: SelfTrade):
        fills, prevented = [], []
        for order in self.side(taker.opposite):
            if lots == 0 or (limit is not None and taker.sign * (order[3] - limit) > 0):
                break
            if order[1] == owner:
                if stp is not NEWEST:
                    self.orders.remove(order)
                    prevented.append(order[0])
                if stp is OLDEST:
                    continue
                return fills, lots, prevented, True
            filled = min(lots, order[4])
            fills.append(Fill(order[0], order[3], filled))
            order[4] -= filled
            lots -= filled
            if order[4] == 0:
                self.orders.remove(order)
        return fills, lots, prevented, False


actions = st.lists(
    st.tuples(
        st.sampled_from(["order", "order", "order", "cancel", "reduce", "market"]),
        st.sampled_from(list(Side)),
        st.integers(95, 105),
        st.integers(1, 9),
        st.sampled_from(["ann", "bob", "cyd"]),
        st.sampled_from(list(SelfTrade)),
        st.integers(0, 40),
    ),
    max_size=60,
)


@given(actions)
@settings(max_examples=300, deadline=None)
def test_book_equals_the_slow_obvious_one_over_any_order_stream(stream):
    fast, slow = LimitBook(), SlowBook()
    shown: dict[tuple[Side, int], int] = {}
    for key, (what, side, ticks, lots, owner, stp, pick) in enumerate(stream):
        if what in ("order", "market"):
            limit = ticks if what == "order" else None
            got = fast.match(side, lots, limit, owner=owner, stp=stp)
            assert tuple(got) == slow.match(side, lots, limit, owner, stp)
            if what == "order" and got.left and not got.stopped:
                fast.add(key, owner, side, ticks, got.left)
                slow.orders.append([key, owner, side, ticks, got.left])
        elif slow.orders:
            order = slow.orders[pick % len(slow.orders)]
            less = order[4] if what == "cancel" else min(lots, order[4])
            assert fast.lots_of(order[0]) == order[4]
            fast.reduce(order[0], less)
            order[4] -= less
            if order[4] == 0:
                slow.orders.remove(order)
        for touched_side, touched_ticks, total in fast.take_touched():
            shown[touched_side, touched_ticks] = total
        for half in Side:
            assert fast.depth(half, 1000) == slow.depth(half)
            assert fast.depth(half, 1000) == sorted(
                ((t, total) for (s, t), total in shown.items() if s is half and total),
                key=lambda level: -half.sign * level[0],
            )
            assert fast.best(half) == (slow.depth(half)[0][0] if slow.depth(half) else None)
            assert [(r.key, r.lots) for r in fast.walk(half.opposite, None)] == [(o[0], o[4]) for o in slow.side(half)]


def test_taker_fills_best_price_first_and_oldest_first_within_it():
    book = LimitBook()
    book.add(1, "a", Side.SELL, 101, 5)
    book.add(2, "b", Side.SELL, 100, 5)
    book.add(3, "c", Side.SELL, 100, 5)
    match = book.match(Side.BUY, 12, 101, owner="t", stp=NEWEST)
    assert match.fills == [Fill(2, 100, 5), Fill(3, 100, 5), Fill(1, 101, 2)]
    assert match.left == 0


def test_reduced_order_keeps_its_place():
    book = LimitBook()
    book.add(1, "a", Side.BUY, 100, 5)
    book.add(2, "b", Side.BUY, 100, 5)
    book.reduce(1, 3)
    assert book.match(Side.SELL, 3, None, owner="t", stp=NEWEST).fills == [Fill(1, 100, 2), Fill(2, 100, 1)]


def test_touched_levels_are_told_in_order_and_merged_when_adjacent():
    book = LimitBook()
    book.add(1, "a", Side.SELL, 100, 2)
    book.add(2, "a", Side.SELL, 100, 2)
    book.add(3, "a", Side.SELL, 101, 2)
    assert book.take_touched() == ((Side.SELL, 100, 4), (Side.SELL, 101, 2))
    book.match(Side.BUY, 5, None, owner="t", stp=NEWEST)
    assert book.take_touched() == ((Side.SELL, 100, 0), (Side.SELL, 101, 1))
    assert book.take_touched() == ()


@pytest.mark.parametrize(
    ("stp", "fills", "left", "prevented", "stopped"),
    [
        (NEWEST, [], 5, [], True),
        (OLDEST, [Fill(2, 100, 5)], 0, [1], False),
        (BOTH, [], 5, [1], True),
    ],
)
def test_self_trade_is_prevented_by_the_takers_rule(stp, fills, left, prevented, stopped):
    book = LimitBook()
    book.add(1, "me", Side.SELL, 100, 5)
    book.add(2, "you", Side.SELL, 100, 5)
    assert book.match(Side.BUY, 5, 100, owner="me", stp=stp) == (fills, left, prevented, stopped)


def test_book_refuses_what_cannot_be():
    book = LimitBook()
    book.add(1, "a", Side.SELL, 100, 5)
    for wrong in (
        lambda: book.add(1, "a", Side.SELL, 101, 5),
        lambda: book.add(2, "a", Side.SELL, 101, 0),
        lambda: book.add(2, "a", Side.BUY, 100, 5),
        lambda: book.reduce(1, 6),
        lambda: book.cancel(7),
        lambda: book.get(7),
    ):
        with pytest.raises(InvariantError):
            wrong()
    assert book.depth(Side.SELL, 5) == [(100, 5)]
