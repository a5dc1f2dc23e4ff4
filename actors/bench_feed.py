"""Measures the feed: frame bytes in, verified `BookSnapshot` out, on one core; and puts recorded frames through it.

Rules: every checksum is verified in the measured loop too; a run in which one fails is no measurement.
"""

import time
from pathlib import Path

import msgspec

from actors.bench_feed_frames import SHAPES, generated_frames
from actors.bench_report import BenchReport, bench_report
from wildbot.adapters import garbage
from wildbot.model.errors import InvariantError
from wildbot.venues.kraken.market_counters import StreamCounters
from wildbot.venues.kraken.market_stream import KrakenMarketStream

GENERATED_UPDATES = 20_000
"""Distinct updates; a longer run goes through them again, snapshots first."""

SAMPLED_FRAMES = 50_000


def measure_feed(*, seconds: float = 3.0, depth: int = 10, seed: int = 7, updates: int = GENERATED_UPDATES) -> BenchReport:
    """Return the rate over about `seconds` of work on generated frames of eight pairs, and the time of single frames.

    The rate is taken without a clock inside the loop; the percentiles come from a second pass that times each frame.

    Raises:
        InvariantError: if a checksum failed, which generated frames never excuse.
    """
    frames = generated_frames(updates, depth=depth, seed=seed)
    with garbage.settled():  # as every actor runs
        _run(frames, depth)  # warm
        work, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            _run(frames, depth)
            work += len(frames)
        elapsed = time.perf_counter() - began
        samples = _samples_ns(frames, depth)
    return bench_report("feed", work=work, seconds=elapsed, samples_ns=samples)


def replay_frames(path: Path) -> dict[str, object]:
    """Return what the feed makes of recorded frames, one per line (a ".json" file is one frame).

    Shape: {frames, book_updates, checksums_ok, checksums_bad, events {name: n}, ignored {reason: n}, unknown}.
    """
    recorded = path.read_bytes()
    frames = [recorded] if path.suffix == ".json" else [line for line in recorded.splitlines() if line.strip()]
    stream = KrakenMarketStream((), any_pair=True)
    for number, frame in enumerate(frames, start=1):
        stream.receive(frame.strip(), number)
    replayed: dict[str, object] = msgspec.to_builtins(stream.counters())
    return replayed


def _fresh_stream(depth: int) -> KrakenMarketStream:
    return KrakenMarketStream([shape.pair for shape in SHAPES], depth=depth, any_pair=True)


def _run(frames: list[bytes], depth: int) -> StreamCounters:
    stream = _fresh_stream(depth)
    receive = stream.receive
    for number, frame in enumerate(frames):
        receive(frame, number)
    counters = stream.counters()
    if counters.checksums_ok != len(frames):
        raise InvariantError(f"{len(frames) - counters.checksums_ok} of {len(frames)} generated frames failed")
    return counters


def _samples_ns(frames: list[bytes], depth: int) -> list[int]:
    stream = _fresh_stream(depth)
    receive, clock = stream.receive, time.perf_counter_ns
    samples: list[int] = []
    for frame in frames[:SAMPLED_FRAMES]:
        began = clock()
        receive(frame, began)
        samples.append(clock() - began)
    return samples
