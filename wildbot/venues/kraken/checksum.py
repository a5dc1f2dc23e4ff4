"""Kraken's book checksum by its definition, for whoever has to state one or to check our fast one.

`market.order_book` computes the same value from digits it keeps; this file is the slow, obvious reference, and what the
simulated exchange signs its books with.

Source: Kraken "Spot WebSockets (v2) Book Checksum"; the documentation's example gives 3310070434.
"""

from collections.abc import Sequence
from zlib import crc32

from wildbot.market.order_book import CHECKED_LEVELS, Level, level_digits


def checksum_of_levels(bids: Sequence[Level], asks: Sequence[Level]) -> int:
    """Return the checksum of a book given as (ticks, lots), best level first; only the first ten of a side count."""
    levels = [*asks[:CHECKED_LEVELS], *bids[:CHECKED_LEVELS]]
    return crc32(b"".join(level_digits(ticks, lots) for ticks, lots in levels))


def checksum_of_text(bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]]) -> int:
    """Return the checksum of a book given as (price, size) text with all its decimals, best level first.

    Needs no precision: point and leading zeros are taken off the text, as the documentation says.
    """
    levels = [*asks[:CHECKED_LEVELS], *bids[:CHECKED_LEVELS]]
    return crc32("".join(_digits(price) + _digits(size) for price, size in levels).encode())


def _digits(text: str) -> str:
    return text.replace(".", "").lstrip("0")
