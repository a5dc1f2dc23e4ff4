"""A recorded order book by levels: what every such recording comes down to, whatever format it came in.

Rules: times are UTC nanoseconds as recorded; for who replays them they never go back (a line that is older than its
    predecessor counts as simultaneous with it). What is missing is a `TapeBreak`, never bridged. Prices and sizes are
    exact: digits are read as text, and a price off the instrument's grid is an error.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NUMBER_TEXT_MAX, Instrument, Lots, Money, parse_scaled
from wildbot.model.orders import Side

LOT_DECIMALS = 8
PRICE_DECIMALS_MAX = 8
_QUOTES = ("USDT", "USDC", "FDUSD", "USD", "EUR", "GBP", "BTC", "ETH")
_NUMBERS = msgspec.json.Decoder(float_hook=str)


class LevelsSet(NamedTuple):
    """These levels have these sizes now (0: gone), as (price text, size text); with `is_whole` there are no others."""

    ts_ns: int
    bids: tuple[tuple[str, str], ...]
    asks: tuple[tuple[str, str], ...]
    is_whole: bool


class TapeTrade(NamedTuple):
    """A recorded trade; `side` is the taker's, None where the recording does not tell."""

    ts_ns: int
    side: Side | None
    price: str
    size: str


class TapeBreak(NamedTuple):
    """Something is missing here: what the levels are is unknown until the next whole book."""

    ts_ns: int
    reason: str


TapeEvent = LevelsSet | TapeTrade | TapeBreak


class LevelTape(NamedTuple):
    """One recording: the pair it is of, its price decimals, how many levels per side it shows (0: all), its events as they
    were recorded (`in_order` puts their times right)."""

    pair: str
    price_decimals: int
    window: int
    events: Iterator[TapeEvent]

    def instrument(self) -> Instrument:
        """Return the recorded pair as an instrument of ours; sizes to 8 decimals, the smallest order is worth half a
        unit of the quote currency, since a recording says nothing about minimums."""
        base, quote = self.pair.split("/")
        return Instrument(
            pair=self.pair,
            base=base,
            quote=quote,
            rest_key=base + quote,
            price_decimals=self.price_decimals,
            lot_decimals=LOT_DECIMALS,
            cost_decimals=8,
            tick_step=1,
            lot_step=1,
            min_lots=Lots(1),
            min_cost=Money(parse_scaled("0.5", 10)),
        )


def pair_of(symbol: str) -> str:
    """Return "BTC/USDT" for "BTCUSDT" or "btcusdt".

    Raises:
        ProtocolError: if it ends in no quote currency we know.
    """
    name = symbol.upper()
    if "/" in name:
        return name
    for quote in _QUOTES:
        if name.endswith(quote) and len(name) > len(quote):
            return f"{name.removesuffix(quote)}/{quote}"
    raise ProtocolError(f"{symbol!r} is no pair with a known quote currency ({', '.join(_QUOTES)})")


def decimals_of(prices: Iterable[str]) -> int:
    """Return how many decimals these price texts need, padding zeros not counted.

    Raises:
        ProtocolError: if one is no number, or needs more than PRICE_DECIMALS_MAX.
    """
    most = 0
    for text in prices:
        try:
            exponent = Decimal(text[:NUMBER_TEXT_MAX]).normalize().as_tuple().exponent
        except InvalidOperation:
            raise ProtocolError(f"{text[:NUMBER_TEXT_MAX]!r} is no price") from None
        if not isinstance(exponent, int) or -exponent > PRICE_DECIMALS_MAX:
            raise ProtocolError(f"{text[:NUMBER_TEXT_MAX]!r} is no price with at most {PRICE_DECIMALS_MAX} decimals")
        most = max(most, -exponent)
    return most


def decoded(number: int, text: str) -> object:
    """Return one JSON line with its fractions as text, digits untouched.

    Raises:
        ProtocolError: if it is no JSON; the text names the line.
    """
    try:
        return _NUMBERS.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProtocolError(f"line {number} is no JSON: {text[:60]!r}") from None


def in_order(events: Iterable[TapeEvent]) -> Iterator[TapeEvent]:
    """Yield the events with times that never go back."""
    latest_ns = 0
    for event in events:
        latest_ns = max(latest_ns, event.ts_ns)
        yield event if event.ts_ns == latest_ns else event._replace(ts_ns=latest_ns)


def from_first_book(events: Iterable[TapeEvent]) -> tuple[LevelsSet, Iterator[TapeEvent]]:
    """Pass over what comes before the first whole book; return it and the tape from it on.

    Raises:
        ProtocolError: if there is none.
    """
    tape = iter(events)
    for event in tape:
        if isinstance(event, LevelsSet) and event.is_whole:
            return event, _followed(event, tape)
    raise ProtocolError(
        "the recording holds no whole book to start from; where it goes on from another one, name both, in order"
    )


def _followed(first: TapeEvent, rest: Iterator[TapeEvent]) -> Iterator[TapeEvent]:
    yield first
    yield from rest
