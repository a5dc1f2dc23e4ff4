"""What holds for every tape: assets, prices, sizes, the order of the models, and the truth of an order's place."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.builders_mirror import Action, Outside, actions, mirror
from tests.simulation.builders_simulation import ONE, PAIR, SECOND, limit, placed
from wildbot.model.exchange import AmendPlaced, BookChange, CancelPlaced, Kind, Tif
from wildbot.model.instrument import Liquidity
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.fills import FILL_MODELS, BackOfQueue, QueuedOrder, QueuePosition

tapes = st.lists(actions, min_size=10, max_size=60)
models = st.sampled_from(list(FILL_MODELS))
orders = st.tuples(st.sampled_from(list(Side)), st.integers(96, 104), st.integers(1, 80))

own_actions = st.tuples(
    st.sampled_from(["place", "place", "place", "cancel", "amend", ""]),
    st.sampled_from(list(Side)),
    st.sampled_from([Kind.LIMIT, Kind.LIMIT, Kind.LIMIT, Kind.MARKET]),
    st.sampled_from([Tif.GTC, Tif.GTC, Tif.IOC, Tif.FOK]),
    st.integers(96, 104),
    st.integers(1, 120),
    st.booleans(),
)


@given(st.lists(st.tuples(actions, own_actions), min_size=10, max_size=60), models, st.booleans())
@settings(max_examples=120, deadline=None)
def test_assets_fees_prices_and_the_outside_book_are_exact_over_any_tape(steps, model, trades_first):
    outside, made = Outside(), mirror(model)
    published: dict[tuple[Side, int], int] = {}
    for action, (what, side, kind, tif, ticks, lots, flag) in steps:
        outside.act(action)
        news = outside.news(trades_first=trades_first)
        before = len(made.executions("alice"))
        for event in news:
            made.hear(event, outside.now_ns)
        if not FILL_MODELS[model].heeds_mid:  # what lures others is filled before the market comes to it
            check_passive(made.executions("alice")[: len(made.executions("alice")) - before], news)
        open_orders = made.open_orders("alice")
        before = len(made.executions("alice"))
        if what == "place":
            is_limit = kind is Kind.LIMIT
            price = ticks if is_limit else 0
            rule = tif if is_limit else Tif.IOC
            made.place(limit(side, price, lots, kind=kind, tif=rule, post_only=flag and rule is Tif.GTC), outside.now_ns)
        elif what and open_orders:
            target = open_orders[lots % len(open_orders)].order_id
            if what == "cancel":
                made.cancel(CancelPlaced(account="alice", order_id=target), outside.now_ns)
            else:
                changed = AmendPlaced(account="alice", order_id=target, lots=lots, ticks=ticks if flag else None)
                made.amend(changed, outside.now_ns)
        check_taken(made.executions("alice")[: len(made.executions("alice")) - before], outside)
        for event in made.drain():
            if isinstance(event, BookChange):
                for level_side, level, total in event.levels:
                    published[level_side, level] = total
        bids, asks = outside.exchange.depth(PAIR, 10)
        assert made.depth(PAIR, 10) == (bids, asks)
        assert {key: lots for key, lots in published.items() if lots} == {
            **{(Side.BUY, level): lots for level, lots in bids},
            **{(Side.SELL, level): lots for level, lots in asks},
        }
        assert made.asset_total("USDC") == 100_000 * ONE
        assert made.asset_total("BTC") == 10 * ONE
    fees = sum(execution.fee for execution in made.executions("alice"))
    assert made.balances("~fees").get("USDC", 0) == fees


def check_passive(executions, news):
    """What filled our resting orders: a trade at their price or beyond it, or an offer that came to their price."""
    for execution in executions:
        assert execution.liquidity is Liquidity.MAKER
        sign = execution.side.sign
        reached = any(
            (execution.ticks - event.ticks) * sign >= 0 and event.side is not execution.side
            for event in news
            if isinstance(event, TradePrint)
        )
        for event in news:
            if isinstance(event, BookSnapshot):
                opposite = event.ask_ticks if execution.side is Side.BUY else event.bid_ticks
                reached = reached or (bool(opposite) and (execution.ticks - opposite[0]) * sign >= 0)
        assert reached, execution


def check_taken(executions, outside):
    """What our takers got: levels that are shown, and no more of each than is shown."""
    taken = Counter[tuple[Side, int]]()
    for execution in executions:
        assert execution.liquidity is Liquidity.TAKER
        taken[execution.side.opposite, execution.ticks] += execution.lots
    for (side, ticks), lots in taken.items():
        assert lots <= outside.exchange.level_lots(PAIR, side, ticks)


@given(tapes, tapes, orders, st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_more_optimistic_model_never_fills_less_of_an_order(before, after, order, trades_first):
    outside = Outside()
    made = {name: mirror(name) for name in FILL_MODELS}
    for action in before:
        outside.act(action)
    for event in outside.news(trades_first=trades_first):
        for each in made.values():
            each.hear(event, outside.now_ns)
    side, ticks, lots = order
    ids = {name: placed(each, limit(side, ticks, lots), outside.now_ns) for name, each in made.items()}
    for action in after:
        outside.act(action)
        for event in outside.news(trades_first=trades_first):
            for each in made.values():
                each.hear(event, outside.now_ns)
        filled = [made[name].order("alice", ids[name]).filled_lots for name in FILL_MODELS]
        assert filled == sorted(filled)


@given(tapes, tapes, st.sampled_from(list(Side)), st.integers(96, 104), st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_pessimist_never_believes_less_ahead_than_there_is_and_nobody_more_than_is_shown(
    before, after, side, ticks, trades_first
):
    outside = Outside()
    for action in before:
        outside.act(action)
    outside.news(trades_first=trades_first)
    truly_ahead = outside.queue(side, ticks)
    shown = sum(truly_ahead.values())
    placers = {model: QueuedOrder(model, side, ticks, shown, outside.now_ns) for model in (BackOfQueue(), QueuePosition())}
    pessimist, calibrated = placers.values()
    for action in after:
        outside.act(action)
        for event in outside.news(trades_first=trades_first):
            for queued in placers.values():
                if isinstance(event, TradePrint):
                    queued.on_trade(event, 0, event.lots, outside.now_ns)
                elif isinstance(event, BookSnapshot):
                    queued.on_level(outside.exchange.level_lots(PAIR, side, ticks), event.venue_ts_ns, outside.now_ns)
        for queued in placers.values():
            queued.settle(outside.now_ns + SECOND // 2)
        now = outside.queue(side, ticks)
        truly_ahead = {order_id: now[order_id] for order_id in truly_ahead if order_id in now}
        assert sum(truly_ahead.values()) <= pessimist.ahead <= sum(now.values())
        assert calibrated.ahead <= pessimist.ahead


@given(st.lists(st.tuples(actions, st.integers(0, 60)), min_size=10, max_size=60), st.booleans())
@settings(max_examples=80, deadline=None)
def test_every_shown_lot_is_had_at_most_once(steps, trades_first):
    outside, made = Outside(), mirror()
    offered, taken, last = Counter[int](), Counter[int](), {}
    for action, lots in steps:
        outside.act(action)
        for event in outside.news(trades_first=trades_first):
            made.hear(event, outside.now_ns)
        asks = dict(outside.exchange.depth(PAIR, 10)[1])
        for ticks in set(asks) | set(last):
            offered[ticks] += max(0, asks.get(ticks, 0) - last.get(ticks, 0))
        last = asks
        for _ in range(2):
            if lots:
                placed(made, limit(Side.BUY, 104, lots, tif=Tif.IOC), outside.now_ns)
        taken.clear()
        for execution in made.executions("alice"):
            taken[execution.ticks] += execution.lots
        assert all(lots <= offered[ticks] for ticks, lots in taken.items())


def test_the_same_tape_gives_the_same_run() -> None:
    def run() -> list[object]:
        rng, outside, made = random.Random(5), Outside(), mirror()
        told: list[object] = []
        for _ in range(400):
            kind = rng.choice(["rest", "rest", "take", "cancel"])
            action: Action = (kind, rng.choice(list(Side)), rng.randint(96, 104), rng.randint(1, 50), rng.randint(0, 999))
            outside.act(action)
            for event in outside.news(trades_first=False):
                made.hear(event, outside.now_ns)
            made.place(limit(rng.choice(list(Side)), rng.randint(96, 104), 5), outside.now_ns)
            told += made.drain()
        return told

    assert run() == run()
