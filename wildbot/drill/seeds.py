"""The in-process rehearsal over many seeds, in worker processes, each handed to the independent checker.

Rules: a seed is a whole run: the same seed gives the same run, so a failing one is told with the words that replay it.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from wildbot.audit.audit import audit
from wildbot.audit.evidence import Evidence, JournalTables, ProcessNote, StatusSeen
from wildbot.rehearsal.plan import RehearsalPlan
from wildbot.rehearsal.rehearsal import rehearse

SEEDS_FROM = 1


@dataclass(frozen=True, slots=True)
class SeedResult:
    """One seed: what was broken (nothing, if all went well), the hash of its event log, how long it took."""

    seed: int
    faults: tuple[str, ...]
    digest: str
    seconds: float


def replay_words(seed: int) -> str:
    """Return the command line that plays one seed again."""
    return f"wildbot drill --seeds 1 --first-seed {seed} --only none"


def play(seed: int) -> SeedResult:
    """Play one seed and have it checked."""
    began_s = time.monotonic()
    plan = RehearsalPlan(seed=seed)
    done = rehearse(plan)
    report = audit(
        Evidence(
            ledger=done.ledger,
            journal=JournalTables(**done.journal, meta=done.meta),
            statuses=[StatusSeen(seen_ns, document) for seen_ns, document in done.statuses],
            processes=[ProcessNote(at_ns, actor, what, detail) for at_ns, actor, what, detail in done.processes],
            capital=plan.capital,
        )
    )
    faults = [*done.breaches, *(f"{each.rule} {each.title}: {each.text}" for each in report.violations)]
    return SeedResult(seed, tuple(faults), done.digest, time.monotonic() - began_s)


def play_many(count: int, first: int = SEEDS_FROM) -> Iterator[SeedResult]:
    """Play `count` seeds in worker processes; yield each result as it comes."""
    workers = min(count, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        asked = [pool.submit(play, seed) for seed in range(first, first + count)]
        try:
            for done in as_completed(asked):
                yield done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
