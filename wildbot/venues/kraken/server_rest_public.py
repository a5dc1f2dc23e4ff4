"""REST market data of the simulated exchange: what anybody may ask with GET.

Rules: prices and volumes are strings with Kraken's own number of digits: market data has cost decimals, OHLC has pair
    decimals, depth volumes have three. An answer is keyed by the REST key; AssetPairs by the name that was asked for when
    it has a slash.
Source: Kraken REST market data pages and recorded answers.
Known limit: no tokenised assets; the time beside a depth level is that of the answer.
"""

from collections.abc import Mapping

from wildbot.model.errors import VenueRefusal
from wildbot.model.exchange import Kind
from wildbot.model.instrument import (
    MONEY_DECIMALS,
    MONEY_ONE,
    NANOS_PER_SECOND,
    Instrument,
    money_text,
    round_half_up,
    scaled_text,
)
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_candles import INTERVALS
from wildbot.venues.kraken.server_exchange import DayStats, Exchange
from wildbot.venues.kraken.server_names import PairNames, altname, asset_id, pair_altname, pair_wsname, precision
from wildbot.venues.kraken.server_stream import Stream
from wildbot.venues.kraken.server_text import (
    cost_price_text,
    number,
    plain_text,
    rfc1123,
    timestamp_seconds,
    unix_number,
)
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

DEPTH_MAX = 500
TRADES_MAX = 1_000
VOLUME_DECIMALS = 3
PAIR_PARTS: dict[str, tuple[str, ...]] = {
    "info": (),
    "leverage": ("leverage_buy", "leverage_sell"),
    "fees": ("fees", "fees_maker", "fee_volume_currency"),
    "margin": ("margin_call", "margin_stop"),
}
"""What AssetPairs tells with `info`; nothing listed: everything."""

Query = Mapping[str, str]
Result = dict[str, object]


