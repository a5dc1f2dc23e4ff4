"""The checksum against Kraken's own example and against recorded books."""

import msgspec

from tests.venues.builders_market_frames import recorded
from wildbot.model.instrument import parse_scaled
from wildbot.venues.kraken.checksum import checksum_of_levels, checksum_of_text
from wildbot.venues.kraken.market_numbers import number_text
from wildbot.venues.kraken.market_wire import ExactBook, ExactLevel, exact_book_decoder


def texts(levels: list[ExactLevel]) -> list[tuple[str, str]]:
    return [(number_text(level.price), number_text(level.qty)) for level in levels]


def book_of(frame: bytes) -> ExactBook:
    return exact_book_decoder.decode(frame).data[0]


def test_documented_example_gives_the_documented_value() -> None:
    book = book_of(recorded("ws_docs_public/book.ndjson")[2])
    assert checksum_of_text(texts(book.bids), texts(book.asks)) == 3310070434


def test_recorded_snapshots_give_the_value_the_exchange_sent() -> None:
    for name in ("ws_public/book_gstusd_d10_2024.ndjson", "ws_public/book_btcusd_d10_20230730.ndjson"):
        book = book_of(recorded(name)[0])
        assert checksum_of_text(texts(book.bids), texts(book.asks)) == book.checksum


def test_integers_and_text_give_the_same_value() -> None:
    book = book_of(recorded("ws_public/book_gstusd_d10_2024.ndjson")[0])

    def integers(levels: list[ExactLevel]) -> list[tuple[int, int]]:
        return [(parse_scaled(price, 3), parse_scaled(size, 8)) for price, size in texts(levels)]

    assert checksum_of_levels(integers(book.bids), integers(book.asks)) == book.checksum


def test_only_ten_levels_of_each_side_count() -> None:
    bids, asks = [(100 - i, 1) for i in range(25)], [(101 + i, 1) for i in range(25)]
    assert checksum_of_levels(bids, asks) == checksum_of_levels(bids[:10], asks[:10])


def test_vectors_of_the_reference_hold() -> None:
    vectors = msgspec.json.decode(recorded("vectors/book_checksum.json")[0])
    frames = recorded("ws_docs_public/book.ndjson")
    assert [book_of(frame).checksum for frame in frames[:2]] == vectors[1]["expected"]
