"""The public messages of Kraken's WebSocket v2 as bytes: their shapes, and numbers turned into levels exactly.

Rules: a JSON number becomes an integer of 10**-decimals in one of two ways. Fast: read as a float, scaled, rounded; that
    is exact below `FLOAT_EXACT_BELOW`, shown beside it. Exact: the wire text itself, for anything larger, for numbers
    printed as strings, and where no checksum would notice a surplus digit (trades, tickers, instruments).
Source: Kraken WebSocket v2 pages book, trade, ticker, instrument, status.
"""

import msgspec

from wildbot.market.order_book import Level
from wildbot.model.errors import ProtocolError
from wildbot.venues.kraken.market_numbers import number_text, scaled_number

FLOAT_EXACT_BELOW = float(2**50)
"""A decimal n / 10**d is read as the nearest float (relative error 2**-53) and multiplied by 10.0**d (exact for d <= 22;
the product is rounded once more, 2**-53). The result is off by at most about n * 2**-52, below 1/4 for n < 2**50, so
rounding to the nearest integer returns n."""


class WireLevel(msgspec.Struct, gc=False):
    """`{"price":29430.2,"qty":0.18967538}`, the fast way."""

    price: float
    qty: float


class WireBook(msgspec.Struct, gc=False):
    """The one element of a book message's `data`; snapshots before 2026 have no timestamp."""

    symbol: str
    bids: list[WireLevel]
    asks: list[WireLevel]
    checksum: int
    timestamp: str = ""


class WireBookMessage(msgspec.Struct, gc=False):
    """`{"channel":"book","type":"update","data":[{...}]}`; `type` is "snapshot" or "update"."""

    type: str
    data: list[WireBook]


class ExactLevel(msgspec.Struct, gc=False):
    """A level with its numbers as wire text."""

    price: msgspec.Raw
    qty: msgspec.Raw


class ExactBook(msgspec.Struct, gc=False):
    """A book element with its numbers as wire text."""

    symbol: str
    bids: list[ExactLevel]
    asks: list[ExactLevel]
    checksum: int
    timestamp: str = ""


class ExactBookMessage(msgspec.Struct, gc=False):
    """A book message with its numbers as wire text."""

    type: str
    data: list[ExactBook]


class WireTrade(msgspec.Struct, gc=False):
    """One element of a trade message; `side` is the taker's."""

    symbol: str
    side: str
    price: msgspec.Raw
    qty: msgspec.Raw
    trade_id: int
    timestamp: str


class WireTicker(msgspec.Struct, gc=False):
    """One element of a ticker message, as far as we use it."""

    symbol: str
    bid: msgspec.Raw
    ask: msgspec.Raw
    last: msgspec.Raw
    volume: msgspec.Raw


class WireStatus(msgspec.Struct, gc=False):
    """One element of a status message."""

    system: str


class WireSymbol(msgspec.Struct, gc=False):
    """All that has to be readable of a broken book message to know whose book is broken."""

    symbol: str


class WireResult(msgspec.Struct, gc=False):
    """What a subscription's acknowledgement echoes; `symbol` is absent for the instrument channel."""

    channel: str = ""
    symbol: str = ""
    depth: int = 0


class Envelope(msgspec.Struct, gc=False):
    """Any message of the public connection: a channel's (`channel`, `type`, `data`) or a reply (`method`, ...)."""

    channel: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"")
    result: msgspec.Raw = msgspec.Raw(b"")
    success: bool | None = None
    error: msgspec.Raw = msgspec.Raw(b"")
    gateway_error: str = msgspec.field(default="", name="Error")
    symbol: str = ""
    req_id: int = 0


book_decoder = msgspec.json.Decoder(WireBookMessage)
exact_book_decoder = msgspec.json.Decoder(ExactBookMessage)
envelope_decoder = msgspec.json.Decoder(Envelope)
trades_decoder = msgspec.json.Decoder(list[WireTrade])
tickers_decoder = msgspec.json.Decoder(list[WireTicker])
statuses_decoder = msgspec.json.Decoder(list[WireStatus])
symbols_decoder = msgspec.json.Decoder(list[WireSymbol])
result_decoder = msgspec.json.Decoder(WireResult)


def fast_levels(levels: list[WireLevel], price_scale: float, lot_scale: float) -> list[Level] | None:
    """Return levels as (ticks, lots), or None when a number is out of the range in which floats are exact.

    The scales are 10.0 ** decimals.
    """
    converted: list[Level] = []
    for level in levels:
        ticks, lots = level.price * price_scale, level.qty * lot_scale
        if not (0.0 < ticks < FLOAT_EXACT_BELOW and 0.0 <= lots < FLOAT_EXACT_BELOW):
            return None
        converted.append((int(ticks + 0.5), int(lots + 0.5)))
    return converted


def exact_levels(levels: list[ExactLevel], price_decimals: int, lot_decimals: int) -> list[Level]:
    """Return levels as (ticks, lots) from their text.

    Raises:
        ProtocolError: if a number has more decimals than the pair, a price is not positive or a size negative.
    """
    converted: list[Level] = []
    for level in levels:
        ticks = scaled_number(level.price, price_decimals)
        lots = scaled_number(level.qty, lot_decimals)
        if ticks <= 0 or lots < 0:
            raise ProtocolError(f"level {number_text(level.price)[:40]} x {number_text(level.qty)[:40]} cannot be")
        converted.append((ticks, lots))
    return converted
