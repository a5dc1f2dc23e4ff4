"""What a fee was paid in, where the venue's history does not say it.

Rules: the amount itself is the evidence: read as quote or as coins it fits the account's rate, or it does not. Where both
    or neither fit, the order's own flag counts, which is only what was preferred; without that the answer is "" and the
    fill waits for the stream or the next look. A guess is never booked.
Source: Kraken's TradesHistory names no fee asset; its orders carry the flags fcib and fciq.
"""

from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.executions import Filled
from wildbot.model.instrument import PPM, FeeSchedule, Instrument

NEAR_PPM = 20_000
"""A fee that fits is within two percent of what the rate makes of it, or within a rounding of the venue's."""

ROUNDING_UNITS = 2 * 10 ** (ASSET_DECIMALS - 5)


def asset_of_fee(fill: Filled, instrument: Instrument, fees: FeeSchedule | None, *, in_base: bool | None) -> str:
    """Return the asset of the fee of `fill`; `in_base` is the flag of its order, None while nobody has seen it."""
    if not fill.fee:
        return instrument.quote
    coins = fill.lots * 10 ** (ASSET_DECIMALS - instrument.lot_decimals)
    if fees is not None:
        rate_ppm = fees.rate_ppm(fill.liquidity)
        as_quote, as_coins = _fits(fill.fee, fill.cost, rate_ppm), _fits(fill.fee, coins, rate_ppm)
        if as_quote != as_coins:
            return instrument.quote if as_quote else instrument.base
    if in_base is None:
        return ""
    return instrument.base if in_base else instrument.quote


def _fits(fee: int, amount: int, rate_ppm: int) -> bool:
    expected: int = amount * rate_ppm // PPM
    allowed: int = min(expected, max(ROUNDING_UNITS, expected * NEAR_PPM // PPM))
    return abs(fee - expected) <= allowed
