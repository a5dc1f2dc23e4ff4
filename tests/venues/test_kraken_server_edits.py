"""Edits, batches and amends of the simulated exchange, over WebSocket and REST."""

import pytest

from tests.venues.builders_kraken_server import BTC, Frame, Venue
from wildbot.model.orders import Side

LIMIT = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "50000"}
ORDER = {"order_type": "limit", "side": "buy", "order_qty": 0.001, "limit_price": 50_000.0}


def reports(frames: list[Frame]) -> list[Frame]:
    return [row for frame in frames if frame.get("channel") == "executions" for row in frame["data"]]  # type: ignore[attr-defined]


def result_of(frame: Frame) -> Frame:
    result = frame["result"]
    assert isinstance(result, dict), frame
    return result


def test_edit_cancels_the_old_order_and_places_a_new_one() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions")
    old = result_of(client.buy(50_000.0, order_userref=5))["order_id"]
    frames = client.ask("edit_order", order_id=old, symbol=BTC, order_qty=0.002)
    (reply,) = [frame for frame in frames if "method" in frame]
    assert result_of(reply)["original_order_id"] == old
    new = result_of(reply)["order_id"]
    told = [(row["order_id"], row["exec_type"], row.get("reason")) for row in reports(frames)]
    assert told == [(old, "canceled", "Order replaced"), (new, "pending_new", None), (new, "new", None)]
    (order,) = venue.exchange.open_orders("main")
    assert (order.order_id, order.lots, order.ticks, order.userref) == (new, 200_000, 5_000_000, 5)


def test_size_of_an_edit_counts_what_has_filled() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    old = result_of(client.buy(59_999.5))["order_id"]
    venue.house(BTC, Side.SELL, 5_999_950, 40_000)
    assert client.reply("edit_order", order_id=old, symbol=BTC, order_qty=0.0003)["error"] == (
        "EGeneral:Invalid arguments:volume"
    )
    assert client.reply("edit_order", order_id=old, symbol=BTC, order_qty=0.0009)["success"] is True
    (order,) = venue.exchange.open_orders("main")
    assert order.lots == 50_000


def test_refused_edit_leaves_the_order_as_it_was() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    order_id = result_of(client.buy(50_000.0))["order_id"]
    holds = venue.exchange.holds("main")
    assert client.reply("edit_order", order_id=order_id, symbol=BTC, order_qty=10.0)["error"] == "EOrder:Insufficient funds"
    assert client.reply("edit_order", order_id=order_id, symbol=BTC, limit_price=50_000.001)["success"] is False
    assert client.reply("edit_order", order_id="OAAAAA-BBBBB-CCCCCC", symbol=BTC)["error"] == "EOrder:Invalid order"
    assert [order.order_id for order in venue.exchange.open_orders("main")] == [order_id]
    assert venue.exchange.holds("main") == holds


def test_edit_may_use_the_money_the_old_order_reserved() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    order_id = result_of(client.reply("add_order", symbol=BTC, **ORDER | {"order_qty": 1.9}))["order_id"]
    assert client.reply("edit_order", order_id=order_id, symbol=BTC, order_qty=1.95)["success"] is True


def test_edit_is_priced_by_the_age_of_the_order() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    order_id = result_of(client.buy(50_000.0))["order_id"]
    client.ask("edit_order", order_id=order_id, symbol=BTC, order_qty=0.002)
    assert venue.exchange.rate_counter("main", BTC, venue.now_ns) == 1 + 1 + 6


def test_rest_edit_answers_as_recorded() -> None:
    venue = Venue()
    (txid,) = venue.result("AddOrder", **LIMIT)["txid"]  # type: ignore[misc]
    answer = venue.result("EditOrder", txid=txid, pair="BTC/USDC", volume="0.002", price="49000", userref="1234")
    assert answer == {
        "status": "ok",
        "txid": answer["txid"],
        "originaltxid": txid,
        "newuserref": 1234,
        "volume": "0.00200000",
        "price": "49000.00",
        "orders_cancelled": 1,
        "descr": {"order": "buy 0.00200000 XBTUSDC @ limit 49000.00"},
    }
    assert venue.post("EditOrder", txid=txid, pair="XBTUSDC", volume="0.002")["error"] == ["EOrder:Unknown order"]
    assert venue.post("EditOrder", txid=answer["txid"], pair="XBTUSDC", cl_ord_id="x")["error"] == [  # type: ignore[arg-type]
        "EGeneral:Invalid arguments:cl_ord_id"
    ]


