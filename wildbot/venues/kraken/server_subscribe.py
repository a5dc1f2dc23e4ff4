"""Subscribing and unsubscribing on one connection: acknowledgements, snapshots, refusals.

Rules: one acknowledgement per symbol, all with the request's `req_id`, then one snapshot per symbol. Public channels live
    on the public address and private ones on the private address.
Source: Kraken WebSocket v2 subscribe pages and recorded acknowledgements.
"""

from collections.abc import Callable

from wildbot.model.errors import VenueRefusal
from wildbot.venues.kraken.server_book import DEPTHS
from wildbot.venues.kraken.server_candles import INTERVALS
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_frames import (
    ARRAY,
    BOOLEAN,
    INTEGER,
    TEXT,
    Params,
    Request,
    check_fields,
    error_frame,
    reply_frame,
)
from wildbot.venues.kraken.server_keys import ApiKey
from wildbot.venues.kraken.server_names import PairNames
from wildbot.venues.kraken.server_public import book_snapshot_frame, instrument_frame, ohlc_frame, trade_frame
from wildbot.venues.kraken.server_reports import ACK_WARNINGS, SNAPSHOT_TRADES_MAX, balance_rows, executions_snapshot
from wildbot.venues.kraken.server_session import HEARTBEAT_NS, PrivateFeed, Session
from wildbot.venues.kraken.server_stream import Stream
from wildbot.venues.kraken.server_text import json_text
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

TRADES_SHOWN = 50
CANDLES_SHOWN = 100

PUBLIC = {
    "ticker": {"symbol": ARRAY, "event_trigger": TEXT, "snapshot": BOOLEAN},
    "book": {"symbol": ARRAY, "depth": INTEGER, "snapshot": BOOLEAN},
    "trade": {"symbol": ARRAY, "snapshot": BOOLEAN},
    "ohlc": {"symbol": ARRAY, "interval": INTEGER, "snapshot": BOOLEAN},
    "instrument": {"snapshot": BOOLEAN, "include_tokenized_assets": BOOLEAN, "execution_venue": TEXT},
}
_PRIVATE = {"token": TEXT, "snapshot": BOOLEAN, "rebased": BOOLEAN, "users": TEXT}
PRIVATE = {
    "executions": {
        **_PRIVATE,
        "snap_orders": BOOLEAN,
        "snap_trades": BOOLEAN,
        "snapshot_trades": BOOLEAN,
        "order_status": BOOLEAN,
        "ratecounter": BOOLEAN,
    },
    "balances": _PRIVATE,
}

Authenticate = Callable[[Session, Params, int], ApiKey]
"""Returns the key a request's token belongs to. Raises: VenueRefusal."""


