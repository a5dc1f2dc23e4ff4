import pytest

from wildbot.model.errors import InvariantError
from wildbot.model.exchange import Kind
from wildbot.model.orders import Side
from wildbot.simulation.stop_orders import StopOrders


@pytest.mark.parametrize(
    ("kind", "side", "quiet", "due"),
    [
        (Kind.STOP_LOSS, Side.SELL, 101, 100),
        (Kind.STOP_LOSS, Side.BUY, 99, 100),
        (Kind.TAKE_PROFIT, Side.SELL, 99, 100),
        (Kind.TAKE_PROFIT_LIMIT, Side.BUY, 101, 100),
    ],
)
def test_order_triggers_at_its_price_from_the_right_side(kind, side, quiet, due):
    stops = StopOrders()
    stops.add(1, kind, side, 100)
    assert stops.pop_due(quiet) is None
    assert stops.pop_due(due) == 1
    assert 1 not in stops


def test_nearest_trigger_goes_first_then_the_oldest():
    stops = StopOrders()
    for key, trigger in ((1, 95), (2, 99), (3, 99), (4, 90)):
        stops.add(key, Kind.STOP_LOSS, Side.SELL, trigger)
    assert [stops.pop_due(94) for _ in range(4)] == [2, 3, 1, None]


def test_removed_order_never_triggers():
    stops = StopOrders()
    stops.add(1, Kind.STOP_LOSS, Side.SELL, 100)
    stops.remove(1)
    assert stops.pop_due(1) is None and len(stops) == 0
    with pytest.raises(InvariantError):
        stops.remove(1)
