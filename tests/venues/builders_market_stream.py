"""A public stream that is open, and one that is alive."""

import json
from collections.abc import Iterable

from tests.venues.builders_market_frames import (
    a_snapshot,
    an_ack,
    an_instrument,
)
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.market_stream import KrakenMarketStream

BTC, ETH = "BTC/USDC", "ETH/USDC"
SECOND = NANOS_PER_SECOND


def an_open_stream(*pairs: str, now_ns: int = 0) -> KrakenMarketStream:
    """A stream that knows its instruments, is connected, and has sent its requests."""
    stream = KrakenMarketStream(pairs or (BTC, ETH), instruments=[an_instrument(BTC), an_instrument(ETH)])
    stream.on_open(now_ns)
    stream.take_outgoing()
    return stream


def a_live_stream(now_ns: int = 0) -> KrakenMarketStream:
    """As `an_open_stream`, with everything acknowledged and both books valid."""
    stream = an_open_stream(now_ns=now_ns)
    acknowledge(stream, (BTC, ETH), now_ns)
    stream.receive(a_snapshot(BTC), now_ns)
    stream.receive(a_snapshot(ETH), now_ns)
    return stream


def acknowledge(stream: KrakenMarketStream, pairs: Iterable[str], now_ns: int) -> None:
    result = b'{"method":"subscribe","result":{"channel":"instrument","snapshot":true},"success":true}'
    stream.receive(result, now_ns)
    for pair in pairs:
        for channel in ("book", "trade", "ticker"):
            stream.receive(an_ack(channel, pair), now_ns)


def sent(stream: KrakenMarketStream) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return the frames to send as (method, channel, symbols)."""
    frames = [json.loads(frame) for frame in stream.take_outgoing()]
    return [
        (f["method"], f.get("params", {}).get("channel", ""), tuple(f.get("params", {}).get("symbol", ()))) for f in frames
    ]
