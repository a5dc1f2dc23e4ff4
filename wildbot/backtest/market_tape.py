"""A recording as the events a trader would have seen, whatever format it came in.

Rules: events are those of the live feed (`BookSnapshot`, `TradePrint`, `BookInvalidated`), in the order of the recording,
    with times that never go back. A crossed or empty book is no book: it invalidates the pair and is counted. Nothing is
    bridged: what was passed over stands in `TapeNotes`.
Known limit: the recording's clock is the only one; what the network did to it is the latency model's business.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import dropwhile, takewhile

from wildbot.backtest.ladder import Ladder, Shown
from wildbot.backtest.tape_notes import TapeClock, TapeNotes
from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import BookInvalidated, BookSnapshot, SessionHours, TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.level_tape import LevelsSet, LevelTape, TapeBreak, TapeTrade
from wildbot.simulation.lobster import BookRow, LobsterMessage, MessageType, nearest_ticks, ticks_of

SHOWN_LEVELS = 10
NEVER_NS = 1 << 62
ALL_LEVELS = 1_000_000
RESUMED = 1
"""The price of a LOBSTER halt message that says: trading goes on. -1: it halts; 0: quotes are taken, nothing trades."""

TapeRow = BookSnapshot | TradePrint | BookInvalidated


@dataclass(slots=True)
class MarketTape:
    """One instrument's recording. `window`: levels of a side that its books show at most. Events are read once.
    `sessions`, earliest first: when the instrument trades; none: always."""

    instrument: Instrument
    events: Iterator[TapeRow]
    window: int = SHOWN_LEVELS
    notes: TapeNotes = field(default_factory=TapeNotes)
    sessions: tuple[SessionHours, ...] = ()


def cut(tape: MarketTape, begin_ns: int = 0, end_ns: int = NEVER_NS) -> MarketTape:
    """Return the part of a tape from `begin_ns` up to, not including, `end_ns`; its notes count what was read."""
    later = dropwhile(lambda row: row.recv_ts_ns < begin_ns, tape.events)
    tape.events = takewhile(lambda row: row.recv_ts_ns < end_ns, later)
    return tape


def level_books(tape: LevelTape, instrument: Instrument | None = None, *, shown: int = SHOWN_LEVELS) -> MarketTape:
    """Return a level recording as books of at most `shown` levels, and trades; `instrument` overrides what it suggests."""
    chosen = instrument or tape.instrument()
    notes = TapeNotes()
    return MarketTape(chosen, _from_levels(tape, chosen, notes, shown), min(shown, tape.window or shown), notes)


def lobster_books(
    instrument: Instrument,
    messages: Iterable[LobsterMessage],
    rows: Iterable[BookRow],
    midnight_ns: int,
    *,
    shown: int = ALL_LEVELS,
) -> MarketTape:
    """Return a LOBSTER recording as books of at most `shown` levels, and trades: row k is the book right after message k.
    `midnight_ns` is the UTC time of the recorded day's local midnight."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        raise ProtocolError("the recording has an empty book file")
    notes = TapeNotes()
    window = max(len(first.asks), len(first.bids))
    events = _from_lobster(instrument, messages, first, rows, midnight_ns, notes, shown)
    return MarketTape(instrument, events, min(window, shown), notes)


class Publisher:
    """Numbers books and keeps crossed ones back."""

    def __init__(self, instrument: Instrument, notes: TapeNotes) -> None:
        self._pair = instrument.pair
        self.notes = notes
        self._seq = 0
        self._is_valid = False
        self._void_since_ns = 0

    def publish(self, ts_ns: int, bids: Shown, asks: Shown, venue_ts_ns: int = 0) -> BookSnapshot | BookInvalidated | None:
        """Return the book as an event, an invalidation where it cannot be one, None where that was said already.

        `venue_ts_ns` 0: the recording has one clock.
        """
        if not bids[0] or not asks[0] or bids[0][0] >= asks[0][0]:
            reason = "crossed book" if bids[0] and asks[0] else "one-sided book"
            if reason == "crossed book":
                self.notes.crossed += 1
            else:
                self.notes.one_sided += 1
            return self.invalidate(reason, ts_ns)
        self._seq += 1
        self.notes.books += 1
        if not self._is_valid:
            self.end(ts_ns)
            self._is_valid = True
        return BookSnapshot(self._pair, self._seq, venue_ts_ns or ts_ns, ts_ns, bids[0], bids[1], asks[0], asks[1])

    def invalidate(self, reason: str, ts_ns: int) -> BookInvalidated | None:
        """Return the news that the book is void, once."""
        if not self._is_valid:
            return None
        self._is_valid, self._void_since_ns = False, ts_ns
        return BookInvalidated(self._pair, reason, ts_ns)

    def end(self, ts_ns: int) -> None:
        """Count the time without a book, which is over, or the recording is."""
        if not self._is_valid and self._void_since_ns:
            self.notes.void_ns += ts_ns - self._void_since_ns
            self._void_since_ns = 0

    def trade(self, number: int, side: Side, ticks: int, lots: int, ts_ns: int) -> TradePrint:
        """Return a public trade."""
        self.notes.trades += 1
        return TradePrint(self._pair, number, side, ticks, lots, ts_ns, ts_ns)


