"""A recording as the events a trader would have seen, whatever format it came in.

Rules: events are those of the live feed (`BookSnapshot`, `TradePrint`, `BookInvalidated`), in the order of the recording,
    with times that never go back. A crossed or empty book is no book: it invalidates the pair and is counted. Nothing is
    bridged: what was passed over stands in `TapeNotes`.
Known limit: the recording's clock is the only one; what the network did to it is the latency model's business.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import dropwhile, takewhile

import msgspec

from wildbot.backtest.ladder import Ladder, Shown
from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import BookInvalidated, BookSnapshot, SessionHours, TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.level_tape import LevelsSet, LevelTape, TapeTrade
from wildbot.simulation.lobster import BookRow, LobsterMessage, MessageType, nearest_ticks, ticks_of

SHOWN_LEVELS = 10
NEVER_NS = 1 << 62
ALL_LEVELS = 1_000_000

TapeRow = BookSnapshot | TradePrint | BookInvalidated


class TapeNotes(msgspec.Struct):
    """What a recording held. `rows` counts recorded lines or level changes; the rest what could not be used; `remarks` are
    sentences about it."""

    rows: int = 0
    books: int = 0
    trades: int = 0
    crossed: int = 0
    one_sided: int = 0
    gaps: int = 0
    unreadable: int = 0
    clock_steps: int = 0
    remarks: list[str] = []

    @property
    def skipped(self) -> int:
        """How many books could not be traded on, gaps, and steps back of the recording's clock."""
        return self.crossed + self.one_sided + self.gaps + self.unreadable + self.clock_steps + len(self.remarks)


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


def level_books(tape: LevelTape, instrument: Instrument | None = None) -> MarketTape:
    """Return a level recording as books and trades; `instrument` overrides what the recording suggests."""
    chosen = instrument or tape.instrument()
    notes = TapeNotes()
    return MarketTape(chosen, _from_levels(tape, chosen, notes), SHOWN_LEVELS, notes)


def lobster_books(
    instrument: Instrument, messages: Iterable[LobsterMessage], rows: Iterable[BookRow], midnight_ns: int
) -> MarketTape:
    """Return a LOBSTER recording as books and trades: row k is the book right after message k. `midnight_ns` is the UTC
    time of the recorded day's local midnight."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        raise ProtocolError("the recording has an empty book file")
    notes = TapeNotes()
    window = max(len(first.asks), len(first.bids))
    return MarketTape(instrument, _from_lobster(instrument, messages, first, rows, midnight_ns, notes), window, notes)


class Publisher:
    """Numbers books and keeps crossed ones back."""

    def __init__(self, instrument: Instrument, notes: TapeNotes) -> None:
        self._pair = instrument.pair
        self._notes = notes
        self._seq = 0
        self._is_valid = False

    def publish(self, ts_ns: int, bids: Shown, asks: Shown, venue_ts_ns: int = 0) -> BookSnapshot | BookInvalidated | None:
        """Return the book as an event, an invalidation where it cannot be one, None where that was said already.

        `venue_ts_ns` 0: the recording has one clock.
        """
        if not bids[0] or not asks[0] or bids[0][0] >= asks[0][0]:
            reason = "crossed book" if bids[0] and asks[0] else "one-sided book"
            if reason == "crossed book":
                self._notes.crossed += 1
            else:
                self._notes.one_sided += 1
            return self.invalidate(reason, ts_ns)
        self._seq += 1
        self._notes.books += 1
        self._is_valid = True
        return BookSnapshot(self._pair, self._seq, venue_ts_ns or ts_ns, ts_ns, bids[0], bids[1], asks[0], asks[1])

    def invalidate(self, reason: str, ts_ns: int) -> BookInvalidated | None:
        """Return the news that the book is void, once."""
        was_valid, self._is_valid = self._is_valid, False
        return BookInvalidated(self._pair, reason, ts_ns) if was_valid else None

    def trade(self, number: int, side: Side, ticks: int, lots: int, ts_ns: int) -> TradePrint:
        """Return a public trade."""
        self._notes.trades += 1
        return TradePrint(self._pair, number, side, ticks, lots, ts_ns, ts_ns)


def _from_levels(tape: LevelTape, instrument: Instrument, notes: TapeNotes) -> Iterator[TapeRow]:
    publisher = Publisher(instrument, notes)
    depth = tape.window or ALL_LEVELS
    bids, asks = Ladder(-1, depth, SHOWN_LEVELS), Ladder(1, depth, SHOWN_LEVELS)
    for event in tape.events:
        try:
            if isinstance(event, TapeTrade):
                notes.rows += 1
                ticks, lots = instrument.ticks_from_text(event.price), instrument.lots_from_text(event.size)
                if lots > 0:
                    side = event.side or _taker_of(ticks, bids, asks)
                    yield publisher.trade(notes.trades + 1, side, ticks, lots, event.ts_ns)
                continue
            notes.rows += len(event.bids) + len(event.asks)
            _apply(event, instrument, bids, asks)
        except ProtocolError:
            notes.unreadable += 1
            continue
        row = publisher.publish(event.ts_ns, bids.top(), asks.top())
        if row is not None:
            yield row


def _apply(event: LevelsSet, instrument: Instrument, bids: Ladder, asks: Ladder) -> None:
    ticks, lots = instrument.ticks_from_text, instrument.lots_from_text
    for side, rows in ((bids, event.bids), (asks, event.asks)):
        prices, sizes = [ticks(price) for price, _ in rows], [lots(size) for _, size in rows]
        if event.is_whole:
            side.load(zip(prices, sizes, strict=True))
        elif prices:
            side.change(prices, sizes)


def _taker_of(ticks: int, bids: Ladder, asks: Ladder) -> Side:
    """Where the recording does not tell who took: whoever's side of the mid it traded on."""
    (bid, _), (ask, _) = bids.top(), asks.top()
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
) -> Iterator[TapeRow]:
    publisher = Publisher(instrument, notes)
    row: BookRow | None = first
    shown: BookRow | None = None
    for message in messages:
        notes.rows += 1
        ts_ns = midnight_ns + message.ts_ns
        if message.kind in (MessageType.EXECUTION, MessageType.HIDDEN_EXECUTION):
            ticks = nearest_ticks(instrument, message.price)
            yield publisher.trade(notes.trades + 1, message.side.opposite, ticks, message.size, ts_ns)
        elif message.kind is MessageType.HALT:
            notes.gaps += 1
            if (void := publisher.invalidate("trading halt", ts_ns)) is not None:
                yield void
        if row is None:
            notes.unreadable += 1  # a message file that is longer than its book file
            continue
        if row != shown and (event := publisher.publish(ts_ns, _side(instrument, row.bids), _side(instrument, row.asks))):
            yield event
        shown, row = row, next(rows, None)


def _side(instrument: Instrument, levels: tuple[tuple[int, int], ...]) -> Shown:
    return tuple(ticks_of(instrument, price) for price, _ in levels), tuple(size for _, size in levels)
