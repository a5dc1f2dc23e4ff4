"""The public stream: recorded frames, faults that cost one pair, subscriptions that are never taken for granted."""

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.venues.builders_market_frames import (
    ASKS,
    BIDS,
    SAMPLES,
    a_bid_change,
    a_snapshot,
    a_trade_frame,
    an_ack,
    an_instrument,
    an_instrument_frame,
    book_frame,
    recorded,
)
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import (
    BookInvalidated,
    BookSnapshot,
    InstrumentChanged,
    MarketEvent,
    SystemStatus,
    Ticker,
    TradePrint,
    VenueStatus,
)
from wildbot.model.orders import Side
from wildbot.venues.kraken.checksum import checksum_of_levels
from wildbot.venues.kraken.market_stream import KrakenMarketStream

BTC, ETH = "BTC/USDC", "ETH/USDC"
SECOND = NANOS_PER_SECOND


def an_open_stream(*pairs: str, now_ns: int = 0) -> KrakenMarketStream:
    """A stream that knows its instruments, is connected, and has sent its requests."""
    stream = KrakenMarketStream(pairs or (BTC, ETH), instruments=[an_instrument(BTC), an_instrument(ETH)])
    stream.on_open(now_ns)
    stream.take_outgoing()
    return stream


def a_live_stream(now_ns: int = 0) -> KrakenMarketStream:
    """As `an_open_stream`, with everything acknowledged and both books valid."""
    stream = an_open_stream(now_ns=now_ns)
    acknowledge(stream, (BTC, ETH), now_ns)
    stream.receive(a_snapshot(BTC), now_ns)
    stream.receive(a_snapshot(ETH), now_ns)
    return stream


def acknowledge(stream: KrakenMarketStream, pairs: Iterable[str], now_ns: int) -> None:
    result = b'{"method":"subscribe","result":{"channel":"instrument","snapshot":true},"success":true}'
    stream.receive(result, now_ns)
    for pair in pairs:
        for channel in ("book", "trade", "ticker"):
            stream.receive(an_ack(channel, pair), now_ns)


