"""Pages, spans and lists of ids in REST account calls.

Rules: a page has 50 entries; `start` and `end` are unix times or the ids of entries; `start` is exclusive, `end` inclusive.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_orders import ORDER_ID, invalid
from wildbot.venues.kraken.server_rest_fields import text_of, whole_of

PAGE = 50
QUERY_MAX = 50
FOREVER_NS = 1 << 62
T = TypeVar("T")


def page_of(rows: Sequence[T], offset: int) -> Sequence[T]:
    """Return the page that begins at `offset`."""
    return rows[offset:][:PAGE]


def offset_of(body: Params) -> int:
    """Return `ofs`. Raises: VenueRefusal."""
    return max(0, whole_of(body, "ofs") or 0)


def wanted_ids(body: Params, name: str) -> list[str]:
    """Return the ids of a comma-separated field. Raises: VenueRefusal when there are none or too many."""
    wanted = [text.strip() for text in text_of(body, name).split(",") if text.strip()]
    if not 0 < len(wanted) <= QUERY_MAX:
        raise invalid(name)
    return wanted


def span_of(body: Params, times: Mapping[str, int]) -> tuple[int, int]:
    """Return `start` and `end` in nanoseconds; `times` tells when an entry with some id was. Raises: VenueRefusal."""
    return _time(body, "start", 0, times), _time(body, "end", FOREVER_NS, times)


def _time(body: Params, name: str, default: int, times: Mapping[str, int]) -> int:
    text = text_of(body, name)
    if ORDER_ID.fullmatch(text):
        return times.get(text, default)
    whole, _, fraction = text.partition(".")
    if not whole:
        return default
    if not (whole + fraction).isascii() or not (whole + fraction).isdigit() or len(whole) > MONEY_DECIMALS + 1:
        raise invalid(name)
    return int(whole) * NANOS_PER_SECOND + int(fraction[:9].ljust(9, "0"))
