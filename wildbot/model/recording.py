"""What a recording of one pair's market holds: books, trades, tickers and the places where something is missing.

Rules: rows stand in the order they were heard. A book row is whole, or tells only the levels that changed since the row
    before it; the first one is whole, and so is the first after a gap. Prices are ticks and sizes lots of the instrument
    that stands in the recording itself; both clocks are kept, the venue's and ours.
"""

import msgspec

from wildbot.model.market_data import BookInvalidated, Ticker, TradePrint

Levels = tuple[tuple[int, int], ...]
"""(ticks, lots); lots 0: the level is gone, or has left the window that was recorded."""


class RecordedBook(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One verified book update. Shapes: whole sides run best level first; changed ones in no order that means anything."""

    pair: str
    seq: int
    venue_ts_ns: int
    recv_ts_ns: int
    bids: Levels
    asks: Levels
    is_whole: bool


RecordedRow = RecordedBook | TradePrint | Ticker | BookInvalidated
"""`BookInvalidated` is the mark of a gap: what follows does not continue what came before."""
