"""How long a trader process takes from its start to its first word to the order gateway.

Rules: each start is a new interpreter in a fresh home, as the supervisor starts it; a stand-in for the gateway is already
    listening. `ready_ms` is the median.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import zmq

from actors.bench_report import Machine, bench_report
from actors.trader_children import trader_config
from actors.trader_config import ENVIRONMENT_NAME
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub
from wildbot.model.desk import TraderHello
from wildbot.model.errors import InvariantError
from wildbot.protocol.bus import TO_GATEWAY
from wildbot.settings import Settings

STARTS = 10
HELLO_WAIT_MS = 15_000


class StartupReport(msgspec.Struct, frozen=True):
    """The measurement record (work: starts; percentiles of one start), and the median in milliseconds."""

    name: str
    work: int
    seconds: float
    rate_per_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    machine: Machine
    versions: dict[str, str]
    ready_ms: float


def measure_startup(settings: Settings, starts: int = STARTS) -> StartupReport:
    """Start a trader `starts` times, one after the other. Raises: InvariantError when one never says hello."""
    began = time.perf_counter_ns()
    with TemporaryDirectory(prefix="wb") as folder:
        home = Home(Path(folder))
        home.prepare()
        gateway = Hub(home.socket("orders"))
        try:
            samples_ns = [_one_start(home, gateway, settings, epoch) for epoch in range(1, starts + 1)]
        finally:
            gateway.close()
    seconds = (time.perf_counter_ns() - began) / 1e9
    record = bench_report("startup", work=starts, seconds=seconds, samples_ns=samples_ns)
    return StartupReport(**msgspec.structs.asdict(record), ready_ms=round(record.p50_us / 1_000, 2))


def _one_start(home: Home, gateway: Hub, settings: Settings, epoch: int) -> int:
    config = trader_config(settings, home.root, settings.trading.universe[0], epoch)
    began = time.perf_counter_ns()
    child = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-m", "actors", "trader", "--pair", config.pair, "--epoch", str(epoch)],
        env=os.environ | {ENVIRONMENT_NAME: config.to_environment(), "WILDBOT_HOME": str(home.root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        return _wait_for_hello(gateway, epoch) - began
    finally:
        child.terminate()
        child.wait(10)


def _wait_for_hello(gateway: Hub, epoch: int) -> int:
    while gateway.socket.poll(HELLO_WAIT_MS, zmq.POLLIN):
        for _, frame in gateway.drain():
            message = TO_GATEWAY.decode(frame)
            if isinstance(message, TraderHello) and message.epoch == epoch:
                return time.perf_counter_ns()
    raise InvariantError(f"trader of epoch {epoch} said nothing within {HELLO_WAIT_MS} ms")
