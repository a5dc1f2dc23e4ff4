"""The gateway's own eye on the market: last mids, how old they are, what the venue and its pairs accept.

Rules: nothing a trader says enters here. A pair is blind after `BookInvalidated` until its next book.
Owns: the last verified top of each pair; the age of the feed.
"""

from typing import NamedTuple

from wildbot.model.instrument import Instrument
from wildbot.model.market_data import (
    BookInvalidated,
    BookSnapshot,
    FeedBeat,
    InstrumentChanged,
    MarketEvent,
    SystemStatus,
    VenueStatus,
)


class Sight(NamedTuple):
    """What is known of one pair: twice the last mid in ticks (0: never seen), and whether its book is valid now."""

    double_mid: int = 0
    valid: bool = False


class MarketWatch:
    """Fed with every market event; answers the order checks."""

    def __init__(self) -> None:
        self.system = SystemStatus.ONLINE
        self._books: dict[str, BookSnapshot] = {}  # by pair: the last one with two sides
        self._blind: set[str] = set()
        self._heard_ns = 0

    def handle(self, event: MarketEvent, now_ns: int) -> Instrument | None:
        """Take one event in; return the instrument when its rules were stated anew."""
        if type(event) is BookSnapshot:
            if event.recv_ts_ns > self._heard_ns:
                self._heard_ns = event.recv_ts_ns
            if event.bid_ticks and event.ask_ticks:
                self._books[event.pair] = event
                if self._blind:
                    self._blind.discard(event.pair)
            return None
        match event:
            case BookInvalidated():
                self._blind.add(event.pair)
            case FeedBeat():
                if event.connected:
                    self._heard_ns = max(self._heard_ns, event.last_recv_ns)
            case VenueStatus():
                self.system = event.system
            case InstrumentChanged():
                return event.instrument
            case _:
                pass  # trades and tickers decide nothing here
        return None

    def sight(self, pair: str) -> Sight:
        """Return what is known of a pair."""
        book = self._books.get(pair)
        return Sight() if book is None else Sight(book.bid_ticks[0] + book.ask_ticks[0], pair not in self._blind)

    def silence_ns(self, now_ns: int) -> int:
        """Return how long the venue's market data has been silent, as the feed handler vouches for it."""
        return now_ns - self._heard_ns
