"""The private WebSocket: tokens, orders, execution reports, balances, faults."""

import json

import pytest

from tests.venues.builders_kraken_server import BTC, DOGE, Venue
from wildbot.model.instrument import NANOS_PER_MS
from wildbot.model.orders import Side


def reports(frames: list[dict[str, object]]) -> list[dict[str, object]]:
    return [report for frame in frames if frame.get("channel") == "executions" for report in frame["data"]]  # type: ignore[attr-defined]


def test_token_is_asked_for_and_checked() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.token = ""
    assert client.reply("add_order")["error"] == "Token(s) not found"
    client.token = "wrong"
    assert client.reply("subscribe", channel="executions")["error"] == "ESession:Invalid session"


def test_token_lasts_as_long_as_the_connection_that_subscribed_with_it() -> None:
    venue = Venue()
    early = venue.connect(private=True)
    early.ask("subscribe", channel="balances")
    venue.pass_seconds(901)
    late = venue.connect(private=True)
    late.token = early.token
    assert early.buy(50_000.0)["success"] is True
    assert late.buy(50_000.0)["error"] == "ESession:Invalid session"


def test_life_of_a_resting_order_is_reported_in_order_without_gaps() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions")
    order_id = client.buy(59_999.5, cl_ord_id="wb1x1", post_only=True)["result"]["order_id"]  # type: ignore[index]
    client.session.outbox.clear()
    venue.house(BTC, Side.SELL, 5_999_950, 40_000)
    venue.publish()
    amended = client.reply("amend_order", order_id=order_id, order_qty=0.0009)
    assert set(amended["result"]) == {"amend_id", "order_id"}  # type: ignore[call-overload]
    cancelled = client.ask("cancel_order", cl_ord_id=["wb1x1"])
    assert cancelled[0]["result"] == {"cl_ord_id": "wb1x1"}
    (final,) = reports(cancelled)
    assert final["exec_type"] == "canceled"
    assert final["reason"] == "User requested"
    assert final["cum_qty"] == 0.0004


def test_fill_says_partially_filled_and_is_followed_by_filled() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions")
    frames = client.ask(
        "add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.2, limit_price=60_002.0, cl_ord_id="wb1x2"
    )
    told = reports(frames)
    assert [r["exec_type"] for r in told] == ["pending_new", "new", "trade", "trade", "filled"]
    assert [r["order_status"] for r in told[2:]] == ["partially_filled", "partially_filled", "filled"]
    assert {r["liquidity_ind"] for r in told[2:4]} == {"t"}
    assert told[3]["cum_qty"] == 0.2
    sequences = [frame["sequence"] for frame in frames if frame.get("channel") == "executions"]
    assert sequences == [2, 3, 4, 5, 6]


def test_fill_moves_two_balances_with_one_reference() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    before = client.ask("subscribe", channel="balances")[1]
    assert [row["asset"] for row in before["data"]] == ["BTC", "USDC"]  # type: ignore[attr-defined]
    frames = client.ask("add_order", order_type="market", side="buy", symbol=BTC, order_qty=0.01)
    moves = [row for frame in frames if frame.get("channel") == "balances" for row in frame["data"]]  # type: ignore[attr-defined]
    assert {move["asset"]: move["amount"] for move in moves} == {"BTC": 0.01, "USDC": -600.01}
    assert len({move["ref_id"] for move in moves}) == 1
    assert {move["asset"]: move["fee"] for move in moves} == {"BTC": 0.0, "USDC": 2.40004}


def test_snapshot_shows_what_rests_and_on_request_past_fills() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.buy(59_000.0)
    client.ask("add_order", order_type="market", side="sell", symbol=BTC, order_qty=0.01)
    frames = client.ask("subscribe", channel="executions", snap_trades=True)
    ack, snapshot = frames
    assert ack["result"]["maxratecount"] == 125  # type: ignore[index]
    assert (snapshot["type"], snapshot["sequence"]) == ("snapshot", 1)
    assert [(r["exec_type"], r["order_status"]) for r in snapshot["data"]] == [("new", "new"), ("trade", "filled")]  # type: ignore[attr-defined]


def test_cancel_of_several_orders_gets_one_reply_each() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    first = client.buy(50_000.0)["result"]["order_id"]  # type: ignore[index]
    replies = client.ask("cancel_order", order_id=[first, "OAAAAA-BBBBB-CCCCCC"])
    assert [reply["req_id"] for reply in replies] == [7, 7]
    assert replies[0]["result"] == {"order_id": first}
    assert replies[1]["error"] == "EOrder:Unknown order"


