"""What more of everything costs: traders from one to three, pairs from eight to sixty-four; and what time costs.

Rules: `measure_traders` and `measure_soak` run the real processes on the wire measurement's venue. `measure_pairs` counts
    one core's own work, decode, book and checksum and the frame for the bus, so that other guests of the machine do not
    count. A soak's rows are taken every so often while the tape runs.
"""

import time
from collections.abc import Iterator

import msgspec
import psutil

from actors.bench_feed_frames import SHAPES, Shape, generated_frames
from actors.bench_wire import PAIRS, Document, WireReport, measure_running, running_system
from actors.bench_wire_process import venue_process
from wildbot.analytics.plots import Series, line_chart
from wildbot.model.errors import InvariantError
from wildbot.model.market_data import BookSnapshot
from wildbot.protocol.bus import market_frame
from wildbot.venues.kraken.market_stream import KrakenMarketStream

PAIR_COUNTS = (8, 16, 32, 64)
FRAMES = 8_000
PASSES = 5
SOAK_ROW_S = 10.0
EMPTY_LOOKS_MAX = 5
"""So many looks in a row in which no order arrived end a soak: fewer are a busy machine's."""


class PairsRow(msgspec.Struct, frozen=True):
    """So many pairs: microseconds of one core per update."""

    pairs: int
    us_per_update: float


class TradersRow(msgspec.Struct, frozen=True):
    """So many traders: proportional megabytes and processor share of all processes, and the internal latency."""

    traders: int
    pss_mb: float
    cpu_pct: float
    internal_p50_us: float
    internal_p99_us: float


class SoakRow(msgspec.Struct, frozen=True):
    """One look: megabytes nobody else has, descriptors and processor share of all processes; latency since the last look.

    Not proportional megabytes: those grow whenever another program ends that had the same libraries loaded.
    """

    at_s: float
    private_mb: float
    descriptors: int
    cpu_pct: float
    internal_p50_us: float
    internal_p99_us: float
    lost: int


def measure_pairs() -> list[PairsRow]:
    """Return the feed's cost for each number of pairs, the best of some passes."""
    return [_pairs_row(count) for count in PAIR_COUNTS]


def _pairs_row(count: int) -> PairsRow:
    shapes = [_numbered(SHAPES[number % len(SHAPES)], number) for number in range(count)]
    frames = generated_frames(FRAMES, shapes=shapes)
    best_ns = 0
    for _ in range(PASSES):
        stream = KrakenMarketStream([shape.pair for shape in shapes], any_pair=True)
        began_ns = time.process_time_ns()
        for number, frame in enumerate(frames):
            for event in stream.receive(frame, number):
                if isinstance(event, BookSnapshot):
                    market_frame(event)
        took_ns = time.process_time_ns() - began_ns
        best_ns = min(best_ns or took_ns, took_ns)
    return PairsRow(count, round(best_ns / len(frames) / 1_000, 2))


def _numbered(shape: Shape, number: int) -> Shape:
    base, quote = shape.pair.split("/")
    return Shape(f"{base}{number}/{quote}", shape.start_ticks, shape.price_decimals, shape.lot_decimals, shape.typical_lots)


def measure_traders(rate_per_s: int, seconds: float) -> list[TradersRow]:
    """Return what one, two and three traders cost, each number on a fresh system."""
    rows = []
    for traders in range(1, len(PAIRS) + 1):
        with venue_process() as venue, running_system(venue.port, traders) as system:
            rows.append(_traders_row(measure_running(venue, system, traders, rate_per_s, seconds)))
    return rows


def _traders_row(report: WireReport) -> TradersRow:
    internal = report.internal
    megabytes, share = sum(report.pss_mb.values()), sum(report.cpu_pct.values())
    return TradersRow(report.traders, round(megabytes, 1), round(share, 1), internal.p50_us, internal.p99_us)


def measure_soak(traders: int, rate_per_s: int, minutes: float) -> Iterator[SoakRow]:
    """Yield a row every `SOAK_ROW_S` and a little, for so many minutes, one system for all of it; a look in which no order
    arrived gives none. Raises: InvariantError when `EMPTY_LOOKS_MAX` looks in a row gave none."""
    with venue_process() as venue, running_system(venue.port, traders) as system:
        began, empty = time.monotonic(), 0
        while time.monotonic() - began < minutes * 60:
            try:
                report = measure_running(venue, system, traders, rate_per_s, SOAK_ROW_S)
            except InvariantError:
                empty += 1
                if empty == EMPTY_LOOKS_MAX:
                    raise
                continue
            empty = 0
            yield SoakRow(
                at_s=round(time.monotonic() - began, 1),
                private_mb=_private_mb(status := system.settled()),
                descriptors=_descriptors(status),
                cpu_pct=round(sum(report.cpu_pct.values()), 1),
                internal_p50_us=report.internal.p50_us,
                internal_p99_us=report.internal.p99_us,
                lost=sum(report.lost.values()),
            )


def _private_mb(status: Document) -> float:
    return round(sum(psutil.Process(row["pid"]).memory_full_info().uss for row in status["actors"]) / 1e6, 1)


def _descriptors(status: Document) -> int:
    return sum(psutil.Process(row["pid"]).num_fds() for row in status["actors"])


def soak_chart(rows: list[SoakRow]) -> str:
    """Return memory, descriptors and latency over minutes as SVG, each relative to its first value, in percent."""
    series = []
    for name in ("private_mb", "descriptors", "internal_p50_us"):
        values = [float(getattr(row, name)) for row in rows]
        first = values[0] if values and values[0] else 1.0
        series.append(Series(name, [(row.at_s / 60, 100 * value / first) for row, value in zip(rows, values, strict=True)]))
    return line_chart("Soak: percent of the first look, over minutes", series, unit=" %")


def growth_chart(pairs: list[PairsRow], traders: list[TradersRow]) -> str:
    """Return the cost of pairs as SVG, and that of traders beneath when it was measured."""
    cost = Series("us per update", [(float(row.pairs), row.us_per_update) for row in pairs])
    held = Series("MB per process", [(float(row.traders), row.pss_mb / (row.traders + 3)) for row in traders])
    return line_chart("Feed: cost of an update, by pairs", [cost]) + line_chart("Memory by traders", [held])
