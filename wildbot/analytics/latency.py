"""Latency histograms of one fixed scheme: counts of logarithmic buckets, which add up over heartbeats, processes and hours.

Rules: bucket 0 holds what took less than `FLOOR_NS`; above it each doubling is cut into `PARTS` equal parts, and the last
    bucket holds all that is longer than the scheme reaches (34 s). A quantile is exact to a part, 6 % at most. Nothing is
    kept of a single sample, so that noting one allocates nothing.
Source: the bucket layout of HdrHistogram (Tene), with powers of two as its only constants.
"""

from collections.abc import Mapping

from wildbot.model.status import HopLatency

FLOOR_BITS = 10
FLOOR_NS = 1 << FLOOR_BITS
PART_BITS = 4
PARTS = 1 << PART_BITS
CEILING_BITS = 35
BUCKETS = 1 + (CEILING_BITS - FLOOR_BITS) * PARTS
NANOS_PER_US = 1_000


def bucket_of(nanos: int) -> int:
    """Return the bucket of a duration; one that is negative (it cannot be) is in the first."""
    if nanos < FLOOR_NS:
        return 0
    octave = nanos.bit_length() - 1 - FLOOR_BITS
    bucket = 1 + (octave << PART_BITS) + ((nanos >> (octave + FLOOR_BITS - PART_BITS)) & (PARTS - 1))
    return bucket if bucket < BUCKETS else BUCKETS - 1


def floor_of(bucket: int) -> int:
    """Return the shortest duration in a bucket, in nanoseconds; that of the bucket one past the last is the ceiling."""
    if bucket == 0:
        return 0
    octave, part = divmod(bucket - 1, PARTS)
    return (PARTS + part) << (octave + FLOOR_BITS - PART_BITS)


class Latencies:
    """How long something took, many times. `counts` by bucket, only those that are not zero."""

    __slots__ = ("count", "counts", "total_ns")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.count = 0
        self.total_ns = 0

    def record(self, nanos: int) -> None:
        """Note one duration."""
        bucket = bucket_of(nanos)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.count += 1
        self.total_ns += nanos

    def add(self, counts: Mapping[int, int], total_ns: int) -> None:
        """Note many durations that were counted elsewhere, by the same scheme; buckets outside of it are left out."""
        for bucket, count in counts.items():
            if 0 <= bucket < BUCKETS and count > 0:
                self.counts[bucket] = self.counts.get(bucket, 0) + count
                self.count += count
        self.total_ns += total_ns

    def take(self, name: str) -> HopLatency:
        """Return what was noted, as a heartbeat carries it, and start anew."""
        hop = HopLatency(name, self.total_ns, self.counts)
        self.counts, self.count, self.total_ns = {}, 0, 0
        return hop

    def quantile_us(self, percent: float) -> float | None:
        """Return what `percent` of all did not exceed, in microseconds, between two bucket borders by proportion.

        None when nothing was noted.
        """
        if not self.count:
            return None
        wanted, below = self.count * percent / 100, 0
        bucket = 0
        for bucket in sorted(self.counts):
            inside = self.counts[bucket]
            if below + inside >= wanted:
                share = max(0.0, (wanted - below) / inside)
                floor, ceiling = floor_of(bucket), floor_of(bucket + 1)
                return (floor + (ceiling - floor) * share) / NANOS_PER_US
            below += inside
        return floor_of(bucket + 1) / NANOS_PER_US

    def octaves(self) -> dict[int, int]:
        """Return how many took less than 2**key nanoseconds and not less than half of that, by key; none with zero."""
        coarse: dict[int, int] = {}
        for bucket, count in self.counts.items():
            bits = FLOOR_BITS if bucket == 0 else (bucket - 1) // PARTS + FLOOR_BITS + 1
            coarse[bits] = coarse.get(bits, 0) + count
        return coarse
