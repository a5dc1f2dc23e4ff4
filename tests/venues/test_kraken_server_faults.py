"""Faults on demand: each verb does what the catalogue of failures needs it for, when, as often and as long as it was told."""

import json

import pytest

from tests.venues.builders_faults import BUY, arm, ledger, trader
from tests.venues.builders_kraken_server import Client, Frame, Venue
from wildbot.venues.kraken.server_faults_verbs import VERBS

REST_BUY = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "50000"}


# --- the language ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ([{"verb": "meteor"}], "apply+drop"),
        ([{"verb": "status", "mode": "holiday"}], "maintenance"),
        ([{"verb": "delay", "msec": 5}], "valid: method, account, ms"),
        ([{"verb": "delay", "ms": -5}], "from 0 to 600000"),
        ([{"verb": "wick", "pct": "NaN"}], "from -99 to 1000"),
        ([{"verb": "ws.drop", "count": 0}], "count"),
        ([{"verb": "delay", "upon": "add_order"}], "only for: release"),
        ([{"verb": "fill", "upon": "add_order", "before": "add_order"}], "exclude each other"),
        ([{"verb": "schedule", "faults": 5}], "schedule is"),
        ([{"verb": "status", "mode": "maintenance"}, {"verb": "schedule", "faults": [{"verb": "nope"}]}], "unknown fault"),
    ],
)
def test_script_with_a_mistake_is_refused_by_name_and_arms_nothing(script: list[Frame], says: str) -> None:
    venue = Venue()
    reply = venue.admin.faults(json.dumps(script).encode(), venue.now_ns)
    assert reply.status == 400
    assert says in json.loads(reply.body)["error"]
    assert json.loads(reply.body)["verbs"] == list(VERBS)
    assert venue.exchange.system == "online"
    assert json.loads(venue.admin.armed().body)["armed"] == []


def test_schedule_strikes_step_by_step() -> None:
    venue = Venue()
    steps = [
        {"verb": "status", "mode": mode, "after_s": n} for n, mode in enumerate(["cancel_only", "post_only", "online"])
    ]
    arm(venue, {"verb": "schedule", "after_s": 10, "faults": steps})
    seen = []
    for _ in range(13):
        seen.append(str(venue.exchange.system))
        venue.pass_seconds(1)
    assert seen == ["online"] * 10 + ["cancel_only", "post_only", "online"]


def test_fault_strikes_as_often_as_it_was_told_and_only_within_its_time() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "noapply+error", "count": 2}, {"verb": "noapply+error", "for_s": 5, "method": "cancel_order"})
    assert [client.buy(50_000.0)["success"] for _ in range(3)] == [False, False, True]
    assert [client.reply("cancel_order", order_id=["OAAAAA-BBBBB-CCCCCC"])["error"] for _ in range(2)] == [
        "EService:Unavailable"
    ] * 2
    venue.pass_seconds(6)
    assert client.reply("cancel_order", order_id=["OAAAAA-BBBBB-CCCCCC"])["error"] == "EOrder:Unknown order"
    assert json.loads(venue.admin.armed().body)["armed"] == []


def test_chance_is_the_exchanges_own_and_repeats_with_its_seed() -> None:
    def run() -> list[object]:
        venue = Venue()
        client = trader(venue)
        arm(venue, {"verb": "noapply+error", "probability": 0.5, "for_s": 100})
        return [client.buy(50_000.0 + n)["success"] for n in range(20)]

    first = run()
    assert first == run()
    assert {True, False} == set(first)


def test_clear_disarms_and_ends_what_lasts() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "status", "mode": "maintenance", "for_s": 100}, {"verb": "noapply+drop", "count": 9})
    arm(venue, {"verb": "hold"}, {"verb": "lockout"}, {"verb": "clear"})
    assert venue.exchange.system == "online"
    assert client.buy(50_000.0)["success"]
    assert venue.result("Balance")


def test_listing_and_ledger_say_what_is_armed_and_what_struck() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "noapply+error", "count": 3})
    client.buy(50_000.0)
    listing = json.loads(venue.admin.armed().body)
    assert [(each["verb"], each["count"], each["fired"]) for each in listing["armed"]] == [("noapply+error", 3, 1)]
    assert [(each["verb"], each["method"]) for each in listing["fired"]] == [("noapply+error", "add_order")]
    assert set(listing["verbs"]) == set(VERBS)
    assert [line["action"] for line in ledger(venue, "fault")] == ["armed", "fired"]