def sent(stream: KrakenMarketStream) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return the frames to send as (method, channel, symbols)."""
    frames = [json.loads(frame) for frame in stream.take_outgoing()]
    return [
        (f["method"], f.get("params", {}).get("channel", ""), tuple(f.get("params", {}).get("symbol", ()))) for f in frames
    ]


def replayed(name: str) -> tuple[KrakenMarketStream, list[MarketEvent]]:
    stream = KrakenMarketStream((), any_pair=True)
    events = [event for number, frame in enumerate(recorded(name)) for event in stream.receive(frame, number)]
    return stream, events


# --- recordings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "books"),
    [
        ("ws_public/book_btcusd_d10_20230730.ndjson", 341),
        ("ws_public/book_gstusd_d10_2024.ndjson", 1),
        ("ws_docs_public/book.ndjson", 3),
    ],
)
def test_every_recorded_book_message_verifies_when_its_stream_is_whole(name: str, books: int) -> None:
    stream, events = replayed(name)
    counters = stream.counters()
    assert (counters.checksums_ok, counters.checksums_bad, counters.unknown) == (books, 0, 0)
    assert counters.events == {"book": books} == {"book": len(events)}


def every_public_sample() -> list[str]:
    return sorted(
        f"{folder}/{path.name}" for folder in ("ws_public", "ws_docs_public") for path in (SAMPLES / folder).glob("*json")
    )


@pytest.mark.parametrize("name", every_public_sample() or ["ws_public/none.ndjson"])
def test_every_recorded_frame_is_an_event_or_has_a_named_reason_to_be_ignored(name: str) -> None:
    stream, events = replayed(name)
    counters = stream.counters()
    assert counters.unknown == 0
    assert "unreadable" not in counters.ignored
    assert counters.frames == len(recorded(name))
    assert sum(counters.events.values()) == len(events)
    assert counters.ignored or counters.events


def test_recorded_stream_without_one_message_fails_its_checksum_and_stops() -> None:
    frames = recorded("ws_public/book_btcusd_d10_20230730.ndjson")
    stream = KrakenMarketStream((), any_pair=True)
    for frame in frames[:100] + frames[103:]:
        stream.receive(frame, 1)
    counters = stream.counters()
    assert counters.checksums_bad == 1
    assert counters.ignored["update_without_snapshot"] == len(frames) - 3 - counters.book_updates


def test_one_changed_digit_in_a_recorded_stream_is_noticed() -> None:
    frames = recorded("ws_public/book_btcusd_d10_20230730.ndjson")
    stream = KrakenMarketStream((), any_pair=True)
    stream.receive(frames[0].replace(b"0.18967538", b"0.18967539"), 1)
    assert stream.counters().checksums_bad == 1


# --- events ---------------------------------------------------------------------------------------------------------


def test_a_verified_update_is_published_as_the_whole_window() -> None:
    stream = a_live_stream()
    (event,) = stream.receive(a_bid_change(BTC, lots=777), 9)
    assert isinstance(event, BookSnapshot)
    assert (event.pair, event.seq, event.recv_ts_ns) == (BTC, 2, 9)
    assert event.venue_ts_ns == 1_767_571_201_000_002_000
    assert event.bid_lots == (777, *[lots for _, lots in BIDS[1:]])
    assert event.ask_ticks == tuple(ticks for ticks, _ in ASKS)


def test_text_frames_are_taken_like_bytes() -> None:
    assert len(a_live_stream().receive(a_bid_change(BTC).decode(), 9)) == 1


def test_keys_in_another_order_lead_to_the_same_event() -> None:
    shuffled = json.loads(a_bid_change(BTC, lots=777))
    frame = json.dumps(dict(reversed(shuffled.items()))).encode()
    (event,) = a_live_stream().receive(frame, 9)
    assert isinstance(event, BookSnapshot)
    assert event.bid_lots[0] == 777


def test_sizes_beyond_the_exact_range_of_floats_keep_every_digit() -> None:
    huge = 123_456_789_012_345_678
    (event,) = a_live_stream().receive(a_bid_change(BTC, lots=huge), 9)
    assert isinstance(event, BookSnapshot)
    assert event.bid_lots[0] == huge


def test_trades_tickers_and_status_become_events() -> None:
    stream = an_open_stream()
    (trade,) = stream.receive(a_trade_frame(BTC, 7), 5)
    assert trade == TradePrint(BTC, 7, Side.BUY, 10_001, 500, 1_767_571_201_000_002_000, 5)
    quote = b'{"symbol":"BTC/USDC","bid":100.00,"bid_qty":1,"ask":100.01,"ask_qty":2,"last":100.01,"volume":5.00000000}'
    (ticker,) = stream.receive(b'{"channel":"ticker","type":"update","data":[' + quote + b"]}", 6)
    assert ticker == Ticker(BTC, 10_000, 10_001, 10_001, 500_000_000, 6)
    (status,) = stream.receive(b'{"channel":"status","type":"update","data":[{"system":"post_only"}]}', 7)
    assert status == VenueStatus(SystemStatus.POST_ONLY, 7)
    (odd,) = stream.receive(b'{"channel":"status","type":"update","data":[{"system":"holiday"}]}', 8)
    assert odd == VenueStatus(SystemStatus.UNKNOWN, 8)


def told(events: list[MarketEvent]) -> list[int]:
    return [event.trade_id for event in events if isinstance(event, TradePrint)]


def test_a_trade_is_told_once_when_it_is_sent_twice() -> None:
    stream = an_open_stream()
    assert told(stream.receive(a_trade_frame(BTC, 1, 2), 5)) == [1, 2]
    assert told(stream.receive(a_trade_frame(BTC, 2, 3), 6)) == [3]
    assert told(stream.receive(a_trade_frame(BTC, 3), 7)) == []
    assert stream.counters().ignored["nothing_new"] == 1


def test_trades_missed_while_disconnected_are_told_from_the_next_snapshot() -> None:
    stream = an_open_stream()
    stream.receive(a_trade_frame(BTC, 1, 2), 5)
    stream.on_close(6)
    stream.on_open(7)
    assert told(stream.receive(a_trade_frame(BTC, 4, 3, 2, 1, kind="snapshot"), 8)) == [3, 4]


def test_an_exchange_that_counts_its_trades_anew_is_believed() -> None:
    stream = an_open_stream()
    stream.receive(a_trade_frame(BTC, 500), 5)
    stream.on_close(6)
    stream.on_open(7)
    assert told(stream.receive(a_trade_frame(BTC, 1, 2, kind="snapshot"), 8)) == [1, 2]
    assert told(stream.receive(a_trade_frame(BTC, 3), 9)) == [3]


# --- faults ---------------------------------------------------------------------------------------------------------


def test_a_bad_checksum_costs_only_its_own_pair() -> None:
    stream = a_live_stream()
    (event,) = stream.receive(a_bid_change(BTC, checksum=1), 2 * SECOND)
    assert event == BookInvalidated(BTC, "checksum mismatch", 2 * SECOND)
    assert sent(stream) == [("unsubscribe", "book", (BTC,)), ("subscribe", "book", (BTC,))]
    assert stream.live_seqs == {ETH: 1}
    assert stream.receive(a_bid_change(BTC), 3 * SECOND) == []
    assert len(stream.receive(a_bid_change(ETH), 3 * SECOND)) == 1


def test_events_resume_with_the_next_snapshot_and_numbers_go_on() -> None:
    stream = a_live_stream()
    stream.receive(a_bid_change(BTC, checksum=1), 2 * SECOND)
    assert stream.take_alarms()[0][-1][0] == f"book:{BTC}"
    (event,) = stream.receive(a_snapshot(BTC), 3 * SECOND)
    assert isinstance(event, BookSnapshot)
    assert event.seq == 2
    assert f"book:{BTC}" in stream.take_alarms()[1]


def test_a_crossed_book_is_invalid_although_its_checksum_fits() -> None:
    stream = a_live_stream()
    crossed = [(ASKS[0][0], 5)]
    checksum = checksum_of_levels((crossed + BIDS)[:10], ASKS)
    (event,) = stream.receive(book_frame(BTC, "update", crossed, [], checksum), SECOND)
    assert event == BookInvalidated(BTC, "crossed book", SECOND)
    assert stream.counters().checksums_bad == 0


def test_an_unreadable_book_message_drops_that_book() -> None:
    stream = a_live_stream()
    frame = b'{"channel":"book","type":"update","data":[{"symbol":"BTC/USDC","bids":[{"price":"x","qty":1}],"asks":[]}]}'
    (event,) = stream.receive(frame, 2 * SECOND)
    assert isinstance(event, BookInvalidated)
    assert (event.pair, stream.live_seqs) == (BTC, {ETH: 1})


def test_a_cut_off_book_message_drops_every_book_since_any_may_lack_its_change() -> None:
    stream = a_live_stream()
    events = stream.receive(a_bid_change(BTC)[:60], 2 * SECOND)
    assert {event.pair for event in events if isinstance(event, BookInvalidated)} == {BTC, ETH}


@pytest.mark.parametrize(
    "frame",
    [
        b"", b"CloudFlare WebSocket proxy restarting", b"\xff\xfe", b"{", b"[]", b"null", b"{}", b'{"channel":5}',
        b'{"channel":"book"}', b'{"channel":"book","type":"update","data":[]}', b'{"channel":"trade","data":[{}]}',
        b'{"channel":"ticker","data":{}}', b'{"channel":"instrument","data":[]}', b'{"channel":"status","data":"x"}',
        b'{"method":"subscribe","success":true,"result":[]}', b'{"Error":"Exceeded msg rate"}',
        b'{"channel":"book","type":"update","data":[{"symbol":"BTC/USDC","bids":[{"price":1e400,"qty":1}],"asks":[],'
        b'"checksum":1}]}',
    ],
)  # fmt: skip
def test_no_frame_whatsoever_raises_and_each_is_counted(frame: bytes) -> None:
    stream = a_live_stream()
    before = stream.counters()
    stream.receive(frame, SECOND)
    after = stream.counters()
    assert after.frames == before.frames + 1
    assert sum(after.ignored.values()) + after.unknown == sum(before.ignored.values()) + before.unknown + 1


FRAMES = [
    a_snapshot(BTC), a_bid_change(BTC), a_bid_change(ETH, checksum=1), a_trade_frame(BTC, 1, 2), an_ack("book", BTC),
    an_instrument_frame(BTC, ETH), b'{"channel":"status","type":"update","data":[{"system":"online"}]}',
    b'{"error":"Currency pair not supported","method":"subscribe","req_id":2,"success":false,"symbol":"ETH/USDC"}',
]  # fmt: skip


@given(st.sampled_from(FRAMES), st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), max_size=4))
def test_damaged_frames_never_raise_and_never_leave_an_unverified_book(
    frame: bytes, damages: list[tuple[int, bytes]]
) -> None:
    stream = a_live_stream()
    for place, replacement in damages:
        frame = frame[:place] + replacement + frame[place + 1 :]
    for event in stream.receive(frame, SECOND):
        if isinstance(event, BookSnapshot):
            bids = list(zip(event.bid_ticks, event.bid_lots, strict=True))
            asks = list(zip(event.ask_ticks, event.ask_lots, strict=True))
            assert str(checksum_of_levels(bids, asks)).encode() in frame


@pytest.mark.parametrize("channel", ["book", "trade", "instrument", "weather"])
def test_a_deeply_nested_frame_does_not_bring_us_down(channel: str) -> None:
    frame = f'{{"channel":"{channel}","type":"update","data":{"[" * 100_000}{"]" * 100_000}}}'.encode()
    stream = a_live_stream()
    assert all(isinstance(event, BookInvalidated) for event in stream.receive(frame, SECOND))


def test_a_message_with_two_books_is_unreadable_rather_than_half_applied() -> None:
    one, other = json.loads(a_bid_change(BTC)), json.loads(a_bid_change(ETH))
    both = json.dumps(one | {"data": one["data"] + other["data"]}, separators=(",", ":")).encode()
    stream = a_live_stream()
    stream.receive(both, 2 * SECOND)
    assert stream.live_seqs == {}


@pytest.mark.parametrize(("depth", "levels"), [(25, 25), (5, 10), (-1, 10)])
def test_the_depth_the_exchange_acknowledges_is_the_depth_of_the_book(depth: int, levels: int) -> None:
    stream = an_open_stream(BTC)
    stream.receive(an_ack("book", BTC, depth=depth), 0)
    bids = [(10_000 - i, 1 + i) for i in range(levels)]
    stream.receive(book_frame(BTC, "snapshot", bids, ASKS, checksum_of_levels(bids, ASKS)), 0)
    # The best bid goes; what was eleventh moves up, if the window was that deep.
    left = bids[1:]
    update = book_frame(BTC, "update", [(bids[0][0], 0)], [], checksum_of_levels(left, ASKS))
    assert [type(event) for event in stream.receive(update, 1)] == [BookSnapshot]


def test_events_are_counted_once_when_a_precision_change_drops_a_book() -> None:
    stream = a_live_stream()
    stream.receive(an_instrument_frame(BTC, price_precision=3, kind="update"), 5 * SECOND)
    assert stream.counters().events["book_invalidated"] == 1


def test_a_channel_nobody_told_us_about_is_counted_as_unknown() -> None:
    stream = an_open_stream()
    stream.receive(b'{"channel":"weather","type":"update","data":[]}', 0)
    assert stream.counters().unknown == 1


def test_a_book_that_fails_again_at_once_is_asked_for_again_only_after_a_second() -> None:
    stream = a_live_stream()
    stream.receive(a_bid_change(BTC, checksum=1), 2 * SECOND)
    stream.take_outgoing()
    stream.receive(a_snapshot(BTC).replace(b'"checksum":', b'"checksum":9'), 2 * SECOND + 1)
    stream.advance(2 * SECOND + 2)
    assert sent(stream) == []
    stream.advance(3 * SECOND)
    assert sent(stream) == [("unsubscribe", "book", (BTC,)), ("subscribe", "book", (BTC,))]


def test_all_books_are_invalid_when_the_connection_closes() -> None:
    stream = a_live_stream()
    assert stream.on_close(5) == [
        BookInvalidated(BTC, "connection lost", 5),
        BookInvalidated(ETH, "connection lost", 5),
    ]
    assert stream.live_seqs == {}
    assert stream.on_close(6) == []


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
