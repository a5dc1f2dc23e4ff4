"""What became of every frame of the public connection: events by name, or one of these reasons for ignoring it.

Rules: a frame counts once under `ignored` or `unknown`, or its events count under `events`; nothing vanishes uncounted.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

import msgspec

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

Event = TypeVar("Event", bound=MarketEvent)

EVENT_NAMES: dict[type, str] = {
    BookSnapshot: "book",
    BookInvalidated: "book_invalidated",
    TradePrint: "trade",
    Ticker: "ticker",
    InstrumentChanged: "instrument",
    VenueStatus: "status",
    FeedBeat: "beat",
}


class Ignored(StrEnum):
    """Why a frame that we understand leads to nothing."""

    HEARTBEAT = "heartbeat"
    PONG = "pong"
    SUBSCRIBE_ACK = "subscribe_ack"
    UNSUBSCRIBE_ACK = "unsubscribe_ack"
    ERROR_REPLY = "error_reply"
    GATEWAY_ERROR = "gateway_error"
    CLIENT_REQUEST = "client_request"
    PRIVATE_REPLY = "private_reply"
    OTHER_CHANNEL = "other_channel"
    PLAIN_TEXT = "plain_text"
    UPDATE_WITHOUT_SNAPSHOT = "update_without_snapshot"
    CUT_SNAPSHOT = "cut_snapshot"
    """Only in recordings: both sides show fewer levels than the checksum covers, and it does not fit what is shown."""
    NOT_WATCHED = "not_watched"
    NOTHING_NEW = "nothing_new"
    UNREADABLE = "unreadable"


class StreamCounters(msgspec.Struct):
    """Counts since the start. `book_updates` are book messages put to the checksum, snapshots included."""

    frames: int = 0
    book_updates: int = 0
    checksums_ok: int = 0
    checksums_bad: int = 0
    events: dict[str, int] = {}
    ignored: dict[str, int] = {}
    unknown: int = 0

    def note(self, events: Sequence[Event]) -> list[Event]:
        """Count events by their names and return them."""
        for event in events:
            name = EVENT_NAMES[type(event)]
            self.events[name] = self.events.get(name, 0) + 1
        return list(events)

    def checked(self, *, ok: bool) -> None:
        """Count one book message put to the checksum."""
        self.book_updates += 1
        if ok:
            self.checksums_ok += 1
        else:
            self.checksums_bad += 1

    def with_verified_updates(self, count: int) -> "StreamCounters":
        """Return a copy that also has `count` updates that went the short way: verified, each an event."""
        events = dict(self.events)
        if count:
            name = EVENT_NAMES[BookSnapshot]
            events[name] = events.get(name, 0) + count
        return msgspec.structs.replace(
            self,
            frames=self.frames + count,
            book_updates=self.book_updates + count,
            checksums_ok=self.checksums_ok + count,
            events=events,
            ignored=dict(self.ignored),
        )

    def ignore(self, reason: Ignored) -> None:
        """Count a frame that leads to nothing."""
        self.ignored[reason.value] = self.ignored.get(reason.value, 0) + 1

    def settle(self, reason: Ignored | None) -> None:
        """Count a frame that leads to nothing, or, without a reason, one that nothing of ours knows."""
        if reason is None:
            self.unknown += 1
        else:
            self.ignore(reason)