def test_dead_mans_switch_cancels_everything_and_says_why() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions")
    client.buy(50_000.0)
    reply = client.reply("cancel_all_orders_after", timeout=60)
    assert set(reply["result"]) == {"currentTime", "triggerTime"}  # type: ignore[call-overload]
    venue.pass_seconds(59)
    assert reports(client.frames()) == []
    venue.pass_seconds(2)
    (report,) = reports(client.frames())
    assert report["reason"] == "CancelAllOrdersAfter Timeout"
    assert client.reply("cancel_all_orders_after", timeout=0)["result"]["triggerTime"] == "0"  # type: ignore[index]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"limit_price": "50000"}, "Limit_price field must be a number_float"),
        ({"price": 1}, "Unsupported field: 'price' for the given msg type: add order"),
        ({"limit_price": 50_000.123}, "EOrder:Invalid price:BTC/USDC price can only be specified up to 2 decimals."),
        ({"limit_price": 0}, "EOrder:Invalid price"),
        ({"order_qty": 0.00001}, "EGeneral:Invalid arguments:volume minimum not met"),
        ({"order_qty": 0.000000001}, "EGeneral:Invalid arguments:volume"),
        ({"order_qty": 10.0}, "EOrder:Insufficient funds"),
        ({"symbol": "XBT/USDC"}, "Currency pair not supported XBT/USDC"),
        ({"cl_ord_id": "a" * 19}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"cl_ord_id": "abc", "order_userref": 3}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "EService:Deadline elapsed"),
        ({"no_mpp": True}, "EGeneral:Invalid arguments:no_mpp order option is only available when ordertype = market"),
        ({"order_type": "iceberg"}, "EGeneral:Invalid arguments:order_type"),
        ({"margin": True}, "EGeneral:Invalid arguments:margin"),
        ({"post_only": 1}, "Post_only field must be a boolean"),
    ],
)
def test_order_that_breaks_a_rule_is_refused_in_krakens_words(changes: dict[str, object], error: str) -> None:
    client = Venue().connect(private=True)
    assert client.buy(50_000.0, **changes)["error"] == error


def test_client_order_id_is_unique_among_open_orders_only() -> None:
    client = Venue().connect(private=True)
    assert client.buy(50_000.0, cl_ord_id="wb1x1")["success"]
    assert client.buy(50_000.0, cl_ord_id="wb1x1")["error"] == "EGeneral:Invalid arguments:cl_ord_id not unique"
    client.reply("cancel_order", cl_ord_id=["wb1x1"])
    assert client.buy(50_000.0, cl_ord_id="wb1x1")["success"]


def test_post_only_order_that_would_cross_is_accepted_then_cancelled() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions")
    frames = client.ask(
        "add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.001, limit_price=60_001.0, post_only=True
    )
    assert any(frame.get("success") for frame in frames)
    assert reports(frames)[-1]["reason"] == "Post only order"


def test_batch_is_refused_whole_on_a_bad_field_and_answers_in_order_otherwise() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    orders = [{"order_type": "limit", "side": "buy", "order_qty": 0.001, "limit_price": 50_000.0 + i} for i in range(2)]
    bad = [*orders, {"order_type": "limit", "side": "buy", "order_qty": 0.001, "limit_price": 1.234}]
    assert str(client.reply("batch_add", symbol=BTC, orders=bad)["error"]).startswith("EOrder:Invalid price")
    assert venue.exchange.open_orders("main") == []
    result = client.reply("batch_add", symbol=BTC, orders=orders)["result"]
    ids = [row["order_id"] for row in result]  # type: ignore[attr-defined]
    assert client.reply("batch_cancel", orders=ids)["result"] == {"count": 2}


def test_latency_holds_a_request_back_and_keeps_its_place() -> None:
    venue = Venue(latency_ns=20 * NANOS_PER_MS)
    client = venue.connect(private=True)
    order = {"order_type": "limit", "side": "buy", "symbol": BTC, "order_qty": 0.001, "limit_price": 50_000.0}
    client.frames()
    assert client.ask("add_order", **order, cl_ord_id="a") == []
    assert client.ask("cancel_order", cl_ord_id=["a"]) == []
    venue.pass_seconds(0.021)
    assert [frame["method"] for frame in client.frames()] == ["add_order", "cancel_order"]