class RestPublic:
    """One method per endpoint, called by name."""

    def __init__(self, exchange: Exchange, stream: Stream, names: PairNames, assume: Unconfirmed = DEFAULTS) -> None:
        self._exchange = exchange
        self._stream = stream
        self._names = names
        self._assume = assume
        self._second = 0
        self._asked: dict[str, int] = {}
        self._endpoints = {
            "Time": self._time,
            "SystemStatus": self._system_status,
            "Assets": self._assets,
            "AssetPairs": self._asset_pairs,
            "Ticker": self._ticker,
            "Depth": self._depth,
            "Trades": self._trades,
            "OHLC": self._ohlc,
            "Spread": self._spread,
        }

    def answer(self, endpoint: str, query: Query, now_ns: int) -> Result:
        """Return the result of one call. Raises: VenueRefusal."""
        method = self._endpoints.get(endpoint)
        if method is None:
            raise VenueRefusal("EGeneral:Unknown method")
        self._count(query.get("pair", ""), now_ns // NANOS_PER_SECOND)
        return method(query, now_ns)

    def _count(self, pairs: str, second: int) -> None:
        """Count a call; everybody has one address here, so that leaves the pair. Raises: VenueRefusal beyond the limit."""
        if second != self._second:
            self._second = second
            self._asked.clear()
        for name in pairs.split(",") if pairs else ("",):
            pair = self._names.known(name.strip())
            self._asked[pair] = self._asked.get(pair, 0) + 1
            if 0 < self._assume.public_per_s < self._asked[pair]:
                raise VenueRefusal("EGeneral:Too many requests")

    def _time(self, query: Query, now_ns: int) -> Result:
        return {"unixtime": now_ns // NANOS_PER_SECOND, "rfc1123": rfc1123(now_ns)}

    def _system_status(self, query: Query, now_ns: int) -> Result:
        return {"status": self._exchange.system, "timestamp": timestamp_seconds(now_ns)}

    def _assets(self, query: Query, now_ns: int) -> Result:
        names = query["asset"].split(",") if query.get("asset") else self._names.assets
        return {asset_id(asset): _asset_entry(asset) for asset in (self._names.asset(name.strip()) for name in names)}

    def _asset_pairs(self, query: Query, now_ns: int) -> Result:
        wanted = PAIR_PARTS.get(query.get("info", "info"))
        if wanted is None:
            raise VenueRefusal("EGeneral:Invalid arguments:info")
        result: Result = {}
        for name, instrument in self._pairs(query):
            entry = self._pair_entry(instrument)
            part = {field: entry[field] for field in wanted} if wanted else entry
            result[name if "/" in name else instrument.rest_key] = part
        return result

    def _pair_entry(self, instrument: Instrument) -> Result:
        table = self._exchange.fee_table(instrument.pair)
        volumes = [tier.volume // MONEY_ONE for tier in table]
        return {
            "altname": pair_altname(instrument),
            "wsname": pair_wsname(instrument),
            "aclass_base": "currency",
            "base": asset_id(instrument.base),
            "aclass_quote": "currency",
            "quote": asset_id(instrument.quote),
            "lot": "unit",
            "cost_decimals": instrument.cost_decimals,
            "pair_decimals": instrument.price_decimals,
            "lot_decimals": instrument.lot_decimals,
            "lot_multiplier": 1,
            "leverage_buy": [],
            "leverage_sell": [],
            "fees": [[volume, _percent(tier.taker_ppm)] for volume, tier in zip(volumes, table, strict=True)],
            "fees_maker": [[volume, _percent(tier.maker_ppm)] for volume, tier in zip(volumes, table, strict=True)],
            "fee_volume_currency": "ZUSD",
            "margin_call": 80,
            "margin_stop": 40,
            "ordermin": plain_text(instrument.lots_text(instrument.min_lots)),
            "costmin": plain_text(money_text(instrument.min_cost)),
            "tick_size": plain_text(instrument.price_text(instrument.tick_step)),
            "status": instrument.status,
        }

    def _ticker(self, query: Query, now_ns: int) -> Result:
        return {instrument.rest_key: self._ticker_entry(instrument) for _, instrument in self._pairs(query)}

    def _ticker_entry(self, instrument: Instrument) -> Result:
        spans = (self._exchange.today_stats(instrument.pair), self._exchange.day_stats(instrument.pair))
        today, day = spans
        book = self._stream.books[instrument.pair]
        return {
            "a": _best(instrument, book.asks.best()),
            "b": _best(instrument, book.bids.best()),
            "c": [cost_price_text(instrument, day.last_ticks), instrument.lots_text(day.last_lots)],
            "v": [instrument.lots_text(span.volume_lots) for span in spans],
            "p": [_average(instrument, span) for span in spans],
            "t": [span.count for span in spans],
            "l": [cost_price_text(instrument, span.low_ticks) for span in spans],
            "h": [cost_price_text(instrument, span.high_ticks) for span in spans],
            "o": cost_price_text(instrument, today.open_ticks),
        }

    def _depth(self, query: Query, now_ns: int) -> Result:
        instrument = self._pair(query)
        count = _whole(query, "count", 100, 1, DEPTH_MAX)
        bids, asks = self._exchange.depth(instrument.pair, count)
        second = now_ns // NANOS_PER_SECOND
        return {
            instrument.rest_key: {
                "asks": [[cost_price_text(instrument, t), _short_volume(instrument, lots), second] for t, lots in asks],
                "bids": [[cost_price_text(instrument, t), _short_volume(instrument, lots), second] for t, lots in bids],
            }
        }

    def _trades(self, query: Query, now_ns: int) -> Result:
        instrument = self._pair(query)
        count = _whole(query, "count", TRADES_MAX, 1, TRADES_MAX)
        since_ns = _since(query)
        trades = [t for t in reversed(self._exchange.recent_trades(instrument.pair, TRADES_MAX)) if t.ts_ns > since_ns]
        trades = trades[:count] if since_ns else trades[-count:]
        rows = [
            [
                cost_price_text(instrument, trade.ticks),
                instrument.lots_text(trade.lots),
                unix_number(trade.ts_ns),
                "b" if trade.side is Side.BUY else "s",
                "m" if trade.kind is Kind.MARKET else "l",
                "",
                trade.trade_id,
            ]
            for trade in trades
        ]
        return {instrument.rest_key: rows, "last": str(trades[-1].ts_ns if trades else since_ns or now_ns)}

    def _ohlc(self, query: Query, now_ns: int) -> Result:
        instrument = self._pair(query)
        interval = _whole(query, "interval", 1, 1, INTERVALS[-1])
        if interval not in INTERVALS:
            raise VenueRefusal("EGeneral:Invalid arguments:interval")
        candles = self._stream.candles[instrument.pair].rows(interval, now_ns)
        since_s = _since(query) // NANOS_PER_SECOND
        price = instrument.price_text
        rows = [
            [
                candle.begin_s,
                price(candle.open),
                price(candle.high),
                price(candle.low),
                price(candle.close),
                price(candle.vwap) if candle.trades else "0.0",
                instrument.lots_text(candle.lots),
                candle.trades,
            ]
            for candle in candles
            if candle.begin_s > since_s
        ]
        committed = candles[-2].begin_s if len(candles) > 1 else since_s
        return {instrument.rest_key: rows, "last": committed}

    def _spread(self, query: Query, now_ns: int) -> Result:
        instrument = self._pair(query)
        since_ns = _since(query)
        spreads = [spread for spread in self._stream.spreads[instrument.pair] if spread[0] >= since_ns]
        rows = [
            [ts_ns // NANOS_PER_SECOND, cost_price_text(instrument, bid), cost_price_text(instrument, ask)]
            for ts_ns, bid, ask in spreads
        ]
        return {instrument.rest_key: rows, "last": now_ns // NANOS_PER_SECOND}

    def _pair(self, query: Query) -> Instrument:
        if not query.get("pair"):
            raise VenueRefusal("EGeneral:Invalid arguments")
        return self._names.pair(query["pair"])

    def _pairs(self, query: Query) -> list[tuple[str, Instrument]]:
        instruments = self._stream.instruments
        if not query.get("pair"):
            return [(each.rest_key, each) for each in instruments.values()]
        names = [name.strip() for name in query["pair"].split(",")]
        return [(name, instruments[self._names.pair(name).pair]) for name in names]


def _asset_entry(asset: str) -> Result:
    decimals = precision(asset)
    return {
        "aclass": "currency",
        "altname": altname(asset),
        "decimals": decimals,
        "display_decimals": min(5, decimals),
        "collateral_value": 0,
        "status": "enabled",
    }


def _average(instrument: Instrument, stats: DayStats) -> str:
    scale = 10 ** max(0, instrument.cost_decimals - instrument.price_decimals)
    vwap = round_half_up(stats.ticks_lots * scale, stats.volume_lots) if stats.volume_lots else 0
    return scaled_text(vwap, max(instrument.cost_decimals, instrument.price_decimals))


def _percent(ppm: int) -> object:
    return number(plain_text(scaled_text(ppm, 4)))


def _best(instrument: Instrument, level: tuple[int, int] | None) -> list[str]:
    ticks, lots = level or (0, 0)
    whole = max(1, lots // 10**instrument.lot_decimals) if lots else 0
    return [cost_price_text(instrument, ticks), str(whole), f"{whole}.000"]


def _short_volume(instrument: Instrument, lots: int) -> str:
    if instrument.lot_decimals <= VOLUME_DECIMALS:
        return instrument.lots_text(lots)
    divisor = 10 ** (instrument.lot_decimals - VOLUME_DECIMALS)
    return scaled_text(max(1, round_half_up(lots, divisor)), VOLUME_DECIMALS)


def _whole(query: Query, name: str, default: int, smallest: int, largest: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > MONEY_DECIMALS:
        raise VenueRefusal(f"EGeneral:Invalid arguments:{name}")
    return min(largest, max(smallest, int(text)))


def _since(query: Query) -> int:
    """Return `since` in nanoseconds: it may be given in seconds or, as in `last`, in nanoseconds."""
    text = query.get("since", "").partition(".")[0]
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise VenueRefusal("EGeneral:Invalid arguments:since")
    value = int(text)
    return value if value >= 10**15 else value * NANOS_PER_SECOND
