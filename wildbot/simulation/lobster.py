"""The LOBSTER format: messages and book rows of one stock's day, as text lines.

Message line: time,type,order id,size,price,direction - "34200.004241176,1,16113575,18,5853300,1": a new buy order of 18
    shares at $585.33. Type 1 new, 2 partial cancel, 3 delete, 4 visible execution, 5 hidden execution, 7 halt; the
    direction is the *resting* order's. Time is seconds after local midnight, price is dollars x 10000.
Book line: ask price,ask size,bid price,bid size per level, best first; line k is the book right after message k.
Source: LOBSTER sample files' read-me.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import NamedTuple

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import Instrument, Lots, Money, round_half_up
from wildbot.model.orders import Side

PRICE_DECIMALS = 4
_PRICE_ONE = 10_000
_COLUMNS = 6
_EMPTY_PRICE = 9_999_999_999


class MessageType(IntEnum):
    """What happened."""

    NEW = 1
    PARTIAL_CANCEL = 2
    DELETE = 3
    EXECUTION = 4
    HIDDEN_EXECUTION = 5
    CROSS_TRADE = 6
    HALT = 7


class LobsterMessage(NamedTuple):
    """One line of a message file; `ts_ns` after local midnight, `price` in 1/10000 dollar, `side` the resting order's."""

    ts_ns: int
    kind: MessageType
    order_id: int
    size: int
    price: int
    side: Side


class BookRow(NamedTuple):
    """One line of a book file: (price, size) per level, best first, empty levels left out."""

    asks: tuple[tuple[int, int], ...]
    bids: tuple[tuple[int, int], ...]


def stock(symbol: str) -> Instrument:
    """Return a US stock as an instrument, "AAPL" as the pair "AAPL/USD": cents, whole shares, no minimum cost."""
    return Instrument(
        pair=f"{symbol}/USD",
        base=symbol,
        quote="USD",
        rest_key=f"{symbol}USD",
        price_decimals=2,
        lot_decimals=0,
        cost_decimals=4,
        tick_step=1,
        lot_step=1,
        min_lots=Lots(1),
        min_cost=Money(0),
    )


def parse_messages(lines: Iterable[str]) -> Iterator[LobsterMessage]:
    """Yield the messages of a file; a header line is passed over, as are blank lines.

    Raises:
        ProtocolError: at a line that is no message; the text names it.
    """
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or (number == 1 and text[0].isalpha()):
            continue
        yield _message(number, text)


def parse_rows(lines: Iterable[str]) -> Iterator[BookRow]:
    """Yield the rows of a book file.

    Raises:
        ProtocolError: at a line that is no book row; the text names it.
    """
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or (number == 1 and text[0].isalpha()):
            continue
        try:
            cells = [int(cell) for cell in text.split(",")]
        except ValueError:
            raise ProtocolError(f"book line {number} is no row of integers: {text[:60]!r}") from None
        if len(cells) % 4:
            raise ProtocolError(f"book line {number} has {len(cells)} columns, not a multiple of 4")
        yield BookRow(asks=_levels(cells[0::4], cells[1::4]), bids=_levels(cells[2::4], cells[3::4]))


def message_line(message: LobsterMessage) -> str:
    """Return a message as its text line."""
    seconds, nanos = divmod(message.ts_ns, 10**9)
    return (
        f"{seconds}.{nanos:09d},{int(message.kind)},{message.order_id},{message.size},{message.price},{message.side.sign}"
    )


def row_line(row: BookRow, levels: int) -> str:
    """Return a book row as its text line with `levels` levels; absent ones are written as LOBSTER writes them."""
    cells: list[int] = []
    for level in range(levels):
        cells += row.asks[level] if level < len(row.asks) else (_EMPTY_PRICE, 0)
        cells += row.bids[level] if level < len(row.bids) else (-_EMPTY_PRICE, 0)
    return ",".join(map(str, cells))


def ticks_of(instrument: Instrument, price: int) -> int:
    """Return a recorded price in the instrument's ticks.

    Raises:
        ProtocolError: if it is not on the instrument's grid.
    """
    scaled: int = price * 10**instrument.price_decimals
    ticks, rest = divmod(scaled, _PRICE_ONE)
    if rest:
        raise ProtocolError(f"price {price} is finer than {instrument.price_decimals} decimals")
    return ticks


def nearest_ticks(instrument: Instrument, price: int) -> int:
    """Return a recorded price rounded half up to ticks: hidden orders trade at half cents, where no order may rest."""
    return round_half_up(price * 10**instrument.price_decimals, _PRICE_ONE)


def price_of(instrument: Instrument, ticks: int) -> int:
    """Return ticks as a recorded price; exact up to 4 price decimals, rounded half up beyond."""
    return round_half_up(ticks * _PRICE_ONE, 10**instrument.price_decimals)


def _message(number: int, text: str) -> LobsterMessage:
    cells = text.split(",")
    if len(cells) != _COLUMNS:
        raise ProtocolError(f"message line {number} has {len(cells)} columns, not {_COLUMNS}")
    try:
        kind = MessageType(int(cells[1]))
        order_id, size, price, direction = (int(cell) for cell in cells[2:])
    except ValueError:
        raise ProtocolError(f"message line {number} cannot be read: {text[:60]!r}") from None
    side = Side.BUY if direction > 0 else Side.SELL
    return LobsterMessage(_nanos(number, cells[0]), kind, order_id, size, price, side)


def _nanos(number: int, text: str) -> int:
    # Copies of the sample files that went through a float carry noise behind the ninth decimal: rounded, not refused.
    try:
        return int(Decimal(text).scaleb(9).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        raise ProtocolError(f"message line {number} has no time: {text[:40]!r}") from None


def _levels(prices: list[int], sizes: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple((price, size) for price, size in zip(prices, sizes, strict=True) if size > 0)
