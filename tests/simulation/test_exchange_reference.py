"""The exchange against a slow, obvious one: every order type, amends and self-trades, compared after each request.

The slow exchange keeps plain lists, looks through all of them for every question, and knows nothing of accounts' money.
"""

import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.builders_simulation import ONE, PAIR, btc, exchange
from wildbot.model.exchange import (
    AmendDone,
    AmendPlaced,
    BookChange,
    CancelDone,
    CancelPlaced,
    Kind,
    Placed,
    PlaceOrder,
    PublicTrade,
    SelfTrade,
    Tif,
)
from wildbot.model.instrument import Lots, Money
from wildbot.model.orders import Side
from wildbot.simulation.order_rate import Tier

LIMITLESS = Tier("limitless", 10**9, 1.0, 10**6)
INSTRUMENT = btc(min_lots=Lots(1), min_cost=Money(0))
MID = 6_800_000
LIMITS = (Kind.LIMIT, Kind.STOP_LOSS_LIMIT, Kind.TAKE_PROFIT_LIMIT)
STOPS = (Kind.STOP_LOSS, Kind.STOP_LOSS_LIMIT)
WAITING = (*STOPS, Kind.TAKE_PROFIT, Kind.TAKE_PROFIT_LIMIT)


@dataclass
class SlowOrder:
    age: int
    order_id: str
    owner: str
    side: Side
    kind: Kind
    ticks: int
    trigger: int
    lots: int
    filled: int
    tif: Tif
    stp: SelfTrade

    @property
    def left(self) -> int:
        return self.lots - self.filled


class SlowExchange:
    """Orders that rest (oldest place first) and orders that wait for a trigger."""

    def __init__(self) -> None:
        self.resting: list[SlowOrder] = []
        self.waiting: list[SlowOrder] = []
        self.trades: list[tuple[Side, int, int]] = []

    def place(self, order: SlowOrder, *, post_only: bool) -> None:
        if order.kind in WAITING:
            self.waiting.append(order)
        elif not (post_only and any(self.meets(order, other) for other in self.resting)):
            self.execute(order)
        self.trigger()

    def amend(self, order_id: str, ticks: int | None, lots: int) -> None:
        order = self.find(order_id)
        ticks = order.ticks if ticks is None else ticks
        if lots <= order.filled:
            self.cancel(order_id)
        elif ticks == order.ticks and lots <= order.lots:
            order.lots = lots
        elif order in self.waiting:
            order.ticks, order.lots = ticks, lots
        else:
            self.resting.remove(order)
            order.ticks, order.lots = ticks, lots
            self.execute(order, again=True)
        self.trigger()

    def cancel(self, order_id: str) -> None:
        order = self.find(order_id)
        (self.resting if order in self.resting else self.waiting).remove(order)

    def find(self, order_id: str) -> SlowOrder:
        return next(order for order in self.resting + self.waiting if order.order_id == order_id)

    def meets(self, taker: SlowOrder, other: SlowOrder) -> bool:
        if other.side is taker.side:
            return False
        return taker.kind not in LIMITS or taker.side.sign * (taker.ticks - other.ticks) >= 0

    def execute(self, order: SlowOrder, *, again: bool = False) -> None:
        in_turn = sorted((o for o in self.resting if self.meets(order, o)), key=lambda o: order.side.sign * o.ticks)
        if order.tif is Tif.FOK and not self.would_fill(order, in_turn):
            return
        for other in in_turn:
            if order.left == 0:
                return
            if other.owner == order.owner:
                if order.stp is not SelfTrade.CANCEL_NEWEST:
                    self.resting.remove(other)
                if order.stp is not SelfTrade.CANCEL_OLDEST:
                    return
                continue
            lots = min(order.left, other.left)
            self.trades.append((order.side, other.ticks, lots))
            order.filled += lots
            other.filled += lots
            if other.left == 0:
                self.resting.remove(other)
        if order.left and order.kind in LIMITS and order.tif in (Tif.GTC, Tif.GTD):
            self.resting.append(order)

    def would_fill(self, order: SlowOrder, in_turn: list[SlowOrder]) -> bool:
        found = 0
        for other in in_turn:
            if other.owner == order.owner:
                return False
            found += other.left
            if found >= order.left:
                return True
        return False

    def trigger(self) -> None:
        while self.trades:
            last = self.trades[-1][1]
            falling = [o for o in self.waiting if self.falls(o) and o.trigger >= last]
            rising = [o for o in self.waiting if not self.falls(o) and o.trigger <= last]
            due = sorted(falling, key=lambda o: (-o.trigger, o.age)) or sorted(rising, key=lambda o: (o.trigger, o.age))
            if not due:
                return
            self.waiting.remove(due[0])
            self.execute(due[0])

    def falls(self, order: SlowOrder) -> bool:
        return (order.kind in STOPS) == (order.side is Side.SELL)

    def depth(self, side: Side) -> list[tuple[int, int]]:
        prices = sorted({o.ticks for o in self.resting if o.side is side}, reverse=side is Side.BUY)
        return [(price, sum(o.left for o in self.resting if o.side is side and o.ticks == price)) for price in prices]

    def open_orders(self, owner: str) -> dict[str, tuple[int, int, int]]:
        mine = (o for o in self.resting + self.waiting if o.owner == owner)
        return {o.order_id: (o.lots, o.filled, o.ticks) for o in mine}