def test_batch_costs_half_and_a_batch_cancel_is_never_refused() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    reply = client.reply("batch_add", symbol=BTC, orders=[ORDER, ORDER, ORDER])
    ids = [row["order_id"] for row in reply["result"]]  # type: ignore[attr-defined]
    assert venue.exchange.rate_counter("main", BTC, venue.now_ns) == 1.5
    while client.buy(50_000.0)["success"] is True and venue.exchange.rate_counter("main", BTC, venue.now_ns) < 70:
        pass
    for order in venue.exchange.open_orders("main")[:20]:
        client.reply("cancel_order", order_id=[order.order_id])
    assert client.buy(50_000.0)["error"] == "EOrder:Rate limit exceeded"
    assert client.reply("batch_cancel", orders=ids)["result"] == {"count": 3}


def test_one_order_of_a_batch_may_fail_alone() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    reply = client.reply("batch_add", symbol=BTC, orders=[ORDER, ORDER | {"order_qty": 100.0}])
    rows = reply["result"]
    assert isinstance(rows, list)
    assert ("order_id" in rows[0], rows[1]) == (True, {"error": "EOrder:Insufficient funds"})
    bad = client.reply("batch_add", symbol=BTC, orders=[ORDER, ORDER | {"order_qty": -1.0}])
    assert bad["error"] == "EGeneral:Invalid arguments:volume"
    assert len(venue.exchange.open_orders("main")) == 1


@pytest.mark.parametrize("form", [True, False])
def test_rest_batch_comes_as_form_or_json(form: bool) -> None:
    venue = Venue()
    row = {"type": "buy", "ordertype": "limit", "volume": "0.001", "price": "50000"}
    if form:
        fields = {f"orders[{n}][{name}]": text for n in range(2) for name, text in row.items()}
        answer = venue.post("AddOrderBatch", pair="XBTUSDC", **fields)
    else:
        answer = venue.post_json("AddOrderBatch", pair="XBTUSDC", orders=[row, row])
    rows = result_of(answer)["orders"]
    assert isinstance(rows, list)
    assert [each["descr"]["order"] for each in rows] == ["buy 0.00100000 XBTUSDC @ limit 50000.00"] * 2
    ids = [each["txid"] for each in rows]
    if form:
        cancelled = venue.post("CancelOrderBatch", **{f"orders[{n}]": each for n, each in enumerate(ids)})
    else:
        cancelled = venue.post_json("CancelOrderBatch", orders=ids)
    assert cancelled == {"error": [], "result": {"count": 2}}


def test_amends_of_an_order_are_told_from_the_original_on() -> None:
    venue = Venue()
    (txid,) = venue.result("AddOrder", **LIMIT, oflags="post")["txid"]  # type: ignore[misc]
    before = venue.result("OrderAmends", order_id=txid)
    assert before["count"] == 1
    venue.pass_seconds(1)
    amend_id = venue.result("AmendOrder", txid=txid, order_qty="0.002", limit_price="49000")["amend_id"]
    after = venue.result("OrderAmends", order_id=txid)
    assert after["amends"][0] == before["amends"][0]  # type: ignore[index]
    assert after["amends"][1] == {  # type: ignore[index]
        "amend_id": amend_id,
        "amend_type": "user",
        "order_qty": "0.00200000",
        "remaining_qty": "0.00200000",
        "limit_price": "49000.00",
        "reason": "User requested",
        "post_only": True,
        "timestamp": venue.now_ns // 1_000_000,
    }
    assert venue.post("OrderAmends", order_id="OAAAAA-BBBBB-CCCCCC")["error"] == ["EOrder:Invalid order"]
