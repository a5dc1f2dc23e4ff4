"""Turns what happens at the exchange into messages for whoever subscribed to it.

Rules: every message is made once per channel, pair and depth and shared by its subscribers; nothing is made that nobody
    subscribed. Books go out per engine event; trades, tickers and candles once per call of `publish`.
Owns: the mirrored books, candles and spreads of all pairs, and the list of connections.
"""

from collections import deque
from collections.abc import Mapping, Sequence

from wildbot.model.exchange import (
    BookChange,
    EngineStatus,
    ExchangeEvent,
    InstrumentChange,
    LedgerEntry,
    OrderEvent,
    PublicTrade,
)
from wildbot.model.instrument import Instrument
from wildbot.venues.kraken.server_book import BookMirror
from wildbot.venues.kraken.server_candles import Candles
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_faults import Faults
from wildbot.venues.kraken.server_faults_frames import Wire
from wildbot.venues.kraken.server_ledger import Ledger
from wildbot.venues.kraken.server_public import (
    announcement_frame,
    book_update_frame,
    instrument_frame,
    ohlc_frame,
    status_frame,
    ticker_frame,
    trade_frame,
)
from wildbot.venues.kraken.server_reports import SHORT_STATUSES, Report, execution_report, ledger_row
from wildbot.venues.kraken.server_session import Session
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

SPREADS_MAX = 200
WHOLE_BOOK = 1_000_000
Top = tuple[tuple[int, int] | None, tuple[int, int] | None]


