"""Instruments, fees, and the integers that prices, sizes and money are counted in.

Rules: this is the only file that rounds or scales. Prices are `Ticks`, sizes are `Lots`, sums of quote currency are
    `Money`; text enters and leaves through an `Instrument` and is never a float on the way.
Source: Kraken AssetPairs / `instrument` channel fields (pair_decimals, tick_size, lot_decimals, ordermin, costmin).
"""

from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, NewType

import msgspec

from wildbot.model.errors import ProtocolError

Ticks = NewType("Ticks", int)
"""A price: quote per base in units of 10**-price_decimals of its instrument. The exchange's *tick size* is `tick_step`
ticks, which is 1 for all but a handful of instruments."""

Lots = NewType("Lots", int)
"""A size: base currency in units of 10**-lot_decimals of its instrument."""

Money = NewType("Money", int)
"""A sum of quote currency in units of 10**-MONEY_DECIMALS."""

Nanos = NewType("Nanos", int)
"""A UTC time or a duration in nanoseconds."""

MONEY_DECIMALS = 10
MONEY_ONE = 10**MONEY_DECIMALS
PPM_PER_PERCENT = 10_000
PPM: Final = 1_000_000
NUMBER_TEXT_MAX = 40
"""Longest text read as a number, and the largest power of ten in one: foreign bytes shall not cost memory or time."""
_EXACT = Context(prec=4 * NUMBER_TEXT_MAX)
NANOS_PER_SECOND: Final = 1_000_000_000
NANOS_PER_MS: Final = 1_000_000


class Liquidity(StrEnum):
    """Which side of the trade we were: `maker` rested, `taker` crossed."""

    MAKER = "maker"
    TAKER = "taker"


class PairStatus(StrEnum):
    """What a pair accepts now. Source: Kraken `instrument` channel, pairs[].status."""

    ONLINE = "online"
    CANCEL_ONLY = "cancel_only"
    POST_ONLY = "post_only"
    LIMIT_ONLY = "limit_only"
    REDUCE_ONLY = "reduce_only"
    MAINTENANCE = "maintenance"
    DELISTED = "delisted"
    WORK_IN_PROGRESS = "work_in_progress"


def parse_scaled(text: str, decimals: int) -> int:
    """Return `text` as an integer count of 10**-decimals, exactly.

    Reads "12.50", "1e-08", "-3"; no rounding ever happens.

    Raises:
        ProtocolError: if the text is no finite number or has more significant decimals than `decimals`.
    """
    if len(text) > NUMBER_TEXT_MAX:
        raise ProtocolError(f"a number of {len(text)} characters: {text[:NUMBER_TEXT_MAX]!r}")
    whole, point, fraction = text.partition(".")
    digits = whole + fraction.rstrip("0")
    missing = decimals - len(digits) + len(whole)
    if missing >= 0 and whole and (fraction or not point) and digits.isascii() and digits.isdigit():
        return int(digits) * 10**missing  # type: ignore[no-any-return]
    return _parse_any(text, decimals)


def _parse_any(text: str, decimals: int) -> int:
    """The same for every way a number can be written, and the complaints; plain "12.50" has been read before."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ProtocolError(f"not a number: {text!r}") from None
    if not number.is_finite():
        raise ProtocolError(f"not a finite number: {text!r}")
    if number and abs(number.adjusted()) > NUMBER_TEXT_MAX:
        raise ProtocolError(f"a number out of all proportion: {text!r}")
    scaled = number.scaleb(decimals, _EXACT)
    exact = int(scaled)
    if exact != scaled:
        raise ProtocolError(f"{text!r} has more than {decimals} decimals")
    return exact


def scaled_text(value: int, decimals: int) -> str:
    """Return an integer count of 10**-decimals as exact decimal text with all `decimals` digits: (1250, 2) -> "12.50"."""
    if decimals == 0:
        return str(value)
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    digits = digits.rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def money_from_text(text: str) -> Money:
    """Return decimal text as `Money`. Raises: ProtocolError as `parse_scaled`."""
    return Money(parse_scaled(text, MONEY_DECIMALS))


def money_text(money: Money, decimals: int = MONEY_DECIMALS) -> str:
    """Return money as decimal text, rounded half away from zero to `decimals`."""
    return scaled_text(round_half_up(money, 10 ** (MONEY_DECIMALS - decimals)), decimals)


def round_half_up(value: int, divisor: int) -> int:
    """Return value / divisor rounded to the nearest integer, halves away from zero."""
    if value < 0:
        return -((-value * 2 + divisor) // (2 * divisor))
    return (value * 2 + divisor) // (2 * divisor)


class FeeSchedule(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The account's own rates on one pair, in parts per million of cost (0.25 % is 2500); a rebate is negative."""

    maker_ppm: int
    taker_ppm: int

    def rate_ppm(self, liquidity: Liquidity) -> int:
        """Return the rate of one side of the trade in parts per million."""
        return self.maker_ppm if liquidity is Liquidity.MAKER else self.taker_ppm

    @property
    def round_trip_maker_bps(self) -> float:
        """Two maker fees in basis points: the hurdle of a trade that enters and leaves passively."""
        return 2 * self.maker_ppm / 100


