"""The public WebSocket: what a stranger may say and hear."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.builders_kraken_server import BTC, DOGE, Venue
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_session import CLOSE_TOO_SLOW, OUTBOX_MAX


def test_status_comes_first_with_a_connection_id_beyond_a_float() -> None:
    frames = Venue().connect().frames()
    assert [frame["channel"] for frame in frames] == ["status"]
    assert frames[0]["data"][0]["system"] == "online"  # type: ignore[index]
    assert frames[0]["data"][0]["connection_id"] > 2**53  # type: ignore[index]


def test_ping_is_answered_by_a_pong_that_has_neither_result_nor_success() -> None:
    client = Venue().connect()
    client.frames()
    (pong,) = client.say('{"method":"ping","req_id":1}')
    assert list(pong) == ["method", "req_id", "time_in", "time_out"]
    (pong,) = client.say('{"method":"ping"}')
    assert "req_id" not in pong


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("not json", "Malformed request"),
        ("[1]", "Malformed request"),
        ("{}", "Malformed request"),
        ("[" * 3_000, "Malformed request"),
        ('{"method":"ping","params":{}}', "Unsupported field: 'params' for the given msg type: ping"),
        ('{"method":"fly"}', "Unsupported event"),
        ('{"method":"subscribe","params":{"channel":"weather"}}', "Unsupported event"),
        (
            '{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USDC"],"depth":11}}',
            "Subscription depth not supported",
        ),
        (
            '{"method":"subscribe","params":{"channel":"book","symbol":["XBT/USDC"]}}',
            "Currency pair not supported XBT/USDC",
        ),
        ('{"method":"subscribe","params":{"channel":"book","symbol":[]}}', "Pair(s) not found"),
        (
            '{"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USDC"],"interval":2}}',
            "Subscription ohlc interval not supported",
        ),
        ('{"method":"subscribe","params":{"channel":"executions","token":"x"}}', "EGeneral:Permission denied"),
        ('{"method":"add_order","params":{"token":"x"}}', "EGeneral:Permission denied"),
    ],
)
def test_what_cannot_be_done_is_refused_in_krakens_words(text: str, error: str) -> None:
    client = Venue().connect()
    client.frames()
    (reply,) = client.say(text)
    assert (reply["error"], reply["success"]) == (error, False)
    assert client.session.close_code is None


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(["method", "params", "req_id", "channel", "symbol", "token", "depth", "x"]),
                    inner,
                    max_size=6,
                )
            ),
            max_leaves=12,
        ).map(json.dumps),
        st.dictionaries(
            st.sampled_from(["channel", "symbol", "depth", "snapshot", "interval", "event_trigger", "token", "order_qty"]),
            st.sampled_from(["book", "ticker", "ohlc", ["BTC/USDC"], [None, {}], 10, -1, 1e300, True, None, "", {}]),
        ).flatmap(
            lambda params: st.sampled_from(["subscribe", "unsubscribe", "add_order", "cancel_order", "batch_add"]).map(
                lambda method: json.dumps({"method": method, "params": params})
            )
        ),
    )
)
def test_whatever_a_client_says_it_is_answered(text: str) -> None:
    venue = Venue()
    for private in (False, True):
        client = venue.connect(private=private)
        client.frames()
        assert client.say(text)


def test_one_acknowledgement_per_symbol_then_one_snapshot_per_symbol() -> None:
    client = Venue().connect()
    client.frames()
    frames = client.ask("subscribe", channel="book", symbol=[BTC, DOGE, "WWW/USD"])
    assert [frame.get("req_id") for frame in frames[:3]] == [7, 7, 7]
    assert frames[0]["result"] == {"channel": "book", "depth": 10, "snapshot": True, "symbol": BTC}
    assert (frames[2]["symbol"], frames[2]["error"]) == ("WWW/USD", "Currency pair not supported WWW/USD")
    assert [(frame["type"], frame["data"][0]["symbol"]) for frame in frames[3:]] == [  # type: ignore[index]
        ("snapshot", BTC),
        ("snapshot", DOGE),
    ]


def test_second_subscription_is_refused_and_unsubscribing_ends_the_first() -> None:
    venue = Venue()
    client = venue.connect()
    client.ask("subscribe", channel="trade", symbol=[BTC])
    assert client.reply("subscribe", channel="trade", symbol=[BTC])["error"] == "Already subscribed"
    assert client.reply("unsubscribe", channel="trade", symbol=[BTC])["result"] == {"channel": "trade", "symbol": BTC}
    venue.house(BTC, Side.BUY, 6_000_100, 1_000_000)
    venue.publish()
    assert client.frames("trade") == []


def test_heartbeat_beats_once_a_second_after_the_first_subscription_only() -> None:
    venue = Venue()
    client = venue.connect()
    venue.pass_seconds(3)
    assert client.frames("heartbeat") == []
    client.ask("subscribe", channel="instrument")
    for _ in range(30):
        venue.pass_seconds(0.1)
    assert len(client.frames("heartbeat")) == 3


def test_connection_without_subscription_is_closed_after_a_minute_of_silence() -> None:
    venue = Venue()
    silent, subscribed = venue.connect(), venue.connect()
    subscribed.ask("subscribe", channel="instrument")
    venue.pass_seconds(61)
    assert silent.session.close_code == 1000
    assert subscribed.session.close_code is None


def test_client_that_does_not_read_is_let_go() -> None:
    venue = Venue()
    client = venue.connect()
    for _ in range(OUTBOX_MAX):
        venue.server.receive(client.session, '{"method":"ping"}', venue.now_ns)
    assert client.session.close_code == CLOSE_TOO_SLOW
    assert client.session.too_slow
    assert len(client.session.outbox) == 0


def test_trades_of_one_sweep_come_in_one_message_with_rising_ids() -> None:
    venue = Venue()
    client = venue.connect()
    client.ask("subscribe", channel="trade", symbol=[BTC])
    venue.house(BTC, Side.BUY, 6_000_300, 25_000_000)
    venue.publish()
    (message,) = client.frames("trade")
    data = message["data"]
    assert isinstance(data, list)
    assert [row["trade_id"] for row in data] == list(range(data[0]["trade_id"], data[0]["trade_id"] + 3))
    assert {row["side"] for row in data} == {"buy"}


def test_ticker_by_bbo_follows_the_top_and_by_trades_does_not() -> None:
    venue = Venue()
    by_top, by_trades = venue.connect(), venue.connect()
    by_top.ask("subscribe", channel="ticker", symbol=[BTC], event_trigger="bbo")
    by_trades.ask("subscribe", channel="ticker", symbol=[BTC])
    venue.house(BTC, Side.BUY, 5_999_950, 1_000_000)
    venue.publish()
    texts = by_top.texts()
    assert len(texts) == 1
    assert '"bid":59999.50,"bid_qty":0.01000000,"ask":60001.00' in texts[0]
    assert by_trades.frames("ticker") == []


def test_numbers_keep_their_trailing_zeros() -> None:
    venue = Venue()
    client = venue.connect()
    client.frames()
    request = {"method": "subscribe", "params": {"channel": "instrument"}}
    venue.server.receive(client.session, json.dumps(request), venue.now_ns)
    text = client.texts()[1]
    assert '"cost_min":0.5000' in text
    assert '"price_increment":0.00001,"qty_min":13.00000000' in text


def test_change_of_the_engine_is_told_to_everyone_without_connection_id() -> None:
    venue = Venue()
    client = venue.connect()
    client.frames()
    venue.exchange.set_system(SystemStatus.CANCEL_ONLY, venue.now_ns)
    venue.publish()
    (frame,) = client.frames("status")
    assert frame["data"] == [{"version": "2.0.10", "system": "cancel_only", "api_version": "v2"}]


def test_candle_of_the_stream_is_that_of_the_trades() -> None:
    venue = Venue()
    client = venue.connect()
    client.ask("subscribe", channel="ohlc", symbol=[BTC], interval=5)
    venue.house(BTC, Side.BUY, 6_000_200, 15_000_000)
    venue.publish()
    (frame,) = client.frames("ohlc")
    row = frame["data"][0]  # type: ignore[index]
    assert (row["open"], row["high"], row["close"], row["trades"]) == (60001.0, 60002.0, 60002.0, 2)
    assert row["interval_begin"].endswith(".000000000Z")
