"""The feed measurement measures what it says: real checksums, whole reports, recorded frames counted to the last."""

from pathlib import Path

import msgspec
import pytest

from actors.bench_feed import measure_feed, replay_frames
from actors.bench_feed_frames import SHAPES, generated_frames
from tests.venues.builders_market_frames import recorded
from wildbot.venues.kraken.market_stream import KrakenMarketStream


@pytest.mark.parametrize("depth", [10, 25])
def test_generated_frames_verify_and_fill_the_window(depth: int) -> None:
    stream = KrakenMarketStream((), depth=depth, any_pair=True)
    frames = generated_frames(2_000, depth=depth, seed=depth)
    for frame in frames:
        stream.receive(frame, 1)
    counters = stream.counters()
    assert (counters.checksums_ok, counters.checksums_bad) == (len(frames), 0)
    assert set(stream.live_seqs) == {shape.pair for shape in SHAPES}


def test_generated_frames_are_the_same_for_the_same_seed() -> None:
    assert generated_frames(50, seed=1) == generated_frames(50, seed=1)
    assert generated_frames(50, seed=1) != generated_frames(50, seed=2)


def test_generated_frames_notice_a_lost_message() -> None:
    frames = generated_frames(400, seed=3, shapes=SHAPES[:1])
    stream = KrakenMarketStream((), any_pair=True)
    for frame in frames[:100] + frames[101:]:
        stream.receive(frame, 1)
    assert stream.counters().checksums_bad == 1


def test_measurement_has_every_key_of_the_contract() -> None:
    report = msgspec.to_builtins(measure_feed(seconds=0.01, updates=500))
    assert {"name", "work", "seconds", "rate_per_s", "p50_us", "p99_us", "p999_us", "machine", "versions"} <= set(report)
    assert report["name"] == "feed"
    assert report["work"] >= 500
    assert 0 < report["p50_us"] <= report["p99_us"] <= report["p999_us"]


def test_replay_counts_every_recorded_frame(tmp_path: Path) -> None:
    book = recorded("ws_public/book_btcusd_d10_20230730.ndjson")
    path = tmp_path / "frames.ndjson"
    path.write_bytes(b"\n".join([*recorded("ws_public/status.ndjson"), *book, b'{"channel":"heartbeat"}', b""]))
    assert replay_frames(path) == {
        "frames": len(book) + 5,
        "book_updates": len(book),
        "checksums_ok": len(book),
        "checksums_bad": 0,
        "events": {"status": 4, "book": len(book)},
        "ignored": {"heartbeat": 1},
        "unknown": 0,
    }
