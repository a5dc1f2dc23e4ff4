"""WildBot's own recordings as the events a trader would have seen: in the order and at the time they were heard.

Rules: a change needs the row before it, so after a gap, a missing file or a jump of the numbering the pair is void until
    the next whole book; a whole book that does not follow the last one tells of a gap too (what a killed recorder had
    not written). A clock that steps back is held until it has caught up. A file whose rules count prices or sizes in other
    units than the first one's is passed over. Each of these is counted and told. Tickers are passed over.
Known limit: rules that change within a recording (minimums, status) do not: the first file's hold.
"""

from collections.abc import Iterable, Iterator

from wildbot.backtest.ladder import Ladder
from wildbot.backtest.market_tape import SHOWN_LEVELS, MarketTape, Publisher, TapeRow
from wildbot.backtest.tape_notes import TapeClock, TapeNotes
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import BookInvalidated, BookSnapshot, TradePrint
from wildbot.model.orders import Side
from wildbot.model.recording_columns import CHANGED, GAP, TRADE, WHOLE, FlatLevels, RowColumns

# Said once: looking a member up in its enum costs more than what is done with it.
BUY, SELL = Side.BUY, Side.SELL


def recorded_books(instrument: Instrument, batches: Iterable[RowColumns], notes: TapeNotes | None = None) -> MarketTape:
    """Return a recording as books and trades; `instrument` is what its first file says, or the rules to use instead."""
    notes = notes or TapeNotes()
    return MarketTape(instrument, _Reader(instrument, notes).events(batches), SHOWN_LEVELS, notes)


class _Reader:
    """What stands between two batches: the book, the clock and the numbering."""

    def __init__(self, instrument: Instrument, notes: TapeNotes) -> None:
        self._instrument = instrument
        self._notes = notes
        self._publisher = Publisher(instrument, notes)
        self._bids = Ladder(-1, None, SHOWN_LEVELS)
        self._asks = Ladder(1, None, SHOWN_LEVELS)
        self._clock = TapeClock(notes)
        self._seq: int | None = None  # of the last book row that stands; None: the next must be whole
        self._foreign: set[str] = set()

    def events(self, batches: Iterable[RowColumns]) -> Iterator[TapeRow]:
        for batch in batches:
            if _units(batch.instrument) == _units(self._instrument):
                yield from self._batch(batch)
                continue
            self._notes.unreadable += len(batch.kind)
            if batch.file not in self._foreign:
                self._foreign.add(batch.file)
                self._notes.remarks.append(f"{batch.file} counts prices or sizes in other units and is passed over")
            if (void := self._void("units changed")) is not None:
                yield void
        self._publisher.end(self._clock.now_ns)

    def _batch(self, batch: RowColumns) -> Iterator[TapeRow]:
        notes, publisher, bids, asks = self._notes, self._publisher, self._bids, self._asks
        pair, publish, clock = self._instrument.pair, publisher.publish, self._clock.at
        columns = zip(batch.kind, batch.recv_ts_ns, batch.venue_ts_ns, batch.seq, strict=True)
        for row, (kind, recv_ts_ns, venue_ts_ns, seq) in enumerate(columns):
            now_ns = clock(recv_ts_ns)
            if kind == TRADE:
                notes.rows += 1
                notes.trades += 1
                side = BUY if batch.side[row] > 0 else SELL
                yield TradePrint(pair, seq, side, batch.ticks[row], batch.lots[row], venue_ts_ns, now_ns)
            elif kind in (CHANGED, WHOLE):
                if kind == WHOLE:
                    if self._seq is not None and seq != self._seq + 1:
                        notes.gaps += 1
                        if (void := self._void("rows are missing")) is not None:
                            yield void
                    notes.rows += _load(bids, batch.bids, row) + _load(asks, batch.asks, row)
                elif self._seq is not None and seq == self._seq + 1:
                    notes.rows += _change(bids, batch.bids, row) + _change(asks, batch.asks, row)
                else:
                    notes.unreadable += 1
                    if (void := self._void("rows are missing")) is not None:
                        notes.gaps += 1
                        yield void
                    continue
                self._seq = seq
                event = publish(now_ns, bids.top, asks.top, venue_ts_ns)
                if event is not None:
                    yield event
            elif kind == GAP:
                notes.gaps += 1
                if (void := self._void(batch.text[row] or "gap")) is not None:
                    yield void

    def _void(self, reason: str) -> BookSnapshot | TradePrint | BookInvalidated | None:
        self._seq = None
        return self._publisher.invalidate(reason, self._clock.now_ns)


def _units(instrument: Instrument) -> tuple[str, int, int]:
    return instrument.pair, instrument.price_decimals, instrument.lot_decimals


def _load(side: Ladder, levels: FlatLevels, row: int) -> int:
    first, last = levels.starts[row], levels.starts[row + 1]
    side.load(zip(levels.ticks[first:last], levels.lots[first:last], strict=True))
    return last - first


def _change(side: Ladder, levels: FlatLevels, row: int) -> int:
    first, last = levels.starts[row], levels.starts[row + 1]
    if first != last:
        side.change(levels.ticks[first:last], levels.lots[first:last])
    return last - first
