import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.simulation.order_rate import (
    ADD_COST,
    AMEND_COST,
    INTERMEDIATE,
    PRO,
    STARTER,
    RateCounter,
    Tier,
    amend_age_cost,
    cancel_age_cost,
)

SECOND = 10**9


def test_documented_example_costs_eight():
    """Add, amend after 7 s, cancel 36 s later: 1 + (1 + 2) + 4, without decay."""
    counter = RateCounter(Tier("still", 125, 0.0, 80))
    counter.charge(ADD_COST, 0)
    counter.charge(AMEND_COST + amend_age_cost(7 * SECOND), 7 * SECOND)
    counter.charge(cancel_age_cost(36 * SECOND), 43 * SECOND)
    assert counter.value(43 * SECOND) == 8


@pytest.mark.parametrize(
    ("age_s", "cost"), [(0, 3), (4.999, 3), (5, 2), (9.999, 2), (10, 1), (14.999, 1), (15, 0), (999, 0)]
)
def test_amend_costs_as_published_by_age(age_s, cost):
    assert amend_age_cost(int(age_s * SECOND)) == cost


@pytest.mark.parametrize(
    ("age_s", "cost"),
    [
        (0, 8),
        (4.999, 8),
        (5, 6),
        (10, 5),
        (14.999, 5),
        (15, 4),
        (44.999, 4),
        (45, 2),
        (89.999, 2),
        (90, 1),
        (299, 1),
        (300, 0),
    ],
)
def test_cancel_costs_as_published_by_age(age_s, cost):
    assert cancel_age_cost(int(age_s * SECOND)) == cost


@pytest.mark.parametrize(
    ("tier", "threshold", "decay", "orders"), [(STARTER, 60, 1, 60), (INTERMEDIATE, 125, 2.34, 80), (PRO, 180, 3.75, 225)]
)
def test_tiers_are_as_published(tier, threshold, decay, orders):
    assert (tier.threshold, tier.decay_per_s, tier.open_orders_max) == (threshold, decay, orders)


def test_counter_refuses_above_its_threshold_and_not_at_it():
    counter = RateCounter(STARTER)
    counter.charge(60, 0)
    assert not counter.refuses(0)
    counter.charge(1, 0)
    assert counter.refuses(0)
    assert not counter.refuses(1 * SECOND)


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 20 * SECOND)), max_size=30))
def test_counter_never_falls_below_zero_nor_rises_by_time(steps):
    counter, now = RateCounter(INTERMEDIATE), 0
    for cost, wait in steps:
        before = counter.value(now)
        now += wait
        assert 0 <= counter.value(now) <= before
        counter.charge(cost, now)
        assert counter.value(now) == pytest.approx(max(0.0, before - 2.34 * wait / SECOND) + cost)
