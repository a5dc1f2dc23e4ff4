"""Frames of the public stream that are wrong, late, cut off or in need of another book: one pair pays, nothing raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.venues.builders_market_frames import (
    ASKS,
    BIDS,
    a_bid_change,
    a_snapshot,
    a_trade_frame,
    an_ack,
    an_instrument_frame,
    book_frame,
)
from tests.venues.builders_market_stream import BTC, ETH, SECOND, a_live_stream, an_open_stream, sent
from wildbot.model.market_data import (
    BookInvalidated,
    BookSnapshot,
)
from wildbot.venues.kraken.checksum import checksum_of_levels

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
