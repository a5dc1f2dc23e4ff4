import itertools
import random
import statistics

from tests.simulation.builders_simulation import PAIR, btc, exchange, placed, sell
from wildbot.model.exchange import PublicTrade
from wildbot.model.orders import Side
from wildbot.simulation.house_desk import HouseDesk
from wildbot.simulation.takers import HawkesTimes, Takers

SECOND = 10**9


def test_arrivals_have_the_asked_rate_and_come_in_clusters():
    process = HawkesTimes(random.Random(2), 2.0, 0)
    times = []
    while not times or times[-1] < 5000 * SECOND:
        times.append(process.next(1.0)[0])
    assert times == sorted(times)
    assert 1.7 < len(times) / 5000 < 2.3
    counts = [0] * 1000
    for time in times[:-1]:
        counts[min(999, time // (5 * SECOND))] += 1
    # A Poisson process has a variance-to-mean ratio of 1; self-excitement makes it clearly larger.
    assert statistics.variance(counts) / statistics.mean(counts) > 1.8


def test_a_trade_is_more_often_followed_by_one_of_its_own_side():
    process = HawkesTimes(random.Random(3), 1.0, 0)
    sides = [process.next(1.0)[1] for _ in range(6000)]
    same = sum(first is second for first, second in itertools.pairwise(sides))
    assert same / len(sides) > 0.54
    assert 0.4 < sides.count(Side.BUY) / len(sides) < 0.6


def test_informed_taker_buys_below_the_latent_price_only():
    made = exchange()
    desk = HouseDesk(made, btc(), "~takers")
    takers = Takers(desk, random.Random(4), 500.0)
    placed(made, sell(6_800_000, 10**9, "~house"))
    for _ in range(50):
        takers.exploit(6_800_100.0, 1000.0, 0)  # the edge is too small
    assert not [event for event in made.drain() if isinstance(event, PublicTrade)]
    for _ in range(50):
        takers.exploit(6_801_000.0, 1000.0, 0)
    trades = made.recent_trades(PAIR, 100)
    assert trades and all(trade.side is Side.BUY for trade in trades)
