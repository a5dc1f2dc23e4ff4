"""The record every measurement prints: how much work, how long, which percentiles, on which machine, with which versions.

Rules: latencies are per unit of work, in microseconds, from the raw samples (no averages of percentiles).
"""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from wildbot.analytics.latency import Latencies

PACKAGES = ("wildbot", "pyzmq", "msgspec", "websockets", "uvicorn", "streamlit")
CPU_FILE = Path("/proc/cpuinfo")


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured."""

    processor: str
    cores: int
    system: str


class BenchReport(msgspec.Struct, frozen=True):
    """One measurement. `work` counts units (frames, events, starts); the percentiles are of one unit."""

    name: str
    work: int
    seconds: float
    rate_per_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    machine: Machine
    versions: dict[str, str]


def bench_report(name: str, *, work: int, seconds: float, samples_ns: Sequence[int]) -> BenchReport:
    """Return the record of `work` units done in `seconds`; `samples_ns` holds the time of single units, unsorted."""
    ordered = sorted(samples_ns)
    return BenchReport(
        name=name,
        work=work,
        seconds=round(seconds, 6),
        rate_per_s=round(work / seconds, 1) if seconds > 0 else 0.0,
        p50_us=percentile_us(ordered, 50),
        p99_us=percentile_us(ordered, 99),
        p999_us=percentile_us(ordered, 99.9),
        machine=this_machine(),
        versions=these_versions(),
    )


def quantile_report(name: str, latencies: Latencies, *, seconds: float) -> BenchReport:
    """Return the record of what a histogram holds: the percentiles are exact to 6 %."""
    return BenchReport(
        name=name,
        work=latencies.count,
        seconds=round(seconds, 6),
        rate_per_s=round(latencies.count / seconds, 1) if seconds > 0 else 0.0,
        p50_us=round(latencies.quantile_us(50) or 0.0, 1),
        p99_us=round(latencies.quantile_us(99) or 0.0, 1),
        p999_us=round(latencies.quantile_us(99.9) or 0.0, 1),
        machine=this_machine(),
        versions=these_versions(),
    )


def percentile_us(ordered_ns: Sequence[int], percent: float) -> float:
    """Return the smallest sample that `percent` of all do not exceed (nearest rank), in microseconds; 0.0 of none."""
    if not ordered_ns:
        return 0.0
    rank = -(-len(ordered_ns) * percent // 100)
    return round(ordered_ns[max(0, min(len(ordered_ns), int(rank)) - 1)] / 1_000, 3)


def this_machine() -> Machine:
    """Return what this process runs on."""
    return Machine(_processor(), os.cpu_count() or 1, f"{platform.system()} {platform.release()}")


def these_versions() -> dict[str, str]:
    """Return the versions of Python and of what the speed depends on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = CPU_FILE.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
