"""Subscriptions to the public stream are never taken for granted."""

import json

from tests.venues.builders_market_frames import (
    ASKS,
    BIDS,
    a_bid_change,
    a_snapshot,
    an_ack,
    an_instrument,
    an_instrument_frame,
    book_frame,
)
from tests.venues.builders_market_stream import BTC, ETH, SECOND, a_live_stream, acknowledge, an_open_stream, sent
from wildbot.model.market_data import (
    BookInvalidated,
    BookSnapshot,
    InstrumentChanged,
)
from wildbot.venues.kraken.checksum import checksum_of_levels
from wildbot.venues.kraken.market_stream import KrakenMarketStream

# --- subscriptions --------------------------------------------------------------------------------------------------


def test_everything_is_asked_for_when_the_connection_opens() -> None:
    stream = KrakenMarketStream([BTC, ETH], instruments=[an_instrument(BTC), an_instrument(ETH)], depth=25)
    stream.on_open(0)
    frames = [json.loads(frame)["params"] for frame in stream.take_outgoing()]
    assert frames == [
        {"channel": "instrument", "snapshot": True},
        {"channel": "book", "symbol": [BTC, ETH], "depth": 25, "snapshot": True},
        {"channel": "trade", "symbol": [BTC, ETH], "snapshot": True},
        {"channel": "ticker", "symbol": [BTC, ETH], "event_trigger": "bbo", "snapshot": True},
    ]


def test_books_wait_for_their_instrument_when_it_is_not_known() -> None:
    stream = KrakenMarketStream([BTC])
    stream.on_open(0)
    assert sent(stream) == [("subscribe", "instrument", ())]
    events = stream.receive(an_instrument_frame(BTC, ETH), 1)
    assert [event.instrument.pair for event in events if isinstance(event, InstrumentChanged)] == [BTC]
    assert [channel for _, channel, _ in sent(stream)] == ["book", "trade", "ticker"]
    assert set(stream.instruments) == {BTC, ETH}


def test_a_pair_the_exchange_does_not_list_raises_an_alarm() -> None:
    stream = KrakenMarketStream(["WWW/USDC"])
    stream.on_open(0)
    stream.receive(an_instrument_frame(BTC), 1)
    assert stream.take_alarms() == ([("unlisted:WWW/USDC", "WWW/USDC is not listed by the exchange")], [])


def test_a_book_starts_over_when_the_exchange_changes_its_precision() -> None:
    stream = a_live_stream()
    events = stream.receive(an_instrument_frame(BTC, price_precision=3, kind="update"), 5 * SECOND)
    assert [type(event) for event in events] == [InstrumentChanged, BookInvalidated]
    assert ("subscribe", "book", (BTC,)) in sent(stream)
    (event,) = stream.receive(
        book_frame(BTC, "snapshot", BIDS, ASKS, checksum_of_levels(BIDS, ASKS), decimals=(3, 8)), 6 * SECOND
    )
    assert isinstance(event, BookSnapshot)


def test_an_overdue_acknowledgement_raises_an_alarm_that_clears_when_it_comes() -> None:
    stream = an_open_stream(BTC)
    stream.advance(5 * SECOND - 1)
    assert stream.take_alarms() == ([], [])
    stream.advance(5 * SECOND)
    assert f"unacknowledged:book:{BTC}" in dict(stream.take_alarms()[0])
    stream.receive(an_ack("book", BTC), 6 * SECOND)
    assert stream.take_alarms() == ([], [f"unacknowledged:book:{BTC}"])


def test_a_subscription_without_a_snapshot_raises_an_alarm_and_is_made_again() -> None:
    stream = an_open_stream(BTC)
    acknowledge(stream, [BTC], SECOND)
    stream.advance(11 * SECOND - 1)
    assert stream.take_alarms() == ([], [])
    stream.advance(11 * SECOND)
    assert dict(stream.take_alarms()[0]) == {f"silent:book:{BTC}": f"book {BTC}: subscribed, but no snapshot within 10 s"}
    assert sent(stream) == [("unsubscribe", "book", (BTC,)), ("subscribe", "book", (BTC,))]
    stream.receive(a_snapshot(BTC), 12 * SECOND)
    assert stream.take_alarms() == ([], [f"silent:book:{BTC}"])


def test_a_refused_subscription_raises_an_alarm_with_the_words_of_the_exchange() -> None:
    stream = KrakenMarketStream([BTC, ETH], instruments=[an_instrument(BTC), an_instrument(ETH)])
    stream.on_open(0)
    request_id = json.loads(stream.take_outgoing()[1])["req_id"]
    refusal = {
        "error": f"Currency pair not supported {ETH}", "method": "subscribe", "req_id": request_id, "success": False,
        "symbol": ETH,
    }  # fmt: skip
    stream.receive(json.dumps(refusal).encode(), 1)
    assert stream.take_alarms()[0] == [(f"refused:book:{ETH}", f"book {ETH} refused: Currency pair not supported {ETH}")]
    stream.advance(61 * SECOND)
    assert ("subscribe", "book", (ETH,)) in sent(stream)


def test_a_refusal_without_a_symbol_concerns_the_whole_request() -> None:
    stream = KrakenMarketStream([BTC, ETH], instruments=[an_instrument(BTC), an_instrument(ETH)], depth=11)
    stream.on_open(0)
    request_id = json.loads(stream.take_outgoing()[1])["req_id"]
    refusal = {"error": "Subscription depth not supported", "method": "subscribe", "req_id": request_id, "success": False}
    stream.receive(json.dumps(refusal).encode(), 1)
    assert {key for key, _ in stream.take_alarms()[0]} == {f"refused:book:{BTC}", f"refused:book:{ETH}"}


def test_pairs_come_and_go_without_a_reconnect() -> None:
    stream = a_live_stream()
    events = stream.set_pairs([ETH, "SOL/USDC"], 2 * SECOND)
    assert events == [BookInvalidated(BTC, "no longer watched", 2 * SECOND)]
    assert sent(stream) == [("unsubscribe", channel, (BTC,)) for channel in ("book", "trade", "ticker")]
    assert stream.receive(a_bid_change(BTC), 3 * SECOND) == []
    stream.receive(an_instrument_frame("SOL/USDC", kind="update"), 4 * SECOND)
    assert [(method, pairs) for method, _, pairs in sent(stream)] == [("subscribe", ("SOL/USDC",))] * 3
    events = stream.set_pairs([ETH, BTC], 5 * SECOND)
    assert InstrumentChanged(an_instrument(BTC)) in events


def test_pings_keep_the_connection_and_an_unanswered_one_raises_an_alarm() -> None:
    stream = a_live_stream()
    stream.advance(20 * SECOND)
    assert sent(stream) == [("ping", "", ())]
    stream.advance(25 * SECOND)
    assert "pong" in dict(stream.take_alarms()[0])
    stream.receive(b'{"method":"pong","req_id":1}', 26 * SECOND)
    assert "pong" in stream.take_alarms()[1]
