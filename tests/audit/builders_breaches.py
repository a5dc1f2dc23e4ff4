"""A good run, and what breaks each rule in it."""

from tests.audit.builders_run import Run, ns
from wildbot.audit.evidence import ProcessNote


def note(run: Run, at: float, actor: str, what: str) -> None:
    run.processes.append(ProcessNote(ns(at), actor, what))


def trader_dies(run: Run) -> None:
    note(run, 25, "trader-SOL-USDC", "killed")


def lease_of_another_epoch(run: Run) -> None:
    for status in run.statuses:
        status.document["allocator"]["leases"][0]["epoch"] = 2


DAY_CLOSED = "closed: the day's loss limit is reached"
