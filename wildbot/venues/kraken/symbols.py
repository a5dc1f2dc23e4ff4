"""Kraken's descriptions of its pairs, WebSocket or REST, as `Instrument` values.

Rules: numbers are read from their text, whether printed 0.00000001, 1e-08 or "0.00000001". The old names XBT and XDG are
    translated only where Kraken itself states them, in `wsname`; never by guessing inside longer names (AIXBT is a coin).
Source: Kraken `instrument` channel (pairs[]), REST AssetPairs; PROTOCOL of names: v2 symbols say BTC/USDC and DOGE/USDC.
"""

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import MONEY_DECIMALS, Instrument, Lots, Money, PairStatus
from wildbot.venues.kraken.market_numbers import scaled_number

_MODERN_NAMES = {"XBT": "BTC", "XDG": "DOGE"}

_STATUSES = {status.value: status for status in PairStatus}
UNHEARD_OF_STATUS = PairStatus.MAINTENANCE
"""A status we do not know must not look tradable."""


UNSTATED = msgspec.Raw()


class WirePair(msgspec.Struct, gc=False):
    """One element of `data.pairs` of the instrument channel. An update may carry only what changed."""

    symbol: str
    base: str | None = None
    quote: str | None = None
    status: str | None = None
    price_precision: int | None = None
    price_increment: msgspec.Raw = UNSTATED
    tick_size: msgspec.Raw = UNSTATED
    qty_precision: int | None = None
    qty_increment: msgspec.Raw = UNSTATED
    qty_min: msgspec.Raw = UNSTATED
    cost_precision: int | None = None
    cost_min: msgspec.Raw = UNSTATED


class WireInstruments(msgspec.Struct, gc=False):
    """`data` of the instrument channel; the assets are not needed."""

    pairs: list[WirePair] = []


class AssetPair(msgspec.Struct, gc=False):
    """One entry of the REST answer AssetPairs, as far as we use it."""

    altname: str
    base: str
    quote: str
    cost_decimals: int
    pair_decimals: int
    lot_decimals: int
    wsname: str = ""
    tick_size: msgspec.Raw = UNSTATED
    ordermin: msgspec.Raw = UNSTATED
    costmin: msgspec.Raw = UNSTATED
    status: str = "online"


instruments_decoder = msgspec.json.Decoder(WireInstruments)
asset_pairs_decoder = msgspec.json.Decoder(dict[str, AssetPair])


def modern_pair(wsname: str) -> str:
    """Return a REST `wsname` as the v2 symbol: "XBT/USDC" -> "BTC/USDC", "XDG/XBT" -> "DOGE/BTC"."""
    return "/".join(_MODERN_NAMES.get(part, part) for part in wsname.split("/"))


def merged(former: WirePair | None, news: WirePair) -> WirePair:
    """Return a pair's description after an update that may carry only what changed."""
    if former is None:
        return news
    changes = {name: value for name, value in msgspec.structs.asdict(news).items() if value not in (None, UNSTATED)}
    return msgspec.structs.replace(former, **changes)


def instrument_from_wire(pair: WirePair, rest_key: str = "") -> Instrument:
    """Return the instrument that an element of the `instrument` channel describes.

    This channel does not state the REST name: without `rest_key` it is the symbol itself, which Kraken's REST accepts too.

    Raises:
        ProtocolError: if a field is missing, or a number does not fit its precision.
    """
    if pair.price_precision is None or pair.qty_precision is None or pair.cost_precision is None:
        raise ProtocolError(f"{pair.symbol}: price_precision, qty_precision and cost_precision must be stated")
    base, _, quote = pair.symbol.partition("/")
    return Instrument(
        pair=pair.symbol,
        base=pair.base or base,
        quote=pair.quote or quote,
        rest_key=rest_key or pair.symbol,
        price_decimals=pair.price_precision,
        lot_decimals=pair.qty_precision,
        cost_decimals=pair.cost_precision,
        tick_step=_scaled(pair.price_increment if bytes(pair.price_increment) else pair.tick_size, pair.price_precision, 1),
        lot_step=_scaled(pair.qty_increment, pair.qty_precision, 1),
        min_lots=Lots(_scaled(pair.qty_min, pair.qty_precision, 1)),
        min_cost=Money(_scaled(pair.cost_min, MONEY_DECIMALS, 0)),
        status=pair_status(pair.status or ""),
    )


def instrument_from_asset_pair(key: str, entry: AssetPair) -> Instrument:
    """Return the instrument that an entry of AssetPairs describes, under its v2 name.

    `key` is what the entry stands under: the venue's id, or an echo of the slash form that was asked for.

    Raises:
        ProtocolError: if there is no `wsname` to take the name from, or a number does not fit its precision.
    """
    base, slash, quote = modern_pair(entry.wsname).partition("/")
    if not slash:
        raise ProtocolError(f"{key[:40]}: no wsname, so no v2 symbol")
    return Instrument(
        pair=f"{base}/{quote}",
        base=base,
        quote=quote,
        rest_key=entry.altname if "/" in key else key,
        price_decimals=entry.pair_decimals,
        lot_decimals=entry.lot_decimals,
        cost_decimals=entry.cost_decimals,
        tick_step=_scaled(entry.tick_size, entry.pair_decimals, 1),
        lot_step=1,
        min_lots=Lots(_scaled(entry.ordermin, entry.lot_decimals, 1)),
        min_cost=Money(_scaled(entry.costmin, MONEY_DECIMALS, 0)),
        status=pair_status(entry.status),
    )


def instruments_from_asset_pairs(result: bytes) -> dict[str, Instrument]:
    """Return the `result` object of AssetPairs as instruments by v2 name; entries without a `wsname` are left out.

    Raises:
        ProtocolError: if the bytes are no such object, or a number in it cannot be.
    """
    try:
        entries = asset_pairs_decoder.decode(result)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(f"unreadable AssetPairs: {error}") from None
    instruments = [instrument_from_asset_pair(key, entry) for key, entry in entries.items() if "/" in entry.wsname]
    return {instrument.pair: instrument for instrument in instruments}


def pair_status(text: str) -> PairStatus:
    """Return a status as Kraken prints it; one we have not heard of counts as `UNHEARD_OF_STATUS`."""
    return _STATUSES.get(text, UNHEARD_OF_STATUS)


def _scaled(raw: msgspec.Raw, decimals: int, unstated: int) -> int:
    return scaled_number(raw, decimals) if bytes(raw) else unstated