requests = st.lists(
    st.tuples(
        st.sampled_from(["place", "place", "place", "place", "amend", "cancel"]),
        st.sampled_from(["alice", "bob"]),
        st.sampled_from(list(Side)),
        st.sampled_from([Kind.LIMIT, Kind.LIMIT, Kind.LIMIT, *Kind]),
        st.integers(MID - 5, MID + 5),
        st.integers(MID - 5, MID + 5),
        st.integers(1, 9),
        st.sampled_from([Tif.GTC, Tif.GTC, *Tif]),
        st.sampled_from(list(SelfTrade)),
        st.booleans(),
        st.integers(0, 99),
    ),
    min_size=10,
    max_size=60,
)


@given(requests)
@settings(max_examples=150, deadline=None)
def test_every_order_type_does_what_the_slow_exchange_does(stream):
    compare(stream)


@pytest.mark.parametrize("seed", range(8))
def test_long_streams_of_every_order_type_do_what_the_slow_exchange_does(seed):
    draw = random.Random(seed)
    compare(
        [
            (
                draw.choice(["place", "place", "place", "amend", "cancel"]),
                draw.choice(["alice", "bob"]),
                draw.choice(list(Side)),
                draw.choice([Kind.LIMIT, Kind.LIMIT, *Kind]),
                MID + draw.randint(-5, 5),
                MID + draw.randint(-5, 5),
                draw.randint(1, 9),
                draw.choice([Tif.GTC, *Tif]),
                draw.choice(list(SelfTrade)),
                draw.random() < 0.2,
                draw.randrange(100),
            )
            for _ in range(600)
        ]
    )


def compare(stream):
    """Put a stream of requests through both exchanges; they must agree after each."""
    fast, slow = exchange("alice", "bob", instrument=INSTRUMENT, tier=LIMITLESS), SlowExchange()
    for account in ("alice", "bob"):
        fast.deposit(account, "USDC", 10**9 * ONE, 0)
    fast.drain()
    shown: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
    printed: list[tuple[Side, int, int]] = []
    for age, (what, account, side, kind, ticks, trigger, lots, tif, stp, flag, pick) in enumerate(stream):
        now = age * 10**9
        mine = fast.open_orders(account)
        if what == "place":
            post_only = flag and kind is Kind.LIMIT and tif in (Tif.GTC, Tif.GTD)
            request = PlaceOrder(
                account=account,
                pair=PAIR,
                side=side,
                kind=kind,
                lots=lots,
                ticks=ticks if kind in LIMITS else 0,
                trigger_ticks=trigger if kind in WAITING else 0,
                tif=tif,
                stp=stp,
                post_only=post_only,
                expire_ns=now + 10**15 if tif is Tif.GTD else 0,
            )
            reply = fast.place(request, now)
            if isinstance(reply, Placed):
                made = SlowOrder(age, reply.order_id, account, side, kind, request.ticks, trigger, lots, 0, tif, stp)
                slow.place(made, post_only=post_only)
        elif mine:
            order_id = mine[pick % len(mine)].order_id
            if what == "cancel":
                assert isinstance(fast.cancel(CancelPlaced(account=account, order_id=order_id), now), CancelDone)
                slow.cancel(order_id)
            else:
                new_ticks = ticks if flag and mine[pick % len(mine)].ticks else None
                request = AmendPlaced(account=account, order_id=order_id, ticks=new_ticks, lots=lots)
                if isinstance(fast.amend(request, now), AmendDone):
                    slow.amend(order_id, new_ticks, lots)
        for event in fast.drain():
            if isinstance(event, PublicTrade):
                printed.append((event.side, event.ticks, event.lots))
            elif isinstance(event, BookChange):
                for level_side, level, total in event.levels:
                    shown[level_side][level] = total
        assert printed == slow.trades
        assert fast.depth(PAIR, 100) == (slow.depth(Side.BUY), slow.depth(Side.SELL))
        for owner in ("alice", "bob"):
            seen = {o.order_id: (o.lots, o.filled_lots, o.ticks) for o in fast.open_orders(owner)}
            assert seen == slow.open_orders(owner)
    bids, asks = (top(shown, side) for side in (Side.BUY, Side.SELL))
    assert (bids, asks) == tuple(levels[:10] for levels in fast.depth(PAIR, 10))


def top(shown: dict[Side, dict[int, int]], side: Side) -> list[tuple[int, int]]:
    levels = ((ticks, lots) for ticks, lots in shown[side].items() if lots)
    return sorted(levels, reverse=side is Side.BUY)[:10]
