"""The decaying exit target and the hold limit, against the written numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.trading.exit_target import ExitPlan

PLAN = ExitPlan(2.0, 1.2, 300.0, 30.0, 3.0)
MAKER = 25.0


def test_the_full_target_is_fees_and_profit_or_volatility_if_that_is_more() -> None:
    assert PLAN.full_target_bps(MAKER, None) == 52.0
    assert PLAN.full_target_bps(MAKER, 10.0) == 52.0
    assert PLAN.full_target_bps(MAKER, 100.0) == 120.0


def test_the_hold_limit_grows_with_the_target_up_to_its_cap() -> None:
    assert PLAN.hold_limit_s(MAKER, 52.0) == 300.0
    assert PLAN.hold_limit_s(MAKER, 104.0) == 600.0
    assert PLAN.hold_limit_s(MAKER, 520.0) == 900.0
    assert ExitPlan(2.0, 1.2, 10.0, 30.0, 3.0).hold_limit_s(MAKER, 52.0) == 30.0


@pytest.mark.parametrize(
    ("fraction", "target"),
    [(0.0, 52.0), (0.4, 52.0), (0.575, 38.5), (0.75, 25.0), (0.875, 14.0), (1.0, 3.0), (7.0, 3.0)],
)
def test_the_target_decays_as_written(fraction: float, target: float) -> None:
    assert PLAN.target_bps(MAKER, 52.0, fraction) == pytest.approx(target)


@given(st.floats(-2, 100), st.floats(0, 500), st.floats(0, 1.5), st.floats(0, 1.5))
def test_the_target_never_rises_with_time(maker: float, volatility: float, one: float, other: float) -> None:
    full = PLAN.full_target_bps(maker, volatility)
    early, late = sorted((one, other))
    if full >= maker:
        assert PLAN.target_bps(maker, full, late) <= PLAN.target_bps(maker, full, early) + 1e-9