# --- requests: A01 to A07, A20, A21, B07 ------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["apply+drop", "apply+html", "apply+error"])
def test_order_stands_whatever_becomes_of_its_reply(verb: str) -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": verb, "count": 2})
    texts = client.ask("add_order", **BUY) if verb != "apply+html" else client_texts(venue, client)
    assert len(texts) == (0 if verb == "apply+drop" else 1)
    reply = venue.post_raw("AddOrder", **REST_BUY)
    assert reply.dropped == (verb == "apply+drop")
    assert reply.status == (520 if verb == "apply+html" else 200)
    assert len(venue.exchange.open_orders("main")) == 2
    replies = [line for line in ledger(venue, "reply") if line["method"] in ("add_order", "AddOrder")]
    assert [line["sent"] for line in replies] == [verb != "apply+drop"] * 2


def client_texts(venue: Venue, client: Client) -> list[str]:
    venue.server.receive(
        client.session, json.dumps({"method": "add_order", "params": {"token": client.token, **BUY}}), venue.now_ns
    )
    texts = client.texts()
    assert "<html>" in texts[0]
    return texts


@pytest.mark.parametrize("verb", ["noapply+drop", "noapply+html", "noapply+error"])
def test_lost_request_leaves_nothing(verb: str) -> None:
    venue = Venue()
    arm(venue, {"verb": verb, "error": "EService:Busy"} if verb.endswith("error") else {"verb": verb})
    reply = venue.post_raw("AddOrder", **REST_BUY)
    assert (reply.dropped, reply.status) == (verb == "noapply+drop", 520 if verb == "noapply+html" else 200)
    assert verb != "noapply+error" or json.loads(reply.body)["error"] == ["EService:Busy"]
    assert venue.exchange.open_orders("main") == []


def test_error_may_come_with_the_result_it_denies() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "apply+error", "error": "WGeneral:Danger", "with_result": True, "count": 2})
    answer = venue.post("AddOrder", **REST_BUY)
    assert answer["error"] == ["WGeneral:Danger"]
    assert "txid" in answer["result"]  # type: ignore[operator]
    reply = client.buy(50_000.0)
    assert (reply["error"], "order_id" in reply["result"]) == ("WGeneral:Danger", True)  # type: ignore[operator]


def test_fault_can_be_meant_for_one_account_or_any_method() -> None:
    venue = Venue()
    arm(
        venue, {"verb": "noapply+error", "method": "any", "account": "main"}, {"verb": "noapply+error", "account": "nobody"}
    )
    assert venue.post("Balance")["error"] == ["EService:Unavailable"]
    assert venue.post("AddOrder", **REST_BUY)["error"] == []


def test_held_order_is_carried_out_when_released_and_answered_then() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "hold", "count": 2})
    assert client.ask("add_order", **BUY) == []
    waiting = venue.post_raw("AddOrder", **REST_BUY)
    assert waiting.waiting
    assert venue.exchange.open_orders("main") == []
    arm(venue, {"verb": "release"})
    assert client.frames()[0]["success"] is True
    assert json.loads(waiting.body)["error"] == []
    assert len(venue.exchange.open_orders("main")) == 2


def test_held_order_may_come_too_late_for_its_own_deadline() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "hold", "for_s": 20})
    client.ask("add_order", **BUY, deadline="2025-06-15T15:06:45.000Z")
    venue.pass_seconds(21)
    (late,) = client.frames()
    assert late["error"] == "EService:Deadline elapsed"


def test_stale_read_hides_an_order_for_a_while() -> None:
    venue = Venue()
    arm(venue, {"verb": "stale_read", "endpoint": "OpenOrders", "s": 8}, {"verb": "apply+drop"})
    venue.post_raw("AddOrder", **REST_BUY)
    assert venue.result("OpenOrders")["open"] == {}
    assert venue.result("BalanceEx")["USDC"]["hold_trade"] != "0.0000"  # type: ignore[index]
    venue.pass_seconds(9)
    assert len(venue.result("OpenOrders")["open"]) == 1  # type: ignore[arg-type]
