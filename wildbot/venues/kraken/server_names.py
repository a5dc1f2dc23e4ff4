"""The many names of one thing at Kraken: v2 symbols, altnames, wsnames, REST keys and asset ids.

Rules: inside WildBot a pair has only its v2 symbol; the other names exist at this edge. Separate from the client's
    tables on purpose: if both read the same table, a wrong name would go unnoticed between them.
Source: Kraken AssetPairs and Assets; WebSocket v2 symbols use BTC and DOGE, REST uses XBT and XDG.
"""

from collections.abc import Mapping

from wildbot.model.errors import VenueRefusal
from wildbot.model.instrument import Instrument

ALTNAMES = {"BTC": "XBT", "DOGE": "XDG"}
"""v2 asset name to REST altname, where they differ."""

LEGACY_IDS = {
    "BTC": "XXBT",
    "ETH": "XETH",
    "XRP": "XXRP",
    "DOGE": "XXDG",
    "LTC": "XLTC",
    "XLM": "XXLM",
    "USD": "ZUSD",
    "EUR": "ZEUR",
    "GBP": "ZGBP",
}
"""Assets with an id of the first generation; all others are called by their altname."""

PRECISIONS = {"BTC": 10, "ETH": 10, "SOL": 10, "LINK": 10, "AVAX": 10, "USD": 4, "EUR": 4, "GBP": 4}
PRECISION_DEFAULT = 8


def altname(asset: str) -> str:
    """Return an asset's REST altname: BTC is XBT."""
    return ALTNAMES.get(asset, asset)


def asset_id(asset: str) -> str:
    """Return an asset's REST id: BTC is XXBT, USDC is USDC."""
    return LEGACY_IDS.get(asset, altname(asset))


def precision(asset: str) -> int:
    """Return how many decimals a balance of this asset has."""
    return PRECISIONS.get(asset, PRECISION_DEFAULT)


def pair_altname(instrument: Instrument) -> str:
    """Return the pair's altname: XBTUSDC."""
    return altname(instrument.base) + altname(instrument.quote)


def pair_wsname(instrument: Instrument) -> str:
    """Return the pair's name in the first WebSocket version: XBT/USDC."""
    return f"{altname(instrument.base)}/{altname(instrument.quote)}"


class PairNames:
    """Finds an instrument, as it stands, by any of its REST names."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self._by_name: dict[str, str] = {}
        self._assets: dict[str, str] = {}
        for each in instruments.values():
            for name in (each.pair, each.rest_key, pair_altname(each), pair_wsname(each)):
                self._by_name[name] = each.pair
            for asset in (each.base, each.quote):
                for name in (asset, altname(asset), asset_id(asset)):
                    self._assets[name] = asset

    @property
    def assets(self) -> list[str]:
        """Every asset of the listed pairs by its v2 name, in order of first appearance."""
        return list(dict.fromkeys(self._assets.values()))

    def pair(self, name: str) -> Instrument:
        """Return the instrument of that name. Raises: VenueRefusal."""
        try:
            return self._instruments[self._by_name[name]]
        except KeyError:
            raise VenueRefusal("EQuery:Unknown asset pair") from None

    def known(self, name: str) -> str:
        """Return the v2 symbol of that name, or nothing."""
        return self._by_name.get(name, "")

    def asset(self, name: str) -> str:
        """Return the v2 name of an asset. Raises: VenueRefusal."""
        try:
            return self._assets[name]
        except KeyError:
            raise VenueRefusal("EQuery:Unknown asset") from None
