"""The fixed part of a request's price is charged even if its validation fails; what is turned away at the gate is free."""

import pytest

from tests.venues.builders_kraken_server import BTC, Frame, Venue
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.server_text import timestamp

ORDER: Frame = {"order_type": "limit", "side": "buy", "symbol": BTC, "order_qty": 0.001, "limit_price": 50_000.0}
REST = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "50000"}


def counter(venue: Venue) -> float:
    return venue.exchange.rate_counter("main", BTC, venue.now_ns)


@pytest.mark.parametrize(
    "change",
    [{"limit_price": 50_000.001}, {"order_qty": 0.0}, {"time_in_force": "gtd"}, {"cl_ord_id": "UPPER"}, {"side": "hold"}],
)
def test_an_order_that_cannot_be_read_costs_what_an_order_costs(change: Frame) -> None:
    venue = Venue()
    assert venue.connect(private=True).reply("add_order", **ORDER | change)["success"] is False
    assert counter(venue) == 1


def test_a_frame_that_is_turned_away_at_the_gate_is_free() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    assert client.reply("add_order", **ORDER | {"limit_price": "50000"})["success"] is False
    assert client.reply("add_order", **ORDER | {"colour": "red"})["success"] is False
    assert client.reply("add_order", **ORDER | {"symbol": "NO/PAIR"})["success"] is False
    assert counter(venue) == 0


def test_a_batch_that_cannot_be_read_costs_half_an_order_each() -> None:
    venue = Venue()
    one = {name: value for name, value in ORDER.items() if name != "symbol"}
    client = venue.connect(private=True)
    assert client.reply("batch_add", symbol=BTC, orders=[one, one, one | {"side": "hold"}])["success"] is False
    assert counter(venue) == 1.5
    assert venue.exchange.open_orders("main") == []


def test_an_amend_or_edit_that_cannot_be_read_costs_its_fixed_part() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    order_id = client.buy(50_000.0)["result"]["order_id"]  # type: ignore[index]
    assert client.reply("amend_order", order_id=order_id, limit_price=50_000.001)["success"] is False
    assert client.reply("edit_order", order_id=order_id, symbol=BTC, limit_price=50_000.001)["success"] is False
    assert counter(venue) == 3
    assert client.reply("amend_order", order_id="OAAAAA-BBBBB-CCCCCC", limit_price=50_000.001)["success"] is False
    assert counter(venue) == 3  # no order, no pair to charge


def test_rest_charges_the_same() -> None:
    venue = Venue()
    assert venue.post("AddOrder", **REST | {"price": "50000.001"})["error"] != []
    assert counter(venue) == 1
    (order_id,) = venue.result("AddOrder", **REST)["txid"]  # type: ignore[misc]
    assert venue.post("AmendOrder", txid=order_id, limit_price="50000.001")["error"] != []
    assert venue.post("EditOrder", pair="XBTUSDC", txid=order_id, price="50000.001")["error"] != []
    assert counter(venue) == 4
    assert venue.post_json("AddOrderBatch", pair="XBTUSDC", orders=[REST, REST | {"price": "x"}])["error"] != []
    assert counter(venue) == 5


def test_nonsense_is_told_that_the_counter_is_full() -> None:
    venue = Venue()
    venue.exchange.set_rate_counter("main", BTC, 200, venue.now_ns)
    client = venue.connect(private=True)
    assert client.reply("add_order", **ORDER | {"order_qty": 0.0})["error"] == "EOrder:Rate limit exceeded"
    assert counter(venue) == 200


def test_a_batch_is_refused_whole_when_the_counter_is_full() -> None:
    venue = Venue()
    venue.exchange.set_rate_counter("main", BTC, 200, venue.now_ns)
    one = {name: value for name, value in ORDER.items() if name != "symbol"}
    assert venue.post_json("AddOrderBatch", pair="XBTUSDC", orders=[REST, REST])["error"] == ["EOrder:Rate limit exceeded"]
    client = venue.connect(private=True)
    assert client.reply("batch_add", symbol=BTC, orders=[one, one])["error"] == "EOrder:Rate limit exceeded"
    assert counter(venue) == 200


def test_a_deadline_that_rest_does_not_take_costs_the_fixed_part() -> None:
    venue = Venue()
    (order_id,) = venue.result("AddOrder", **REST)["txid"]  # type: ignore[misc]
    soon = timestamp(venue.now_ns + NANOS_PER_SECOND)
    for endpoint, fields in (
        ("AddOrder", REST),
        ("AmendOrder", {"txid": order_id, "limit_price": "49000"}),
        ("EditOrder", {"pair": "XBTUSDC", "txid": order_id, "price": "49000"}),
    ):
        before = counter(venue)
        assert venue.post(endpoint, **fields, deadline=soon)["error"] == ["EGeneral:Invalid arguments:deadline"]
        assert counter(venue) == before + 1


def test_what_stands_in_place_of_an_order_of_a_batch_is_turned_away_at_the_gate() -> None:
    venue = Venue()
    assert venue.post_json("AddOrderBatch", pair="XBTUSDC", orders=[REST, "another"])["error"] == [
        "EGeneral:Invalid arguments:orders"
    ]
    assert counter(venue) == 0
