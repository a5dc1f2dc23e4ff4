"""The mirrored exchange: our orders trade with another exchange's market, which never notices."""

import random

import msgspec
import pytest

from tests.simulation.builders_mirror import PLAIN, bought, mirror, sold
from tests.simulation.builders_mirror import book as shown
from tests.simulation.builders_simulation import PAIR, SECOND, buy, placed, sell
from wildbot.model.exchange import (
    AmendDone,
    AmendPlaced,
    BookChange,
    CancelDone,
    CancelPlaced,
    InstrumentChange,
    Kind,
    OrderStatus,
    PlaceOrder,
    PublicTrade,
    Refusal,
    SelfTrade,
    Tif,
)
from wildbot.model.instrument import Liquidity, PairStatus
from wildbot.model.market_data import BookInvalidated, BookSnapshot, InstrumentChanged, SystemStatus, VenueStatus
from wildbot.model.orders import Side
from wildbot.simulation.fills import FILL_MODELS
from wildbot.simulation.lobster import stock
from wildbot.simulation.mirror import MirrorExchange

BIDS, ASKS = {100: 50, 99: 70}, {102: 40, 103: 60}


def live(model: str = "queue_position", **options: object) -> MirrorExchange:
    made = mirror(model, **options)
    made.hear(shown(BIDS, ASKS, SECOND), SECOND)
    made.drain()
    made.take_notices()
    return made


def filled(made: MirrorExchange, order_id: str) -> int:
    order = made.order("alice", order_id)
    assert order is not None
    return order.filled_lots


def public(made: MirrorExchange) -> list[object]:
    return [event for event in made.drain() if isinstance(event, BookChange | PublicTrade)]


# --- the outside is shown as it is --------------------------------------------------------------------------------------


def test_our_orders_and_fills_appear_in_no_public_message() -> None:
    made = live()
    order_id = placed(made, buy(101, 7), SECOND)
    placed(made, sell(100, 20, tif=Tif.IOC), SECOND)
    assert public(made) == []
    assert made.depth(PAIR, 10) == ([(100, 50), (99, 70)], [(102, 40), (103, 60)])
    made.hear(sold(101, 30, 2 * SECOND, trade_id=77), 2 * SECOND)
    assert [event.lots for event in public(made)] == [30]  # type: ignore[attr-defined]
    (execution,) = [e for e in made.executions("alice") if e.order_id == order_id]
    assert (execution.trade_id, execution.ticks, execution.liquidity) == (77, 101, Liquidity.MAKER)


def test_the_outside_tape_keeps_its_numbers_and_times() -> None:
    made = live()
    made.hear(bought(102, 5, 1_500_000_000, trade_id=900), 2 * SECOND)
    (trade,) = made.recent_trades(PAIR, 10)
    assert (trade.trade_id, trade.side, trade.ts_ns) == (900, Side.BUY, 1_500_000_000)


def test_changes_are_told_without_a_crossed_book_in_between() -> None:
    made = live()
    made.hear(shown({104: 5, 103: 9}, {105: 1}, 2 * SECOND), 2 * SECOND)
    (change,) = public(made)
    assert isinstance(change, BookChange)
    assert change.ts_ns == 2 * SECOND
    bids, asks = {*BIDS}, {*ASKS}
    for side, ticks, lots in change.levels:
        levels = bids if side is Side.BUY else asks
        (levels.add if lots else levels.discard)(ticks)
    sides = [side for side, _, _ in change.levels]
    assert sides == sorted(sides, key=lambda side: side is Side.BUY)  # the offers left before the bids came
    assert (bids, asks) == ({104, 103}, {105})


# --- takers -------------------------------------------------------------------------------------------------------------


def test_a_taker_walks_what_is_shown_up_to_its_limit() -> None:
    made = live()
    order_id = placed(made, buy(103, 90, tif=Tif.IOC), SECOND)
    assert [(e.ticks, e.lots, e.liquidity, e.trade_id) for e in reversed(made.executions("alice"))] == [
        (102, 40, Liquidity.TAKER, 0),
        (103, 50, Liquidity.TAKER, 0),
    ]
    assert made.order("alice", order_id).status is OrderStatus.FILLED  # type: ignore[union-attr]
    assert made.asset_total("BTC") == 10 * 10**10
    assert made.asset_total("USDC") == 100_000 * 10**10


def test_what_is_shown_can_be_had_once() -> None:
    made = live()
    placed(made, buy(102, 30, tif=Tif.IOC), SECOND)
    order_id = placed(made, buy(102, 30, tif=Tif.IOC), SECOND)
    assert filled(made, order_id) == 10
    made.hear(shown(BIDS, {102: 25, 103: 60}, 2 * SECOND), 2 * SECOND)  # 15 left: they are of those we had
    order_id = placed(made, buy(102, 30, tif=Tif.IOC), 2 * SECOND)
    assert filled(made, order_id) == 0
    made.hear(shown(BIDS, {102: 32, 103: 60}, 3 * SECOND), 3 * SECOND)
    order_id = placed(made, buy(102, 30, tif=Tif.IOC), 3 * SECOND)
    assert filled(made, order_id) == 7
    made.hear(shown(BIDS, {103: 60}, 4 * SECOND), 4 * SECOND)
    made.hear(shown(BIDS, {102: 12, 103: 60}, 5 * SECOND), 5 * SECOND)
    order_id = placed(made, buy(102, 30, tif=Tif.IOC), 5 * SECOND)
    assert filled(made, order_id) == 12