def _from_levels(tape: LevelTape, instrument: Instrument, notes: TapeNotes, shown: int) -> Iterator[TapeRow]:
    publisher, clock = Publisher(instrument, notes), TapeClock(notes)
    depth = tape.window or None
    bids, asks = Ladder(-1, depth, shown), Ladder(1, depth, shown)
    is_known = True  # whether the levels are what they were told to be; after a break, until the next whole book, not
    for event in tape.events:
        now_ns = clock.at(event.ts_ns)
        if isinstance(event, TapeTrade):
            notes.rows += 1
            if (trade := _trade(event, instrument, publisher, bids, asks, now_ns)) is not None:
                yield trade
            continue
        broken = ""
        if isinstance(event, TapeBreak):
            broken = event.reason
        else:
            notes.rows += len(event.bids) + len(event.asks)
            if not (is_known or event.is_whole):
                notes.unreadable += 1
                continue
            try:
                _apply(event, instrument, bids, asks)
                is_known = True
            except ProtocolError as error:
                notes.unreadable += 1
                broken = str(error)
        if broken:
            is_known = False
            notes.gaps += 1
            row: TapeRow | None = publisher.invalidate(broken, now_ns)
        else:
            row = publisher.publish(now_ns, bids.top, asks.top)
        if row is not None:
            yield row
    publisher.end(clock.now_ns)


def _trade(
    event: TapeTrade, instrument: Instrument, publisher: "Publisher", bids: Ladder, asks: Ladder, now_ns: int
) -> TradePrint | None:
    try:
        ticks, lots = instrument.ticks_from_text(event.price), instrument.lots_from_text(event.size)
    except ProtocolError:
        publisher.notes.unreadable += 1
        return None
    if ticks <= 0 or lots <= 0:
        return None
    side = event.side or _taker_of(ticks, bids, asks)
    return publisher.trade(publisher.notes.trades + 1, side, ticks, lots, now_ns)


def _apply(event: LevelsSet, instrument: Instrument, bids: Ladder, asks: Ladder) -> None:
    ticks, lots = instrument.ticks_from_text, instrument.lots_from_text
    for side, rows in ((bids, event.bids), (asks, event.asks)):
        prices, sizes = [ticks(price) for price, _ in rows], [lots(size) for _, size in rows]
        if prices and (min(prices) <= 0 or min(sizes) < 0):
            raise ProtocolError("a level has a price or a size below 0")
        if event.is_whole:
            side.load(zip(prices, sizes, strict=True))
        elif prices:
            side.change(prices, sizes)


def _taker_of(ticks: int, bids: Ladder, asks: Ladder) -> Side:
    """Where the recording does not tell who took: whoever's side of the mid it traded on."""
    (bid, _), (ask, _) = bids.top, asks.top
    if not bid or not ask:
        return Side.BUY if bid else Side.SELL
    return Side.BUY if 2 * ticks >= bid[0] + ask[0] else Side.SELL


def _from_lobster(
    instrument: Instrument,
    messages: Iterable[LobsterMessage],
    first: BookRow,
    rows: Iterator[BookRow],
    midnight_ns: int,
    notes: TapeNotes,
    levels: int,
) -> Iterator[TapeRow]:
    publisher, clock = Publisher(instrument, notes), TapeClock(notes)
    row: BookRow | None = first
    shown: BookRow | None = None
    is_halted = False
    for message in messages:
        notes.rows += 1
        ts_ns = clock.at(midnight_ns + message.ts_ns)
        if message.kind in (MessageType.EXECUTION, MessageType.HIDDEN_EXECUTION):
            if message.kind is MessageType.EXECUTION and shown is not None:
                notes.executions += 1
                notes.mismatched += not _is_at_best(message, shown)
            ticks = nearest_ticks(instrument, message.price)
            yield publisher.trade(notes.trades + 1, message.side.opposite, ticks, message.size, ts_ns)
        elif message.kind is MessageType.HALT:
            was_halted, is_halted = is_halted, message.price != RESUMED
            if is_halted and not was_halted:
                notes.gaps += 1
                if (void := publisher.invalidate("trading halt", ts_ns)) is not None:
                    yield void
            shown = None  # what comes after it is told whatever it is
        if row is None:
            notes.unreadable += 1
            if (void := publisher.invalidate("the book file has ended", ts_ns)) is not None:
                notes.gaps += 1
                notes.remarks.append("the book file is shorter than the message file; after its end there is no book")
                yield void
            continue
        if row != shown and not is_halted:
            bids, asks = _side(instrument, row.bids[:levels]), _side(instrument, row.asks[:levels])
            if (event := publisher.publish(ts_ns, bids, asks)) is not None:
                yield event
        shown, row = row, next(rows, None)
    if row is not None and next(rows, None) is not None:
        notes.remarks.append("the message file ends before the book file")
    publisher.end(clock.now_ns)


def _is_at_best(message: LobsterMessage, book: BookRow) -> bool:
    levels = book.bids if message.side is Side.BUY else book.asks
    return bool(levels) and levels[0][0] == message.price


def _side(instrument: Instrument, levels: tuple[tuple[int, int], ...]) -> Shown:
    return tuple(ticks_of(instrument, price) for price, _ in levels), tuple(size for _, size in levels)
