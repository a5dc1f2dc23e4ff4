"""Recorded events of Bitstamp (2015), as a level tape: the whole books and the trades between them.

Format: a line is the receive time (epoch milliseconds), the event's name and a JSON object. `order_book` holds the best
    twenty [price, size] per side.
Rules: only `order_book` and `trade` lines are used. The order events between do not add up to a book (takers are reported
    too, and the first book is missing), so the books, one every 2.4 s on average, are the truth. Trades do not say who
    took; whoever replays them decides by the price.
Known limit: depth changes in steps of seconds; the pair is told, since the lines do not name it.
"""

from collections.abc import Iterable, Iterator

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_MS
from wildbot.simulation.level_tape import (
    LevelsSet,
    LevelTape,
    TapeEvent,
    TapeTrade,
    decoded,
    from_first_book,
    pair_of,
)

PRICE_DECIMALS = 2
SIZE_DECIMALS = 8
_MATCHED = ("order_book", "trade")


def bitstamp_tape(lines: Iterable[str], symbol: str) -> LevelTape:
    """Return the tape of a recording of `symbol` ("BTCUSD").

    Raises:
        ProtocolError: at a line that cannot be read, here or while the events are taken; or when there is no book.
    """
    first, events = from_first_book(_events(lines))
    return LevelTape(pair_of(symbol), PRICE_DECIMALS, max(len(first.bids), len(first.asks)), events)


def _events(lines: Iterable[str]) -> Iterator[TapeEvent]:
    for number, line in enumerate(lines, start=1):
        stamp, _, rest = line.strip().partition(" ")
        name, _, text = rest.partition(" ")
        if name not in _MATCHED:
            continue
        item = decoded(number, text)
        try:
            at_ns = int(stamp) * NANOS_PER_MS
            if not isinstance(item, dict):
                raise TypeError("not an object")
            if name == "order_book":
                yield LevelsSet(at_ns, _levels(item["bids"]), _levels(item["asks"]), True)
            else:
                yield TapeTrade(
                    at_ns, None, _cleaned(item["price"], PRICE_DECIMALS), _cleaned(item["amount"], SIZE_DECIMALS)
                )
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"line {number} is no {name} ({error!r}): {line[:60]!r}") from None


def _cleaned(number: object, decimals: int) -> str:
    """Return a number that went through the recorder's float as it was: "1.7885566900000001" is "1.78855669"."""
    return f"{float(str(number)):.{decimals}f}"


def _levels(rows: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(rows, list):
        raise TypeError("levels are no list")
    return tuple((str(price), str(size)) for price, size in rows)