def test_what_is_left_of_a_crossing_limit_order_waits_at_its_price() -> None:
    made = live()
    order_id = placed(made, buy(102, 55), SECOND)
    assert filled(made, order_id) == 40
    made.hear(shown(BIDS, ASKS, 2 * SECOND), 2 * SECOND)
    assert filled(made, order_id) == 40  # the same offer is shown still, and was had
    made.hear(shown(BIDS, {102: 46, 103: 60}, 3 * SECOND), 3 * SECOND)
    assert filled(made, order_id) == 46
    made.hear(shown(BIDS, {102: 46, 103: 60}, 4 * SECOND), 4 * SECOND)
    assert filled(made, order_id) == 46
    assert made.executions("alice")[0].liquidity is Liquidity.MAKER


def test_post_only_is_judged_by_what_is_shown_when_it_arrives() -> None:
    made = live()
    order_id = placed(made, buy(102, 5, post_only=True), SECOND)
    assert made.order("alice", order_id).status is OrderStatus.CANCELED  # type: ignore[union-attr]
    order_id = placed(made, buy(101, 5, post_only=True), SECOND)
    assert made.order("alice", order_id).status is OrderStatus.NEW  # type: ignore[union-attr]


def test_fill_or_kill_counts_what_can_be_had() -> None:
    made = live()
    placed(made, buy(102, 30, tif=Tif.IOC), SECOND)
    order_id = placed(made, buy(102, 11, tif=Tif.FOK), SECOND)
    assert filled(made, order_id) == 0
    order_id = placed(made, buy(102, 10, tif=Tif.FOK), SECOND)
    assert filled(made, order_id) == 10


@pytest.mark.parametrize(
    ("stp", "taken", "resting"),
    [(SelfTrade.CANCEL_NEWEST, 50, True), (SelfTrade.CANCEL_OLDEST, 60, False), (SelfTrade.CANCEL_BOTH, 50, False)],
)
def test_a_taker_is_stopped_at_its_own_resting_order(stp: SelfTrade, taken: int, resting: bool) -> None:
    made = live()
    mine = placed(made, buy(100, 5), SECOND)
    taker = placed(made, sell(99, 60, tif=Tif.IOC, stp=stp), SECOND)
    assert filled(made, taker) == taken
    assert (made.open_lots("alice", mine) == 5) is resting


# --- resting orders -----------------------------------------------------------------------------------------------------


def test_two_orders_share_one_trade_in_their_order() -> None:
    made = live()
    better, first, second = (placed(made, buy(ticks, 10), SECOND) for ticks in (101, 100, 100))
    made.hear(sold(100, 75, 2 * SECOND), 2 * SECOND)
    # 75 traded at 100: 10 would have met our better bid, 50 were ahead, 15 are left for two of 10
    assert [filled(made, order_id) for order_id in (better, first, second)] == [10, 10, 5]


def test_an_offer_below_our_bid_fills_it_at_our_price() -> None:
    made = live()
    order_id = placed(made, buy(101, 10), SECOND)
    made.hear(shown({99: 70}, {100: 4, 101: 3, 102: 40}, 2 * SECOND), 2 * SECOND)
    assert filled(made, order_id) == 7
    assert {e.ticks for e in made.executions("alice")} == {101}


def test_a_smaller_size_keeps_the_place_and_another_price_loses_it() -> None:
    made = live()
    order_id = placed(made, buy(100, 10), SECOND)
    made.hear(sold(100, 20, 2 * SECOND), 2 * SECOND)
    assert made.ahead_of("alice", order_id) == 30
    assert isinstance(made.amend(AmendPlaced(account="alice", order_id=order_id, lots=5), 3 * SECOND), AmendDone)
    assert made.ahead_of("alice", order_id) == 30
    assert isinstance(made.amend(AmendPlaced(account="alice", order_id=order_id, ticks=99), 4 * SECOND), AmendDone)
    assert made.ahead_of("alice", order_id) == 70


def test_a_stop_order_is_triggered_by_the_outside_tape() -> None:
    made = live()
    order_id = placed(made, sell(0, 10, kind=Kind.STOP_LOSS, trigger_ticks=99), SECOND)
    made.hear(sold(100, 1, 2 * SECOND), 2 * SECOND)
    assert filled(made, order_id) == 0
    made.hear(sold(99, 1, 3 * SECOND), 3 * SECOND)
    assert filled(made, order_id) == 10


# --- a feed that cannot be trusted --------------------------------------------------------------------------------------


def test_no_order_is_taken_before_the_first_book() -> None:
    made = mirror()
    assert made.place(buy(100, 5), SECOND) == Refusal(error="EService:Unavailable")
    assert made.instruments[PAIR].status is PairStatus.MAINTENANCE


