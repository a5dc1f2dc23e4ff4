"""The REST face: keys, signatures, nonces, rates; market data and account calls in Kraken's own words."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.builders_kraken_server import BTC, DOGE, KEY, SECRET, Venue
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_admin import is_trusted
from wildbot.venues.kraken.server_text import timestamp
from wildbot.venues.kraken.signing import sign

LIMIT_BUY = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "50000"}


def test_call_is_checked_for_key_then_signature_then_nonce() -> None:
    venue = Venue()
    path, body = "/0/private/Balance", b"nonce=5"
    signed = {"api-key": KEY, "api-sign": sign(path, "5", body, SECRET)}
    ask = lambda headers, content: json.loads(venue.rest.post(path, headers, content, venue.now_ns).body)["error"]  # noqa: E731
    assert ask({}, body) == ["EAPI:Invalid key"]
    assert ask({**signed, "api-sign": "AAAA"}, body) == ["EAPI:Invalid signature"]
    assert ask(signed, b"nonce=6") == ["EAPI:Invalid signature"]
    assert ask(signed, body) == []
    assert ask(signed, body) == ["EAPI:Invalid nonce"]


def test_json_body_is_signed_and_read_like_a_form() -> None:
    venue = Venue()
    body = b'{"orders": ["OAAAAA-BBBBB-CCCCCC"], "nonce": "9"}'
    path = "/0/private/CancelOrderBatch"
    headers = {"api-key": KEY, "api-sign": sign(path, "9", body, SECRET), "content-type": "application/json"}
    assert json.loads(venue.rest.post(path, headers, body, venue.now_ns).body) == {"error": ["EOrder:Unknown order"]}


def test_rate_counter_refuses_the_call_after_the_last_and_recovers() -> None:
    venue = Venue()
    answers = [venue.post("Balance")["error"] for _ in range(21)]
    assert answers[:20] == [[]] * 20
    assert answers[20] == ["EAPI:Rate limit exceeded"]
    assert venue.post("AddOrder", **LIMIT_BUY)["error"] == []
    venue.pass_seconds(2.1)
    assert venue.post("Balance")["error"] == []


def test_asset_pairs_are_keyed_by_the_name_that_was_asked_for_when_it_has_a_slash() -> None:
    venue = Venue()
    assert list(venue.get("AssetPairs", pair="BTC/USDC")["result"]) == ["BTC/USDC"]  # type: ignore[call-overload]
    assert list(venue.get("AssetPairs", pair="XBTUSDC")["result"]) == ["XBTUSDC"]  # type: ignore[call-overload]
    assert list(venue.get("AssetPairs")["result"]) == ["XBTUSDC", "XDGUSDC"]  # type: ignore[call-overload]
    assert venue.get("AssetPairs", pair="NOPE") == {"error": ["EQuery:Unknown asset pair"]}


def test_market_data_prices_have_cost_decimals_and_candles_pair_decimals() -> None:
    venue = Venue()
    venue.house(BTC, Side.BUY, 6_000_200, 15_000_000)
    venue.publish()
    depth = venue.get("Depth", pair="XBTUSDC", count="1")["result"]["XBTUSDC"]  # type: ignore[index]
    assert depth["asks"][0][:2] == ["60002.00000", "0.050"]
    trades = venue.get("Trades", pair="XBTUSDC")["result"]
    assert [row[0] for row in trades["XBTUSDC"]] == ["60001.00000", "60002.00000"]  # type: ignore[index]
    rows = venue.get("OHLC", pair="XBTUSDC")["result"]["XBTUSDC"]  # type: ignore[index]
    assert rows[-1][1:] == ["60001.00", "60002.00", "60001.00", "60002.00", "60001.33", "0.15000000", 2]


def test_minute_without_trades_repeats_the_last_price() -> None:
    venue = Venue()
    venue.house(BTC, Side.BUY, 6_000_100, 1_000_000)
    venue.publish()
    venue.pass_seconds(180)
    result = venue.get("OHLC", pair="XBTUSDC")["result"]
    rows = result["XBTUSDC"]  # type: ignore[index]
    assert [row[7] for row in rows] == [1, 0, 0, 0]
    assert rows[-1][1:] == ["60001.00", "60001.00", "60001.00", "60001.00", "0.0", "0.00000000", 0]
    assert result["last"] == rows[-2][0]  # type: ignore[index]


def test_order_lives_through_the_rest_calls() -> None:
    venue = Venue()
    placed = venue.result("AddOrder", **LIMIT_BUY, cl_ord_id="wb1x1", oflags="post")
    order_id = placed["txid"][0]  # type: ignore[index]
    assert placed["descr"] == {"order": "buy 0.00100000 XBTUSDC @ limit 50000.00"}
    open_orders = venue.result("OpenOrders", cl_ord_id="wb1x1")["open"]
    assert open_orders[order_id]["oflags"] == "post,fciq"  # type: ignore[index]
    assert set(venue.result("AmendOrder", txid=order_id, limit_price="49999")) == {"amend_id"}
    assert venue.result("QueryOrders", txid=order_id)[order_id]["descr"]["price"] == "49999.00"  # type: ignore[index]
    assert venue.result("CancelOrder", txid=order_id) == {"count": 1}
    assert venue.result("OpenOrders")["open"] == {}
    closed = venue.result("ClosedOrders", cl_ord_id="wb1x1")["closed"]
    assert (closed[order_id]["status"], closed[order_id]["reason"]) == ("canceled", "User requested")  # type: ignore[index]
    assert venue.post("CancelOrder", txid=order_id)["error"] == ["EOrder:Unknown order"]


def test_fill_shows_in_history_balances_and_volume() -> None:
    venue = Venue()
    order = {**LIMIT_BUY, "price": "60001", "volume": "0.01"}
    order_id = venue.result("AddOrder", **order)["txid"][0]  # type: ignore[index]
    (trade,) = venue.result("TradesHistory")["trades"].values()  # type: ignore[attr-defined]
    assert (trade["ordertxid"], trade["cost"], trade["fee"], trade["maker"]) == (order_id, "600.01000", "2.40004", False)
    assert venue.result("Balance") == {"XXBT": "1.0100000000", "USDC": "99397.58996000"}
    query = venue.result("QueryOrders", txid=order_id, trades="true")
    (exec_id,) = query[order_id]["trades"]  # type: ignore[index]
    assert venue.result("QueryTrades", txid=exec_id)[exec_id] == trade
    assert venue.result("TradeVolume", pair="XBTUSDC")["volume"] == "600.0100"
    fees = venue.result("TradeVolume", pair="XBTUSDC")
    assert (fees["fees"]["XBTUSDC"]["fee"], fees["fees_maker"]["XBTUSDC"]["fee"]) == ("0.4000", "0.2500")  # type: ignore[index]


def test_held_funds_show_in_the_extended_balance() -> None:
    venue = Venue()
    venue.result("AddOrder", **LIMIT_BUY)
    row = venue.result("BalanceEx")["USDC"]
    assert row["balance"] == "100000.00000000"  # type: ignore[index]
    assert float(row["hold_trade"]) >= 50  # type: ignore[index]


@pytest.mark.parametrize(
    ("changes", "descr"),
    [
        ({"ordertype": "market", "price": ""}, "buy 0.00100000 XBTUSDC @ market"),
        ({"ordertype": "stop-loss", "price": "61000"}, "buy 0.00100000 XBTUSDC @ stop loss 61000.00"),
        (
            {"ordertype": "stop-loss-limit", "price": "61000", "price2": "61100"},
            "buy 0.00100000 XBTUSDC @ stop loss 61000.00 -> limit 61100.00",
        ),
        ({"ordertype": "take-profit", "price": "50000"}, "buy 0.00100000 XBTUSDC @ take profit 50000.00"),
    ],
)
def test_description_has_the_exact_wording(changes: dict[str, str], descr: str) -> None:
    venue = Venue()
    answer = venue.result("AddOrder", **{**LIMIT_BUY, **changes}, validate="True")
    assert answer == {"descr": {"order": descr}}
    assert venue.exchange.open_orders("main") == []


@pytest.mark.parametrize(
    "extra",
    [
        {"stptype": "cancel-newest", "starttm": "0", "validate": "False", "reduce_only": "False"},
        {"timeinforce": "GTD", "expiretm": "+60"},
        {"timeinforce": "IOC", "leverage": "none"},
        {"oflags": "post", "userref": "42"},
    ],
)
def test_spellings_of_other_clients_are_understood(extra: dict[str, str]) -> None:
    assert Venue().post("AddOrder", **{**LIMIT_BUY, "pair": "BTC/USDC"}, **extra)["error"] == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"pair": "NOPE"}, "EQuery:Unknown asset pair"),
        ({"price": "+1%"}, "EOrder:Invalid price"),
        ({"price": "50000.001"}, "EOrder:Invalid price:BTC/USDC price can only be specified up to 2 decimals."),
        ({"volume": "0.00001"}, "EOrder:Order minimum not met"),
        ({"volume": "1e999999999"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "nan"}, "EGeneral:Invalid arguments:volume"),
        ({"oflags": "fast"}, "EGeneral:Invalid arguments:oflags"),
        ({"leverage": "2:1"}, "EGeneral:Invalid arguments:margin"),
        ({"userref": "x"}, "EGeneral:Invalid arguments:userref"),
        ({"type": "hold"}, "EGeneral:Invalid arguments:side"),
    ],
)
def test_order_that_breaks_a_rule_is_refused(changes: dict[str, str], error: str) -> None:
    assert Venue().post("AddOrder", **{**LIMIT_BUY, **changes})["error"] == [error]


def test_key_may_trade_and_never_withdraw() -> None:
    info = Venue().result("GetApiKeyInfo")
    assert info["nonce_window"] == "0"
    permissions = info["permissions"]
    assert isinstance(permissions, list)
    assert "modify-trades" in permissions
    assert not any("withdraw" in permission or "add-funds" in permission for permission in permissions)


def test_lost_answer_and_error_faults_reach_rest_orders_too() -> None:
    venue = Venue()
    venue.admin.faults(b'[{"verb":"apply+drop"},{"verb":"apply+error","error":"EService:Timeout"}]', venue.now_ns)
    assert venue.post_raw("AddOrder", **LIMIT_BUY).dropped
    assert venue.post("AddOrder", **LIMIT_BUY)["error"] == ["EService:Timeout"]
    assert len(venue.exchange.open_orders("main")) == 2


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(
        ["AddOrder", "AmendOrder", "CancelOrder", "ClosedOrders", "QueryOrders", "TradesHistory", "TradeVolume"]
    ),
    st.dictionaries(
        st.sampled_from(
            ["pair", "type", "ordertype", "volume", "price", "txid", "ofs", "start", "end", "userref", "expiretm"]
        ),
        st.text(max_size=12) | st.sampled_from(["XBTUSDC", "buy", "limit", "-1", "1e9", "+", "٣"]),
    ),
)
def test_whatever_a_signed_body_holds_it_is_answered(endpoint: str, fields: dict[str, str]) -> None:
    assert "error" in Venue().post(endpoint, **fields)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["Ticker", "Depth", "Trades", "OHLC", "Spread", "AssetPairs", "Assets", "Time", "Nope"]),
    st.dictionaries(
        st.sampled_from(["pair", "count", "since", "interval", "asset"]), st.text(max_size=8) | st.just("XBTUSDC")
    ),
)
def test_whatever_a_query_holds_it_is_answered(endpoint: str, query: dict[str, str]) -> None:
    assert "error" in Venue().get(endpoint, **query)


@pytest.mark.parametrize(
    ("headers", "trusted"),
    [
        ({"host": "127.0.0.1:8765"}, True),
        ({"host": "localhost"}, True),
        ({"host": "[::1]:8765"}, True),
        ({"host": "evil.example:8765"}, False),
        ({"host": "127.0.0.1.evil.example"}, False),
        ({}, False),
        ({"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:8765"}, False),
    ],
)
def test_back_door_is_for_this_machines_tools_and_not_for_browsers(headers: dict[str, str], trusted: bool) -> None:
    assert is_trusted(headers) == trusted


def test_deadline_must_lie_between_the_least_and_a_minute_ahead() -> None:
    venue = Venue()
    order = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "50000"}
    for seconds, errors in (
        (-1, ["EService:Deadline elapsed"]),
        (1, ["EGeneral:Invalid arguments:deadline"]),
        (5, []),
        (62, ["EGeneral:Invalid arguments:deadline"]),
    ):
        deadline = timestamp(venue.now_ns + seconds * NANOS_PER_SECOND)
        assert venue.post("AddOrder", **order, deadline=deadline)["error"] == errors, seconds
    client = venue.connect(private=True)
    for milliseconds, success in ((100, False), (500, True), (60_000, True), (61_000, False)):
        deadline = timestamp(venue.now_ns + milliseconds * NANOS_PER_MS)
        assert client.buy(50_000.0, deadline=deadline)["success"] is success, milliseconds


def test_the_touches_of_the_time_before_the_doors_opened_are_told_too() -> None:
    venue = Venue(pairs=(DOGE,))  # without a book yet
    for tick in (10_000, 10_001, 10_001, 10_002):
        venue.house(DOGE, Side.BUY, tick, 1_000_000_000)
        venue.house(DOGE, Side.SELL, 10_010, 1_000_000_000)
        venue.server.warm()
    rows = venue.get("Spread", pair=DOGE)["result"]
    assert isinstance(rows, dict)
    (touches,) = [value for name, value in rows.items() if name != "last"]
    assert len(touches) == 3, "a touch that did not move is told once"
