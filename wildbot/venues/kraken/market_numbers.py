"""Numbers and times as Kraken prints them.

Rules: text in, exact integer or exact text out; nothing passes through a float.
"""

from datetime import datetime
from functools import lru_cache

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND, parse_scaled

NUMBER_CHARACTERS_MAX = 28
"""Longest number we read: as many digits as decimal arithmetic keeps without rounding."""

EXPONENT_DIGITS_MAX = 2


def number_text(raw: msgspec.Raw) -> str:
    """Return the digits of a number that may be printed bare or as a string: 12.50 and "12.50" alike."""
    return bytes(raw).decode().strip('"')


def scaled_number(raw: msgspec.Raw, decimals: int) -> int:
    """Return a printed number as an integer count of 10**-decimals, exactly.

    Raises:
        ProtocolError: if it has more decimals than that, or is of a length or magnitude that no market has.
    """
    text = number_text(raw)
    exponent = text.lower().partition("e")[2].lstrip("+-")
    if len(text) > NUMBER_CHARACTERS_MAX or len(exponent) > EXPONENT_DIGITS_MAX:
        raise ProtocolError(f"not a market's number: {text[:40]!r}")
    return parse_scaled(text, decimals)


def decimals_of(raw: msgspec.Raw) -> int:
    """Return how many digits a number has behind its point, as printed."""
    text = number_text(raw)
    if "e" in text or "E" in text:
        raise ProtocolError(f"cannot tell the precision of {text[:40]!r}")
    return len(text.partition(".")[2])


def utc_ns(text: str) -> int:
    """Return an RFC 3339 UTC time such as "2023-07-30T15:29:58.343415Z" in nanoseconds; up to nine decimals count.

    Raises:
        ProtocolError: if the text is no such time.
    """
    try:
        point, fraction, zone = text[19:20], text[20:-1], text[-1:]
        if zone != "Z" or not (len(text) == 20 or (point == "." and fraction.isdecimal())):
            raise ValueError
        return _second_ns(text[:19]) + int(fraction[:9].ljust(9, "0"))
    except ValueError:
        raise ProtocolError(f"not a UTC time: {text[:40]!r}") from None


@lru_cache(maxsize=64)
def _second_ns(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp()) * NANOS_PER_SECOND
