"""The public streams' messages: status, ticker, trade, book, ohlc, instrument.

Rules: every function returns the whole frame as text, made once and sent to every subscriber as it is.
Source: Kraken WebSocket v2 channel pages and recorded messages, field by field.
"""

from collections.abc import Iterable, Sequence

from wildbot.model.exchange import PublicTrade
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Instrument, money_text, round_half_up, scaled_text
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_book import Effects
from wildbot.venues.kraken.server_candles import Candle
from wildbot.venues.kraken.server_exchange import DayStats, Levels
from wildbot.venues.kraken.server_names import precision
from wildbot.venues.kraken.server_text import (
    json_text,
    lots_number,
    number,
    price_number,
    scaled_number,
    timestamp,
    timestamp_nanos,
    timestamp_seconds,
)

HEARTBEAT = '{"channel":"heartbeat"}'
ENGINE_VERSION = "2.0.10"
PRECISION_DISPLAY = 5
COST_MIN_DECIMALS = 4


def status_frame(system: SystemStatus, connection_id: int | None) -> str:
    """Return the status message: first on every connection, and again without its id when the engine changes."""
    row: dict[str, object] = {"version": ENGINE_VERSION, "system": system, "api_version": "v2"}
    if connection_id is not None:
        row["connection_id"] = connection_id
    return json_text({"channel": "status", "type": "update", "data": [row]})


def announcement_frame(system: SystemStatus, begin_ns: int, end_ns: int, *, in_words: bool) -> str:
    """Return the status message that announces a maintenance; Kraken documents that there is one, not its form."""
    row: dict[str, object] = {"version": ENGINE_VERSION, "system": system, "api_version": "v2"}
    begin, end = timestamp_seconds(begin_ns), timestamp_seconds(end_ns)
    if in_words:
        row["message"] = f"Scheduled maintenance from {begin} to {end}"
    else:
        row["maintenance"] = {"start_time": begin, "end_time": end}
    return json_text({"channel": "status", "type": "update", "data": [row]})


def trade_frame(instrument: Instrument, trades: Iterable[PublicTrade], kind: str) -> str:
    """Return a trade message, oldest trade first."""
    rows = [
        {
            "symbol": trade.pair,
            "side": trade.side,
            "price": price_number(instrument, trade.ticks),
            "qty": lots_number(instrument, trade.lots),
            "ord_type": "market" if trade.kind == "market" else "limit",
            "trade_id": trade.trade_id,
            "timestamp": timestamp(trade.ts_ns),
        }
        for trade in trades
    ]
    return json_text({"channel": "trade", "type": kind, "data": rows})


def ticker_frame(
    instrument: Instrument,
    bid: tuple[int, int] | None,
    ask: tuple[int, int] | None,
    stats: DayStats,
    now_ns: int,
    kind: str,
) -> str:
    """Return a ticker message; an empty side is 0."""
    bid_ticks, bid_lots = bid or (0, 0)
    ask_ticks, ask_lots = ask or (0, 0)
    change = stats.last_ticks - stats.open_ticks
    vwap = round_half_up(stats.ticks_lots, stats.volume_lots) if stats.volume_lots else 0
    volume_usd = round_half_up(stats.ticks_lots, 10 ** (instrument.price_decimals + instrument.lot_decimals - 2))
    row = {
        "symbol": instrument.pair,
        "bid": price_number(instrument, bid_ticks),
        "bid_qty": lots_number(instrument, bid_lots),
        "ask": price_number(instrument, ask_ticks),
        "ask_qty": lots_number(instrument, ask_lots),
        "last": price_number(instrument, stats.last_ticks),
        "volume": lots_number(instrument, stats.volume_lots),
        "vwap": price_number(instrument, vwap),
        "low": price_number(instrument, stats.low_ticks),
        "high": price_number(instrument, stats.high_ticks),
        "change": price_number(instrument, change),
        "change_pct": scaled_number(round_half_up(change * 10_000, stats.open_ticks) if stats.open_ticks else 0, 2),
        "volume_usd": scaled_number(volume_usd, 2),
        "timestamp": timestamp(now_ns),
    }
    return json_text({"channel": "ticker", "type": kind, "data": [row]})


