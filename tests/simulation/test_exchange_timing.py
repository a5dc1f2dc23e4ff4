from tests.simulation.builders_simulation import ONE, PAIR, SECOND, buy, exchange, placed, refused, sell, told, view
from wildbot.model.exchange import AmendPlaced, ExecType, Kind, OrderEvent, OrderStatus, PlaceOrder, Tif
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side

PRICE = 6_800_000


def stop(side, trigger, kind=Kind.STOP_LOSS, lots=100_000, ticks=0, **options):
    return PlaceOrder(
        account="alice", pair=PAIR, side=side, kind=kind, lots=lots, trigger_ticks=trigger, ticks=ticks, **options
    )


def trade_at(made, ticks, now_ns=0):
    placed(made, sell(ticks, 10, "~house"), now_ns)
    placed(made, buy(ticks, 10, "~taker"), now_ns)


def test_good_till_date_order_expires_at_its_time_and_not_before():
    made = exchange("alice")
    order_id = placed(made, buy(PRICE, tif=Tif.GTD, expire_ns=10 * SECOND))
    assert made.next_due_ns() == 10 * SECOND
    made.advance(10 * SECOND - 1)
    assert view(made, order_id).status is OrderStatus.NEW
    made.advance(10 * SECOND)
    assert view(made, order_id).status is OrderStatus.EXPIRED
    assert told(made)[-1] is ExecType.EXPIRED and made.holds("alice") == {} and made.depth(PAIR, 1) == ([], [])


def test_expired_order_cannot_be_hit_by_the_call_that_comes_late():
    made = exchange("alice")
    order_id = placed(made, buy(PRICE, tif=Tif.GTD, expire_ns=10 * SECOND))
    placed(made, sell(PRICE, 100, "~house"), 11 * SECOND)
    assert view(made, order_id).filled_lots == 0


def test_dead_mans_switch_cancels_everything_once():
    made = exchange("alice", "bob")
    mine, theirs = placed(made, buy(PRICE)), placed(made, buy(PRICE, account="bob"))
    assert made.cancel_all_after("alice", 60, 0) == 60 * SECOND
    made.cancel_all_after("alice", 60, 30 * SECOND)
    made.advance(89 * SECOND)
    assert view(made, mine).status is OrderStatus.NEW
    made.advance(90 * SECOND)
    assert view(made, mine).reason == "CancelAllOrdersAfter Timeout"
    assert view(made, theirs, "bob").status is OrderStatus.NEW
    again = placed(made, buy(PRICE), 91 * SECOND)
    made.advance(999 * SECOND)
    assert view(made, again).status is OrderStatus.NEW


def test_switch_of_zero_disarms():
    made = exchange("alice")
    order_id = placed(made, buy(PRICE))
    made.cancel_all_after("alice", 60, 0)
    assert made.cancel_all_after("alice", 0, SECOND) == 0
    made.advance(100 * SECOND)
    assert view(made, order_id).status is OrderStatus.NEW


def test_switch_armed_in_maintenance_cancels_when_the_engine_returns():
    made = exchange("alice")
    order_id = placed(made, buy(PRICE))
    made.set_system(SystemStatus.MAINTENANCE, 0)
    made.cancel_all_after("alice", 60, SECOND)
    made.advance(120 * SECOND)
    assert view(made, order_id).status is OrderStatus.NEW
    made.set_system(SystemStatus.CANCEL_ONLY, 130 * SECOND)
    assert view(made, order_id).status is OrderStatus.CANCELED


def test_time_that_goes_back_counts_as_the_latest():
    made = exchange("alice")
    made.advance(10 * SECOND)
    assert view(made, placed(made, buy(PRICE), 3 * SECOND)).opened_ns == 10 * SECOND