class Subscriptions:
    """Carries out subscribe and unsubscribe requests."""

    def __init__(
        self,
        exchange: Exchange,
        stream: Stream,
        names: PairNames,
        authenticate: Authenticate,
        assume: Unconfirmed = DEFAULTS,
    ) -> None:
        self._assume = assume
        self._exchange = exchange
        self._stream = stream
        self._names = names
        self._authenticate = authenticate

    def handle(self, session: Session, request: Request, now_ns: int) -> None:
        """Answer one request. Raises: VenueRefusal when all of it is refused."""
        channel = request.params.get("channel")
        fields = (PRIVATE | PUBLIC).get(channel) if isinstance(channel, str) else None
        if fields is None or not isinstance(channel, str):
            raise VenueRefusal("Unsupported event")
        check_fields(request.method, {k: v for k, v in request.params.items() if k != "channel"}, fields)
        if (channel in PRIVATE) != session.private:
            raise VenueRefusal("EGeneral:Permission denied")
        subscribing = request.method == "subscribe"
        if channel in PRIVATE:
            key = self._authenticate(session, request.params, now_ns)
            if subscribing:
                key.check(channel, now_ns)
            self._private(session, request, channel, key, now_ns)
        elif channel == "instrument":
            self._instrument(session, request, now_ns)
        else:
            self._symbols(session, request, channel, now_ns)
        if subscribing and session.is_subscribed and not session.next_heartbeat_ns:
            session.next_heartbeat_ns = now_ns + HEARTBEAT_NS

    # --- channels with symbols --------------------------------------------------------------------------------------

    def _symbols(self, session: Session, request: Request, channel: str, now_ns: int) -> None:
        symbols = request.params.get("symbol")
        if not isinstance(symbols, list) or not 0 < len(symbols) <= self._assume.symbols_max:
            raise VenueRefusal("Pair(s) not found")
        option = self._option(channel, request.params)
        snapshot = request.params.get("snapshot", channel != "trade" or self._assume.trade_snapshot == "on") is True
        accepted: list[str] = []
        for symbol in symbols:
            name = symbol if isinstance(symbol, str) else str(symbol)
            error = self._mismatch(session, request, channel, name, option)
            error = error or self._change(session, request.method, channel, name, option)
            if error:
                session.send(error_frame(request, error, now_ns, name))
                continue
            accepted.append(name)
            result = {"channel": channel, **option}
            if request.method == "subscribe" or channel in ("book", "ticker"):
                result["snapshot"] = snapshot
            result["symbol"] = name
            if channel == "ohlc" and request.method == "subscribe":
                result["warnings"] = ["timestamp is deprecated, use interval_begin"]
            session.send(reply_frame(request, dict(sorted(result.items())), now_ns))
        if request.method == "subscribe" and snapshot:
            for name in accepted:
                frame = self._snapshot(session, channel, name, option, now_ns)
                self._stream.wire.send(session, channel, name, frame, now_ns)

    def _option(self, channel: str, params: Params) -> Params:
        if channel == "book":
            if params.get("depth", 10) not in DEPTHS:
                raise VenueRefusal("Subscription depth not supported")
            return {"depth": params.get("depth", 10)}
        if channel == "ohlc":
            if params.get("interval", 1) not in INTERVALS:
                raise VenueRefusal("Subscription ohlc interval not supported")
            return {"interval": params.get("interval", 1)}
        if channel == "ticker":
            if params.get("event_trigger", "trades") not in ("trades", "bbo"):
                raise VenueRefusal("EGeneral:Invalid arguments:event_trigger")
            return {"event_trigger": params.get("event_trigger", "trades")}
        return {}

    def _mismatch(self, session: Session, request: Request, channel: str, symbol: str, option: Params) -> str:
        matters = request.method == "unsubscribe" and self._assume.unsubscribe == "match"
        if matters and channel == "book" and session.books.get(symbol, option["depth"]) != option["depth"]:
            return "Subscription depth not supported"
        if matters and channel == "ticker" and session.tickers.get(symbol, "trades") != option["event_trigger"]:
            return "Subscription not found"
        return ""

    def _change(self, session: Session, method: str, channel: str, symbol: str, option: Params) -> str:
        if symbol not in self._stream.instruments:
            return f"Currency pair not supported {symbol}"
        interval = option.get("interval")
        candle = (symbol, interval if isinstance(interval, int) else 1)
        there = {
            "book": symbol in session.books,
            "ticker": symbol in session.tickers,
            "trade": symbol in session.trades,
            "ohlc": candle in session.candles,
        }[channel]
        if method == "subscribe":
            if there:
                return "Already subscribed"
            depth = option.get("depth")
            if isinstance(depth, int):
                session.books[symbol] = depth
            elif channel == "ticker":
                session.tickers[symbol] = str(option["event_trigger"])
            elif channel == "trade":
                session.trades.add(symbol)
            else:
                session.candles.add(candle)
            return ""
        if not there:
            return "Subscription not found"
        if channel == "book":
            del session.books[symbol]
        elif channel == "ticker":
            del session.tickers[symbol]
        elif channel == "trade":
            session.trades.discard(symbol)
        else:
            session.candles.discard(candle)
        return ""

    def _snapshot(self, session: Session, channel: str, symbol: str, option: Params, now_ns: int) -> str:
        instrument = self._stream.instruments[symbol]
        if channel == "book":
            book, depth = self._stream.books[symbol], session.books[symbol]
            return book_snapshot_frame(instrument, book.bids.top(depth), book.asks.top(depth), book.checksum(), now_ns)
        if channel == "ticker":
            return self._stream.ticker(symbol, now_ns, "snapshot")
        if channel == "trade":
            trades = self._exchange.recent_trades(symbol, TRADES_SHOWN)
            return trade_frame(instrument, reversed(trades), "snapshot")
        interval = option["interval"]
        assert isinstance(interval, int), option
        candles = self._stream.candles[symbol].traded(interval, CANDLES_SHOWN)
        return ohlc_frame(instrument, interval, candles, now_ns, "snapshot")

    # --- channels without symbols -----------------------------------------------------------------------------------

    def _instrument(self, session: Session, request: Request, now_ns: int) -> None:
        _check_state(request.method, session.instrument)
        session.instrument = request.method == "subscribe"
        if not session.instrument:
            session.send(reply_frame(request, {"channel": "instrument"}, now_ns))
            return
        snapshot = request.params.get("snapshot", True) is True
        warnings = ["tick_size is deprecated, use price_increment"]
        session.send(reply_frame(request, {"channel": "instrument", "snapshot": snapshot, "warnings": warnings}, now_ns))
        if snapshot:
            instruments = list(self._stream.instruments.values())
            session.send(instrument_frame(instruments, self._names.assets, "snapshot"))

    def _private(self, session: Session, request: Request, channel: str, key: ApiKey, now_ns: int) -> None:
        feed = session.executions if channel == "executions" else session.balances
        _check_state(request.method, feed is not None)
        if request.method == "unsubscribe":
            if channel == "executions":
                session.executions = None
            else:
                session.balances = None
            session.send(reply_frame(request, {"channel": channel}, now_ns))
            return
        session.key, session.token = key, str(request.params["token"])
        if channel == "executions":
            self._executions(session, request, key, now_ns)
        else:
            self._balances(session, request, key, now_ns)

    def _executions(self, session: Session, request: Request, key: ApiKey, now_ns: int) -> None:
        asked = request.params
        orders = asked.get("snap_orders", asked.get("snapshot", True)) is True
        trades = asked.get("snap_trades", asked.get("snapshot_trades", False)) is True
        feed = session.executions = PrivateFeed(
            key.account, asked.get("order_status", True) is True, asked.get("ratecounter", False) is True
        )
        result = {
            "channel": "executions",
            "maxratecount": key.tier.engine_max,
            "snap_orders": orders,
            "snap_trades": trades,
            "snapshot": orders,
            "warnings": ACK_WARNINGS,
        }
        session.send(reply_frame(request, result, now_ns))
        if orders or trades:
            data = executions_snapshot(
                self._stream.instruments,
                self._exchange.open_orders(key.account) if orders else (),
                self._exchange.executions(key.account)[:SNAPSHOT_TRADES_MAX] if trades else (),
            )
            frame = {"channel": "executions", "type": "snapshot", "data": data, "sequence": feed.next_sequence()}
            session.send(json_text(frame))

    def _balances(self, session: Session, request: Request, key: ApiKey, now_ns: int) -> None:
        snapshot = request.params.get("snapshot", True) is True
        feed = session.balances = PrivateFeed(key.account)
        session.send(reply_frame(request, {"channel": "balances", "snapshot": snapshot}, now_ns))
        if snapshot:
            rows = balance_rows(self._exchange.balances(key.account))
            frame = {"channel": "balances", "type": "snapshot", "data": rows, "sequence": feed.next_sequence()}
            session.send(json_text(frame))


def _check_state(method: str, subscribed: bool) -> None:
    if method == "subscribe" and subscribed:
        raise VenueRefusal("Already subscribed")
    if method == "unsubscribe" and not subscribed:
        raise VenueRefusal("Subscription not found")
