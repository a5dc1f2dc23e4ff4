"""A fill's worth: the mid some seconds later against its price, less its fee, exactly."""

import pytest

from tests.truth.builders_truth import SOL, START
from wildbot.model.instrument import MONEY_ONE, NANOS_PER_SECOND, Money
from wildbot.model.orders import Side
from wildbot.truth.fill_values import VALUE_HORIZON_S, FillValues, Tally

COIN = 10**SOL.lot_decimals
PRICE = 100 * 10**SOL.price_decimals
LATER = START + VALUE_HORIZON_S * NANOS_PER_SECOND


def filled(side: Side, fee: int = 0) -> tuple[FillValues, Tally]:
    tally = Tally()
    values = FillValues(SOL, {"actual": tally})
    values.on_mid(2 * PRICE, START)
    values.add("actual", side, PRICE, COIN, Money(fee), START)
    return values, tally


@pytest.mark.parametrize(("side", "worth"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_a_fill_is_worth_the_mid_of_its_horizon_and_no_later_one(side: Side, worth: int) -> None:
    values, tally = filled(side)
    values.on_mid(2 * PRICE + 2 * 10**SOL.price_decimals, LATER)  # a quote currency unit dearer
    values.on_mid(4 * PRICE, LATER + 1)
    assert (tally.fills, tally.valued, tally.value) == (1, 1, worth * MONEY_ONE)
    assert tally.move_bps == pytest.approx(worth * 100.0)


def test_its_fee_is_taken_off() -> None:
    values, tally = filled(Side.BUY, fee=MONEY_ONE // 4)
    values.end()
    assert tally.value == -MONEY_ONE // 4


def test_what_waits_is_shown_at_the_mid_of_now() -> None:
    values, tally = filled(Side.BUY)
    values.on_mid(2 * PRICE + 1, START + 1)  # half a tick up
    assert values.pending() == {"actual": MONEY_ONE // (2 * 10**SOL.price_decimals)}
    assert tally.value == 0
