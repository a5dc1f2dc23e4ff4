"""How long a market move takes through the real processes: feed handler, trader and order gateway on a loopback venue.

Rules: the processes are those that trade, started as they are, on a fresh home; only pairs, limits and addresses are set.
    `wire` runs from a frame's write to its order's arrival, both seen by the venue. `internal` runs from the frame's
    reading until the order's frame is ready to be written, as the order gateway's own histogram `tick_to_order` has it;
    it and the hops are what the heartbeats carried, after minus before.
Known limit: the venue shares the machine; its own share of a wire delay is in the figure.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import psutil

from actors.bench_exchange_server import KEY, SECRET
from actors.bench_report import BenchReport, bench_report, quantile_report
from actors.bench_wire_process import VenueProcess, WireRun, venue_process
from actors.bench_wire_server import Played
from wildbot.adapters.control_client import ControlClient
from wildbot.adapters.home import Home
from wildbot.analytics.latency import Latencies
from wildbot.model.errors import InvariantError

PAIRS = ("SOL/USDC", "XRP/USDC", "DOGE/USDC")
ACTORS = ("order_gateway", "balance_allocator", "supervisor")
TRIGGERS_PER_S = 4
"""Of each trader. An order is left alone for 50 ms after a move, and one that came too soon is moved by the timer, up to
100 ms late: only a longer pause than both keeps one hold-up from delaying every order after it."""

SECONDS = 15.0
WARM_SECONDS = 2.0
CAPITAL_EACH = 100
START_S_MAX = 60.0
SETTLE_S = 1.5
"""Until the heartbeats have carried everything into the status: two of them, and a look."""

STOP_S_MAX = 15.0
MEMORY_FOLDER = "/dev/shm"  # noqa: S108 - the kernel's own file system in memory
FOREIGN = ("WILDBOT_", "KRAKEN_", "TELEGRAM_")
SETTINGS = {
    "WILDBOT_PROFILE": "sim",
    "WILDBOT_EXCHANGE__EMBEDDED": "false",
    "WILDBOT_ORDERS__STALE_ORDER_MS": "50",
    "WILDBOT_RISK__MAX_ORDERS_PER_S": "100",
    "WILDBOT_KRAKEN__REST_CALLS_PER_S": "5",
    "WILDBOT_MARKET_MAKER__EDGE_POLICY": "ignore",
    "WILDBOT_MARKET_MAKER__MIN_VOLATILITY_BPS": "0",
    "WILDBOT_MARKET_MAKER__MAX_SPREAD_BPS": "200",
    "WILDBOT_MARKET_MAKER__MOMENTUM_FILTER_ENABLED": "false",
}
"""Every move of the touch is to be followed."""

Document = Mapping[str, Any]


class WireReport(msgspec.Struct, frozen=True):
    """One measurement.

    `lost`: books that were sent and not acted on, by who missed them; `unanswered`: triggers without an order in time;
    `unexplained`: orders that no waiting trigger explains (a busy machine takes quotes back and places them anew);
    `hops` {name: {count, p50_us, p99_us, p999_us}}; proportional memory at the end, and processor share while the tape
    ran, by actor.
    """

    name: str
    work: int
    seconds: float
    rate_per_s: float
    traders: int
    lost: dict[str, int]
    triggers: int
    unanswered: int
    unexplained: int
    internal: BenchReport
    wire: BenchReport
    hops: dict[str, dict[str, float]]
    pss_mb: dict[str, float]
    cpu_pct: dict[str, float]


def measure_wire(
    traders: int = 1, rate_per_s: int = 1_000, seconds: float = SECONDS, *, in_memory: bool = False
) -> WireReport:
    """Measure once. `in_memory`: the home, and with it the journal, lies in memory, where a sync costs nothing.

    Raises: InvariantError when the system does not come to trade, or not a single order arrives.
    """
    with venue_process() as venue, running_system(venue.port, traders, in_memory=in_memory) as system:
        return measure_running(venue, system, traders, rate_per_s, seconds)


def measure_running(venue: VenueProcess, system: "WireSystem", traders: int, rate_per_s: int, seconds: float) -> WireReport:
    """Measure a system that trades on a venue."""
    pairs = PAIRS[:traders]
    warm = min(WARM_SECONDS, seconds)
    venue.play(_run(pairs, rate_per_s, warm))
    before = system.settled()
    used = processor_s(before)
    played = venue.play(_run(pairs, rate_per_s, seconds))
    after = system.settled()
    busy_s = {name: now - used.get(name, now) for name, now in processor_s(after).items()}
    if not played.delays_ns:
        raise InvariantError(f"no order arrived; {system.last_words()}")
    hops = _hops(before, after)
    internal = hops["tick_to_order"]
    sent = sum(played.sent.values())
    return WireReport(
        name="wire",
        work=sent,
        seconds=round(played.seconds, 3),
        rate_per_s=round(sent / played.seconds, 1),
        traders=traders,
        lost=_lost(played, before, after, pairs),
        triggers=len(played.delays_ns) + played.unanswered,
        unanswered=played.unanswered,
        unexplained=played.unexplained,
        internal=quantile_report("wire.internal", internal, seconds=played.seconds),
        wire=bench_report("wire.wire", work=len(played.delays_ns), seconds=played.seconds, samples_ns=played.delays_ns),
        hops={name: _row(hop) for name, hop in hops.items()},
        pss_mb=memory_mb(after),
        cpu_pct={name: round(100 * busy / played.seconds, 2) for name, busy in busy_s.items()},
    )


def processor_s(status: Document) -> dict[str, float]:
    """Return the processor seconds that each actor has used since its start."""
    times = {row["name"]: psutil.Process(row["pid"]).cpu_times() for row in status["actors"]}
    return {name: used.user + used.system for name, used in times.items()}


def memory_mb(status: Document) -> dict[str, float]:
    """Return the proportional memory of each actor in megabytes: shared pages are shared out."""
    return {row["name"]: round(psutil.Process(row["pid"]).memory_full_info().pss / 1e6, 1) for row in status["actors"]}


def _run(pairs: tuple[str, ...], rate_per_s: int, seconds: float) -> WireRun:
    return WireRun(pairs, int(rate_per_s * seconds), int(TRIGGERS_PER_S * seconds) * len(pairs), rate_per_s)


def _row(hop: Latencies) -> dict[str, float]:
    told = {f"p{name}_us": hop.quantile_us(percent) or 0.0 for name, percent in (("50", 50), ("99", 99), ("999", 99.9))}
    return {"count": float(hop.count)} | {name: round(value, 1) for name, value in told.items()}


def _hops(before: Document, after: Document) -> dict[str, Latencies]:
    """Return what each hop took between two snapshots, over all actors that have it."""
    merged: dict[str, Latencies] = {}
    for actor, hops in after["latencies"].items():
        for name, told in hops.items():
            earlier = before["latencies"].get(actor, {}).get(name, {"total_ns": 0, "counts": {}})
            counts = {int(key): n - earlier["counts"].get(key, 0) for key, n in told["counts"].items()}
            merged.setdefault(name, Latencies()).add(counts, told["total_ns"] - earlier["total_ns"])
    return merged


def _lost(played: Played, before: Document, after: Document, pairs: tuple[str, ...]) -> dict[str, int]:
    def seen(actor: str, hop: str) -> int:
        counts = [
            sum(each["latencies"].get(actor, {}).get(hop, {"counts": {}})["counts"].values()) for each in (before, after)
        ]
        return int(counts[1] - counts[0])

    lost = {"feed": sum(played.sent.values()) - seen("supervisor", "decode")}
    for pair in pairs:
        name = "trader-" + pair.replace("/", "-")
        lost[name] = played.sent[pair] - seen(name, "bus")
    return lost


class WireSystem:
    """The processes of one home."""

    def __init__(self, home: Home, environment: Mapping[str, str]) -> None:
        self._home = home
        self._control = ControlClient(home.socket("control"))
        home.prepare()
        self._said = (home.log / "bench.txt").open("wb")
        self.processes = {
            name: subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-m", "actors", name],
                env=dict(environment),
                cwd=home.root,
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
            )
            for name in ACTORS
        }

    def wait_quoting(self, traders: int) -> None:
        """Wait until so many traders have an order resting. Raises: InvariantError."""
        until = time.monotonic() + START_S_MAX
        rows: list[Document] = []
        while time.monotonic() < until:
            reply = self._control.call("status", timeout_s=1.0)
            rows = reply.result.get("traders", []) if reply.ok else []
            if sum(bool(row["open_orders"]) for row in rows) == traders:
                return
            if any(process.poll() is not None for process in self.processes.values()):
                break
            time.sleep(0.1)
        why = "; ".join(f"{row['pair']}: {row['reason']}" for row in rows)
        raise InvariantError(f"the system did not quote within {START_S_MAX:.0f} s; {why}; {self.last_words()}")

    def settled(self) -> Document:
        """Return a snapshot that holds everything the actors have measured so far. Raises: InvariantError."""
        time.sleep(SETTLE_S)
        reply = self._control.call("snapshot")
        if not reply.ok:
            raise InvariantError(f"the supervisor does not answer: {reply.message}")
        return reply.result

    def last_words(self) -> str:
        """Return what the processes said last, for an error's text."""
        said = [path.read_text(errors="replace").splitlines()[-3:] for path in sorted(self._home.log.iterdir())]
        return " | ".join(line for lines in said for line in lines)

    def stop(self) -> None:
        """End every process, the supervisor first, which ends its traders."""
        for name in reversed(ACTORS):
            process = self.processes[name]
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S_MAX)
            process.kill()
            process.wait()
        self._said.close()


@contextlib.contextmanager
def running_system(port: int, traders: int, *, in_memory: bool = False) -> Iterator[WireSystem]:
    """Start the processes on the venue at `port`, wait until they quote, and end them."""
    with TemporaryDirectory(prefix="wb", dir=MEMORY_FOLDER if in_memory else None) as folder:
        root = Path(folder)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)},
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            "WILDBOT_HOME": folder,
            "KRAKEN_API_KEY": KEY,
            "KRAKEN_API_SECRET": SECRET,
            "WILDBOT_KRAKEN__REST_URL": f"http://127.0.0.1:{port}",
            "WILDBOT_KRAKEN__WS_URL": f"ws://127.0.0.1:{port}/public/v2",
            "WILDBOT_KRAKEN__WS_AUTH_URL": f"ws://127.0.0.1:{port}/private/v2",
            "WILDBOT_TRADING__PAIRS": json.dumps(PAIRS[:traders]),
            "WILDBOT_TRADING__MAX_TRADERS": str(traders),
            "WILDBOT_CAPITAL__STARTING": str(CAPITAL_EACH * traders),
            **SETTINGS,
        }
        system = WireSystem(Home(root), environment)
        try:
            system.wait_quoting(traders)
            yield system
        finally:
            system.stop()
