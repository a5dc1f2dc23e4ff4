"""Wire numbers become integers without losing a digit, on both ways."""

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import scaled_text
from wildbot.venues.kraken.market_numbers import decimals_of, number_text, scaled_number, utc_ns
from wildbot.venues.kraken.market_wire import (
    FLOAT_EXACT_BELOW,
    ExactLevel,
    WireLevel,
    exact_levels,
    fast_levels,
)

LIMIT = int(FLOAT_EXACT_BELOW)
DECIMALS = st.integers(0, 12)


def wire(ticks: int, price_decimals: int, lots: int, lot_decimals: int) -> bytes:
    price, size = scaled_text(ticks, price_decimals), scaled_text(lots, lot_decimals)
    return f'{{"price":{price},"qty":{size}}}'.encode()


def fast(frame: bytes, price_decimals: int, lot_decimals: int) -> list[tuple[int, int]] | None:
    level = msgspec.json.decode(frame, type=WireLevel)
    return fast_levels([level], 10.0**price_decimals, 10.0**lot_decimals)


def exact(frame: bytes, price_decimals: int, lot_decimals: int) -> list[tuple[int, int]]:
    return exact_levels([msgspec.json.decode(frame, type=ExactLevel)], price_decimals, lot_decimals)


# Near the limit an error of one part in 2**52 is largest, so half of the cases lie there.
FAST_NUMBERS = st.one_of(st.integers(1, LIMIT - 1), st.integers(LIMIT - 10**6, LIMIT - 1))


@given(FAST_NUMBERS, DECIMALS, FAST_NUMBERS, DECIMALS)
def test_fast_way_returns_every_digit_below_its_limit(
    ticks: int, price_decimals: int, lots: int, lot_decimals: int
) -> None:
    frame = wire(ticks, price_decimals, lots, lot_decimals)
    assert fast(frame, price_decimals, lot_decimals) in ([(ticks, lots)], None)


@given(st.integers(1, LIMIT - 2), DECIMALS, st.integers(0, LIMIT - 2), DECIMALS)
def test_fast_way_is_taken_whenever_it_is_exact(ticks: int, price_decimals: int, lots: int, lot_decimals: int) -> None:
    assert fast(wire(ticks, price_decimals, lots, lot_decimals), price_decimals, lot_decimals) == [(ticks, lots)]


@given(st.integers(LIMIT + 1, 10**30), DECIMALS)
def test_fast_way_declines_numbers_above_its_limit(lots: int, decimals: int) -> None:
    assert fast(wire(1, 0, lots, decimals), 0, decimals) is None


@given(st.integers(1, 10**26), DECIMALS, st.integers(0, 10**26), DECIMALS)
def test_exact_way_returns_every_digit_of_any_number(ticks: int, price_decimals: int, lots: int, lot_decimals: int) -> None:
    frame = wire(ticks, price_decimals, lots, lot_decimals)
    assert exact(frame, price_decimals, lot_decimals) == [(ticks, lots)]


def test_the_limit_keeps_the_error_of_two_roundings_below_a_half() -> None:
    worst = LIMIT * ((1 + Fraction(1, 2**53)) ** 2 - 1)
    assert worst < Fraction(1, 2) - Fraction(1, 8)


@pytest.mark.parametrize("frame", [b'{"price":-1.0,"qty":1}', b'{"price":0,"qty":1}', b'{"price":1,"qty":-1}'])
def test_impossible_levels_are_declined_by_the_fast_way_and_refused_by_the_exact(frame: bytes) -> None:
    assert fast(frame, 2, 8) is None
    with pytest.raises(ProtocolError, match="cannot be"):
        exact(frame, 2, 8)


def test_surplus_digits_are_refused_by_the_exact_way() -> None:
    with pytest.raises(ProtocolError, match="more than 2 decimals"):
        exact(b'{"price":1.234,"qty":1}', 2, 8)


@pytest.mark.parametrize(
    "printed", [b"1e400", b"1e999999999", b"1e-999", b"1" * 29, b'"NaN"', b'"Infinity"', b'"x"', b"null"]
)
def test_numbers_no_market_has_are_refused(printed: bytes) -> None:
    with pytest.raises(ProtocolError):
        scaled_number(msgspec.Raw(printed), 8)


def test_precision_is_read_off_the_printed_zeros() -> None:
    assert decimals_of(msgspec.Raw(b"0.03740000")) == 8
    assert decimals_of(msgspec.Raw(b'"45285.2"')) == 1
    assert decimals_of(msgspec.Raw(b"7")) == 0
    assert number_text(msgspec.Raw(b'"45285.2"')) == "45285.2"
    with pytest.raises(ProtocolError):
        decimals_of(msgspec.Raw(b"1e-08"))


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("1970-01-01T00:00:01.000001Z", 1_000_001_000),
        ("2023-07-30T15:29:58.343415Z", 1_690_730_998_343_415_000),
        ("2024-05-17T11:21:16.318303322Z", 1_715_944_876_318_303_322),
        ("2026-01-05T00:00:01Z", 1_767_571_201_000_000_000),
    ],
)
def test_times_are_read_to_the_nanosecond(text: str, nanos: int) -> None:
    assert utc_ns(text) == nanos


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-05T00:00:01.000001",
        "2026-13-05T00:00:01.000001Z",
        "2026-01-05T00:00:01.-00001Z",
        "2026-01-05T00:00:01x1_2345Q",
        "2026-01-05T00:00:01.3+01:00",
    ],
)
def test_what_is_no_utc_time_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="not a UTC time"):
        utc_ns(text)