def book_snapshot_frame(instrument: Instrument, bids: Levels, asks: Levels, checksum: int, now_ns: int) -> str:
    """Return a book snapshot."""
    return _book_frame(instrument, "snapshot", bids, asks, checksum, now_ns)


def book_update_frame(instrument: Instrument, side: Side, effects: Effects, checksum: int, ts_ns: int) -> str:
    """Return a book update: the effects of one engine event on one side of the window, in order."""
    if side is Side.BUY:
        return _book_frame(instrument, "update", effects, [], checksum, ts_ns)
    return _book_frame(instrument, "update", [], effects, checksum, ts_ns)


def _book_frame(instrument: Instrument, kind: str, bids: Levels, asks: Levels, checksum: int, ts_ns: int) -> str:
    # By hand: this is the busiest message, and every part is plain ASCII without anything to escape.
    return (
        f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{instrument.pair}",'
        f'"bids":[{_levels(instrument, bids)}],"asks":[{_levels(instrument, asks)}],'
        f'"checksum":{checksum},"timestamp":"{timestamp(ts_ns)}"}}]}}'
    )


def _levels(instrument: Instrument, levels: Levels) -> str:
    price_decimals, lot_decimals = instrument.price_decimals, instrument.lot_decimals
    return ",".join(
        f'{{"price":{scaled_text(ticks, price_decimals)},"qty":{scaled_text(lots, lot_decimals)}}}'
        for ticks, lots in levels
    )


def ohlc_frame(instrument: Instrument, interval: int, candles: Iterable[Candle], now_ns: int, kind: str) -> str:
    """Return an ohlc message, oldest candle first."""
    rows = [
        {
            "symbol": instrument.pair,
            "open": price_number(instrument, candle.open),
            "high": price_number(instrument, candle.high),
            "low": price_number(instrument, candle.low),
            "close": price_number(instrument, candle.close),
            "trades": candle.trades,
            "volume": lots_number(instrument, candle.lots),
            "vwap": price_number(instrument, candle.vwap),
            "interval_begin": timestamp_nanos(candle.begin_s * NANOS_PER_SECOND),
            "interval": interval,
            "timestamp": timestamp((candle.begin_s + interval * 60) * NANOS_PER_SECOND),
        }
        for candle in candles
    ]
    return json_text({"channel": "ohlc", "type": kind, "timestamp": timestamp_nanos(now_ns), "data": rows})


def instrument_frame(instruments: Sequence[Instrument], assets: Iterable[str], kind: str) -> str:
    """Return an instrument message; an update carries only what changed."""
    asset_rows = [
        {
            "id": asset,
            "status": "enabled",
            "precision": precision(asset),
            "precision_display": PRECISION_DISPLAY,
            "borrowable": False,
            "collateral_value": number("0.00"),
            "margin_rate": number("0.000000"),
        }
        for asset in assets
    ]
    data = {"assets": asset_rows, "pairs": [_pair_row(each) for each in instruments]}
    return json_text({"channel": "instrument", "type": kind, "data": data})


def _pair_row(instrument: Instrument) -> dict[str, object]:
    increment = price_number(instrument, instrument.tick_step)
    decimals = max(
        COST_MIN_DECIMALS, MONEY_DECIMALS if instrument.min_cost % 10 ** (MONEY_DECIMALS - COST_MIN_DECIMALS) else 0
    )
    return {
        "symbol": instrument.pair,
        "base": instrument.base,
        "quote": instrument.quote,
        "status": instrument.status,
        "qty_precision": instrument.lot_decimals,
        "qty_increment": lots_number(instrument, instrument.lot_step),
        "price_precision": instrument.price_decimals,
        "cost_precision": instrument.cost_decimals,
        "marginable": False,
        "has_index": True,
        "cost_min": number(money_text(instrument.min_cost, decimals)),
        "tick_size": increment,
        "price_increment": increment,
        "qty_min": lots_number(instrument, instrument.min_lots),
    }
