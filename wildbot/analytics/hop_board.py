"""The latency of each hop of each actor, since the start of the run and of late.

Rules: the counts only rise while the run lasts, whatever becomes of the actor, as a reader of metrics expects; percentiles
    are those of the last half to whole minute, so that they show how things stand now. A heartbeat that is lost takes its
    samples with it.
Owns: the histograms; their number is bounded.
"""

from collections.abc import Iterable

from wildbot.analytics.latency import Latencies
from wildbot.analytics.status_rows import Row, number
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import HopLatency

RECENT_NS = 30 * NANOS_PER_SECOND
HOPS_MAX = 16


class _Hop:
    """One hop: everything, the period that runs, and that with the one before. Each sample is counted when it comes, since
    documents are made on the loop that also carries the market."""

    __slots__ = ("_lately", "_octaves", "_recent", "_since_ns", "_whole")

    def __init__(self, now_ns: int) -> None:
        self._whole, self._recent, self._lately = Latencies(), Latencies(), Latencies()
        self._octaves: dict[int, int] = {}
        self._since_ns = now_ns

    def add(self, hop: HopLatency, now_ns: int) -> None:
        self._turn_over(now_ns)
        told = Latencies()
        told.add(hop.counts, hop.total_ns)
        for each in (self._whole, self._recent, self._lately):
            each.add(told.counts, told.total_ns)
        for bits, count in told.octaves().items():
            self._octaves[bits] = self._octaves.get(bits, 0) + count

    def row(self, now_ns: int) -> Row:
        self._turn_over(now_ns)
        return {
            "count": self._whole.count,
            "p50_us": number(self._recent.quantile_us(50)),
            "p99_us": number(self._recent.quantile_us(99)),
            "total_s": number(self._whole.total_ns / NANOS_PER_SECOND),
            "octaves": {str(bits): count for bits, count in sorted(self._octaves.items())},
        }

    def whole(self) -> Row:
        return {"total_ns": self._whole.total_ns, "counts": {str(key): n for key, n in self._whole.counts.items()}}

    def _turn_over(self, now_ns: int) -> None:
        for _ in range(2):
            if now_ns - self._since_ns < RECENT_NS:
                return
            self._recent, self._lately = self._lately, Latencies()
            self._since_ns += RECENT_NS
        self._since_ns = now_ns


class HopBoard:
    """Collects what heartbeats carry; `rows` is the `hops` of an actor in the status document."""

    def __init__(self) -> None:
        self._actors: dict[str, dict[str, _Hop]] = {}

    def add(self, actor: str, hops: Iterable[HopLatency], now_ns: int) -> None:
        """Take in the hops of one heartbeat."""
        known = self._actors.setdefault(actor, {})
        for each in hops:
            if each.name not in known:
                if len(known) >= HOPS_MAX:
                    continue
                known[each.name] = _Hop(now_ns)
            known[each.name].add(each, now_ns)

    def counts(self) -> Row:
        """Return all since the start, to be added or subtracted: `{actor: {hop: {total_ns, counts {bucket: n}}}}`."""
        return {actor: {name: hop.whole() for name, hop in hops.items()} for actor, hops in self._actors.items()}

    def rows(self, actor: str, now_ns: int) -> dict[str, Row]:
        """Return each hop of an actor: `{count, p50_us, p99_us, total_s, octaves {k: n}}`.

        `octaves`: n samples took less than 2**k nanoseconds, and not less than half of that.
        """
        return {name: hop.row(now_ns) for name, hop in self._actors.get(actor, {}).items()}
