"""What REST tells of a pair's last minutes: its trades and how its touch stood.

Rules: prices become integer ticks here; rows come back oldest first, and one row that cannot be read spoils the answer.
Source: Kraken Spot REST Trades: {"PAIR": [["price", "volume", time, side, type, misc, id], ...], "last": "..."}, at most
    1000 rows; Spread: {"PAIR": [[time, "bid", "ask"], ...], "last": ...}, about 200 rows, whole seconds.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument, parse_scaled

R = TypeVar("R")

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read_trades(result: bytes, instrument: Instrument) -> list[tuple[int, int]]:
    """Return (ts_ns, ticks) of each trade. Raises: ProtocolError when the answer cannot be read."""
    return _rows("Trades", result, lambda row: (int(float(row[2]) * NANOS_PER_SECOND), _ticks(row[0], instrument)))


def read_spreads(result: bytes, instrument: Instrument) -> list[tuple[int, int, int]]:
    """Return (ts_ns, bid ticks, ask ticks) of each change of the touch. Raises: ProtocolError."""
    return _rows(
        "Spread",
        result,
        lambda row: (int(row[0]) * NANOS_PER_SECOND, _ticks(row[1], instrument), _ticks(row[2], instrument)),
    )


def _ticks(price: str, instrument: Instrument) -> int:
    ticks = parse_scaled(price, instrument.price_decimals)
    if ticks <= 0:
        raise ValueError(price)
    return ticks


def _rows(endpoint: str, result: bytes, read: Callable[[list[Any]], R]) -> list[R]:
    try:
        answer = _decode(result)
        (rows,) = [value for name, value in answer.items() if name != "last"]
        return sorted(read(row) for row in rows)  # type: ignore[type-var]
    except (msgspec.DecodeError, ValueError, TypeError, LookupError, OverflowError, AttributeError) as error:
        raise ProtocolError(f"unreadable {endpoint} of {len(result)} bytes: {type(error).__name__}") from None
