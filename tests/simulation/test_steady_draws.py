"""The same seed stays the same market when a stranger trades in it, and without steady draws it does not."""

import random

import pytest

from wildbot.model.exchange import Kind, PlaceOrder, PublicTrade, Tif
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.steady_draws import SteadyRandom, in_turns
from wildbot.simulation.venue_pairs import UNIVERSE

PAIR = "SOL/USDC"
STRANGER = "~stranger"
START = 1_000 * NANOS_PER_SECOND


def taken(rng: random.Random, *, stranger: bool, seconds: int = 120) -> tuple[list[tuple[Side, int]], float]:
    """Return who took when (trades of the stranger and parts of one taker left out) and the last latent price."""
    exchange = SimulatedExchange([UNIVERSE[PAIR].instrument], rng=random.Random(1))
    exchange.open_account(STRANGER)
    market = SyntheticMarket(exchange, [UNIVERSE[PAIR]], rng)
    market.start(START)
    seen: dict[int, Side] = {}
    for second in range(1, seconds + 1):
        market.step(START + second * NANOS_PER_SECOND)
        if stranger and second % 10 == 5:
            exchange.drain()
            request = PlaceOrder(account=STRANGER, pair=PAIR, side=Side.BUY, kind=Kind.MARKET, lots=10**8, tif=Tif.IOC)
            exchange.place(request, START + second * NANOS_PER_SECOND)
            exchange.drain()
        for event in exchange.drain():
            if isinstance(event, PublicTrade):
                seen[event.ts_ns] = event.side
    return [(side, at_ns) for at_ns, side in sorted(seen.items())], market.flows[PAIR].fair_ticks


def shared(one: list[tuple[Side, int]], other: list[tuple[Side, int]]) -> float:
    return len(set(one) & set(other)) / max(len(one), len(other))


def test_a_stranger_leaves_the_latent_price_and_the_takers_as_they_were() -> None:
    (alone, price), (beside, same_price) = (taken(SteadyRandom(5), stranger=each) for each in (False, True))
    assert price == same_price
    assert len(alone) > 30
    assert shared(alone, beside) > 0.9


def test_with_one_stream_of_numbers_a_stranger_changes_everything() -> None:
    (alone, price), (beside, other_price) = (taken(random.Random(5), stranger=each) for each in (False, True))
    assert price != other_price
    assert shared(alone, beside) < 0.6


def test_the_same_seed_is_the_same_market_and_another_is_another() -> None:
    one, again, other = (taken(SteadyRandom(seed), stranger=False, seconds=30) for seed in (5, 5, 6))
    assert one == again != other


@pytest.mark.parametrize("drawn_before", [0, 1, 7])
def test_a_turn_draws_the_same_whatever_was_drawn_before(drawn_before: int) -> None:
    rng = SteadyRandom(3)
    draws = in_turns("look", lambda _: rng.getrandbits(60), rng)
    first = draws(0)
    for _ in range(drawn_before):
        rng.gauss(0, 1)
    expected = SteadyRandom(3)
    expected.turn("look")
    assert first == expected.getrandbits(60)
    expected.turn("look")
    second = draws(0)
    assert second == expected.getrandbits(60) != first


def test_plain_generators_are_left_alone() -> None:
    def act(now_ns: int) -> int:
        return now_ns

    assert in_turns("look", act, random.Random(1)) is act
