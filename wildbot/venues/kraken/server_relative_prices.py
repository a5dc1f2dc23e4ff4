"""Relative prices of REST orders, made absolute: "+5", "-1.5%", "#2%".

Rules: `price` is relative to the last trade, `price2` to `price`. A sign adds or subtracts; "#" takes the side of the
    order's own purpose: below for a buy that waits for a better price, above for one that waits for a worse one, and the
    other way round for a sell. A percentage is of the price it is relative to. The result is rounded to the tick.
Source: Kraken REST AddOrder page.
Known limit: a percentage without a sign counts as "+".
"""

from decimal import Decimal, InvalidOperation

from wildbot.model.errors import VenueRefusal
from wildbot.model.instrument import Instrument
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_text import NUMBER_CHARACTERS_MAX

INVALID_PRICE = "EOrder:Invalid price"
WAITS_FOR_WORSE = ("stop-loss", "stop-loss-limit")


def with_absolute_prices(instrument: Instrument, body: Params, last_ticks: int) -> Params:
    """Return the body with every relative price made absolute. Raises: VenueRefusal."""
    worse = str(body.get("ordertype")) in WAITS_FOR_WORSE
    away = 1 if (body.get("type") == "sell") != worse else -1
    base, resolved = Decimal(last_ticks).scaleb(-instrument.price_decimals), dict(body)
    for name in ("price", "price2"):
        text = body.get(name)
        if not isinstance(text, str) or not text:
            continue
        if text[0] in "+-#" or text.endswith("%"):
            resolved[name] = _absolute(instrument, text, base, away)
        try:
            base = Decimal(str(resolved[name]))
        except InvalidOperation:
            return resolved  # no number: refused where prices are read
    return resolved


def _absolute(instrument: Instrument, text: str, base: Decimal, away: int) -> str:
    sign = {"-": -1, "#": away}.get(text[0], 1)
    try:
        offset = Decimal(text.lstrip("+-#").removesuffix("%"))
    except InvalidOperation:
        raise VenueRefusal(INVALID_PRICE) from None
    if (
        len(text) > NUMBER_CHARACTERS_MAX
        or not offset.is_finite()
        or abs(offset.adjusted()) > NUMBER_CHARACTERS_MAX
        or base <= 0
    ):
        raise VenueRefusal(INVALID_PRICE)
    price = base + sign * (base * offset / 100 if text.endswith("%") else offset)
    step = instrument.tick_step
    ticks = round(price.scaleb(instrument.price_decimals) / step) * step
    if ticks <= 0:
        raise VenueRefusal(INVALID_PRICE)
    return instrument.price_text(ticks)
