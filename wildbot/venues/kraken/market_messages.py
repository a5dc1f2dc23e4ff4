"""The quieter public channels as model events: trades, tickers, the engine's status, the pairs' rules.

Rules: a pair is counted in the decimals its instrument states. A pair nobody stated can be followed too (recordings): then
    the digits on the wire say it.
"""

from collections.abc import Callable

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import SystemStatus, Ticker, TradePrint, VenueStatus
from wildbot.model.orders import Side
from wildbot.venues.kraken.market_numbers import decimals_of, scaled_number, utc_ns
from wildbot.venues.kraken.market_wire import (
    Envelope,
    WireTicker,
    WireTrade,
    statuses_decoder,
    tickers_decoder,
    trades_decoder,
)
from wildbot.venues.kraken.symbols import WirePair, instrument_from_wire, instruments_decoder, merged

Scale = tuple[int, int]
"""(price decimals, lot decimals) of a pair."""

ScaleOf = Callable[[str], Scale | None]

_SIDES = {side.value: side for side in Side}
_SYSTEMS = {system.value: system for system in SystemStatus}


class TradeTape:
    """Tells new trades from repeated ones by their ids, which rise by one per pair.

    What an earlier connection told counts only against a snapshot that reaches as far: an exchange whose ids are behind
    ours has started to count anew, and its trades are new.
    """

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        self._told_before: dict[str, int] = {}

    def reconnected(self) -> None:
        """A new connection begins; its first snapshot may repeat what the last one told."""
        self._told_before.update(self._told)
        self._told.clear()

    def new_trades(self, message: Envelope, scale_of: ScaleOf, recv_ts_ns: int) -> list[TradePrint]:
        """Return the trades of a trade message that were not told before, oldest first.

        Raises:
            ProtocolError: when a value cannot be read.
        """
        trades = sorted(trades_decoder.decode(message.data), key=lambda trade: trade.trade_id)
        last = {trade.symbol: trade.trade_id for trade in trades}
        floor = {pair: self._told.get(pair, 0) for pair in last}
        if message.type == "snapshot":
            for pair, trade_id in last.items():
                before = self._told_before.get(pair, 0)
                if trade_id >= before:
                    floor[pair] = max(floor[pair], before)
        prints = [
            _trade_print(trade, scale_of(trade.symbol), recv_ts_ns)
            for trade in trades
            if trade.trade_id > floor[trade.symbol]
        ]
        for pair, trade_id in last.items():
            self._told[pair] = max(self._told.get(pair, 0), trade_id)
        return prints


def _trade_print(trade: WireTrade, scale: Scale | None, recv_ts_ns: int) -> TradePrint:
    price_decimals, lot_decimals = scale or (decimals_of(trade.price), decimals_of(trade.qty))
    side = _SIDES.get(trade.side)
    if side is None:
        raise ProtocolError(f"trade side {trade.side[:20]!r} is neither buy nor sell")
    return TradePrint(
        pair=trade.symbol,
        trade_id=trade.trade_id,
        side=side,
        ticks=scaled_number(trade.price, price_decimals),
        lots=scaled_number(trade.qty, lot_decimals),
        venue_ts_ns=utc_ns(trade.timestamp),
        recv_ts_ns=recv_ts_ns,
    )


def tickers(data: msgspec.Raw, scale_of: ScaleOf, recv_ts_ns: int) -> list[Ticker]:
    """Return the tickers of a ticker message. Raises: ProtocolError when a value cannot be read."""
    return [_ticker(ticker, scale_of(ticker.symbol), recv_ts_ns) for ticker in tickers_decoder.decode(data)]


def _ticker(ticker: WireTicker, scale: Scale | None, recv_ts_ns: int) -> Ticker:
    prices = (ticker.bid, ticker.ask, ticker.last)
    price_decimals, lot_decimals = scale or (max(map(decimals_of, prices)), decimals_of(ticker.volume))
    bid, ask, last = (scaled_number(price, price_decimals) for price in prices)
    volume_lots = scaled_number(ticker.volume, lot_decimals)
    return Ticker(ticker.symbol, bid, ask, last, volume_lots, recv_ts_ns)


def venue_statuses(data: msgspec.Raw, recv_ts_ns: int) -> list[VenueStatus]:
    """Return what a status message states; a state we have not heard of is `SystemStatus.UNKNOWN`."""
    statuses = statuses_decoder.decode(data)
    return [VenueStatus(_SYSTEMS.get(status.system, SystemStatus.UNKNOWN), recv_ts_ns) for status in statuses]


class InstrumentTable:
    """Every pair the exchange has described, kept current by the `instrument` channel."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self.by_pair = dict(instruments)
        self._stated: dict[str, WirePair] = {}

    def absorb(self, data: msgspec.Raw) -> tuple[list[Instrument], list[str]]:
        """Take in a message of the channel; return (instruments it describes, complaints about unreadable ones)."""
        described: list[Instrument] = []
        complaints: list[str] = []
        for news in instruments_decoder.decode(data).pairs:
            known = self.by_pair.get(news.symbol)
            stated = merged(self._stated.get(news.symbol), news)
            try:
                instrument = instrument_from_wire(stated, known.rest_key if known else "")
            except ProtocolError as error:
                complaints.append(f"{news.symbol}: {error}")
                continue
            self._stated[news.symbol] = stated
            self.by_pair[news.symbol] = instrument
            described.append(instrument)
        return described, complaints