class Stream:
    """The fan-out."""

    def __init__(self, exchange: Exchange, ledger: Ledger, faults: Faults, assume: Unconfirmed = DEFAULTS) -> None:
        self._assume = assume
        self._exchange = exchange
        self._ledger = ledger
        self._faults = faults
        self.wire = Wire(faults, ledger)
        self.instruments: Mapping[str, Instrument] = exchange.instruments
        self.sessions: dict[int, Session] = {}
        self.books: dict[str, BookMirror] = {}
        self.candles = {pair: Candles() for pair in self.instruments}
        self.spreads: dict[str, deque[tuple[int, int, int]]] = {
            pair: deque(maxlen=SPREADS_MAX) for pair in self.instruments
        }
        self._tops: dict[str, Top] = {}

    def open(self) -> None:
        """Take over the books as they stand; from now on every event is mirrored."""
        for pair in self.instruments:
            zeros = self._assume.short_book == "zeros"
            self.books[pair] = BookMirror(*self._exchange.depth(pair, WHOLE_BOOK), missing_are_zeros=zeros)
            self._tops[pair] = (self.books[pair].bids.best(), self.books[pair].asks.best())

    def warm(self, events: Sequence[ExchangeEvent]) -> None:
        """Learn from what happened before the doors opened: the trades, for the candles, and how each touch stands now."""
        moved: dict[str, int] = {}
        for event in events:
            if isinstance(event, PublicTrade):
                self.candles[event.pair].add(event)
            elif isinstance(event, BookChange):
                moved[event.pair] = event.ts_ns
        for pair, ts_ns in moved.items():
            bids, asks = self._exchange.depth(pair, 1)
            spreads = self.spreads[pair]
            if bids and asks and (not spreads or spreads[-1][1:] != (bids[0][0], asks[0][0])):
                spreads.append((ts_ns, bids[0][0], asks[0][0]))

    def publish(self, events: Sequence[ExchangeEvent], now_ns: int) -> None:
        """Tell the subscribers about these events, in order."""
        trades: dict[str, list[PublicTrade]] = {}
        moved: dict[str, int] = {}
        for event in events:
            match event:
                case BookChange():
                    self._publish_book(event)
                    moved[event.pair] = event.ts_ns
                case PublicTrade():
                    self._ledger.trade(event)
                    self.candles[event.pair].add(event)
                    trades.setdefault(event.pair, []).append(event)
                case OrderEvent():
                    self._publish_order(event)
                case LedgerEntry():
                    self._publish_balance(event)
                case EngineStatus():
                    self._ledger.record("status", event.ts_ns, {"system": event.system})
                    self._publish_to_all(status_frame(event.system, None), event.ts_ns)
                case InstrumentChange():
                    self._publish_instrument(event)
        for pair, prints in trades.items():
            self._publish_trades(pair, prints, now_ns)
        for pair, ts_ns in moved.items():
            self._publish_top(pair, ts_ns)

    def _publish_instrument(self, change: InstrumentChange) -> None:
        pair = change.instrument.pair
        self._ledger.pair(change.ts_ns, change.instrument, self._exchange.fee_table(pair))
        frame = instrument_frame([change.instrument], (), "update")
        for session in self.sessions.values():
            if session.instrument:
                self.wire.send(session, "instrument", pair, frame, change.ts_ns)

    def announce(self, begin_ns: int, end_ns: int, now_ns: int) -> None:
        """Say that a maintenance is planned, in the form that was assumed."""
        self._ledger.record("announcement", now_ns, {"begin_ns": begin_ns, "end_ns": end_ns})
        if self._assume.announcement != "none":
            frame = announcement_frame(
                self._exchange.system, begin_ns, end_ns, in_words=self._assume.announcement == "message"
            )
            self._publish_to_all(frame, now_ns)

    def _publish_to_all(self, frame: str, now_ns: int) -> None:
        for session in self.sessions.values():
            self.wire.send(session, "status", "", frame, now_ns)

    def _publish_book(self, change: BookChange) -> None:
        pair = change.pair
        readers = [session for session in self.sessions.values() if pair in session.books]
        depths = sorted({session.books[pair] for session in readers})
        faulty = bool(self._faults.frames)
        for side, windows, checksum in self.books[pair].apply(change, depths):
            for depth, effects in windows:
                stated = self._faults.checksum(pair, checksum, change.ts_ns) if faulty else checksum
                frame = book_update_frame(self.instruments[pair], side, effects, stated, change.ts_ns)
                for session in readers:
                    if session.books[pair] == depth:
                        self.wire.send(session, "book", pair, frame, change.ts_ns)

    def _publish_trades(self, pair: str, trades: list[PublicTrade], now_ns: int) -> None:
        instrument = self.instruments[pair]
        frame = ticker = ""
        frames: dict[int, str] = {}
        for session in self.sessions.values():
            if pair in session.trades:
                frame = frame or trade_frame(instrument, trades, "update")
                self.wire.send(session, "trade", pair, frame, now_ns)
            if session.tickers.get(pair) == "trades":
                ticker = ticker or self.ticker(pair, now_ns, "update")
                self.wire.send(session, "ticker", pair, ticker, now_ns)
            for symbol, interval in session.candles:
                if symbol == pair:
                    if interval not in frames:
                        last = self.candles[pair].traded(interval, 1)
                        frames[interval] = ohlc_frame(instrument, interval, last, now_ns, "update")
                    self.wire.send(session, "ohlc", pair, frames[interval], now_ns)

    def ticker(self, pair: str, now_ns: int, kind: str) -> str:
        """Return the ticker message of one pair as it stands."""
        book = self.books[pair]
        stats = self._exchange.day_stats(pair)
        return ticker_frame(self.instruments[pair], book.bids.best(), book.asks.best(), stats, now_ns, kind)

    def _publish_top(self, pair: str, ts_ns: int) -> None:
        book = self.books[pair]
        top = (book.bids.best(), book.asks.best())
        before, self._tops[pair] = self._tops[pair], top
        if top == before:
            return
        if top[0] is not None and top[1] is not None:
            self.spreads[pair].append((ts_ns, top[0][0], top[1][0]))
        frame = ""
        for session in self.sessions.values():
            if session.tickers.get(pair) == "bbo":
                frame = frame or self.ticker(pair, ts_ns, "update")
                self.wire.send(session, "ticker", pair, frame, ts_ns)

    def _publish_order(self, event: OrderEvent) -> None:
        self._ledger.order(event)
        frames: dict[bool, Report] = {}
        for session in self.sessions.values():
            feed = session.executions
            if feed is None or feed.account != event.order.account:
                continue
            if not feed.all_statuses and event.exec_type not in SHORT_STATUSES:
                continue
            if feed.ratecounter not in frames:
                frames[feed.ratecounter] = self._report(event, feed.ratecounter)
            self.wire.tell(session, feed, "executions", event.order.pair, frames[feed.ratecounter], event.ts_ns)

    def _report(self, event: OrderEvent, ratecounter: bool) -> Report:
        report = execution_report(self.instruments[event.order.pair], event, self._assume)
        if ratecounter:
            count = round(self._exchange.rate_counter(event.order.account, event.order.pair, event.ts_ns))
            report |= {"ratecounter": count} if self._assume.ratecounter == "ratecounter" else {"ratecount": str(count)}
        return report

    def _publish_balance(self, entry: LedgerEntry) -> None:
        self._ledger.balance(entry)
        for session in self.sessions.values():
            feed = session.balances
            if feed is not None and feed.account == entry.account:
                self.wire.tell(session, feed, "balances", "", ledger_row(entry), entry.ts_ns)
