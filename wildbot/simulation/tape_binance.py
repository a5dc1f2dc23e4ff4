"""Recorded raw streams of Binance (spot or perpetual), as a level tape.

Format: a line is the local receive time (epoch nanoseconds, or microseconds in old files), a space and a JSON object: a
    depth difference (`U`, `u`, `b`, `a`), a trade (`p`, `q`, `m`: the buyer rested), a best-quote line, which is passed
    over, or a REST depth snapshot (`lastUpdateId`, `bids`, `asks`).
Rules: the book starts at the snapshot; differences that came before it and end after it are applied too, as the venue's
    manual says. Each difference says which one it follows (`pu`, or the number before `U`); where one is missing the tape
    breaks, and the differences after it are worth nothing until the next snapshot. One clock: the receiver's.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from wildbot.model.errors import ProtocolError
from wildbot.model.orders import Side
from wildbot.simulation.level_tape import (
    LevelsSet,
    LevelTape,
    TapeBreak,
    TapeEvent,
    TapeTrade,
    decimals_of,
    decoded,
    from_first_book,
    pair_of,
)

WINDOW_LEVELS = 1000
"""As many levels as the snapshot shows; what drifts out of them is dropped."""

EARLY_MAX = 10_000
"""Differences kept for a snapshot that is still to come."""

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
    return LevelTape(pair_of(symbol[0]), decimals, WINDOW_LEVELS, events)


def _events(lines: Iterable[str], symbol: list[str]) -> Iterator[TapeEvent]:
    early: list[_Difference] = []
    known = None
    is_whole = False
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
                if is_whole and int(frame["lastUpdateId"]) < (known or 0):
                    continue  # older than what is known
                known, is_whole = int(frame["lastUpdateId"]), True
                yield LevelsSet(at_ns, _levels(frame["bids"]), _levels(frame["asks"]), True)
                for each in early:
                    if each.last > known:
                        is_whole = is_whole and each.follows(known)
                        known = each.last
                        yield each.change._replace(ts_ns=at_ns) if is_whole else _break(at_ns, each)
                early.clear()
                continue
            item = frame["data"]
            match item.get("e"):
                case "depthUpdate":
                    symbol[:] = symbol or [str(item["s"])]
                    _check_symbol(number, item, symbol)
                    each = _difference(at_ns, item)
                    if not is_whole:
                        early.append(each)  # a snapshot that is still to come may need it
                        del early[:-EARLY_MAX]
                    elif known is not None and each.last > known:
                        is_whole = each.follows(known)
                        known = each.last
                        yield each.change if is_whole else _break(at_ns, each)
                case "trade" if known is not None:
                    _check_symbol(number, item, symbol)
                    yield TapeTrade(at_ns, Side.SELL if item["m"] else Side.BUY, str(item["p"]), str(item["q"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ProtocolError(f"line {number} is no stream line ({error!r}): {line[:60]!r}") from None


class _Difference(NamedTuple):
    """A change of levels, numbered `first` to `last`; `before` is the number it follows, None where it does not say."""

    first: int
    last: int
    before: int | None
    change: LevelsSet

    def follows(self, known: int) -> bool:
        """Whether nothing is missing between number `known` and this."""
        return self.first <= known + 1 or (self.before is not None and self.before <= known)


def _difference(at_ns: int, item: dict[str, object]) -> _Difference:
    first, last = int(str(item["U"])), int(str(item["u"]))
    before = int(str(item["pu"])) if "pu" in item else None
    return _Difference(first, last, before, LevelsSet(at_ns, _levels(item["b"]), _levels(item["a"]), False))


def _check_symbol(number: int, item: dict[str, object], symbol: list[str]) -> None:
    if symbol and item["s"] != symbol[0]:
        raise ProtocolError(f"line {number} is of {item['s']!r} in a recording of {symbol[0]}: a file holds one pair")


def _break(at_ns: int, each: _Difference) -> TapeBreak:
    return TapeBreak(at_ns, f"the differences before number {each.first} are missing")


def _levels(rows: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(rows, list):
        raise TypeError("levels are no list")
    return tuple((str(price), str(size)) for price, size in rows)
