"""The public stream: recorded frames, and the events they become."""

import json

import pytest

from tests.venues.builders_market_frames import (
    ASKS,
    BIDS,
    SAMPLES,
    a_bid_change,
    a_trade_frame,
    recorded,
)
from tests.venues.builders_market_stream import BTC, a_live_stream, an_open_stream
from wildbot.model.market_data import (
    BookSnapshot,
    MarketEvent,
    SystemStatus,
    Ticker,
    TradePrint,
    VenueStatus,
)
from wildbot.model.orders import Side
from wildbot.venues.kraken.market_stream import KrakenMarketStream


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
