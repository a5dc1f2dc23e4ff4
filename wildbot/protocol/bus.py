"""The byte format between our processes: msgpack arrays tagged by message, with a topic in front on PUB sockets.

Rules: this is the only file that knows the format. A topic ends with a zero byte, so "md.BTC/USD" never matches
    "md.BTC/USDC". Bytes that are not a message of the expected union raise ProtocolError, which the actor's loop counts.
"""

from typing import Generic, TypeVar

import msgspec

from wildbot.model.control import FromSupervisor, ToSupervisor
from wildbot.model.desk import FromAllocator, FromGateway, ToAllocator, ToGateway
from wildbot.model.errors import ProtocolError
from wildbot.model.market_data import FeedBeat, InstrumentChanged, MarketEvent, VenueStatus
from wildbot.model.tape import TapeEntry

T = TypeVar("T")

TOPIC_END = b"\0"
EVERYONE = b"all" + TOPIC_END
"""Topic of what concerns every pair: feed beats and the venue's status."""

MESSAGE_BYTES_MAX = 1 << 20
"""Larger frames are refused at the socket; the largest honest one (an inheritance) is far below."""

BACKLOG_MIN = 64
"""So many frames that wait at once are a backlog: a reader that is this far behind acts on the newest books only."""

_BOOK_TAG = msgspec.msgpack.encode("book")

_encoder = msgspec.msgpack.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """Return one message as bytes."""
    return _encoder.encode(message)


class Codec(Generic[T]):
    """Decodes one union of messages; the union is the channel's whole vocabulary."""

    def __init__(self, union: object) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(union)

    def decode(self, frame: bytes | memoryview) -> T:
        """Return the message in `frame`. Raises: ProtocolError when it is none of this channel's."""
        try:
            return self._decoder.decode(frame)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProtocolError(f"unreadable message of {len(frame)} bytes: {error}") from None


TO_GATEWAY: Codec[ToGateway] = Codec(ToGateway)
FROM_GATEWAY: Codec[FromGateway] = Codec(FromGateway)
TO_ALLOCATOR: Codec[ToAllocator] = Codec(ToAllocator)
FROM_ALLOCATOR: Codec[FromAllocator] = Codec(FromAllocator)
TO_SUPERVISOR: Codec[ToSupervisor] = Codec(ToSupervisor)
FROM_SUPERVISOR: Codec[FromSupervisor] = Codec(FromSupervisor)
MARKET: Codec[MarketEvent] = Codec(MarketEvent)
TAPE: Codec[TapeEntry] = Codec(TapeEntry)


def market_topic(pair: str) -> bytes:
    """Return the topic that carries everything about one pair."""
    return b"md." + pair.encode() + TOPIC_END


def market_frame(event: MarketEvent) -> bytes:
    """Return one market event as a PUB frame: its topic, then the message."""
    if isinstance(event, FeedBeat | VenueStatus):
        topic = EVERYONE
    elif isinstance(event, InstrumentChanged):
        topic = market_topic(event.instrument.pair)
    else:
        topic = market_topic(event.pair)
    return topic + _encoder.encode(event)


def conflated(frames: list[bytes]) -> list[bytes]:
    """Return the frames without the books that a later one of their pair replaces before anything else is said of it.

    What a feed beat vouches for, what a trade or an invalidation follows stays in front of it. Fewer than `BACKLOG_MIN`
    are no backlog and come back as they are: signals see every book while we keep up.
    """
    if len(frames) < BACKLOG_MIN:
        return frames
    last: dict[bytes, int] = {}
    kept: list[bytes | None] = list(frames)
    for place, frame in enumerate(frames):
        topic = book_topic(frame)
        if topic:
            if topic in last:
                kept[last[topic]] = None
            last[topic] = place
        elif (other := frame_topic(frame)) == EVERYONE:
            last.clear()
        else:
            last.pop(other, None)
    return [frame for frame in kept if frame is not None]


def frame_topic(frame: bytes) -> bytes:
    """Return the topic of a SUB frame, its end included; empty when it has none."""
    return frame[: frame.find(TOPIC_END) + 1]


def book_topic(frame: bytes) -> bytes:
    """Return the topic of a SUB frame that holds a book, empty for any other: told without decoding it."""
    end = frame.find(TOPIC_END)
    return frame[: end + 1] if frame.startswith(_BOOK_TAG, end + 2) else b""  # after the array's own byte


def read_market_frame(frame: bytes) -> MarketEvent:
    """Return the market event in a SUB frame. Raises: ProtocolError when it is none."""
    end = frame.find(TOPIC_END)
    if end < 0:
        raise ProtocolError(f"market frame of {len(frame)} bytes has no topic")
    return MARKET.decode(memoryview(frame)[end + 1 :])
