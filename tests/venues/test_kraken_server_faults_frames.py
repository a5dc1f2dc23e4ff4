"""Faults in the streams: silence, loss, repetition, disorder, lateness, spoiled and crossed messages."""

import json

import pytest

from tests.venues.builders_faults import arm, ledger, listening, trader
from tests.venues.builders_kraken_server import BTC, Client, Frame, Venue
from tests.venues.test_kraken_server_book import WireBook
from wildbot.model.orders import Side


def reader(venue: Venue, *channels: str) -> Client:
    client = venue.connect()
    for channel in channels:
        client.ask("subscribe", channel=channel, symbol=[BTC])
    return client


def move(venue: Venue, times: int = 1) -> None:
    """One book message each: another bid appears at the top."""
    for _ in range(times):
        best = venue.exchange.best(BTC)[0]
        assert best is not None
        venue.house(BTC, Side.BUY, best + 1, 1_000)
        venue.publish()


def prints(frames: list[Frame]) -> list[str]:
    return [report["exec_type"] for frame in frames for report in frame["data"]]  # type: ignore[attr-defined]


def numbers(frames: list[Frame]) -> list[object]:
    return [frame["sequence"] for frame in frames]


def test_one_pair_falls_silent_while_its_other_channels_and_the_heartbeat_go_on() -> None:
    venue = Venue()
    client = reader(venue, "book", "ticker")
    arm(venue, {"verb": "ws.silence", "channel": "book", "pair": BTC, "for_s": 5})
    move(venue)
    assert client.frames("book") == []
    venue.pass_seconds(3)
    assert client.frames("heartbeat")
    again = venue.connect()
    acks = again.ask("subscribe", channel="book", symbol=[BTC])
    assert [frame.get("method") for frame in acks] == ["subscribe"], "acknowledged, and then no data"
    venue.pass_seconds(3)
    move(venue)
    assert len(client.frames("book")) == 1


def test_whole_connections_fall_silent_with_replies_and_heartbeats() -> None:
    venue = Venue()
    public, private = reader(venue, "book"), listening(venue)
    public.frames()
    arm(venue, {"verb": "ws.silence", "conn": "private", "for_s": 5})
    assert private.ask("add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.001, limit_price=50_000.0) == []
    venue.pass_seconds(4)
    assert private.texts() == []
    move(venue)
    assert public.frames("book")
    venue.pass_seconds(2)
    assert private.buy(50_001.0)["success"]
    assert len(venue.exchange.open_orders("main")) == 2


def test_lost_private_message_leaves_a_gap_in_the_numbers() -> None:
    venue = Venue()
    client = listening(venue)
    arm(venue, {"verb": "ws.drop", "seq": 3})
    frames = client.ask("add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.001, limit_price=60_001.0)
    assert numbers([frame for frame in frames if "sequence" in frame]) == [2, 4, 5]


def test_repeated_report_has_a_number_of_its_own() -> None:
    venue = Venue()
    client = listening(venue)
    client.buy(50_000.0)
    arm(venue, {"verb": "ws.dup", "n": 3}, {"verb": "fill"})
    frames = client.frames("executions")
    assert prints(frames) == ["trade", "trade", "trade", "filled"]
    assert numbers(frames) == [4, 5, 6, 7]
    assert len({frame["data"][0]["exec_id"] for frame in frames[:3]}) == 1  # type: ignore[index]
    assert len(venue.exchange.executions("main")) == 1


def test_disorder_puts_the_end_before_the_trade_under_rising_numbers() -> None:
    venue = Venue()
    client = listening(venue)
    client.buy(50_000.0)
    arm(venue, {"verb": "ws.reorder", "k": 2}, {"verb": "fill"})
    frames = client.frames("executions")
    assert prints(frames) == ["filled", "trade"]
    assert numbers(frames) == [4, 5]


def test_disorder_that_lacks_messages_does_not_wait_for_ever() -> None:
    venue = Venue()
    client = listening(venue)
    arm(venue, {"verb": "ws.reorder", "k": 50})
    client.buy(50_000.0)
    assert client.frames("executions") == []
    venue.pass_seconds(1.1)
    assert prints(client.frames("executions")) == ["new", "pending_new"]


def test_late_messages_keep_their_order_and_their_old_times() -> None:
    venue = Venue()
    client = reader(venue, "book")
    arm(venue, {"verb": "ws.lag", "s": 20, "channel": "book", "for_s": 5})
    move(venue, 2)
    venue.pass_seconds(6)
    move(venue)
    assert client.frames("book") == [], "what follows does not overtake"
    venue.pass_seconds(15)
    stamps = [frame["data"][0]["timestamp"] for frame in client.frames("book")]  # type: ignore[index]
    assert len(stamps) == 3
    assert stamps == sorted(stamps)
    assert stamps[0].startswith("2025-06-15T15:06:40")


def test_crossed_book_passes_its_checksum_and_heals() -> None:
    venue = Venue()
    client = venue.connect()
    client.session.outbox.clear()
    venue.server.receive(
        client.session, json.dumps({"method": "subscribe", "params": {"channel": "book", "symbol": [BTC]}}), venue.now_ns
    )
    book = WireBook(10)
    arm(venue, {"verb": "ws.cross", "pair": BTC, "for_s": 2})
    move(venue)
    texts = [text for text in client.texts() if '"channel":"book","type"' in text]
    assert all(book.apply(text) for text in texts)
    mirror = venue.server.stream.books[BTC]
    best_bid, best_ask = mirror.bids.best(), mirror.asks.best()
    assert best_bid is not None
    assert best_ask is not None
    assert best_bid[0] > best_ask[0]
    venue.pass_seconds(3)
    move(venue)
    assert all(book.apply(text) for text in client.texts() if '"channel":"book","type"' in text)
    assert mirror.bids.best() == (venue.exchange.best(BTC)[0], 1_000)
    assert {line["cause"] for line in ledger(venue, "book_invalid")} == {"ws.cross"}


@pytest.mark.parametrize("kind", ["truncated", "nan", "huge", "unknown_field", "not_json", "html"])
def test_spoiled_message_is_spoiled_once(kind: str) -> None:
    venue = Venue()
    client = reader(venue, "book")
    arm(venue, {"verb": "ws.garble", "channel": "book", "kind": kind})
    move(venue, 2)
    spoiled, sound = (text for text in client.texts() if "heartbeat" not in text)
    assert json.loads(sound)["channel"] == "book"
    if kind in ("truncated", "not_json", "html"):
        with pytest.raises(json.JSONDecodeError):
            json.loads(spoiled)
    elif kind == "unknown_field":
        assert "surprise" in json.loads(spoiled)
    else:
        assert ("NaN" if kind == "nan" else "1e400") in spoiled
    (line,) = ledger(venue, "book_invalid")
    assert (line["pair"], line["conn"], line["cause"]) == (BTC, client.session.number, "ws.garble")


def test_fault_on_one_connection_leaves_the_others_alone() -> None:
    venue = Venue()
    first, second = reader(venue, "book"), reader(venue, "book")
    arm(venue, {"verb": "ws.drop", "channel": "book", "conn": str(first.session.number), "count": 2})
    move(venue, 3)
    assert (len(first.frames("book")), len(second.frames("book"))) == (1, 3)


def test_client_that_is_too_far_behind_is_let_go() -> None:
    venue = Venue()
    client = trader(venue)
    for _ in range(50_001):
        client.session.send_late(venue.now_ns + 1, "x")
    assert client.session.close_code == 1013
