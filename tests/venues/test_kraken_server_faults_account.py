"""Faults on demand: what befalls orders, money, keys and the market itself."""

from tests.venues.builders_faults import BUY, arm, ledger, listening, trader
from tests.venues.builders_kraken_server import BTC, DOGE, KEY, Venue
from wildbot.model.orders import Side

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
