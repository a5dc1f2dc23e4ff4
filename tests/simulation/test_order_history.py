import msgspec

from tests.simulation.builders_simulation import PRICE_OF_TESTS, buy, exchange, placed, sell, view
from wildbot.simulation import order_history
from wildbot.simulation.order_history import OrderHistory

DAY = 86_400 * 10**9


def closed_order(order_id: str, cl_ord_id: str = ""):
    made = exchange("alice")
    order = view(made, placed(made, buy(PRICE_OF_TESTS)))
    return msgspec.structs.replace(order, order_id=order_id, cl_ord_id=cl_ord_id)


def some_execution():
    made = exchange("alice")
    placed(made, sell(PRICE_OF_TESTS, 100_000, "~house"))
    placed(made, buy(PRICE_OF_TESTS))
    return made.executions("alice")[0]


def test_oldest_closed_orders_are_forgotten_beyond_the_maximum(monkeypatch):
    monkeypatch.setattr(order_history, "CLOSED_ORDERS_MAX", 3)
    history = OrderHistory()
    for number in range(5):
        history.add_closed(closed_order(f"O{number}", "same"))
    assert [order.order_id for order in history.all_closed()] == ["O4", "O3", "O2"]
    assert [order.order_id for order in history.closed_by_client("same")] == ["O4", "O3", "O2"]
    assert history.closed("O0") is None


def test_volume_counts_thirty_days_and_no_more():
    history, execution = OrderHistory(), some_execution()
    for day in range(40):
        history.add_execution(msgspec.structs.replace(execution, ts_ns=day * DAY))
    assert history.volume(39 * DAY) == 30 * execution.cost
    assert history.volume(45 * DAY) == 24 * execution.cost
    assert history.volume(99 * DAY) == 0
