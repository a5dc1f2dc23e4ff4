"""Kraken's public WebSocket v2, without the socket: frames in, model events and frames to send out.

    stream = KrakenMarketStream(["BTC/USDC"], depth=10)
    stream.on_open(now_ns)
    for frame in stream.take_outgoing(): ...     # after every call that may have something to say
    events = stream.receive(frame, recv_ts_ns)
    stream.advance(now_ns)                       # a few times a second

Rules: the only door for the exchange's public bytes: `receive` never raises, and every frame ends as events or in exactly
    one counter of what was ignored, or as unknown. A fault costs one pair's book, which is asked for again; the others
    go on. Books are subscribed only for pairs whose decimals are known.
Owns: the books, the instruments, the subscriptions of one connection after another.
Source: Kraken WebSocket v2 pages; recordings: status first, then per pair acknowledgement, snapshot, updates.
"""

from collections.abc import Iterable

import msgspec

from wildbot.market.order_book import CROSSED
from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument
from wildbot.model.market_data import BookInvalidated, InstrumentChanged, MarketEvent
from wildbot.venues.kraken.market_books import (
    PairBook,
    PairBooks,
    exact_book,
    is_cut_short,
)
from wildbot.venues.kraken.market_counters import Event, Ignored, StreamCounters
from wildbot.venues.kraken.market_messages import InstrumentTable, Scale, TradeTape, tickers, venue_statuses
from wildbot.venues.kraken.market_replies import answer_to
from wildbot.venues.kraken.market_subscriptions import INSTRUMENT, PAIR_CHANNELS, Alarms, Subscriptions
from wildbot.venues.kraken.market_wire import (
    Envelope,
    book_decoder,
    envelope_decoder,
    symbols_decoder,
)

UNREADABLE_FORGOTTEN_NS = 30 * NANOS_PER_SECOND
"""So long after the last unreadable message its alarm clears."""

_OTHER_CHANNELS = frozenset({"ohlc", "level3", "executions", "balances"})
_BOOK_PREFIX = b'{"channel":"book"'
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, ProtocolError, RecursionError)
_decode_book = book_decoder.decode


