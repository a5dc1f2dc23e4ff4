"""Book windows: whatever the engine does, a client that follows the rules sees the same top levels and checksum."""

import json
import random
import re
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.builders_kraken_server import BTC, Venue
from wildbot.model.exchange import BookChange, CancelPlaced
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_admin import SCRIPT_ACCOUNTS
from wildbot.venues.kraken.server_book import BookMirror

LEVEL = re.compile(r'\{"price":([0-9.]+),"qty":([0-9.]+)\}')


class WireBook:
    """A client's book made from wire text only, as the documentation describes it."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.sides: dict[str, dict[str, str]] = {"bids": {}, "asks": {}}

    def apply(self, text: str) -> bool:
        """Apply one message; whether its checksum is right."""
        for name, levels in self.sides.items():
            part = text.split(f'"{name}":[', 1)[1].split("]", 1)[0]
            if '"snapshot"' in text:
                levels.clear()
            for price, qty in LEVEL.findall(part):
                if float(qty) == 0:
                    levels.pop(price, None)
                else:
                    levels[price] = qty
            for price in self.order(name)[self.depth :]:
                del levels[price]
        digits = [
            re.sub(r"^0+", "", part.replace(".", ""))
            for name in ("asks", "bids")
            for price in self.order(name)[:10]
            for part in (price, self.sides[name][price])
        ]
        return zlib.crc32("".join(digits).encode()) == json.loads(text)["data"][0]["checksum"]

    def order(self, name: str) -> list[str]:
        return sorted(self.sides[name], key=float, reverse=name == "bids")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([Side.BUY, Side.SELL]), st.integers(1, 30), st.sampled_from([0, 0, 5, 9, 12])),
            min_size=1,
            max_size=6,
        ),
        max_size=60,
    ),
    st.sampled_from([1, 3, 10]),
)
def test_window_of_a_client_equals_the_top_of_the_book_after_every_message(
    events: list[list[tuple[Side, int, int]]], depth: int
) -> None:
    mirror = BookMirror()
    window: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
    for levels in events:
        change = BookChange(pair=BTC, levels=tuple(levels), ts_ns=0)
        for side, windows, checksum in mirror.apply(change, [depth]):
            for seen_depth, effects in windows:
                assert seen_depth == depth
                assert effects
                for ticks, lots in effects:
                    window[side].pop(ticks, None)
                    if lots:
                        window[side][ticks] = lots
                kept = sorted(window[side].items(), reverse=side is Side.BUY)[:depth]
                window[side] = dict(kept)
            assert checksum > 0 or not any(window.values())
        for side, book in ((Side.BUY, mirror.bids), (Side.SELL, mirror.asks)):
            assert sorted(window[side].items(), reverse=side is Side.BUY) == book.top(depth)


@pytest.mark.parametrize("depth", [10, 25])
def test_checksum_of_every_message_is_that_of_the_wire_text(depth: int) -> None:
    venue = Venue()
    client = venue.connect()
    client.texts()
    request = {"method": "subscribe", "params": {"channel": "book", "symbol": [BTC], "depth": depth}}
    venue.server.receive(client.session, json.dumps(request), venue.now_ns)
    book = WireBook(depth)
    chance = random.Random(3)
    orders: list[tuple[Side, str]] = []
    for _ in range(400):
        if orders and chance.random() < 0.5:
            side, order_id = orders.pop(chance.randrange(len(orders)))
            venue.exchange.cancel(CancelPlaced(account=SCRIPT_ACCOUNTS[side], order_id=order_id), venue.now_ns)
        else:
            side = chance.choice([Side.BUY, Side.SELL])
            ticks = 6_000_000 - side.sign * chance.randrange(-150, 900)
            orders.append((side, venue.house(BTC, side, ticks, chance.randrange(1, 9_000_000))))
        venue.publish()
    messages = [text for text in client.texts() if '"channel":"book","type"' in text]
    assert len(messages) > 100
    assert all(book.apply(text) for text in messages)
    mirror = venue.server.stream.books[BTC]
    for name, side_book in (("bids", mirror.bids), ("asks", mirror.asks)):
        shown = [(price, book.sides[name][price]) for price in book.order(name)]
        instrument = venue.instrument(BTC)
        assert shown == [(instrument.price_text(t), instrument.lots_text(lots)) for t, lots in side_book.top(depth)]


def test_update_touches_one_side_and_no_other_depth() -> None:
    venue = Venue()
    client = venue.connect()
    client.ask("subscribe", channel="book", symbol=[BTC])
    venue.house(BTC, Side.BUY, 6_000_150, 25_000_000)  # eats the best ask and rests above it
    venue.publish()
    updates = [frame["data"][0] for frame in client.frames("book")]  # type: ignore[index]
    assert [bool(update["bids"]) for update in updates] == [False, True]
    assert [bool(update["asks"]) for update in updates] == [True, False]


def test_level_beyond_the_window_is_not_sent() -> None:
    venue = Venue()
    client = venue.connect()
    client.ask("subscribe", channel="book", symbol=[BTC])
    venue.house(BTC, Side.BUY, 5_990_000, 5_000_000)
    venue.publish()
    assert client.frames("book") == []