def test_stop_loss_waits_outside_the_book_and_sells_at_market_when_touched():
    made = exchange("alice")
    made.open_account("~taker")
    order_id = placed(made, stop(Side.SELL, PRICE - 100))
    assert made.depth(PAIR, 5) == ([], []) and made.holds("alice") == {"BTC": ONE // 1000}
    placed(made, buy(PRICE - 200, 500_000, "~house"))
    trade_at(made, PRICE - 99)
    assert not view(made, order_id).triggered
    trade_at(made, PRICE - 100)
    order = view(made, order_id)
    assert order.triggered and order.status is OrderStatus.FILLED and order.cost == 67_998 * ONE // 1000
    assert ExecType.RESTATED in told(made)


def test_take_profit_limit_rests_at_its_limit_once_triggered():
    made = exchange("alice")
    made.open_account("~taker")
    order_id = placed(made, stop(Side.SELL, PRICE, Kind.TAKE_PROFIT_LIMIT, ticks=PRICE + 5))
    trade_at(made, PRICE)
    assert view(made, order_id).triggered
    assert made.depth(PAIR, 1)[1] == [(PRICE + 5, 100_000)]


def test_triggered_orders_set_each_other_off_in_separate_events():
    made = exchange("alice")
    made.open_account("~taker")
    for ticks in (PRICE - 100, PRICE - 200, PRICE - 300):
        placed(made, buy(ticks, 100_000, "~house"))
    ids = [placed(made, stop(Side.SELL, PRICE - 100 * (i + 1))) for i in range(3)]
    made.drain()
    placed(made, sell(PRICE - 100, 10, "~taker"))
    assert [view(made, order_id).status for order_id in ids] == [
        OrderStatus.FILLED,
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
    ]
    restated = [e for e in made.drain() if isinstance(e, OrderEvent) and e.exec_type is ExecType.RESTATED]
    assert [e.order.order_id for e in restated] == ids


def test_stop_beyond_the_last_price_triggers_at_once():
    made = exchange("alice")
    made.open_account("~taker")
    trade_at(made, PRICE)
    placed(made, buy(PRICE - 10, 500_000, "~house"))
    assert view(made, placed(made, stop(Side.SELL, PRICE + 1))).status is OrderStatus.FILLED


def test_waiting_order_can_be_amended_and_cancelled():
    made = exchange("alice")
    made.open_account("~taker")
    order_id = placed(made, stop(Side.SELL, PRICE - 100))
    made.amend(AmendPlaced(account="alice", order_id=order_id, trigger_ticks=PRICE - 500), 0)
    trade_at(made, PRICE - 100)
    assert not view(made, order_id).triggered
    assert made.cancel_all("alice", 0).count == 1
    trade_at(made, PRICE - 500)
    assert view(made, order_id).status is OrderStatus.CANCELED and made.holds("alice") == {}


def test_triggered_buy_takes_only_what_can_be_paid():
    made = exchange("alice")
    made.open_account("~taker")
    order_id = placed(made, stop(Side.BUY, PRICE, lots=146_000_000))
    placed(made, sell(PRICE + 100_000, 200_000_000, "~house"))
    placed(made, buy(PRICE, 10, "~house"))
    placed(made, sell(PRICE, 10, "~taker"))
    order = view(made, order_id)
    assert order.status is OrderStatus.CANCELED and order.reason == "Insufficient funds"
    assert 0 < order.filled_lots < 146_000_000
    assert 0 <= made.balances("alice")["USDC"] < ONE // 100


def test_order_cannot_expire_in_the_past_or_beyond_a_month():
    made = exchange("alice")
    for expire_ns in (SECOND, 32 * 86_400 * SECOND):
        error = refused(made, buy(PRICE, tif=Tif.GTD, expire_ns=expire_ns), SECOND)
        assert error == "EGeneral:Invalid arguments:expire_time"


def test_restored_account_keeps_its_past_and_trade_numbers_go_on():
    old = exchange("alice")
    placed(old, sell(PRICE, 100_000, "~house"), SECOND)
    order_id = placed(old, buy(PRICE), 2 * SECOND)
    new = exchange()
    new.restore("alice", old.balances("alice"), reversed(old.executions("alice")), reversed(old.closed_orders("alice")))
    assert new.balances("alice") == old.balances("alice")
    assert new.executions("alice") == old.executions("alice") and view(new, order_id) == view(old, order_id)
    placed(new, sell(PRICE, 100_000, "~house"), 3 * SECOND)
    placed(new, buy(PRICE), 4 * SECOND)
    assert new.executions("alice")[0].trade_id == 2
    assert len({e.exec_id for e in new.executions("alice")}) == 2
