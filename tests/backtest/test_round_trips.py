"""Round trips out of fills: in the order they ended, each pair for itself."""

from tests.backtest.builders_backtest import DEMO
from wildbot.backtest.round_trips import RoundTrip, round_trips
from wildbot.model.executions import Filled, Liquidity
from wildbot.model.instrument import Money
from wildbot.model.orders import Side


def filled(pair: str, side: Side, cost: int, at_ns: int, lots: int = 1) -> Filled:
    return Filled("c", "o", f"{at_ns}", at_ns, pair, side, 1, lots, Money(cost), Money(1), "USD", Liquidity.MAKER, at_ns)


def test_a_round_trip_runs_from_flat_to_flat_and_pays_its_fees() -> None:
    fills = [filled("A/USD", Side.BUY, 10, 1), filled("A/USD", Side.BUY, 10, 2), filled("A/USD", Side.SELL, 30, 3, lots=2)]
    assert round_trips(fills, {"A/USD": DEMO}) == [RoundTrip("A/USD", 1, 3, Money(7))]


def test_round_trips_of_several_pairs_come_in_the_order_they_ended() -> None:
    fills = [
        filled("A/USD", Side.BUY, 10, 1),
        filled("B/USD", Side.SELL, 10, 2),
        filled("B/USD", Side.BUY, 5, 3),
        filled("A/USD", Side.SELL, 9, 4),
        filled("B/USD", Side.BUY, 5, 5),
    ]
    trips = round_trips(fills, {"A/USD": DEMO, "B/USD": DEMO})
    assert trips == [RoundTrip("B/USD", 2, 3, Money(3)), RoundTrip("A/USD", 1, 4, Money(-3))]
