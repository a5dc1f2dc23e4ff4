import pytest

from tests.simulation.builders_simulation import ONE, PAIR, SECOND, btc, buy, exchange, placed, refused, sell, told, view
from wildbot.model.exchange import (
    BookChange,
    CancelDone,
    CancelPlaced,
    ExecType,
    Kind,
    LedgerEntry,
    OrderEvent,
    OrderStatus,
    Placed,
    PlaceOrder,
    PublicTrade,
    Refusal,
    SelfTrade,
    Tif,
)
from wildbot.model.instrument import FeeSchedule, Liquidity
from wildbot.model.orders import Side
from wildbot.simulation.engine_rules import EngineRules
from wildbot.simulation.order_rate import STARTER

PENDING, NEW, TRADE, FILLED, CANCELED = (
    ExecType.PENDING_NEW,
    ExecType.NEW,
    ExecType.TRADE,
    ExecType.FILLED,
    ExecType.CANCELED,
)


def test_resting_order_is_announced_reserved_and_shown():
    made = exchange("alice")
    order_id = placed(made, buy(6_800_000, 100_000, post_only=True))
    assert made.depth(PAIR, 5) == ([(6_800_000, 100_000)], [])
    assert made.holds("alice") == {"USDC": 68 * ONE + 68 * ONE * 25 // 10_000}
    events = made.drain()
    assert [e.exec_type for e in events if isinstance(e, OrderEvent)] == [PENDING, NEW]
    assert [e.levels for e in events if isinstance(e, BookChange)] == [((Side.BUY, 6_800_000, 100_000),)]
    assert made.open_orders("alice")[0].order_id == order_id


def test_trade_moves_both_legs_and_charges_each_side_its_own_rate():
    made = exchange("alice", "bob")
    rest = placed(made, sell(6_800_000, 200_000, "bob"))
    made.drain()
    take = placed(made, buy(6_900_000, 100_000))
    cost = 68 * ONE
    assert made.balances("alice") == {"USDC": 100_000 * ONE - cost - cost * 4 // 1000, "BTC": 10 * ONE + ONE // 1000}
    assert made.balances("bob") == {"USDC": 100_000 * ONE + cost - cost * 25 // 10_000, "BTC": 10 * ONE - ONE // 1000}
    events = made.drain()
    trades = [e for e in events if isinstance(e, PublicTrade)]
    assert [(t.side, t.ticks, t.lots, t.trade_id) for t in trades] == [(Side.BUY, 6_800_000, 100_000, 1)]
    ledger = [e for e in events if isinstance(e, LedgerEntry) and e.account == "alice"]
    assert [(e.asset, e.change, e.fee) for e in ledger] == [("BTC", ONE // 1000, 0), ("USDC", -cost, cost * 4 // 1000)]
    assert ledger[0].ref_id == ledger[1].ref_id == made.executions("alice")[0].exec_id
    assert ledger[1].balance == made.balances("alice")["USDC"]
    assert view(made, take).status is OrderStatus.FILLED
    assert view(made, rest, "bob").filled_lots == 100_000
    assert made.executions("bob")[0].liquidity is Liquidity.MAKER
    assert made.volume_money("alice") == cost
    assert made.holds("alice") == {}


def test_completing_trade_says_partially_filled_before_filled():
    made = exchange("alice", "bob")
    placed(made, sell(6_800_000, 100_000, "bob"))
    made.drain()
    placed(made, buy(6_800_000, 100_000))
    told_alice = [e for e in made.drain() if isinstance(e, OrderEvent) and e.order.account == "alice"]
    assert [e.exec_type for e in told_alice] == [PENDING, NEW, TRADE, FILLED]
    assert told_alice[2].order.status is OrderStatus.PARTIALLY_FILLED
    assert told_alice[2].execution is not None


def test_house_is_told_nothing_and_pays_nothing():
    made = exchange("alice")
    placed(made, sell(6_800_000, 100_000, "~house"))
    placed(made, buy(6_800_000, 100_000))
    assert told(made, "~house") == []
    assert made.balances("~house") == {"BTC": -ONE // 1000, "USDC": 68 * ONE}
    assert made.balances("~fees") == {"USDC": 68 * ONE * 4 // 1000}


@pytest.mark.parametrize(("tif", "left"), [(Tif.IOC, CANCELED), (Tif.GTC, None)])
def test_remainder_is_cancelled_or_rests_by_time_in_force(tif, left):
    made = exchange("alice")
    placed(made, sell(6_800_000, 50_000, "~house"))
    order_id = placed(made, buy(6_800_000, 100_000, tif=tif))
    assert view(made, order_id).filled_lots == 50_000
    assert (told(made)[-1] is CANCELED) == (left is CANCELED)
    assert bool(made.depth(PAIR, 1)[0]) == (left is None)


def test_fill_or_kill_trades_everything_or_nothing():
    made = exchange("alice")
    placed(made, sell(6_800_000, 50_000, "~house"))
    killed = placed(made, buy(6_800_000, 50_001, tif=Tif.FOK))
    assert view(made, killed).status is OrderStatus.CANCELED and view(made, killed).filled_lots == 0
    filled = placed(made, buy(6_800_000, 50_000, tif=Tif.FOK))
    assert view(made, filled).status is OrderStatus.FILLED


def test_fill_or_kill_that_would_meet_an_own_order_is_killed_before_it_trades():
    made = exchange("alice")
    placed(made, sell(6_800_000, 50_000, "~house"))
    placed(made, sell(6_800_001, 50_000))
    killed = placed(made, buy(6_800_001, 100_000, tif=Tif.FOK))
    assert view(made, killed).filled_lots == 0 and made.recent_trades(PAIR, 1) == []


def test_partial_fill_frees_what_it_no_longer_needs():
    made = exchange("alice")
    placed(made, buy(6_800_000, 100_000, post_only=True))
    placed(made, sell(6_800_000, 75_000, "~house"))
    assert made.holds("alice") == {"USDC": 17 * ONE + 17 * ONE * 25 // 10_000}


def test_crossing_post_only_order_is_accepted_then_cancelled():
    made = exchange("alice")
    placed(made, sell(6_800_000, 50_000, "~house"))
    made.drain()
    order_id = placed(made, buy(6_800_000, post_only=True))
    assert view(made, order_id).reason == "Post only order"
    assert told(made) == [PENDING, CANCELED]
    assert made.holds("alice") == {} and made.recent_trades(PAIR, 5) == []


def test_crossing_post_only_order_is_refused_when_so_configured():
    made = exchange("alice", rules=EngineRules(post_only_refuses=True))
    placed(made, sell(6_800_000, 50_000, "~house"))
    assert refused(made, buy(6_800_000, post_only=True)) == "EOrder:Post only order"
    assert made.open_orders("alice") == []


def test_own_orders_never_trade_with_each_other():
    made = exchange("alice")
    rest = placed(made, sell(6_800_000))
    newest = placed(made, buy(6_800_000))
    assert view(made, newest).status is OrderStatus.CANCELED and view(made, rest).status is OrderStatus.NEW
    oldest = placed(made, buy(6_800_000, stp=SelfTrade.CANCEL_OLDEST))
    assert view(made, rest).status is OrderStatus.CANCELED and view(made, oldest).status is OrderStatus.NEW
    both = placed(made, sell(6_800_000, stp=SelfTrade.CANCEL_BOTH))
    assert view(made, oldest).status is OrderStatus.CANCELED and view(made, both).status is OrderStatus.CANCELED
    assert made.holds("alice") == {} and made.recent_trades(PAIR, 5) == []


def test_market_order_sweeps_and_stops_at_the_protection():
    made = exchange("alice")
    for ticks in (6_800_000, 6_900_000, 7_200_000):
        placed(made, sell(ticks, 100_000, "~house"))
    order_id = placed(made, PlaceOrder(account="alice", pair=PAIR, side=Side.BUY, kind=Kind.MARKET, lots=300_000))
    assert view(made, order_id).filled_lots == 200_000
    assert view(made, order_id).status is OrderStatus.CANCELED


def test_market_buy_by_quote_amount_never_spends_more():
    made = exchange("alice")
    placed(made, sell(6_812_345, 10_000, "~house"))
    placed(made, sell(6_812_399, 10_000_000, "~house"))
    request = PlaceOrder(account="alice", pair=PAIR, side=Side.BUY, kind=Kind.MARKET, lots=0, quote_money=16 * ONE)
    order = view(made, placed(made, request))
    assert order.status is OrderStatus.FILLED
    assert 16 * ONE - ONE // 1000 < order.cost <= 16 * ONE


def test_funds_are_checked_against_what_other_orders_reserve():
    made = exchange("alice")
    placed(made, buy(6_800_000, 140_000_000))
    assert refused(made, buy(6_800_000, 10_000_000)) == "EOrder:Insufficient funds"
    placed(made, sell(6_900_000, 999_000_000))
    assert refused(made, sell(6_900_000, 1_000_001)) == "EOrder:Insufficient funds"
    assert placed(made, sell(6_900_000, 1_000_000))


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (buy(6_800_000, 4_999), "EGeneral:Invalid arguments:volume minimum not met"),
        (buy(900_000, 5_000), "EOrder:Cost minimum not met"),
        (buy(-5), "EOrder:Invalid price"),
        (buy(0), "EOrder:Invalid price"),
        (buy(6_800_000, cl_ord_id="Has Spaces"), "EGeneral:Invalid arguments:cl_ord_id"),
        (buy(6_800_000, cl_ord_id="nineteen-characters"), "EGeneral:Invalid arguments:cl_ord_id"),
        (buy(6_800_000, cl_ord_id="a", userref=4), "EGeneral:Invalid arguments:cl_ord_id and userref exclude each other"),
        (buy(6_800_000, post_only=True, tif=Tif.IOC), "EGeneral:Invalid arguments:post_only"),
        (buy(6_800_000, tif=Tif.GTD), "EGeneral:Invalid arguments:expire_time"),
        (buy(6_800_000, deadline_ns=1), "EService:Deadline elapsed"),
        (buy(6_800_000, pair="DOG/CAT"), "EQuery:Unknown asset pair"),
        (buy(6_800_000, kind=Kind.STOP_LOSS_LIMIT), "EGeneral:Invalid arguments:triggers"),
        (buy(6_800_000, reduce_only=True), "EOrder:Reduce only:No position exists"),
    ],
)
def test_malformed_order_is_refused_with_the_venues_text(request_, error):
    made = exchange("alice")
    assert refused(made, request_, now_ns=2) == error
    assert made.holds("alice") == {} and made.drain() == []


def test_price_off_the_tick_grid_is_refused():
    made = exchange("alice", instrument=btc(tick_step=10))
    assert refused(made, buy(6_800_005)) == "EOrder:Tick size check failed"


@pytest.mark.parametrize(
    "cl_ord_id", ["6d1b345e-2821-40e2-ad83-4ecb18a06876", "da8e4ad59b78481c93e589746b0cf91f", "wb1x2f", "a-1"]
)
def test_client_ids_of_every_documented_form_are_taken(cl_ord_id):
    made = exchange("alice")
    assert placed(made, buy(6_800_000, cl_ord_id=cl_ord_id))


def test_client_id_is_unique_among_open_orders_only():
    made = exchange("alice")
    first = placed(made, buy(6_800_000, cl_ord_id="wb1x1"))
    assert refused(made, buy(6_700_000, cl_ord_id="wb1x1")) == "EGeneral:Invalid arguments:cl_ord_id not unique"
    assert made.cancel(CancelPlaced(account="alice", cl_ord_id="wb1x1"), 0) == CancelDone(count=1, order_ids=(first,))
    second = placed(made, buy(6_700_000, cl_ord_id="wb1x1"))
    assert [o.order_id for o in made.orders_by_cl_ord_id("alice", "wb1x1")] == [second, first]


def test_validate_only_checks_and_changes_nothing():
    made = exchange("alice")
    assert made.place(buy(6_800_000, validate_only=True), 0) == Placed(order_id="", cl_ord_id="", userref=0)
    assert refused(made, buy(6_800_000, 1, validate_only=True))
    assert made.open_orders("alice") == [] and made.drain() == []


def test_open_orders_per_pair_are_limited_by_tier():
    made = exchange("alice", tier=STARTER)
    for minute in range(60):
        placed(made, buy(1_000_000 + minute, 5_000), minute * 60 * SECOND)
    assert refused(made, buy(1_000_000, 5_000), 3600 * SECOND) == "EOrder:Orders limit exceeded"


def test_rate_counter_refuses_adds_cancels_and_amends_until_it_has_decayed():
    made = exchange("alice", tier=STARTER)
    ids = [placed(made, buy(1_000_000 + i, 5_000)) for i in range(8)]
    for order_id in ids[:7]:
        assert isinstance(made.cancel(CancelPlaced(account="alice", order_id=order_id), 0), CancelDone)
    assert made.rate_counter("alice", PAIR, 0) == 8 + 7 * 8
    assert made.cancel(CancelPlaced(account="alice", order_id=ids[7]), 0) == Refusal(error="EOrder:Rate limit exceeded")
    assert refused(made, buy(1_000_000)) == "EOrder:Rate limit exceeded"
    assert made.rate_counter("alice", PAIR, 0) == 64
    assert isinstance(made.cancel(CancelPlaced(account="alice", order_id=ids[7]), 5 * SECOND), CancelDone)


def test_fixed_cost_is_charged_for_refused_orders_and_cancel_all_passes_the_limit():
    made = exchange("alice", tier=STARTER)
    placed(made, buy(1_000_000, 5_000))
    for _ in range(60):
        refused(made, buy(1_000_000, 1))
    assert refused(made, buy(1_000_000, 5_000)) == "EOrder:Rate limit exceeded"
    assert made.cancel_all("alice", 0).count == 1
    assert made.rate_counter("alice", PAIR, 0) == 61 + 8


def test_unknown_order_cannot_be_cancelled():
    made = exchange("alice", "bob")
    theirs = placed(made, buy(6_800_000, account="bob"))
    for order_id in ("OAAAAA-AAAAA-AAAAAA", theirs):
        assert made.cancel(CancelPlaced(account="alice", order_id=order_id), 0) == Refusal(error="EOrder:Unknown order")


def test_fees_can_be_changed_and_a_rebate_is_paid_to_the_maker():
    made = exchange("alice")
    made.set_fees(None, FeeSchedule(-200, 1000))
    placed(made, buy(6_800_000, 100_000, post_only=True))
    placed(made, sell(6_800_000, 100_000, "~house"))
    assert made.executions("alice")[0].fee == -(68 * ONE * 2 // 10_000)
    assert made.fee_schedule("alice", PAIR) == FeeSchedule(-200, 1000)
    assert made.asset_total("USDC") == 100_000 * ONE
