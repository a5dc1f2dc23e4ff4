"""What a recorder does with what it hears: a file per pair, gaps marked, disk use bounded.

Rules: a pair is recorded from the moment its rules are known. What is heard twice of a pair's numbering, or not at all, is
    said in the recording. Writing is the only thing here that can fail; it ends the recorder, never what it listens to.
Owns: the recording folder.
"""

from collections.abc import Iterable
from pathlib import Path

from wildbot.adapters.recording import PairWriter, folder_of
from wildbot.adapters.recording_folders import FolderHold, enforce_cap
from wildbot.market.book_changes import BookChanges
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import (
    BookInvalidated,
    BookSnapshot,
    FeedBeat,
    InstrumentChanged,
    MarketEvent,
    Ticker,
    TradePrint,
    VenueStatus,
)
from wildbot.model.recording import RecordedRow

CAP_LOOKED_AT_EVERY = 20_000
"""Rows between two looks at the size of the folder."""


def make_root(root: Path) -> None:
    """Make a recording folder where there is none. Raises: ConfigurationError when that cannot be."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"the folder {str(root)!r} cannot hold a recording: {error.strerror}") from None


class RecordingDesk:
    """Records what `hear` is told; `close` at the end. `pairs` empty: every pair that is heard of."""

    def __init__(self, root: Path, source: str, *, pairs: Iterable[str] = (), cap_bytes: int) -> None:
        self.rows = 0
        self.gaps = 0
        self.unknown = 0
        self._is_closed = False
        self._root = root
        self._source = source
        self._pairs = frozenset(pairs)
        self._cap_bytes = cap_bytes
        self._instruments: dict[str, Instrument] = {}
        self._writers: dict[str, PairWriter] = {}
        self._holds: list[FolderHold] = []
        self._changes: dict[str, BookChanges] = {}
        make_root(root)

    @property
    def pairs(self) -> list[str]:
        """The pairs something was recorded of."""
        return list(self._writers)

    def hear(self, event: MarketEvent) -> None:
        """Take in one event; after `close` nothing."""
        if self._is_closed:
            return
        match event:
            case InstrumentChanged():
                self._learn(event.instrument)
            case BookSnapshot():
                self._book(event)
            case TradePrint() | Ticker():
                if (writer := self._writer(event.pair)) is not None:
                    self._add(writer, event)
            case BookInvalidated():
                self._gap(event)
            case VenueStatus() | FeedBeat():
                pass  # a status is the venue's, not a pair's; a beat vouches for what was recorded

    def flush(self) -> None:
        """Put on disk what is in memory."""
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        """Put everything on disk and join the segments."""
        self._is_closed = True
        for writer in self._writers.values():
            writer.close()
        enforce_cap(self._root, self._cap_bytes)
        for hold in self._holds:
            hold.release()

    def _learn(self, instrument: Instrument) -> None:
        self._instruments[instrument.pair] = instrument
        if (writer := self._writers.get(instrument.pair)) is not None:
            writer.set_instrument(instrument)

    def _writer(self, pair: str) -> PairWriter | None:
        writer = self._writers.get(pair)
        if writer is None:
            if self._pairs and pair not in self._pairs:
                return None
            instrument = self._instruments.get(pair)
            if instrument is None:
                self.unknown += 1
                return None
            self._holds.append(FolderHold(folder_of(self._root, pair)))
            writer = self._writers[pair] = PairWriter(self._root, instrument, self._source)
            self._changes[pair] = BookChanges()
        return writer

    def _book(self, book: BookSnapshot) -> None:
        writer = self._writer(book.pair)
        if writer is None:
            return
        changes = self._changes[book.pair]
        if missed := changes.misses(book):
            self._gap(BookInvalidated(book.pair, f"{missed} books were not heard", book.recv_ts_ns))
        self._add(writer, changes.row(book))

    def _gap(self, gap: BookInvalidated) -> None:
        writer = self._writers.get(gap.pair)
        if writer is not None:
            self.gaps += 1
            self._changes[gap.pair].gap()
            self._add(writer, gap)

    def _add(self, writer: PairWriter, row: RecordedRow) -> None:
        writer.add(row)
        self.rows += 1
        if self.rows % CAP_LOOKED_AT_EVERY == 0:
            enforce_cap(self._root, self._cap_bytes)
