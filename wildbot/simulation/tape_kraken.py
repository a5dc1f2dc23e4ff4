"""Recorded frames of Kraken's WebSocket v2, one JSON object per line, as a level tape.

Rules: the first pair with a book snapshot is the pair of the tape; other pairs, channels and replies are passed over. A
    frame without a time (old snapshots) happens together with the next one that has one.
Source: Kraken WebSocket v2 `book` and `trade` channels.
"""

from calendar import timegm
from collections.abc import Iterable, Iterator
from decimal import Decimal

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import Side
from wildbot.simulation.level_tape import (
    LevelsSet,
    LevelTape,
    TapeEvent,
    TapeTrade,
    decimals_of,
    decoded,
    from_first_book,
)

DEPTHS = (10, 25, 100, 500, 1000)
"""The depths a book is subscribed with: a first book of fewer levels is a thin one of these, and may grow."""


def kraken_tape(lines: Iterable[str]) -> LevelTape:
    """Return the tape of a recording.

    Raises:
        ProtocolError: at a line that cannot be read, here or while the events are taken; or when there is no snapshot.
    """
    pair: list[str] = []
    first, events = from_first_book(_timed(_events(lines, pair)))
    decimals = decimals_of(price for price, _ in (*first.bids, *first.asks))
    levels = max(len(first.bids), len(first.asks))
    return LevelTape(pair[0], decimals, next((depth for depth in DEPTHS if depth >= levels), levels), events)


def _events(lines: Iterable[str], pair: list[str]) -> Iterator[TapeEvent]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        frame = decoded(number, line)
        if not isinstance(frame, dict) or frame.get("channel") not in ("book", "trade"):
            continue
        try:
            for item in frame["data"]:
                if not pair and frame["channel"] == "book" and frame["type"] == "snapshot":
                    pair.append(str(item["symbol"]))
                if pair and item["symbol"] == pair[0]:
                    yield _event(frame, item)
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"line {number} is no book or trade frame ({error!r}): {line[:60]!r}") from None


def _event(frame: dict[str, object], item: dict[str, object]) -> TapeEvent:
    at_ns = _nanos(str(item["timestamp"])) if "timestamp" in item else 0
    if frame["channel"] == "trade":
        return TapeTrade(at_ns, Side(str(item["side"])), str(item["price"]), str(item["qty"]))
    return LevelsSet(at_ns, _levels(item["bids"]), _levels(item["asks"]), frame["type"] == "snapshot")


def _levels(rows: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(rows, list):
        raise TypeError("levels are no list")
    return tuple((str(row["price"]), str(row["qty"])) for row in rows)


def _timed(events: Iterable[TapeEvent]) -> Iterator[TapeEvent]:
    """Give events without a time that of the next one with a time."""
    waiting: list[TapeEvent] = []
    for event in events:
        waiting.append(event)
        if event.ts_ns:
            yield from (late._replace(ts_ns=event.ts_ns) for late in waiting)
            waiting.clear()
    yield from waiting


def _nanos(text: str) -> int:
    """Return "2023-07-30T15:29:58.343415Z" in nanoseconds; fractions are exact to the ninth digit."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    day, _, clock = whole.partition("T")
    seconds = timegm((*map(int, day.split("-")), *map(int, clock.split(":"))))
    return seconds * NANOS_PER_SECOND + int(Decimal(f"0.{fraction or 0}").scaleb(9))
