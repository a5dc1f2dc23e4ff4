"""Every recorded public message ends as events or as a named reason for ignoring it; none is unknown or unreadable."""

from pathlib import Path

import pytest

from tests.venues.builders_market_frames import SAMPLES, recorded
from wildbot.venues.kraken.market_stream import KrakenMarketStream

FOLDERS = ("ws_public", "ws_docs_public")
FILES = sorted(
    f"{folder}/{path.name}"
    for folder in FOLDERS
    for path in (SAMPLES / folder).glob("*")
    if path.suffix in (".ndjson", ".json")
)
EXPECTED = {
    "acks": {"subscribe_ack", "unsubscribe_ack"},
    "book_btcusd_d10_20230730": {"book"},
    "book_gstusd_d10_2024": {"book"},
    "book": {"book", "book_invalidated", "cut_snapshot", "update_without_snapshot"},
    "book_messages": {"book", "cut_snapshot", "update_without_snapshot"},
    "errors": {"error_reply", "gateway_error"},
    "heartbeat": {"heartbeat"},
    "instrument": {"instrument"},
    "instrument_snapshot_full_202404": {"instrument"},
    "ohlc": {"other_channel"},
    "pong": {"pong"},
    "requests": {"client_request"},
    "status": {"status"},
    "ticker": {"ticker"},
    "trade": {"trade"},
}
"""Kind of recording to what its messages may become."""


@pytest.mark.skipif(not FILES, reason="the recordings are not on this machine")
def test_every_kind_of_recording_is_expected() -> None:
    assert {Path(name).stem for name in FILES} == set(EXPECTED)


@pytest.mark.parametrize("name", FILES)
def test_recorded_messages_become_events_or_a_named_reason(name: str) -> None:
    stream = KrakenMarketStream((), any_pair=True)
    for frame in recorded(name):
        before = stream.counters()
        events = stream.receive(frame, 1)
        after = stream.counters()
        assert after.frames == before.frames + 1
        reasons = {reason for reason, count in after.ignored.items() if count != before.ignored.get(reason, 0)}
        kinds = {kind for kind, count in after.events.items() if count != before.events.get(kind, 0)}
        assert bool(events) != bool(reasons), frame[:200]
        assert after.unknown == 0, frame[:200]
        assert "unreadable" not in reasons, frame[:200]
        assert kinds | reasons <= EXPECTED[Path(name).stem], frame[:200]