class Instrument(msgspec.Struct, frozen=True, array_like=True):
    """One tradable pair and its rules, as the exchange states them.

    `pair` is the display name "BTC/USDC"; `rest_key` is the venue's REST name ("XBTUSDC"). `min_lots` and `min_cost`
    are the smallest order the venue accepts; costs and fees are rounded to `cost_decimals`.

    What every decision asks for returns plain arithmetic: calling `Lots` or `Ticks` would cost more than the arithmetic.
    """

    pair: str
    base: str
    quote: str
    rest_key: str
    price_decimals: int
    lot_decimals: int
    cost_decimals: int
    tick_step: int
    lot_step: int
    min_lots: Lots
    min_cost: Money
    status: PairStatus = PairStatus.ONLINE

    def ticks_from_text(self, text: str) -> Ticks:
        """Return price text as ticks, exactly. Raises: ProtocolError when it is no multiple of 10**-price_decimals."""
        return Ticks(parse_scaled(text, self.price_decimals))

    def lots_from_text(self, text: str) -> Lots:
        """Return size text as lots, exactly. Raises: ProtocolError when it is no multiple of 10**-lot_decimals."""
        return Lots(parse_scaled(text, self.lot_decimals))

    def price_text(self, ticks: int) -> str:
        """Return a price as the exchange prints it."""
        return scaled_text(ticks, self.price_decimals)

    def lots_text(self, lots: int) -> str:
        """Return a size as the exchange prints it."""
        return scaled_text(lots, self.lot_decimals)

    def price_float(self, ticks: float) -> float:
        """Return a price for display or a signal; fractional ticks allowed."""
        return ticks / 10.0**self.price_decimals

    def cost(self, ticks: int, lots: int) -> Money:
        """Return price x size as the exchange books it: rounded half up to the pair's cost decimals."""
        exact = ticks * lots
        decimals = min(self.cost_decimals, MONEY_DECIMALS)
        surplus = self.price_decimals + self.lot_decimals - decimals
        rounded = round_half_up(exact, 10**surplus) if surplus > 0 else exact * 10**-surplus
        return Money(rounded * 10 ** (MONEY_DECIMALS - decimals))

    def fee(self, cost: Money, rate_ppm: int) -> Money:
        """Return the fee on a cost at a rate in parts per million, rounded half up to the pair's cost decimals."""
        unit = 10 ** (MONEY_DECIMALS - min(self.cost_decimals, MONEY_DECIMALS))
        return Money(round_half_up(cost * rate_ppm, PPM * unit) * unit)

    def floor_lots_for(self, money: Money, ticks: int) -> Lots:
        """Return the largest size on the lot grid whose cost at `ticks` does not exceed `money`; 0 when none fits."""
        if ticks <= 0 or money <= 0:
            return Lots(0)
        scale = self.price_decimals + self.lot_decimals - MONEY_DECIMALS
        exact = money * 10**scale if scale >= 0 else money // 10**-scale
        return exact // ticks // self.lot_step * self.lot_step  # type: ignore[no-any-return]

    def min_order_lots(self, ticks: int) -> Lots:
        """Return the smallest size the exchange accepts at this price: its minimum size and its minimum cost both hold."""
        if ticks <= 0:
            return self.min_lots
        scale = self.price_decimals + self.lot_decimals - MONEY_DECIMALS
        exact = self.min_cost * 10**scale if scale >= 0 else -(-self.min_cost // 10**-scale)
        lots = -(-exact // ticks)
        if lots < self.min_lots:
            lots = self.min_lots
        return -(-lots // self.lot_step) * self.lot_step  # type: ignore[no-any-return]

    def floor_ticks(self, ticks: float) -> Ticks:
        """Return the largest price on the tick grid that is not above `ticks`."""
        return int(ticks // self.tick_step) * self.tick_step  # type: ignore[return-value]

    def ceil_ticks(self, ticks: float) -> Ticks:
        """Return the smallest price on the tick grid that is not below `ticks`."""
        return -int(-ticks // self.tick_step) * self.tick_step  # type: ignore[return-value]
