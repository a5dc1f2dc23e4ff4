"""The order counter: prices by age, decay, reserve."""

from hypothesis import given
from hypothesis import strategies as st

from wildbot.trading.rate_budget import ADD_COST, TIER_LIMITS, RateBudget

SECOND = 1_000_000_000


def a_budget() -> RateBudget:
    return RateBudget(*TIER_LIMITS["intermediate"])


def test_add_amend_and_cancel_cost_eight_in_the_venues_own_example() -> None:
    total = ADD_COST + RateBudget.cost_of_amend(7) + RateBudget.cost_of_cancel(36)
    assert total == 8


def test_amend_price_falls_with_age_at_each_edge() -> None:
    ages = (0.0, 4.999, 5.0, 9.999, 10.0, 14.999, 15.0)
    assert [RateBudget.cost_of_amend(age) for age in ages] == [4, 4, 3, 3, 2, 2, 1]


def test_cancel_price_falls_with_age_at_each_edge() -> None:
    ages = (0.0, 5.0, 10.0, 15.0, 44.999, 45.0, 90.0, 299.9, 300.0)
    assert [RateBudget.cost_of_cancel(age) for age in ages] == [8, 6, 5, 4, 4, 2, 1, 1, 0]


def test_counter_forgets_its_decay_per_second_and_stops_at_zero() -> None:
    budget = a_budget()
    budget.spend(100, 0)
    assert budget.level(10 * SECOND) == 100 - 23.4
    assert budget.level(1_000 * SECOND) == 0


def test_reserve_is_kept_free_and_the_last_unit_before_it_fits() -> None:
    budget = a_budget()
    budget.spend(74, 0)
    assert budget.would_fit(1, 0, 0.4)
    assert not budget.would_fit(2, 0, 0.4)
    assert budget.would_fit(51, 0)


def test_wait_is_zero_when_the_cost_fits_and_otherwise_just_long_enough() -> None:
    budget = a_budget()
    budget.spend(80, 0)
    assert budget.wait_ns(1, 0) == 0
    wait = budget.wait_ns(4, 0, 0.4)
    assert budget.would_fit(4, wait, 0.4)
    assert not budget.would_fit(4, wait - SECOND // 100, 0.4)


def test_budget_is_full_after_the_venue_refused_for_rate() -> None:
    budget = a_budget()
    budget.exhaust(SECOND)
    assert not budget.would_fit(1, SECOND)


@given(st.lists(st.tuples(st.integers(0, 10**10), st.integers(0, 9)), max_size=50))
def test_level_never_exceeds_what_was_spent_and_is_never_negative(steps: list[tuple[int, int]]) -> None:
    budget, now_ns, spent = a_budget(), 0, 0
    for gap_ns, cost in steps:
        now_ns += gap_ns
        budget.spend(cost, now_ns)
        spent += cost
        assert 0 <= budget.level(now_ns) <= spent


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_clock_that_steps_back_never_frees_room(first_ns: int, second_ns: int) -> None:
    budget = a_budget()
    budget.spend(50, first_ns)
    assert budget.level(min(first_ns, second_ns)) == 50
