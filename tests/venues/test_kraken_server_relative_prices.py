"""Relative prices of REST orders become absolute ones on the tick."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.venues.builders_kraken_server import BTC, Venue
from wildbot.model.errors import VenueRefusal
from wildbot.model.orders import Side
from wildbot.simulation.venue_pairs import UNIVERSE
from wildbot.venues.kraken.server_relative_prices import with_absolute_prices

INSTRUMENT = UNIVERSE[BTC].instrument


def absolute(kind: str, side: str, **prices: str) -> list[object]:
    body = with_absolute_prices(INSTRUMENT, {"ordertype": kind, "type": side, **prices}, 6_000_000)
    return [body[name] for name in prices]


def test_signs_and_percentages_count_from_the_last_trade() -> None:
    assert absolute("limit", "buy", price="-100") == ["59900.00"]
    assert absolute("limit", "sell", price="+1.5%") == ["60900.00"]
    assert absolute("limit", "sell", price="61234.56") == ["61234.56"]
    assert absolute("limit", "buy", price="-0.0001%") == ["59999.94"]


def test_hash_takes_the_side_the_order_waits_on() -> None:
    assert absolute("limit", "buy", price="#1%") == ["59400.00"]
    assert absolute("limit", "sell", price="#1%") == ["60600.00"]
    assert absolute("stop-loss", "sell", price="#1%") == ["59400.00"]
    assert absolute("take-profit", "sell", price="#1%") == ["60600.00"]


def test_second_price_counts_from_the_first() -> None:
    assert absolute("stop-loss-limit", "sell", price="-1000", price2="-1%") == ["59000.00", "58410.00"]


@pytest.mark.parametrize("price", ["+", "#x%", "-100%", "-70000", "+1e999", "+NaN"])
def test_price_that_is_none_is_refused(price: str) -> None:
    with pytest.raises(VenueRefusal, match="EOrder:Invalid price"):
        absolute("limit", "buy", price=price)


@given(st.text(max_size=40))
def test_any_text_is_left_resolved_or_refused(price: str) -> None:
    try:
        absolute("limit", "buy", price=price)
    except VenueRefusal:
        pass


def test_relative_order_rests_at_its_absolute_price() -> None:
    venue = Venue()
    order = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "-10%"}
    assert venue.post("AddOrder", **order)["error"] == ["EOrder:Invalid price"]  # nothing traded yet
    venue.house(BTC, Side.BUY, 6_000_100, 1_000_000)
    descr = venue.result("AddOrder", **order)["descr"]
    assert descr == {"order": "buy 0.00100000 XBTUSDC @ limit 54000.90"}
