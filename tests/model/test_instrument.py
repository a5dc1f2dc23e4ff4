"""Integers for prices, sizes and money: text in, text out, and never a unit lost."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import (
    MONEY_DECIMALS,
    Instrument,
    Lots,
    Money,
    money_from_text,
    money_text,
    parse_scaled,
    round_half_up,
    scaled_text,
)


def an_instrument(price_decimals: int = 2, cost_decimals: int = 5, tick_step: int = 1) -> Instrument:
    return Instrument(
        pair="BTC/USDC", base="BTC", quote="USDC", rest_key="XBTUSDC", price_decimals=price_decimals, lot_decimals=8,
        cost_decimals=cost_decimals, tick_step=tick_step, lot_step=1, min_lots=Lots(5_000), min_cost=money_from_text("0.5"),
    )  # fmt: skip


decimals = st.integers(0, 10)
prices = st.integers(1, 10**10)
sizes = st.integers(1, 10**12)


@given(st.integers(-(10**18), 10**18), decimals)
def test_scaled_text_reads_back_as_the_same_integer(value: int, places: int) -> None:
    assert parse_scaled(scaled_text(value, places), places) == value


@given(st.integers(-(10**15), 10**15), decimals)
def test_scaled_text_is_what_decimal_prints(value: int, places: int) -> None:
    assert scaled_text(value, places) == f"{Decimal(value).scaleb(-places):.{places}f}"


@pytest.mark.parametrize(
    "text",
    ["", "abc", "NaN", "Infinity", "-inf", "1e400x", "0.001", "1,5", "1e999999999", "1e999999", "-1e-999999", "1" * 50],
)
def test_text_that_is_no_number_of_so_many_decimals_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_scaled(text, 2)


@given(st.from_regex(r"[+-]?[0-9_]{0,12}(\.[0-9 ]{0,9})?(e-?[0-9])?", fullmatch=True), decimals)
def test_text_is_read_as_decimal_reads_it(text: str, places: int) -> None:
    try:
        exact = Decimal(text).scaleb(places)
        whole = exact.to_integral_value()
    except InvalidOperation:
        whole = exact = Decimal("NaN")
    if exact == whole:
        assert parse_scaled(text, places) == whole
    else:
        with pytest.raises(ProtocolError):
            parse_scaled(text, places)


def test_exponents_are_read_exactly() -> None:
    assert parse_scaled("1e-08", 8) == 1
    assert parse_scaled("1.5E2", 2) == 15_000


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9))
def test_round_half_up_is_decimals_half_up(value: int, divisor: int) -> None:
    assert round_half_up(value, divisor) == int(
        (Decimal(value) / Decimal(divisor)).quantize(Decimal(1), ROUND_HALF_UP)
    ) or (
        abs(value) > 10**17  # beyond Decimal's default precision the reference itself rounds
    )


@given(prices, sizes, st.integers(0, 8), st.integers(0, 9))
def test_cost_is_price_times_size_rounded_to_cost_decimals(
    ticks: int, lots: int, price_places: int, cost_places: int
) -> None:
    instrument = an_instrument(price_places, cost_places)
    exact = Decimal(ticks).scaleb(-price_places) * Decimal(lots).scaleb(-8)
    wanted = exact.quantize(Decimal(1).scaleb(-cost_places), ROUND_HALF_UP)
    assert Decimal(instrument.cost(ticks, lots)).scaleb(-MONEY_DECIMALS) == wanted


@given(st.integers(0, 10**14), st.integers(-1_000, 20_000))
def test_fee_is_on_the_cost_grid_and_within_half_a_unit(cost: int, rate_ppm: int) -> None:
    fee = an_instrument(cost_decimals=5).fee(Money(cost), rate_ppm)
    unit = 10 ** (MONEY_DECIMALS - 5)
    assert fee % unit == 0
    assert abs(fee * 1_000_000 - cost * rate_ppm) * 2 <= unit * 1_000_000


@given(st.integers(0, 10**14), prices)
def test_floor_lots_for_never_costs_more_than_the_money(money: int, ticks: int) -> None:
    instrument = an_instrument()
    lots = instrument.floor_lots_for(Money(money), ticks)
    exact = ticks * lots  # price_decimals + lot_decimals equals MONEY_DECIMALS here
    assert exact <= money < ticks * (lots + 1)


@given(prices)
def test_min_order_lots_meets_both_minimums_and_not_one_lot_more(ticks: int) -> None:
    instrument = an_instrument()
    lots = instrument.min_order_lots(ticks)
    assert lots >= instrument.min_lots and ticks * lots >= instrument.min_cost
    assert lots == instrument.min_lots or ticks * (lots - 1) < instrument.min_cost


@given(st.integers(1, 10**9), st.integers(1, 1_000))
def test_floor_and_ceil_ticks_stay_on_the_grid_around_the_price(ticks: int, step: int) -> None:
    instrument = an_instrument(tick_step=step)
    low, high = instrument.floor_ticks(ticks), instrument.ceil_ticks(ticks)
    assert low <= ticks <= high and low % step == 0 and high % step == 0 and high - low in (0, step)


def test_money_text_rounds_half_away_from_zero() -> None:
    assert money_text(money_from_text("1.005"), 2) == "1.01"
    assert money_text(money_from_text("-1.005"), 2) == "-1.01"


def test_more_digits_than_decimals_default_precision_are_kept() -> None:
    assert parse_scaled("10000000000000000000000000001", 0) == 10**28 + 1
