"""What a status tells of leases, and when; what comes first within one instant."""

import pytest

from tests.audit.builders_run import Run, good_run, ns
from wildbot.audit.evidence import ProcessNote
from wildbot.audit.verdict import Outcome

ALLOCATOR = "balance_allocator"


def a_run_without_leases_in_its_statuses(*, age_ms: float) -> Run:
    """The statuses repeat what the allocator said `age_ms` before: that there are no leases."""
    run = good_run()
    for status in run.statuses:
        status.document["actors"].append({"name": ALLOCATOR, "heartbeat_age_ms": age_ms})
        status.document["allocator"]["leases"] = []
    return run


def first_buy_s(run: Run) -> float:
    buy = next(row for row in run.orders if row["side"] == "buy")
    return float((buy["created_ns"] - ns(0)) / 1e9)


def test_a_buy_without_a_lease_in_statuses_of_its_time_is_an_offence() -> None:
    assert a_run_without_leases_in_its_statuses(age_ms=0).judged("I-20").outcome is Outcome.VIOLATED


def test_a_status_after_the_buy_that_repeats_a_word_from_before_it_tells_nothing() -> None:
    run = a_run_without_leases_in_its_statuses(age_ms=0)
    bought_ns = ns(first_buy_s(run))
    for status in run.statuses:
        if status.seen_ns > bought_ns:
            age_ms = (status.seen_ns - bought_ns) / 1e6 + 100
            status.document["actors"][-1]["heartbeat_age_ms"] = age_ms if age_ms < 1_200 else None
    assert run.judged("I-20").outcome is not Outcome.VIOLATED


@pytest.mark.parametrize("actor", ["supervisor", "trader-SOL-USDC", ALLOCATOR])
def test_leases_that_came_and_went_around_the_end_of_who_has_or_shows_them_are_no_offence(actor: str) -> None:
    run = a_run_without_leases_in_its_statuses(age_ms=0)
    for row in run.orders:
        if row["side"] == "buy":
            run.processes.append(ProcessNote(row["created_ns"] + ns(0.5) - ns(0), actor, "killed"))
    assert run.judged("I-20").outcome is not Outcome.VIOLATED


def test_a_halt_and_its_rearm_within_one_instant_stand_in_the_order_of_the_journal() -> None:
    lifted, halted = good_run(), good_run()
    for run, kinds in ((lifted, ("halt", "rearm")), (halted, ("rearm", "halt"))):
        for kind in kinds:
            run.event(12, kind)
        run.place(14, "wb1x9", "buy", "149.00")
    assert lifted.judged("I-14").outcome is Outcome.HELD
    assert halted.judged("I-14").outcome is Outcome.VIOLATED


@pytest.mark.parametrize(("verb", "outcome"), [("key.restrict", Outcome.UNSEEN), ("fill", Outcome.VIOLATED)])
def test_orders_of_a_dead_trader_may_rest_while_the_key_was_refused_a_while_ago(verb: str, outcome: Outcome) -> None:
    run = good_run()
    run.line(12, "fault", action="fired", verb=verb, number=1)
    run.place(13, "wb1x9", "buy", "149.00")
    run.processes.append(ProcessNote(ns(20), "trader-SOL-USDC", "killed"))
    assert run.judged("I-22").outcome is outcome


@pytest.mark.parametrize(("back_s", "outcome"), [(21, Outcome.UNSEEN), (12, Outcome.VIOLATED)])
def test_a_supervisor_that_hangs_stands_in_the_way_until_it_goes_on(back_s: float, outcome: Outcome) -> None:
    run = good_run()
    run.place(7, "wb1x9", "buy", "149.00")
    run.processes += [ProcessNote(ns(8), "supervisor", "stopped"), ProcessNote(ns(back_s), "supervisor", "continued")]
    run.processes.append(ProcessNote(ns(20), "trader-SOL-USDC", "killed"))
    assert run.judged("I-22").outcome is outcome
