"""How the simulated exchange prints: numbers from integers, times, names and errors, as Kraken prints them.

Rules: a number is made here from an integer and a count of decimals, with its trailing zeros, and never was a float.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

import msgspec

from wildbot.model.errors import ProtocolError, VenueRefusal
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.instrument import (
    MONEY_DECIMALS,
    NANOS_PER_SECOND,
    Instrument,
    Money,
    money_text,
    parse_scaled,
    round_half_up,
    scaled_text,
)

DIGITS_MAX = 20
NUMBER_CHARACTERS_MAX = 28
"""No honest price or size is longer or further from 1; such a number could cost more to read than it is worth."""

CL_ORD_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|[a-z0-9-]{1,18}", re.ASCII
)
"""UUID, 32 hex digits, or at most 18 lower-case characters: upper case was refused when somebody tried it live."""

CL_ORD_ID_ASCII = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}|[!-~]{1,18}", re.ASCII)
"""The same as the manual reads: any printable text of 18 characters."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_encoder = msgspec.json.Encoder()


def json_text(document: object) -> str:
    """Return a document as one line of JSON; `Raw` parts stand as they are."""
    return _encoder.encode(document).decode()


def number(text: str) -> msgspec.Raw:
    """Return decimal text as a bare JSON number that keeps all its digits."""
    return msgspec.Raw(text.encode("ascii"))


def scaled_number(value: int, decimals: int) -> msgspec.Raw:
    """Return an integer count of 10**-decimals as a bare JSON number."""
    return msgspec.Raw(scaled_text(value, decimals).encode("ascii"))


def price_number(instrument: Instrument, ticks: int) -> msgspec.Raw:
    """Return a price as a bare JSON number."""
    return scaled_number(ticks, instrument.price_decimals)


def lots_number(instrument: Instrument, lots: int) -> msgspec.Raw:
    """Return a size as a bare JSON number."""
    return scaled_number(lots, instrument.lot_decimals)


def cost_text(instrument: Instrument, money: Money) -> str:
    """Return a cost or a fee in quote currency with the pair's cost decimals."""
    return money_text(money, min(instrument.cost_decimals, MONEY_DECIMALS))


def fee_text(instrument: Instrument, fee: int, *, in_base: bool) -> str:
    """Return a fee in its own asset: with the pair's lot decimals, or with its cost decimals."""
    return asset_text(fee, instrument.lot_decimals) if in_base else cost_text(instrument, Money(fee))


def fee_in_quote(instrument: Instrument, fee: int, *, in_base: bool, cost: Money, lots: int) -> Money:
    """Return what a fee is worth in quote currency, at the average price of `cost` for `lots`."""
    if not in_base or not lots:
        return Money(fee)
    return Money(round_half_up(fee * cost, lots * 10 ** (ASSET_DECIMALS - instrument.lot_decimals)))


def cost_price_text(instrument: Instrument, ticks: int) -> str:
    """Return a price as the REST market data prints it: with the pair's cost decimals."""
    surplus = instrument.cost_decimals - instrument.price_decimals
    if surplus >= 0:
        return scaled_text(ticks * 10**surplus, instrument.cost_decimals)
    return scaled_text(ticks, instrument.price_decimals)


def average_ticks(instrument: Instrument, cost: Money, lots: int) -> int:
    """Return the average price of executions, rounded to the pair's price decimals; 0 when nothing was executed."""
    if lots == 0:
        return 0
    scale = instrument.price_decimals + instrument.lot_decimals
    return round_half_up(cost * 10**scale, lots * 10**MONEY_DECIMALS)


def asset_text(units: int, decimals: int) -> str:
    """Return a balance with its asset's decimals, or with all ten when fewer would lose a digit."""
    rest = 10 ** (ASSET_DECIMALS - decimals)
    if units % rest:
        return scaled_text(units, ASSET_DECIMALS)
    return scaled_text(units // rest, decimals)


def plain_text(text: str) -> str:
    """Return decimal text without trailing zeros: "0.50000" is "0.5"."""
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=64)
def _second_text(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")


def timestamp(ns: int) -> str:
    """Return a time as RFC3339 UTC with microseconds."""
    return f"{_second_text(ns // NANOS_PER_SECOND)}.{ns // 1_000 % 1_000_000:06d}Z"


def timestamp_nanos(ns: int) -> str:
    """Return a time as RFC3339 UTC with nanoseconds, as only the ohlc channel has it."""
    return f"{_second_text(ns // NANOS_PER_SECOND)}.{ns % NANOS_PER_SECOND:09d}Z"


def timestamp_seconds(ns: int) -> str:
    """Return a time as RFC3339 UTC with whole seconds."""
    return f"{_second_text(ns // NANOS_PER_SECOND)}Z"


def rfc1123(ns: int) -> str:
    """Return a time as the REST Time call prints it: "Thu, 06 Jul 23 18:50:48 +0000"."""
    return (_EPOCH + timedelta(seconds=ns // NANOS_PER_SECOND)).strftime("%a, %d %b %y %H:%M:%S +0000")


def unix_number(ns: int) -> msgspec.Raw:
    """Return a time as unix seconds with microseconds, a bare JSON number."""
    return number(f"{ns // NANOS_PER_SECOND}.{ns // 1_000 % 1_000_000:06d}")


def parse_time(text: object) -> int:
    """Return RFC3339 text as nanoseconds. Raises: ProtocolError when it is none."""
    if not isinstance(text, str) or not _RFC3339.fullmatch(text):
        raise ProtocolError(f"not an RFC3339 time: {str(text)[:40]!r}")
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise ProtocolError(f"not an RFC3339 time: {text[:40]!r}") from None
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000


def exact_integer(value: object, decimals: int) -> int:
    """Return a number of a request as an integer count of 10**-decimals. Raises: ProtocolError."""
    try:
        exact = Decimal(str(value)[:NUMBER_CHARACTERS_MAX])
    except InvalidOperation:
        raise ProtocolError(f"not a number: {str(value)[:40]!r}") from None
    if len(str(value)) > NUMBER_CHARACTERS_MAX or not exact.is_finite() or not -DIGITS_MAX < exact.adjusted() < DIGITS_MAX:
        raise ProtocolError(f"no price or size: {str(value)[:40]!r}")
    return parse_scaled(format(exact, "f"), decimals)


def request_ticks(instrument: Instrument, value: object) -> int:
    """Return a request's price in ticks. Raises: VenueRefusal with Kraken's text."""
    try:
        ticks = exact_integer(value, instrument.price_decimals)
    except ProtocolError as error:
        if "more than" in str(error):
            raise VenueRefusal(
                f"EOrder:Invalid price:{instrument.pair} price can only be specified up to"
                f" {instrument.price_decimals} decimals."
            ) from None
        raise VenueRefusal("EOrder:Invalid price") from None
    if ticks <= 0:
        raise VenueRefusal("EOrder:Invalid price")
    return ticks


def request_lots(instrument: Instrument, value: object) -> int:
    """Return a request's size in lots. Raises: VenueRefusal with Kraken's text."""
    try:
        lots = exact_integer(value, instrument.lot_decimals)
    except ProtocolError:
        raise VenueRefusal("EGeneral:Invalid arguments:volume") from None
    if lots <= 0:
        raise VenueRefusal("EGeneral:Invalid arguments:volume")
    return lots
