"""Faults on demand: each verb does what the catalogue of failures needs it for, when, as often and as long as it was told."""

import json

import pytest

from tests.venues.builders_kraken_server import BTC, DOGE, KEY, Client, Frame, Venue
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_faults_verbs import VERBS

BUY = {"order_type": "limit", "side": "buy", "symbol": BTC, "order_qty": 0.001, "limit_price": 50_000.0}
REST_BUY = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "50000"}


def arm(venue: Venue, *faults: Frame) -> Frame:
    reply = venue.admin.faults(json.dumps(faults).encode(), venue.now_ns)
    assert reply.status == 200, reply
    return json.loads(reply.body)


def trader(venue: Venue) -> Client:
    client = venue.connect(private=True)
    client.frames()
    return client


def listening(venue: Venue, channel: str = "executions") -> Client:
    client = trader(venue)
    client.ask("subscribe", channel=channel)
    return client


def ledger(venue: Venue, kind: str = "") -> list[Frame]:
    lines = [json.loads(line) for line in venue.admin.ledger("").body.splitlines()]
    return [line for line in lines if kind in ("", line["kind"])]


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


# --- orders and money: A04, A07, A08, A13, A25 to A33 -----------------------------------------------------------------


def test_order_can_fill_before_its_reply_is_known() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "apply+drop"}, {"verb": "fill", "upon": "add_order"})
    assert client.ask("add_order", **BUY, cl_ord_id="a-1") == []
    assert venue.result("OpenOrders")["open"] == {}
    (closed,) = venue.result("ClosedOrders")["closed"].values()  # type: ignore[attr-defined]
    assert (closed["status"], closed["vol_exec"]) == ("closed", "0.00100000")
    assert client.buy(50_000.0, cl_ord_id="a-1")["success"], "an id is free again once its order is done"


def test_fill_can_come_just_before_its_cancel() -> None:
    venue = Venue()
    client = trader(venue)
    client.buy(50_000.0, cl_ord_id="a-1")
    arm(venue, {"verb": "fill", "qty": "40%"}, {"verb": "fill", "before": "cancel_order"})
    assert client.reply("cancel_order", cl_ord_id=["a-1"])["error"] == "EOrder:Unknown order"
    assert [execution.lots for execution in venue.exchange.executions("main")] == [60_000, 40_000]


def test_partial_fill_moves_what_filled_and_frees_the_rest_after_a_cancel() -> None:
    venue = Venue()
    client = trader(venue)
    total = {asset: venue.exchange.asset_total(asset) for asset in ("BTC", "USDC")}
    client.buy(50_000.0, cl_ord_id="a-1")
    arm(venue, {"verb": "fill", "order": "a-1", "qty": "0.0004"})
    client.reply("cancel_order", cl_ord_id=["a-1"])
    assert venue.exchange.balances("main")["BTC"] == 10**10 + 4 * 10**6
    assert venue.exchange.holds("main") == {}
    assert {asset: venue.exchange.asset_total(asset) for asset in total} == total


def test_engine_cuts_an_order_and_says_restated() -> None:
    venue = Venue()
    client = listening(venue)
    client.buy(50_000.0)
    hold = venue.exchange.holds("main")["USDC"]
    arm(venue, {"verb": "restate", "qty": "0.0006"})
    (report,) = client.frames("executions")[0]["data"]  # type: ignore[misc]
    assert (report["exec_type"], report["order_qty"]) == ("restated", 0.0006)
    assert venue.exchange.holds("main")["USDC"] < hold
    arm(venue, {"verb": "restate", "qty": "0%"})
    assert venue.exchange.open_orders("main") == []


def test_strangers_order_trade_and_transfer_show_on_the_account() -> None:
    venue = Venue()
    before = venue.exchange.balances("main")
    arm(
        venue,
        {"verb": "foreign", "what": "order", "side": "sell", "qty": "0.01"},
        {"verb": "foreign", "what": "fill", "side": "buy", "qty": "0.02"},
        {"verb": "foreign", "what": "balance", "asset": "USDC", "amount": "-5.5"},
    )
    (order,) = venue.exchange.open_orders("main")
    (trade,) = venue.exchange.executions("main")
    assert (order.cl_ord_id, order.userref, order.side) == ("", 0, Side.SELL)
    after = venue.exchange.balances("main")
    assert after["BTC"] - before["BTC"] == 2 * 10**8
    assert before["USDC"] - after["USDC"] == trade.cost + trade.fee + 55 * 10**9
    assert [line["type"] for line in ledger(venue, "balance")] == ["trade", "trade", "withdrawal"]


def test_sweep_moves_what_is_free_to_the_earn_code() -> None:
    venue = Venue()
    trader(venue).buy(50_000.0)
    held = venue.exchange.holds("main")["USDC"]
    arm(venue, {"verb": "earn.sweep", "asset": "USDC"})
    balances = venue.exchange.balances("main")
    assert balances["USDC"] == held
    assert balances["USDC.F"] == 100_000 * 10**10 - held
    assert venue.result("Balance")["USDC.F"]
    assert arm(venue, {"verb": "earn.sweep", "asset": "USDC"})["failed"] == ["main has no such free balance of USDC"]