def test_while_the_feed_is_silent_orders_can_only_be_cancelled() -> None:
    made = live()
    kept, gone = placed(made, buy(101, 5), SECOND), placed(made, buy(100, 5), SECOND)
    stop = placed(made, sell(0, 10, kind=Kind.STOP_LOSS, trigger_ticks=99), SECOND)
    made.drain()
    made.hear(BookInvalidated(PAIR, "nothing received for 2 s", 2 * SECOND), 2 * SECOND)
    (change,) = made.drain()
    assert isinstance(change, InstrumentChange)
    assert change.instrument.status is PairStatus.MAINTENANCE
    assert [(n.is_live, n.reason) for n in made.take_notices()] == [(False, "nothing received for 2 s")]
    assert made.live_pairs == []
    assert made.place(buy(100, 5), 3 * SECOND) == Refusal(error="EService:Unavailable")
    amend = AmendPlaced(account="alice", order_id=kept, ticks=99)
    assert made.amend(amend, 3 * SECOND) == Refusal(error="EService:Unavailable")
    made.hear(sold(99, 500, 3 * SECOND), 3 * SECOND)
    assert isinstance(made.cancel(CancelPlaced(account="alice", order_id=gone), 3 * SECOND), CancelDone)
    assert filled(made, kept) == filled(made, stop) == 0
    made.hear(shown({98: 5}, {99: 9}, 4 * SECOND), 4 * SECOND)
    assert filled(made, kept) == 5  # the offer is below our bid: that is certain
    assert filled(made, stop) == 5  # triggered by what it now knows
    assert [(n.is_live, n.pair) for n in made.take_notices()] == [(True, PAIR)]
    assert made.instruments[PAIR].status is PairStatus.ONLINE


def test_the_outside_status_and_rules_are_ours() -> None:
    made = live()
    made.hear(VenueStatus(SystemStatus.CANCEL_ONLY, 2 * SECOND), 2 * SECOND)
    assert made.place(buy(100, 5), 2 * SECOND) == Refusal(error="EService:Market in cancel_only mode")
    made.hear(VenueStatus(SystemStatus.ONLINE, 3 * SECOND), 3 * SECOND)
    changed = msgspec.structs.replace(PLAIN, rest_key="", tick_step=5, status=PairStatus.POST_ONLY)
    made.hear(InstrumentChanged(changed), 4 * SECOND)
    assert made.instruments[PAIR] == msgspec.structs.replace(changed, rest_key=PLAIN.rest_key)
    assert made.place(buy(101, 5, post_only=True), 4 * SECOND) == Refusal(error="EOrder:Tick size check failed")


def test_orders_end_when_the_outside_counts_in_other_units() -> None:
    made = live()
    order_id = placed(made, buy(100, 5), SECOND)
    made.hear(InstrumentChanged(msgspec.structs.replace(PLAIN, price_decimals=3)), 2 * SECOND)
    assert made.order("alice", order_id).status is OrderStatus.CANCELED  # type: ignore[union-attr]
    assert made.depth(PAIR, 10) == ([], [])
    assert made.holds("alice") == {}
    made.hear(shown({1000: 50}, {1020: 40}, 3 * SECOND), 3 * SECOND)
    assert isinstance(placed(made, buy(1000, 5), 3 * SECOND), str)


def test_pairs_that_are_not_listed_are_passed_over() -> None:
    made = live()
    made.hear(shown(BIDS, ASKS, 2 * SECOND, pair="ETH/USDC"), 2 * SECOND)
    made.hear(BookInvalidated("ETH/USDC", "gone", 2 * SECOND), 2 * SECOND)
    made.hear(InstrumentChanged(msgspec.structs.replace(PLAIN, pair="ETH/USDC")), 2 * SECOND)
    assert made.drain() == []
    assert made.live_pairs == [PAIR]


def test_each_book_has_the_window_of_its_own_recording() -> None:
    narrow, wide = stock("NARROW"), stock("WIDE")
    windows = {narrow.pair: 5, wide.pair: 10}
    exchange = MirrorExchange([narrow, wide], model=FILL_MODELS["queue_position"], rng=random.Random(1), windows=windows)
    exchange.open_account("me")
    exchange.deposit("me", "USD", 10**20, 1)
    ahead: dict[str, int] = {}
    for pair in windows:
        bids, asks = tuple(range(10_000, 9_995, -1)), tuple(range(10_001, 10_006))
        exchange.hear(BookSnapshot(pair, 1, 2, 2, bids, (500,) * 5, asks, (500,) * 5), 2)
        order = PlaceOrder(account="me", pair=pair, side=Side.BUY, kind=Kind.LIMIT, lots=10, ticks=9_990, post_only=True)
        placed = exchange.place(order, 3)
        assert not isinstance(placed, Refusal)
        ahead[pair] = exchange.ahead_of("me", placed.order_id)
    assert ahead[wide.pair] == 0, "ten levels would be shown: there are only five"
    assert ahead[narrow.pair] > 10**20, "nobody knows what lies beyond five"
