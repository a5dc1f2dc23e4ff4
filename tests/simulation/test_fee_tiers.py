"""Fee tiers: an account is in the last tier whose volume it has reached."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.errors import InvariantError
from wildbot.model.exchange import FeeTier
from wildbot.model.instrument import MONEY_ONE, FeeSchedule, Money
from wildbot.simulation.fee_tiers import STABLE_TABLE, STANDARD_TABLE, fixed_table, published_table, rates, tier_index


@pytest.mark.parametrize(
    ("volume", "maker", "taker"),
    [(0, 2500, 4000), (9_999, 2500, 4000), (10_000, 2000, 3500), (250_000, 1000, 2000), (10**9, 0, 1000)],
)
def test_volume_that_reaches_a_tier_has_its_rates(volume: int, maker: int, taker: int) -> None:
    assert rates(STANDARD_TABLE, Money(volume * MONEY_ONE)) == FeeSchedule(maker, taker)


@given(st.integers(0, 10**19), st.integers(0, 10**19))
def test_more_volume_never_costs_more(one: int, other: int) -> None:
    for table in (STANDARD_TABLE, STABLE_TABLE):
        less, more = (rates(table, Money(volume)) for volume in sorted((one, other)))
        assert (more.maker_ppm, more.taker_ppm) <= (less.maker_ppm, less.taker_ppm)


def test_fixed_rates_hold_at_any_volume() -> None:
    assert rates(fixed_table(FeeSchedule(1, 2)), Money(10**18)) == FeeSchedule(1, 2)


def test_table_that_does_not_begin_at_zero_is_our_mistake() -> None:
    with pytest.raises(InvariantError):
        tier_index((FeeTier(Money(1), 1, 1),), Money(5))


def test_stable_coins_have_a_table_of_their_own() -> None:
    assert published_table("USDC") == STABLE_TABLE
    assert published_table("BTC", first_tier_measured=True)[0] == FeeTier(Money(0), 4000, 8000)
