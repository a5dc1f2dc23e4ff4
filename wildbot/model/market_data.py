"""What a venue tells everyone: books, trades, and the news that data cannot be trusted.

Rules: every book message carries the whole verified window, never a difference, so that a reader that missed one or
    joined late needs nothing but the next (docs/decisions/0003). `venue_ts_ns` is the exchange's clock and drives all
    windows; `recv_ts_ns` is ours and drives staleness only.
"""

from enum import StrEnum

import msgspec

from wildbot.model.instrument import Instrument
from wildbot.model.orders import Side


class BookSnapshot(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="book"):
    """The top of one verified order book after one update.

    Shapes: four parallel tuples, best level first, at most the subscribed depth, no zero sizes; `seq` rises by one per
    pair and publisher start. A side may be empty; a published book is never crossed.
    """

    pair: str
    seq: int
    venue_ts_ns: int
    recv_ts_ns: int
    bid_ticks: tuple[int, ...]
    bid_lots: tuple[int, ...]
    ask_ticks: tuple[int, ...]
    ask_lots: tuple[int, ...]

    @property
    def is_two_sided(self) -> bool:
        """Whether both sides have at least one level."""
        return bool(self.bid_ticks) and bool(self.ask_ticks)


class TradePrint(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="trade"):
    """One public trade; `side` is the taker's."""

    pair: str
    trade_id: int
    side: Side
    ticks: int
    lots: int
    venue_ts_ns: int
    recv_ts_ns: int


class Ticker(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="ticker"):
    """A venue's own summary of one pair; `volume_lots` is over the last 24 hours. For display, never for orders."""

    pair: str
    bid_ticks: int
    ask_ticks: int
    last_ticks: int
    volume_lots: int
    recv_ts_ns: int


class BookInvalidated(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="invalid"):
    """The book of one pair cannot be trusted until the next `BookSnapshot`; `reason` says why."""

    pair: str
    reason: str
    recv_ts_ns: int


class InstrumentChanged(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="instrument"):
    """The venue stated (or changed) the rules of one pair."""

    instrument: Instrument


class SystemStatus(StrEnum):
    """The venue's engine. Source: Kraken `status` channel."""

    ONLINE = "online"
    MAINTENANCE = "maintenance"
    CANCEL_ONLY = "cancel_only"
    POST_ONLY = "post_only"
    UNKNOWN = "unknown"


class VenueStatus(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="venue"):
    """The state of the venue's engine changed, or was stated on connect."""

    system: SystemStatus
    recv_ts_ns: int


class FeedBeat(msgspec.Struct, frozen=True, array_like=True, tag="beat"):
    """The feed handler vouches for what it has published: four times a second, also when no book moves.

    `last_recv_ns` is when the venue's connection last said anything; `seqs` maps each pair with a valid book to its last
    `BookSnapshot.seq`, so that a reader notices the loss of the very last message too.
    """

    ts_ns: int
    last_recv_ns: int
    connected: bool
    seqs: dict[str, int]


class SessionHours(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="session"):
    """The current or next trading session of an instrument that does not always trade; `day` is its date as YYYYMMDD.

    Told before it opens and again while it lasts. Instruments of which none was told always trade. `entries`: (from,
    until) outside of which the owner wants no new positions; empty: the whole session.
    """

    pair: str
    opens_ns: int
    closes_ns: int
    day: int
    entries: tuple[tuple[int, int], ...] = ()


MarketEvent = (
    BookSnapshot | TradePrint | Ticker | BookInvalidated | InstrumentChanged | VenueStatus | FeedBeat | SessionHours
)
