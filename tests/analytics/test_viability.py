"""The verdict before trading: no where nobody is paid, yes where an edge above the hurdle was planted, and why."""

import random

import pytest
from msgspec.structs import replace

from tests.trading.builders_trading import FEES, PAIR, SECOND, SOL, START, a_book, money
from wildbot.analytics.edge_meter import LEAST_OBSERVATIONS, EdgeMeter, Observations, student_t
from wildbot.analytics.viability import Answer, Terms, Viability, judge
from wildbot.market.edge import break_even_win_rate, reach
from wildbot.model.exchange import PublicTrade
from wildbot.model.instrument import FeeSchedule, Instrument, PairStatus
from wildbot.model.market_data import BookInvalidated, BookSnapshot, TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.venue_pairs import UNIVERSE

CHEAP = FeeSchedule(200, 400)
"""A hurdle of 4 bps: within reach of what the small markets below do, so that the evidence decides."""

HORIZON_S = 30
SEEDS = 100
LOOKS_PER_S = 4


def small_market(seed: int, *, spread_bps: float, seconds: int = 1_200, trend_bps: float = 0.0) -> EdgeMeter:
    """A walk of 1.5 bps a second with takers who know nothing; with `trend_bps`, runs of six horizons that each move so
    far, up and down in turn."""
    rng, meter, mid = random.Random(seed), EdgeMeter(HORIZON_S), 1_000_000.0
    half = round(spread_bps * 100 / 2)
    for second in range(1, seconds + 1):
        drift = trend_bps / HORIZON_S * (1 if second // (6 * HORIZON_S) % 2 else -1)
        mid *= 1 + (rng.gauss(0, 1.5) + drift) / 10_000
        at, ticks = START + second * SECOND, round(mid)
        meter.on_event(BookSnapshot(PAIR, second, at, at, (ticks - half,), (5,), (ticks + half,), (5,)))
        if rng.random() < 0.5:
            side = rng.choice((Side.BUY, Side.SELL))
            meter.on_event(TradePrint(PAIR, second, side, ticks + half * side.sign, 5, at, at))
    return meter


def verdict(meter: EdgeMeter, fees: FeeSchedule = CHEAP, lease: str = "1600", **changes: object) -> Viability:
    plain = {"fees": fees, "lease": money(lease), "traders": 3, "horizon_s": HORIZON_S}
    return judge(SOL, meter, Terms(**{**plain, **changes}))  # type: ignore[arg-type]


def answers(fees: FeeSchedule = CHEAP, seeds: int = SEEDS, **market: float) -> list[Answer]:
    return [verdict(small_market(seed, **market), fees).answer for seed in range(seeds)]  # type: ignore[arg-type]


# --- the claim ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread_bps", [1.0, 2.0, 4.0], ids=["below", "half", "just at the hurdle"])
def test_a_driftless_market_that_pays_no_more_than_the_fees_is_a_no(spread_bps: float) -> None:
    assert answers(spread_bps=spread_bps).count(Answer.NO) >= 0.95 * SEEDS


def test_a_spread_beyond_the_hurdle_is_a_yes() -> None:
    assert answers(spread_bps=6.0).count(Answer.YES) >= 0.95 * SEEDS


def test_a_trend_beyond_the_taker_s_hurdle_is_a_yes_by_following() -> None:
    found = [verdict(small_market(seed, spread_bps=1.0, seconds=3_600, trend_bps=60.0)) for seed in range(20)]
    assert [each.answer for each in found].count(Answer.YES) >= 19
    assert all("following" in each.reason for each in found if each.answer is Answer.YES)


def simulated(pair: str, seed: int, seconds: int = 300) -> tuple[Instrument, EdgeMeter]:
    """A pair of the simulated exchange, where some takers know more than the book."""
    listed, rng = UNIVERSE[pair], random.Random(seed)
    exchange, meter = SimulatedExchange([listed.instrument], rng=rng), EdgeMeter(300)
    market = SyntheticMarket(exchange, [listed], rng)
    market.start(START)
    exchange.drain()
    for look in range(1, seconds * LOOKS_PER_S + 1):
        now = START + look * SECOND // LOOKS_PER_S
        market.step(now)
        for event in exchange.drain():
            if isinstance(event, PublicTrade):
                meter.on_event(TradePrint(pair, look, event.side, event.ticks, event.lots, now, now))
        bids, asks = exchange.depth(pair, 1)
        if bids and asks:
            meter.on_event(BookSnapshot(pair, look, now, now, *((each,) for each in (*bids[0], *asks[0]))))
    return listed.instrument, meter


@pytest.mark.parametrize("seed", range(4))
def test_a_simulated_market_at_the_exchange_s_entry_fees_is_a_no(seed: int) -> None:
    instrument, meter = simulated("BTC/USDC", seed)
    terms = Terms(fees=FEES, lease=money("16"), traders=1, horizon_s=300)
    assert judge(instrument, meter, terms).answer is Answer.NO


def test_a_simulated_market_with_a_wide_spread_and_hardly_any_fees_is_a_yes() -> None:
    instrument, meter = simulated("LINK/USDC", 1)
    found = judge(instrument, meter, Terms(fees=CHEAP, lease=money("16"), traders=1, horizon_s=300))
    assert (found.answer, found.reason.partition(" ")[0]) == (Answer.YES, "making")


# --- why not --------------------------------------------------------------------------------------------------------


def test_fees_out_of_reach_need_no_further_proof() -> None:
    found = verdict(small_market(1, spread_bps=6.0, seconds=100), FEES)
    assert found.answer is Answer.NO
    assert found.reason.startswith("below hurdle: expected") and "of 50.0 bps" in found.reason
    assert found.break_even_win_rate is None


def test_a_lease_below_the_smallest_order_says_what_capital_is_needed() -> None:
    found = verdict(small_market(1, spread_bps=2.0), lease="50")
    assert found.answer is Answer.NO
    assert found.order_share is not None and found.order_share > 1
    assert f"{float(found.capital_needed or 0):.2f} USDC of capital would be needed" in found.reason
    assert float(found.capital_needed or 0) == pytest.approx(3 * float(found.least_order or 0))


def test_the_strategy_s_own_least_lease_counts_when_it_is_more_than_an_order() -> None:
    meter = small_market(1, spread_bps=6.0)
    assert verdict(meter, least_lease=money("1600")).answer is Answer.YES
    assert verdict(meter, least_lease=money("1600.01")).answer is Answer.NO


def test_a_pair_that_is_not_open_is_a_no_whatever_it_pays() -> None:
    closed = replace(SOL, status=PairStatus.CANCEL_ONLY)
    meter = small_market(1, spread_bps=6.0)
    found = judge(closed, meter, Terms(fees=CHEAP, lease=money("1600"), traders=1, horizon_s=HORIZON_S))
    assert (found.answer, found.reason) == (Answer.NO, "the exchange has it cancel_only")


def test_too_little_data_is_unknown_never_yes() -> None:
    assert verdict(EdgeMeter(HORIZON_S)).reason == "no two-sided book was seen"
    assert verdict(small_market(1, spread_bps=6.0, seconds=15)).answer is Answer.UNKNOWN
    early = verdict(small_market(1, spread_bps=6.0, seconds=120))
    assert early.answer is Answer.UNKNOWN
    assert f"of {LEAST_OBSERVATIONS} observations" in early.reason


# --- the parts ------------------------------------------------------------------------------------------------------


def test_making_is_twice_the_way_from_the_price_to_the_later_mid() -> None:
    meter = EdgeMeter(HORIZON_S)
    for second in range(1, 600):
        at = START + second * SECOND
        meter.on_event(a_book(9_998, 10_002, at=at, seq=second))
        meter.on_event(TradePrint(PAIR, second, Side.BUY, 10_002, 1, at, at))
    making = meter.edges(CHEAP)[0]
    assert making.mean_bps == pytest.approx(4.0)  # half a spread of 2 bps, on both sides
    assert making.error_bps == pytest.approx(0.0, abs=1e-9)


def test_nothing_is_measured_across_a_gap_or_from_before_the_first_book() -> None:
    meter = EdgeMeter(HORIZON_S)
    meter.on_event(TradePrint(PAIR, 1, Side.BUY, 10_002, 1, START, START))
    meter.on_event(a_book(9_998, 10_002, at=START + SECOND))
    meter.on_event(TradePrint(PAIR, 2, Side.BUY, 10_002, 1, START, START))
    meter.on_event(TradePrint(PAIR, 3, Side.BUY, 10_002, 1, START + SECOND, START + SECOND))
    meter.on_event(BookInvalidated(PAIR, "checksum", START + 2 * SECOND))
    for second in range(3, 60):
        meter.on_event(a_book(19_998, 20_002, at=START + second * SECOND, seq=second))
    assert [edge.observations for edge in meter.edges(CHEAP)] == [0, 0, 0]


def test_spread_percentiles_are_of_seconds_not_of_messages() -> None:
    meter = EdgeMeter(HORIZON_S)
    for second in range(1, 101):
        at = START + second * SECOND
        half = second  # from 1 to 100 ticks
        meter.on_event(a_book(1_000_000 - half, 1_000_000 + half, at=at, seq=second))
        for later in range(1, 5):
            meter.on_event(a_book(990_000, 1_010_000, at=at + later, seq=second))
    spread = meter.spread_bps
    assert spread is not None
    assert (spread.p10, spread.p50, spread.p90) == pytest.approx((0.22, 1.02, 1.82))


def test_the_break_even_win_rate_pays_for_both_ways_out() -> None:
    assert break_even_win_rate(0.0, 10.0, FeeSchedule(0, 0)) == pytest.approx(0.5)
    assert break_even_win_rate(2.0, 30.0, FeeSchedule(200, 400)) == pytest.approx(36 / (28 + 36))
    assert break_even_win_rate(2.0, 48.0, FEES) is None
    assert reach(2.0, 48.0, FEES).pays  # just


def test_observations_have_the_plain_mean_and_error() -> None:
    rng, many = random.Random(5), Observations()
    values = [rng.gauss(3, 2) for _ in range(500)]
    for value in values:
        many.add(value)
    mean = sum(values) / 500
    error = (sum((value - mean) ** 2 for value in values) / 499 / 500) ** 0.5
    assert many.mean == pytest.approx(mean)
    assert many.error == pytest.approx(error)


@pytest.mark.parametrize(("share", "freedom", "quantile"), [(0.975, 19, 2.0930), (0.95, 30, 1.6973), (0.99, 100, 2.3642)])
def test_student_s_t_agrees_with_its_tables(share: float, freedom: int, quantile: float) -> None:
    assert student_t(share, freedom) == pytest.approx(quantile, abs=0.01)
