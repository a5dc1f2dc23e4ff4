"""Reading the status document: JSON from another process, so nothing in it is believed to be there or to have a shape.

Rules: every other view module reads through these functions; what is missing or odd is None, "" or empty, never an
    exception. Decimal text stays `Decimal` while it is shown; it becomes a float only to be drawn.
"""

import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

JsonObject = Mapping[str, object]
"""One decoded JSON object: names to values of any JSON kind."""

EMPTY: JsonObject = {}

STALE_S = 3.0
"""Older than this, a document says nothing about now: numbers are dimmed and the state is UNKNOWN."""

DIGITS_MAX = 40
"""A decimal with its point further away than this is nobody's price or size, and would be written with as many noughts."""

TEXT_MAX = 300
"""Most characters of a foreign string that reach the page."""

_PAIR = re.compile(r"[A-Z0-9.]{1,15}/[A-Z0-9.]{1,15}")


def section(parent: JsonObject, name: str) -> JsonObject:
    """Return the object at `name`, or an empty one."""
    value = parent.get(name)
    return value if isinstance(value, dict) else EMPTY


def rows(parent: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects of the list at `name`; anything in it that is no object is left out."""
    value = parent.get(name)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list | tuple) else []


def series(parent: JsonObject, name: str, width: int) -> list[tuple[float, ...]]:
    """Return the rows of the list of lists at `name` as floats, each cut to `width` values; odd rows are left out."""
    value = parent.get(name)
    if not isinstance(value, list | tuple):
        return []
    points = (_floats(row, width) for row in value)
    return [point for point in points if point is not None]


def _floats(row: object, width: int) -> tuple[float, ...] | None:
    if not isinstance(row, list | tuple) or len(row) < width:
        return None
    values = [as_number(value) for value in row[:width]]
    return None if None in values else tuple(value for value in values if value is not None)


def text(row: JsonObject, name: str, default: str = "") -> str:
    """Return the value at `name` as text of at most TEXT_MAX characters; `default` when it is missing or a container."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return default
    return str(value)[:TEXT_MAX]


def as_number(value: object) -> float | None:
    """Return a JSON number or decimal text as a finite float, else None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def number(row: JsonObject, name: str) -> float | None:
    """Return the value at `name` as a finite float, for drawing and comparing."""
    return as_number(row.get(name))


def decimal(row: JsonObject, name: str) -> Decimal | None:
    """Return the value at `name` as an exact decimal, for showing."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return None
    if not exact.is_finite():
        return None
    return exact if int(exact.as_tuple().exponent) > -DIGITS_MAX and exact.adjusted() < DIGITS_MAX else None


def whole(row: JsonObject, name: str) -> int:
    """Return the value at `name` as an integer, 0 when there is none; a JSON integer stays exact (times in nanoseconds)."""
    value = row.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    rounded = as_number(value)
    return 0 if rounded is None else int(rounded)


def is_pair(name: str) -> bool:
    """Whether `name` looks like a pair ("BTC/USDC"); only such names are offered as controls."""
    return _PAIR.fullmatch(name) is not None


def trader_of(document: JsonObject, pair: str) -> JsonObject:
    """Return the trader row of `pair`, or an empty one."""
    return row_of(rows(document, "traders"), pair)


def row_of(candidates: Iterable[JsonObject], pair: str) -> JsonObject:
    """Return the first row whose `pair` is `pair`, or an empty one."""
    return next((row for row in candidates if row.get("pair") == pair), EMPTY)


def traded_pairs(document: JsonObject) -> list[str]:
    """Return the pairs that have a trader, in the document's order, each once."""
    names = (text(row, "pair") for row in rows(document, "traders"))
    return list(dict.fromkeys(name for name in names if is_pair(name)))


def is_cut_off(document: JsonObject, trader: JsonObject) -> bool:
    """Whether a trader's market is of the past: its last word is too old, and the desk says that it does not simply run.

    A market where nothing happens is silent too, but then the desk runs.
    """
    age_ms = number(trader, "data_age_ms")
    return text(document, "state") != "running" and age_ms is not None and is_stale(age_ms / 1_000)


def is_stale(age_s: float | None) -> bool:
    """Whether a document of this age (None: there is none) is too old to tell what is going on."""
    return age_s is None or not age_s <= STALE_S