def test_changed_rules_are_announced_and_judge_the_next_order() -> None:
    venue = Venue()
    public, client = venue.connect(), trader(venue)
    public.ask("subscribe", channel="instrument")
    arm(venue, {"verb": "meta.change", "pair": BTC, "price_increment": "0.5", "qty_min": "0.002", "taker_pct": "0.9"})
    (frame,) = public.frames("instrument")
    assert frame["data"]["pairs"][0]["price_increment"] == 0.5  # type: ignore[index]
    assert client.buy(50_000.25)["error"] == "EOrder:Tick size check failed"
    assert "minimum" in str(client.buy(50_000.0)["error"])
    assert venue.exchange.fee_schedule("main", BTC).taker_ppm == 9_000
    arm(venue, {"verb": "meta.change", "pair": BTC, "status": "reduce_only"})
    assert client.buy(50_000.0, order_qty=0.01)["error"] == "EService:Market in reduce_only mode"


def test_dead_mans_switch_fires_while_the_client_lives() -> None:
    venue = Venue()
    client = listening(venue)
    client.buy(50_000.0)
    client.reply("cancel_all_orders_after", timeout=60)
    client.reply("cancel_all_orders_after", timeout=60)
    arm(venue, {"verb": "dms.fire"})
    (report,) = client.frames("executions")[0]["data"]  # type: ignore[misc]
    assert report["reason"] == "CancelAllOrdersAfter Timeout"
    client.buy(50_000.0)
    venue.pass_seconds(100)
    assert len(venue.exchange.open_orders("main")) == 1, "the switch stays off until it is armed again"
    assert [line["action"] for line in ledger(venue, "dead_man")] == ["arm", "renew", "fire"]


# --- keys, counters, modes: A15, A16, A19, A23, A32 -------------------------------------------------------------------


def test_expired_token_opens_nothing_new() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "token.expire"})
    assert client.buy(50_000.0)["error"] == "ESession:Invalid session"


def test_revoked_key_is_refused_everywhere_and_its_orders_stay() -> None:
    venue = Venue()
    client = listening(venue)
    client.buy(50_000.0)
    arm(venue, {"verb": "key.revoke"})
    assert client.buy(50_000.0)["error"] == "ESession:Invalid session"
    assert venue.post("Balance")["error"] == ["EAPI:Invalid key"]
    assert len(venue.exchange.open_orders("main")) == 1
    arm(venue, {"verb": "fill"})
    assert len(venue.exchange.executions("main")) == 1, "what happens to an account needs no key"


def test_full_counter_refuses_and_falls_again() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "counter.set", "n": 130})
    assert client.buy(50_000.0)["error"] == "EOrder:Rate limit exceeded"
    venue.pass_seconds(10)
    assert client.buy(50_000.0)["success"]
    arm(venue, {"verb": "counter.set", "n": 20, "which": "rest"})
    assert venue.post("Balance")["error"] == ["EAPI:Rate limit exceeded"]


def test_locked_out_key_trades_on_by_websocket() -> None:
    venue = Venue()
    client = trader(venue)
    arm(venue, {"verb": "lockout", "s": 900})
    assert venue.post("Balance")["error"] == ["EGeneral:Temporary lockout"]
    assert client.buy(50_000.0)["success"]
    venue.pass_seconds(901)
    assert venue.result("Balance")


def test_engine_comes_back_by_way_of_cancel_only_and_post_only() -> None:
    venue = Venue()
    client = venue.connect()
    arm(venue, {"verb": "engine.restart", "for_s": 9})
    assert client.session.close_code == 1001
    modes = []
    for _ in range(10):
        modes.append(str(venue.exchange.system))
        venue.pass_seconds(1)
    assert modes == ["maintenance"] * 3 + ["cancel_only"] * 3 + ["post_only"] * 3 + ["online"]


def test_connections_that_open_can_be_refused() -> None:
    venue = Venue()
    arm(venue, {"verb": "ws.close", "on_connect": True, "which": "private", "count": 2})
    closed = [venue.connect(private=private).session.close_code for private in (False, True, True, True)]
    assert closed == [None, 1001, 1001, None]


# --- markets: A14, B04 ------------------------------------------------------------------------------------------------


def test_wick_prints_far_away_stays_there_and_ends() -> None:
    venue = Venue((BTC, DOGE))
    arm(venue, {"verb": "wick", "pair": BTC, "pct": -55, "for_s": 3})
    bid, ask = venue.exchange.best(BTC)
    assert bid is None
    assert ask == (5_999_900 * 45 // 100)
    assert venue.exchange.recent_trades(BTC, 1)[0].ticks < 5_999_000
    venue.pass_seconds(4)
    assert venue.exchange.best(BTC)[1] == 6_000_100


def test_clock_is_moved_by_whoever_runs_it() -> None:
    venue = Venue()
    assert arm(venue, {"verb": "clock.offset", "s": -2.5})["failed"] == ["this exchange's clock is not its own"]
    offsets: list[int] = []
    venue.server.set_clock = offsets.append
    arm(venue, {"verb": "clock.offset", "s": -2.5, "for_s": 10})
    venue.pass_seconds(11)
    assert offsets == [-2_500_000_000, 0]


def test_every_failed_deed_changes_nothing_and_says_why() -> None:
    venue = Venue()
    for fault in (
        {"verb": "fill"},
        {"verb": "restate", "order": "nobody"},
        {"verb": "fill", "account": "stranger"},
        {"verb": "meta.change"},
        {"verb": "meta.change", "pair": "X/Y", "status": "online"},
        {"verb": "meta.change", "qty_min": "-1"},
        {"verb": "counter.set", "pair": "X/Y"},
        {"verb": "foreign", "qty": "1e9"},
        {"verb": "foreign", "what": "balance", "amount": "NaN"},
        {"verb": "wick", "pair": DOGE},
        {"verb": "ws.cross", "pair": DOGE},
    ):
        assert len(arm(venue, fault)["failed"]) == 1, fault  # type: ignore[arg-type]
    assert venue.exchange.open_orders("main") == []
    assert KEY not in venue.admin.ledger("").body
