"""The synthetic market's promises, on shortened runs."""

import itertools
import math
import random
import statistics

import pytest

from wildbot.model.exchange import BookChange, PublicTrade
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import LATENESS_NS_MAX, SyntheticMarket
from wildbot.simulation.venue_pairs import UNIVERSE

SECOND = 10**9
ALL = list(UNIVERSE.values())


def market(*pairs, seed=1, activity=1.0):
    exchange = SimulatedExchange([pair.instrument for pair in pairs], rng=random.Random(seed))
    return exchange, SyntheticMarket(exchange, pairs, random.Random(seed), activity=activity)


class Observed:
    """What an onlooker saw of every pair, once a second."""

    def __init__(self, seconds: int, seed: int) -> None:
        self.seconds = seconds
        self.mids = {pair: [] for pair in UNIVERSE}
        self.spreads_bps = {pair: [] for pair in UNIVERSE}
        self.levels = {pair: [] for pair in UNIVERSE}
        self.trades = dict.fromkeys(UNIVERSE, 0)
        self.changes = dict.fromkeys(UNIVERSE, 0)
        self.errors_bps = {pair: [] for pair in UNIVERSE}
        exchange, synthetic = market(*ALL, seed=seed)
        synthetic.start(0)
        exchange.drain()
        for second in range(1, seconds + 1):
            synthetic.step(second * SECOND)
            for event in exchange.drain():
                if isinstance(event, PublicTrade):
                    self.trades[event.pair] += 1
                elif isinstance(event, BookChange):
                    self.changes[event.pair] += 1
            for pair in UNIVERSE:
                bid, ask = exchange.best(pair)
                assert bid is not None and ask is not None and bid < ask
                mid = (bid + ask) / 2
                self.mids[pair].append(mid)
                self.spreads_bps[pair].append((ask - bid) / mid * 10_000)
                self.levels[pair].append(min(exchange.level_count(pair, side) for side in Side))
                self.errors_bps[pair].append(abs(mid / synthetic.flows[pair].fair_ticks - 1) * 10_000)


@pytest.fixture(scope="module")
def observed():
    return Observed(seconds=420, seed=11)


@pytest.mark.parametrize("pair", UNIVERSE)
def test_spread_is_near_the_recorded_one(observed, pair):
    median = statistics.median(observed.spreads_bps[pair])
    assert 0.7 <= median / UNIVERSE[pair].shape.spread_bps <= 1.4


@pytest.mark.parametrize("pair", UNIVERSE)
def test_market_is_lively(observed, pair):
    assert 0.15 <= observed.trades[pair] / observed.seconds <= 3
    assert 5 <= observed.changes[pair] / observed.seconds <= 40


@pytest.mark.parametrize("pair", UNIVERSE)
def test_book_stays_deep_and_follows_the_latent_price(observed, pair):
    assert statistics.median(observed.levels[pair]) >= 30
    assert min(observed.levels[pair]) >= 15
    assert statistics.median(observed.errors_bps[pair]) < UNIVERSE[pair].shape.spread_bps / 2


def test_volatility_passes_the_market_makers_filter_most_of_the_time(observed):
    passed = []
    for mids in observed.mids.values():
        returns = [math.log(after / before) * 10_000 for before, after in itertools.pairwise(mids)]
        for start in range(0, len(returns) - 100, 40):
            volatility = statistics.pstdev(returns[start : start + 100]) * math.sqrt(300)
            passed.append(volatility >= 8)
            assert volatility < 150
    assert sum(passed) / len(passed) > 0.8


def test_same_seed_gives_the_same_market_and_another_seed_another():
    def events(seed):
        exchange, synthetic = market(*ALL[:3], seed=seed)
        synthetic.start(5 * SECOND)
        for second in range(6, 26):
            synthetic.step(second * SECOND)
        return exchange.drain()

    assert events(3) == events(3)
    assert events(3) != events(4)


def test_market_does_not_depend_on_how_often_it_is_stepped():
    fine_exchange, fine = market(ALL[0])
    coarse_exchange, coarse = market(ALL[0])
    fine.start(0)
    coarse.start(0)
    while (due := fine.next_due_ns()) is not None and due <= 20 * SECOND:
        fine.step(due)
    coarse.step(20 * SECOND)
    assert fine_exchange.drain() == coarse_exchange.drain()


def test_one_pair_does_not_change_the_draws_of_another():
    def trades(*pairs):
        exchange, synthetic = market(*pairs)
        synthetic.start(0)
        synthetic.step(30 * SECOND)
        return [event for event in exchange.drain() if isinstance(event, PublicTrade) and event.pair == "BTC/USDC"]

    assert trades(ALL[0]) == trades(ALL[0], ALL[1])


def test_activity_scales_the_rates():
    counts = []
    for activity in (0.5, 2.0):
        exchange, synthetic = market(ALL[0], activity=activity)
        synthetic.start(0)
        exchange.drain()
        synthetic.step(60 * SECOND)
        counts.append(len(exchange.drain()))
    assert counts[1] > 2 * counts[0]


def test_long_silence_is_skipped_not_made_up_for():
    exchange, synthetic = market(ALL[0])
    synthetic.start(0)
    exchange.drain()
    late = 10 * LATENESS_NS_MAX
    synthetic.step(late)
    assert 0 < len(exchange.drain()) < 100
    due = synthetic.next_due_ns()
    assert due is not None and late < due < late + 2 * SECOND


def test_memory_is_bounded_over_a_long_quiet_run():
    exchange, synthetic = market(ALL[0], activity=4.0)
    synthetic.start(0)
    for second in range(1, 300):
        synthetic.step(second * SECOND)
        exchange.drain()
    resting = sum(len(exchange.queue("BTC/USDC", side, ticks)) for side, ticks in levels_of(exchange))
    assert resting < 500
    assert len(synthetic._due) == 4


def levels_of(exchange):
    bids, asks = exchange.depth("BTC/USDC", 10_000)
    return [(Side.BUY, ticks) for ticks, _ in bids] + [(Side.SELL, ticks) for ticks, _ in asks]


def test_market_survives_maintenance_and_goes_on():
    exchange, synthetic = market(ALL[0])
    synthetic.start(0)
    exchange.set_system(SystemStatus.MAINTENANCE, SECOND)
    before = exchange.depth("BTC/USDC", 100)
    synthetic.step(30 * SECOND)
    assert exchange.depth("BTC/USDC", 100) == before
    exchange.set_system(SystemStatus.ONLINE, 30 * SECOND)
    exchange.drain()
    synthetic.step(60 * SECOND)
    assert any(isinstance(event, PublicTrade) for event in exchange.drain())
