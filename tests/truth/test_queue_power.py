"""The fitted queue power is used when real orders exclude the setting, and not a moment earlier."""

import pytest

from wildbot.model.status import PowerBelief
from wildbot.truth.queue_power import ORDERS_MIN, power_in_force


@pytest.mark.parametrize(
    ("setting", "fitted", "low", "high", "orders", "power"),
    [
        (1.0, 0.5, 0.35, 0.84, ORDERS_MIN, 0.5),
        (1.0, 2.0, 1.4, 4.0, ORDERS_MIN, 2.0),
        (1.0, 0.5, 0.35, 0.84, ORDERS_MIN - 1, 1.0),  # too few
        (1.0, 0.5, 0.125, 6.7, 5_000, 1.0),  # many that say nothing
        (0.5, 0.6, 0.5, 0.7, 5_000, 0.5),
        (4.0, 0.6, 0.5, 0.7, 5_000, 0.6),
    ],
)
def test_our_own_orders_overrule_the_setting_only_when_they_exclude_it(
    setting: float, fitted: float, low: float, high: float, orders: int, power: float
) -> None:
    assert power_in_force(setting, PowerBelief(setting, fitted, low, high, orders, 3 * orders)) == power


def test_without_any_evidence_the_setting_is_in_force() -> None:
    assert power_in_force(0.7, None) == 0.7
