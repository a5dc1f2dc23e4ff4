"""Recorded raw streams of Binance (spot or perpetual), as a level tape.

Format: a line is the local receive time (epoch nanoseconds, or microseconds in old files), a space and a JSON object: a
    depth difference (`U`, `u`, `b`, `a`), a trade (`p`, `q`, `m`: the buyer rested), a best-quote line, which is passed
    over, or a REST depth snapshot (`lastUpdateId`, `bids`, `asks`).
Rules: the book starts at the snapshot; differences that came before it and end after it are applied too, as the venue's
    manual says. One clock: the receiver's.
"""

from collections.abc import Iterable, Iterator

from wildbot.model.errors import ProtocolError
from wildbot.model.orders import Side
from wildbot.simulation.level_tape import (
    LevelsSet,
    LevelTape,
    TapeEvent,
    TapeTrade,
    decimals_of,
    decoded,
    from_first_book,
    in_order,
    pair_of,
)

WINDOW_LEVELS = 1000
"""As many levels as the snapshot shows; what drifts out of them is dropped."""

_MICROSECOND_DIGITS = 16


def binance_tape(lines: Iterable[str]) -> LevelTape:
    """Return the tape of a recording.

    Raises:
        ProtocolError: at a line that cannot be read, here or while the events are taken; or when there is no snapshot.
    """
    symbol: list[str] = []
    first, events = from_first_book(_events(lines, symbol))
    if not symbol:
        raise ProtocolError("no depth difference comes before the snapshot, so the recording does not name its pair")
    decimals = decimals_of(price for price, _ in (*first.bids, *first.asks))
    return LevelTape(pair_of(symbol[0]), decimals, WINDOW_LEVELS, in_order(events))


def _events(lines: Iterable[str], symbol: list[str]) -> Iterator[TapeEvent]:
    early: list[tuple[int, LevelsSet]] = []
    known = None
    for number, line in enumerate(lines, start=1):
        stamp, _, text = line.strip().partition(" ")
        if not text:
            continue
        frame = decoded(number, text)
        try:
            at_ns = int(stamp) * (1_000 if len(stamp) <= _MICROSECOND_DIGITS else 1)
            if not isinstance(frame, dict):
                raise TypeError("not an object")
            if "lastUpdateId" in frame:
                known = int(frame["lastUpdateId"])
                yield LevelsSet(at_ns, _levels(frame["bids"]), _levels(frame["asks"]), True)
                yield from (change._replace(ts_ns=at_ns) for last, change in early if last > known)
                early.clear()
                continue
            item = frame["data"]
            match item.get("e"):
                case "depthUpdate":
                    symbol[:] = symbol or [str(item["s"])]
                    change = LevelsSet(at_ns, _levels(item["b"]), _levels(item["a"]), False)
                    if known is None:
                        early.append((int(item["u"]), change))
                    elif int(item["u"]) > known:
                        yield change
                case "trade" if known is not None:
                    yield TapeTrade(at_ns, Side.SELL if item["m"] else Side.BUY, str(item["p"]), str(item["q"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ProtocolError(f"line {number} is no stream line ({error!r}): {line[:60]!r}") from None


def _levels(rows: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(rows, list):
        raise TypeError("levels are no list")
    return tuple((str(price), str(size)) for price, size in rows)