def arm(venue: Venue, *faults: dict[str, object]) -> None:
    reply = venue.admin.faults(json.dumps(faults).encode(), venue.now_ns)
    assert reply.status == 200, reply


def test_lost_reply_leaves_an_order_that_rests() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.frames()
    arm(venue, {"verb": "apply+drop"})
    assert client.ask("add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.001, limit_price=50_000.0) == []
    assert len(venue.exchange.open_orders("main")) == 1
    assert client.buy(50_000.0)["success"]


def test_error_without_effect_leaves_nothing() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    arm(venue, {"verb": "noapply+error", "args": {"error": "EService:Busy"}})
    assert client.buy(50_000.0)["error"] == "EService:Busy"
    assert venue.exchange.open_orders("main") == []


def test_delayed_reply_comes_when_its_time_has_come() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.frames()
    arm(venue, {"verb": "delay", "ms": 30_000})
    order = {"order_type": "limit", "side": "buy", "symbol": BTC, "order_qty": 0.001, "limit_price": 50_000.0}
    assert client.ask("add_order", **order) == []
    venue.pass_seconds(29)
    assert client.frames() == []
    venue.pass_seconds(2)
    assert client.frames()[0]["success"] is True


def test_wrong_checksum_strikes_as_often_as_asked() -> None:
    venue = Venue()
    client = venue.connect()
    client.ask("subscribe", channel="book", symbol=[BTC])
    arm(venue, {"verb": "ws.badsum", "pair": BTC})
    sums = []
    for step in range(2):
        venue.house(BTC, Side.BUY, 5_999_950 + step, 1_000)
        venue.publish()
        (frame,) = client.frames("book")
        sums.append(frame["data"][0]["checksum"] == venue.server.stream.books[BTC].checksum())  # type: ignore[index]
    assert sums == [False, True]


def test_silence_swallows_a_channel_and_leaves_a_gap_in_its_numbers() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions")
    arm(venue, {"verb": "ws.silence", "channel": "executions", "for_s": 5})
    client.buy(50_000.0)
    venue.pass_seconds(6)
    frames = client.ask("add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.001, limit_price=50_000.0)
    assert [frame["sequence"] for frame in frames if "sequence" in frame] == [4, 5]


def test_closing_and_maintenance_strike_everybody() -> None:
    venue = Venue((BTC, DOGE))
    client = venue.connect(private=True)
    arm(venue, {"verb": "status", "mode": "maintenance"}, {"verb": "ws.close", "which": "private"})
    assert client.session.close_code == 1001
    assert venue.connect().session.close_code is None
    assert venue.post("AddOrder", pair="XBTUSDC", type="buy", ordertype="limit", volume="0.001", price="50000") == {
        "error": ["EService:Unavailable"]
    }


def test_unknown_fault_is_refused_with_the_list_of_known_ones() -> None:
    venue = Venue()
    reply = venue.admin.faults(b'[{"verb":"status","mode":"maintenance"},{"verb":"meteor"}]', venue.now_ns)
    assert reply.status == 400
    assert "apply+drop" in json.loads(reply.body)["verbs"]
    assert venue.exchange.system == "online"


def test_ledger_knows_requests_orders_trades_and_balances_but_no_token() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("add_order", order_type="market", side="buy", symbol=BTC, order_qty=0.01, cl_ord_id="wb1x1")
    body = venue.admin.ledger("").body
    lines = [json.loads(line) for line in body.splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert {"request", "reply", "order", "trade", "balance"} <= {line["kind"] for line in lines}
    assert client.token not in body
    assert json.loads(venue.admin.ledger(str(len(lines) - 1)).body)["seq"] == len(lines)


def test_scripted_orders_trade_with_each_other_and_with_us() -> None:
    venue = Venue()
    venue.connect(private=True).buy(59_999.0, cl_ord_id="wb1x1")
    script = [
        {"pair": BTC, "side": "sell", "type": "limit", "price": "59999.00", "qty": "0.1010"},
        {"pair": "X", "side": "buy"},
    ]
    reply = json.loads(venue.admin.orders(json.dumps(script).encode(), venue.now_ns).body)["orders"]
    assert "order_id" in reply[0]
    assert reply[1] == {"error": "EQuery:Unknown asset pair"}
    assert [execution.lots for execution in venue.exchange.executions("main")] == [100_000]
