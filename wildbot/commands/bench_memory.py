"""How much memory the processes of a running home hold.

`rss_mb` counts shared pages in every process that maps them; `pss_mb` shares them out, so that its sum is what the machine
would get back. Source: proc(5), smaps_rollup.
"""

import time
from collections.abc import Sequence

import msgspec
import psutil

from actors.bench_report import Machine, bench_report
from wildbot.commands.instance import OwnProcess


class MemoryReport(msgspec.Struct, frozen=True):
    """The measurement record (work: processes read), and megabytes per process and in all."""

    name: str
    work: int
    seconds: float
    rate_per_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    machine: Machine
    versions: dict[str, str]
    rss_mb: dict[str, float]
    pss_mb: dict[str, float]


ALL = "all"


def measure_memory(processes: Sequence[OwnProcess]) -> MemoryReport:
    """Read every process once; one that ends meanwhile is left out."""
    rss: dict[str, float] = {}
    pss: dict[str, float] = {}
    samples_ns: list[int] = []
    began = time.perf_counter_ns()
    for own in processes:
        start = time.perf_counter_ns()
        try:
            memory = psutil.Process(own.pid).memory_full_info()
        except psutil.Error:
            continue
        rss[own.name] = round(memory.rss / 1e6, 2)
        pss[own.name] = round(memory.pss / 1e6, 2)
        samples_ns.append(time.perf_counter_ns() - start)
    seconds = (time.perf_counter_ns() - began) / 1e9
    record = bench_report("memory", work=len(rss), seconds=seconds, samples_ns=samples_ns)
    for megabytes in (rss, pss):
        megabytes[ALL] = round(sum(megabytes.values()), 2)
    return MemoryReport(**msgspec.structs.asdict(record), rss_mb=rss, pss_mb=pss)