class KrakenMarketStream:
    """The brain of one public connection; see the module docstring for its use."""

    def __init__(
        self, pairs: Iterable[str], *, depth: int = 10, instruments: Iterable[Instrument] = (), any_pair: bool = False
    ) -> None:
        """Make a closed stream.

        `instruments` are what is known beforehand; the rest is learned from the `instrument` channel. `any_pair` is for
        recordings: whatever comes is followed, with the decimals its digits show.
        """
        self.pairs = list(dict.fromkeys(pairs))
        self._alarms = Alarms()
        self._any_pair = any_pair
        self._table = InstrumentTable({instrument.pair: instrument for instrument in instruments})
        self._subscriptions = Subscriptions(depth, self._alarms)
        self._shelf = PairBooks(depth, any_pair=any_pair)
        self._books = self._shelf.by_pair
        self._tape = TradeTape()
        self._unreadable_ns: dict[str, int] = {}
        self._counted = StreamCounters()
        self._verified_updates = 0

    @property
    def instruments(self) -> dict[str, Instrument]:
        """Every instrument known, by pair; not only those watched."""
        return self._table.by_pair

    @property
    def live_seqs(self) -> dict[str, int]:
        """The last `BookSnapshot.seq` of each pair whose book is valid now."""
        return {book.pair: book.seq for book in self._shelf.live()}

    def counters(self) -> StreamCounters:
        """Return what has come since the start, by kind."""
        return self._counted.with_verified_updates(self._verified_updates)

    @property
    def standing_alarms(self) -> tuple[str, ...]:
        """The texts of all alarms that hold now."""
        return tuple(self._alarms.standing.values())

    def take_outgoing(self) -> list[bytes]:
        """Return and forget the frames to send, in order."""
        return self._subscriptions.take_outgoing()

    def take_alarms(self) -> tuple[list[tuple[str, str]], list[str]]:
        """Return and forget the news about alarms: ([(key, text) raised], [key cleared])."""
        return self._alarms.take()

    # --- the connection -------------------------------------------------------------------------------------------

    def on_open(self, now_ns: int) -> None:
        """The connection is up: subscribe to everything wanted."""
        self._tape.reconnected()
        self._subscriptions.open(now_ns)
        self._subscriptions.subscribe(INSTRUMENT, [""], now_ns)
        self._subscribe_known(self.pairs, now_ns)

    def on_close(self, now_ns: int) -> list[MarketEvent]:
        """The connection is gone: no book can be trusted."""
        self._subscriptions.close()
        return self._counted.note([book.dropped("connection lost", now_ns) for book in self._shelf.live()])

    def advance(self, now_ns: int) -> None:
        """Do what time demands: pings, alarms about what is overdue, repeated requests."""
        self._subscriptions.advance(now_ns)
        for channel, since_ns in list(self._unreadable_ns.items()):
            if now_ns - since_ns >= UNREADABLE_FORGOTTEN_NS:
                del self._unreadable_ns[channel]
                self._alarms.clear(f"unreadable:{channel}")

    def set_pairs(self, pairs: Iterable[str], now_ns: int) -> list[MarketEvent]:
        """Watch these pairs from now on; events tell of books given up and of the rules of the new pairs."""
        wanted = list(dict.fromkeys(pairs))
        gone = [pair for pair in self.pairs if pair not in wanted]
        added = [pair for pair in wanted if pair not in self.pairs]
        self.pairs = wanted
        self._subscriptions.unsubscribe(gone)
        events: list[MarketEvent] = []
        for pair in gone:
            self._alarms.clear(f"book:{pair}")
            self._alarms.clear(f"unlisted:{pair}")
            book = self._books.get(pair)
            if book is not None and book.is_live:
                events.append(book.dropped("no longer watched", now_ns))
        events += [InstrumentChanged(self.instruments[pair]) for pair in added if pair in self.instruments]
        self._subscribe_known(added, now_ns)
        return self._counted.note(events)

    def _subscribe_known(self, pairs: Iterable[str], now_ns: int) -> None:
        known = [pair for pair in pairs if pair in self.instruments]
        for channel in PAIR_CHANNELS:
            self._subscriptions.subscribe(channel, known, now_ns)

    def disproved(self, pair: str, now_ns: int) -> list[MarketEvent]:
        """The pair has fallen silent and its book is not the exchange's any more: ask for all its data anew."""
        book = self._books[pair]
        self._alarms.sound(f"book:{pair}", f"{pair}: silent, and no longer what the exchange shows; asking for it again")
        self._subscriptions.renew(pair, now_ns)
        return self._counted.note([book.dropped("silent and outdated", now_ns)])

    # --- frames ---------------------------------------------------------------------------------------------------

    def receive(self, frame: bytes | str, recv_ts_ns: int) -> list[MarketEvent]:
        """Return the events in one frame; `recv_ts_ns` is when it came."""
        if isinstance(frame, str):
            frame = frame.encode()
        # The hot path: an update of a live book, as Kraken prints it. Everything else takes the long way round.
        if frame.startswith(_BOOK_PREFIX):
            try:
                message = _decode_book(frame)
                (update,) = message.data
                book = self._books.get(update.symbol)
                if book is not None and book.is_live and message.type == "update":
                    snapshot = book.update(update, frame, recv_ts_ns)
                    if snapshot is not None:
                        self._verified_updates += 1
                        return [snapshot]
                    self._counted.frames += 1
                    return self._failed(book, recv_ts_ns)
            except (*_UNREADABLE, ValueError):
                pass  # numbers printed as strings, or truly unreadable: told apart below
        return self._receive_any(frame, recv_ts_ns)

    def _receive_any(self, frame: bytes, recv_ts_ns: int) -> list[MarketEvent]:
        self._counted.frames += 1
        envelope = Envelope(channel="book" if frame.startswith(_BOOK_PREFIX) else "")
        try:
            if not frame.startswith(b"{"):
                # Proxies in front of the exchange have been seen to speak in plain text.
                self._counted.ignore(Ignored.PLAIN_TEXT)
                return []
            envelope = envelope_decoder.decode(frame)
            match envelope.channel:
                case "book":
                    return self._book(frame, envelope, recv_ts_ns)
                case "trade":
                    trades = self._tape.new_trades(envelope, self._scale_of, recv_ts_ns)
                    return self._noted([trade for trade in trades if self._is_watched(trade.pair)])
                case "ticker":
                    shown = tickers(envelope.data, self._scale_of, recv_ts_ns)
                    return self._noted([ticker for ticker in shown if self._is_watched(ticker.pair)])
                case "instrument":
                    return self._noted(self._instrument_news(envelope, recv_ts_ns))
                case "status":
                    return self._noted(venue_statuses(envelope.data, recv_ts_ns))
                case "":
                    self._counted.settle(answer_to(envelope, self._subscriptions, self._alarms, recv_ts_ns))
                case "heartbeat":
                    self._counted.ignore(Ignored.HEARTBEAT)
                case channel:
                    self._counted.settle(Ignored.OTHER_CHANNEL if channel in _OTHER_CHANNELS else None)
        except _UNREADABLE as error:
            return self._unreadable(envelope, error, recv_ts_ns)
        return []

    def _unreadable(self, envelope: Envelope, error: Exception, now_ns: int) -> list[MarketEvent]:
        """Count a broken message; if it may have held a book's change, start over every book that may lack it."""
        self._counted.settle(Ignored.UNREADABLE if envelope.channel else None)
        self._unreadable_ns[envelope.channel] = now_ns
        self._alarms.sound(f"unreadable:{envelope.channel}", f"unreadable {envelope.channel} message: {error}")
        if envelope.channel != "book":
            return []
        try:
            suspects = {book.symbol for book in symbols_decoder.decode(envelope.data)}
        except _UNREADABLE:
            suspects = set(self._books)
        lost = [book for book in self._shelf.live() if book.pair in suspects]
        return self._counted.note([self._restarted(book, "unreadable book message", now_ns) for book in lost])

    # --- books ----------------------------------------------------------------------------------------------------

    def _book(self, frame: bytes, envelope: Envelope, recv_ts_ns: int) -> list[MarketEvent]:
        """Handle a book message off the hot path: a snapshot, an odd form of update, a pair that is not live."""
        wire = exact_book(frame)
        if not self._is_watched(wire.symbol):
            self._counted.ignore(Ignored.NOT_WATCHED)
            return []
        is_snapshot = envelope.type == "snapshot"
        pair, depth = wire.symbol, self._subscriptions.depths.get(wire.symbol, 0)
        book = self._shelf.fresh(wire, self._scale_of(pair), depth) if is_snapshot else self._books.get(pair)
        if book is None or not (is_snapshot or book.is_live):
            self._counted.ignore(Ignored.UPDATE_WITHOUT_SNAPSHOT)
            return []
        verified = book.load(wire, recv_ts_ns) if is_snapshot else book.update_exactly(wire, recv_ts_ns)
        if verified is None and self._any_pair and is_snapshot and is_cut_short(wire):
            self._counted.ignore(Ignored.CUT_SNAPSHOT)
            return []
        if verified is None:
            return self._failed(book, recv_ts_ns)
        self._counted.checked(ok=True)
        self._subscriptions.book_arrived(book.pair)
        self._alarms.clear(f"book:{book.pair}")
        return self._counted.note([verified])

    def _failed(self, book: PairBook, now_ns: int) -> list[MarketEvent]:
        self._counted.checked(ok=book.fault == CROSSED)
        return self._counted.note([self._restarted(book, book.fault, now_ns)])

    def _restarted(self, book: PairBook, reason: str, now_ns: int) -> BookInvalidated:
        """Give up a book and ask for it again."""
        self._alarms.sound(f"book:{book.pair}", f"{book.pair}: {reason}; asking for the book again")
        self._subscriptions.resync(book.pair, now_ns)
        return book.dropped(reason, now_ns)

    # --- the quieter channels -------------------------------------------------------------------------------------

    def _is_watched(self, pair: str) -> bool:
        return self._any_pair or pair in self.pairs

    def _scale_of(self, pair: str) -> Scale | None:
        instrument = self.instruments.get(pair)
        return None if instrument is None else (instrument.price_decimals, instrument.lot_decimals)

    def _noted(self, events: list[Event]) -> list[MarketEvent]:
        if not events:
            self._counted.ignore(Ignored.NOTHING_NEW)
        return list(self._counted.note(events))

    def _instrument_news(self, envelope: Envelope, now_ns: int) -> list[MarketEvent]:
        before = dict(self.instruments)
        described, complaints = self._table.absorb(envelope.data)
        for complaint in complaints:
            self._alarms.sound("unreadable:instrument", complaint)
            self._unreadable_ns["instrument"] = now_ns
        news: list[MarketEvent] = []
        for instrument in described:
            pair, former = instrument.pair, before.get(instrument.pair)
            if not self._is_watched(pair):
                continue
            news.append(InstrumentChanged(instrument))
            self._alarms.clear(f"unlisted:{pair}")
            if former is None:
                self._subscribe_known([pair], now_ns)
            elif (former.price_decimals, former.lot_decimals) != self._scale_of(pair) and pair in self._books:
                news.append(self._restarted(self._books[pair], "precision changed", now_ns))
        if envelope.type == "snapshot":
            for pair in self.pairs:
                if pair not in self.instruments:
                    self._alarms.sound(f"unlisted:{pair}", f"{pair} is not listed by the exchange")
        return news
