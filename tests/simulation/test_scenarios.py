"""Every scenario: the same bytes for the same seed, its own shape, and resting orders that are picked off."""

import hashlib
import random

import msgspec
import pytest

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.market_shape import MarketShape, measure
from wildbot.simulation.scenarios import SCENARIOS, Conditions, Phase, Scenario, Script
from wildbot.simulation.venue_pairs import UNIVERSE

PAIRS = [UNIVERSE[pair] for pair in ("BTC/USDC", "DOGE/USDC", "AVAX/USDC")]


def market(scenario: str, seed: int, pairs=PAIRS, opens_after_s: int = 0) -> tuple[SimulatedExchange, SyntheticMarket]:
    exchange = SimulatedExchange([pair.instrument for pair in pairs], rng=random.Random(seed))
    made = SyntheticMarket(
        exchange,
        pairs,
        random.Random(seed),
        scenario=SCENARIOS[scenario],
        opens_after_ns=opens_after_s * NANOS_PER_SECOND,
    )
    return exchange, made


def stream_hash(scenario: str, seed: int, *, seconds: int = 15, start_ns: int = 0) -> str:
    """The digest of every event, byte by byte, times counted from the start."""
    exchange, made = market(scenario, seed)
    digest = hashlib.sha256()
    made.start(start_ns)
    for second in range(seconds):
        made.step(start_ns + second * NANOS_PER_SECOND)
        for event in exchange.drain():
            shifted = msgspec.structs.replace(event, ts_ns=event.ts_ns - start_ns)
            digest.update(msgspec.json.encode(shifted))
    return digest.hexdigest()


def shapes(scenario: str, seed: int, seconds: int, pairs=PAIRS) -> dict[str, MarketShape]:
    exchange, made = market(scenario, seed, pairs)
    made.start(0)
    return measure(exchange, made, start_ns=0, seconds=seconds)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(scenario):
    assert stream_hash(scenario, 3) == stream_hash(scenario, 3)
    assert stream_hash(scenario, 3) != stream_hash(scenario, 4)


def test_the_market_does_not_depend_on_the_time_of_day():
    assert stream_hash("normal", 3) == stream_hash("normal", 3, start_ns=1_700_000_000 * NANOS_PER_SECOND)


def test_before_the_doors_open_every_scenario_is_the_normal_market():
    streams = []
    for scenario in ("normal", "crash", "dead"):
        exchange, made = market(scenario, 5, opens_after_s=20)
        made.start(0)
        made.step(19 * NANOS_PER_SECOND)
        streams.append(exchange.drain())
    assert streams[0] == streams[1] == streams[2]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_passive_fills_lose_to_what_the_price_does_next(seed):
    """Averaged over the pairs and over each: the mid moves against the resting side within 1 s and within 5 s."""
    found = shapes("normal", seed, 600)
    for horizon in ("adverse_1s_bps", "adverse_5s_bps"):
        values = [getattr(shape, horizon) for shape in found.values()]
        assert sum(values) / len(values) < -0.3
        assert all(value < 0 for value in values), (horizon, values)


def test_the_touch_of_the_tightest_pairs_earns_little_more_than_it_loses():
    exchange, made = market("normal", 7, [UNIVERSE["BTC/USDC"]])
    made.start(0)
    shape = measure(exchange, made, start_ns=0, seconds=400)["BTC/USDC"]
    assert shape.realised_5s_bps < 0.6 * shape.spread_bps / 2


@pytest.mark.parametrize("seed", [1, 7])
def test_trades_are_as_large_as_those_recorded_and_the_spread_as_wide(seed):
    """Every fill is a trade of its own, as in the recorded counts."""
    for pair, found in shapes("normal", seed, 600, list(UNIVERSE.values())).items():
        wanted = UNIVERSE[pair].shape
        recorded_usd = wanted.volume_usd / wanted.trade_count
        assert found.trade_usd == pytest.approx(recorded_usd, rel=0.15), pair
        assert found.spread_bps == pytest.approx(wanted.spread_bps, rel=0.2), pair


def test_busy_updates_every_pair_fifty_times_a_second():
    found = shapes("busy", 7, 120, list(UNIVERSE.values()))
    assert min(shape.events_per_s for shape in found.values()) >= 50


def test_the_price_of_a_coarse_pair_moves_a_few_times_a_minute():
    assert shapes("normal", 7, 300, [UNIVERSE["AVAX/USDC"]])["AVAX/USDC"].mid_moves_per_min >= 3


def test_scenarios_differ_in_the_direction_of_their_names():
    normal = shapes("normal", 7, 300)["DOGE/USDC"]
    calm, thin, crash, dead = (shapes(name, 7, 300)["DOGE/USDC"] for name in ("calm", "thin", "crash", "dead"))
    assert calm.volatility_5m_bps < 0.7 * normal.volatility_5m_bps and calm.trades_per_s < 0.7 * normal.trades_per_s
    assert thin.depth_usd < 0.4 * normal.depth_usd and thin.spread_bps > 1.5 * normal.spread_bps
    assert crash.range_bps > 400 > normal.range_bps
    assert dead.events_per_s < 2 and dead.trades_per_s < 0.1


def test_a_trend_goes_up_first():
    exchange, made = market("trend", 7, [UNIVERSE["SOL/USDC"]])
    made.start(0)
    before = made.flows["SOL/USDC"].fair_ticks
    made.step(400 * NANOS_PER_SECOND)
    assert made.flows["SOL/USDC"].fair_ticks > before * 1.003
    exchange.drain()


def test_phases_follow_one_another_and_begin_again():
    first, second = Conditions(trades=2.0), Conditions(trades=3.0)
    script = Script(Scenario("two", (Phase(10, first), Phase(5, second))), 100 * NANOS_PER_SECOND)
    seen = [script.at(at * NANOS_PER_SECOND).trades for at in (0, 99, 100, 109, 110, 114, 115, 126, 50)]
    assert seen == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 2.0, 3.0, 1.0]
