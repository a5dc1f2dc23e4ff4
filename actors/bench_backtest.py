"""How fast recordings run through a backtest: book, signals, maker and queue-aware fills, on one core.

Rules: work counts recorded rows (level changes and trades); the percentiles are of one event, all of its work included.
    Reading and decoding the recording is part of it. Measured in a process of its own time: what other programs take of
    the core does not count, so `seconds` is processor time.
"""

import random
import resource
import time
from collections.abc import Iterator
from itertools import islice

from actors.bench_report import bench_report
from wildbot.adapters import garbage
from wildbot.backtest.market_tape import MarketTape, TapeRow
from wildbot.backtest.run import Backtest
from wildbot.backtest.setup import BacktestSetup

SAMPLE_EVERY = 32
SEED = 7


def measure_backtest(setup: BacktestSetup, tapes: list[MarketTape]) -> dict[str, object]:
    """Return the record of one run, with events, rows, memory in MB and the digest of all decisions beside it."""
    samples: list[int] = []
    for tape in tapes:
        tape.events = _timed(tape.events, samples)
    with garbage.settled():  # as every backtest runs
        began_ns = time.process_time_ns()
        run = Backtest(setup, tapes).run()
        seconds = (time.process_time_ns() - began_ns) / 1e9
    rows = sum(notes.rows for notes in run.notes.values())
    report = bench_report("backtest", work=rows, seconds=seconds, samples_ns=samples)
    return {
        **{field: getattr(report, field) for field in report.__struct_fields__},
        "events": run.events,
        "events_per_s": round(run.events / seconds) if seconds else 0,
        "rows_per_event": round(rows / run.events, 2) if run.events else 0.0,
        "orders": run.orders,
        "fills": len(run.fills),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "digest": run.digest,
    }


def _timed(events: Iterator[TapeRow], samples: list[int]) -> Iterator[TapeRow]:
    """Note how long some events took, one in SAMPLE_EVERY or so, from being asked for to the next being asked for."""
    pick = random.Random(SEED)
    clock = time.process_time_ns
    while True:
        yield from islice(events, pick.randrange(2 * SAMPLE_EVERY))
        asked_ns = clock()
        event = next(events, None)
        if event is None:
            return
        yield event
        samples.append(clock() - asked_ns)
