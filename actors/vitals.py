"""What a loop measures of itself between two heartbeats: turns, latency, lag, processor time, memory."""

import os
import resource
import time
from pathlib import Path

from wildbot.analytics.latency import Latencies
from wildbot.model.status import Heartbeat

_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
_STATM = Path("/proc/self/statm")


class Vitals:
    """Counters of one loop; `heartbeat` reads and resets them. `build` is the word every heartbeat says of this process."""

    def __init__(self, build: str = "") -> None:
        self.build = build
        self.unreadable = 0
        self._handled = 0
        self._lag_s = 0.0
        self._turns = Latencies()
        self._hops: dict[str, Latencies] = {}
        self._since = time.monotonic()
        self._processor_s = time.process_time()

    def hop(self, name: str) -> Latencies:
        """Return the histogram of a hop that ends in this process; what is noted in it travels in the heartbeats."""
        return self._hops.setdefault(name, Latencies())

    def turn_took(self, nanos: int) -> None:
        """One turn of the loop with news took so long."""
        self._handled += 1
        self._turns.record(nanos)

    def handled(self, count: int) -> None:
        """So many messages more than one were handled in this turn."""
        self._handled += count - 1

    def timer_late(self, seconds: float) -> None:
        """A timer fired so much after its time."""
        self._lag_s = max(self._lag_s, seconds)

    def heartbeat(self, actor: str, epoch: int, state: str, now_ns: int) -> Heartbeat:
        """Return what was measured since the last call, and start anew."""
        elapsed = max(1e-6, time.monotonic() - self._since)
        processor_s = time.process_time()
        beat = Heartbeat(
            actor=actor,
            pid=os.getpid(),
            epoch=epoch,
            state=state,
            ts_ns=now_ns,
            loop_lag_ms=round(self._lag_s * 1_000, 3),
            cpu_pct=round((processor_s - self._processor_s) / elapsed * 100, 2),
            rss_mb=round(_rss_mb(), 1),
            messages_per_s=round(self._handled / elapsed, 1),
            p50_us=round(self._turns.quantile_us(50) or 0.0, 1),
            p99_us=round(self._turns.quantile_us(99) or 0.0, 1),
            build=self.build,
            hops=tuple(hop.take(name) for name, hop in self._hops.items() if hop.count),
        )
        self._since, self._processor_s = time.monotonic(), processor_s
        self._handled, self._lag_s = 0, 0.0
        self._turns = Latencies()
        return beat


def _rss_mb() -> float:
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE_MB
    except OSError:  # no /proc here: the peak is the best known
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
