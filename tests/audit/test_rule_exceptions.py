"""What looks like a breach and is none: accidents that end well, facts nobody saw, the exchange's own doings."""

from typing import Any

import pytest

from tests.audit.builders_breaches import DAY_CLOSED, lease_of_another_epoch, note, trader_dies
from tests.audit.builders_run import PAIR, Run, fill, good_run, ns
from wildbot.audit.audit import audit
from wildbot.audit.evidence import Evidence, JournalTables
from wildbot.audit.trail import EvidenceError
from wildbot.audit.verdict import Outcome


def execution(run: Run) -> Any:
    return next(line["execution"] for line in run.ledger if "execution" in line)


def entry_between_two_closed_days(run: Run) -> None:
    run.event(12, "entries", DAY_CLOSED)
    run.event(13, "entries", "open")
    run.place(14, "wb1x9", "buy", "149.00")
    run.cancel(15, "wb1x9")
    run.event(16, "entries", DAY_CLOSED)


def test_entries_of_a_new_day_and_during_the_owners_pause_are_no_breach_of_the_loss_limit() -> None:
    def of_rule(run: Run) -> tuple[str, ...]:
        return tuple(each.text for each in audit(run.evidence()).violations if each.rule == "I-21")

    new_day, paused = good_run(), good_run()
    entry_between_two_closed_days(new_day)
    assert of_rule(new_day) == ()
    paused.event(12, "entries", "closed: the owner paused all pairs")
    paused.place(14, "wb1x9", "buy", "149.00")
    assert of_rule(paused) == ()


def test_without_evidence_nothing_holds() -> None:
    report = audit(Evidence(ledger=(), journal=JournalTables()))
    assert {each.outcome for each in report.verdicts} == {Outcome.UNSEEN}
    assert not report.ok


def test_a_rule_that_needs_an_accident_holds_when_the_accident_ends_well() -> None:
    run = good_run()
    run.ledger = [line for line in run.ledger if line["kind"] != "order" or line["exec_type"] != "canceled"]
    run.cancel(26, "wb1x2")
    note(run, 25, "trader-SOL-USDC", "killed")
    assert run.judged("I-22").outcome is Outcome.HELD
    run.processes.clear()
    run.line(50, "subscription", conn=2)
    note(run, 25, "order_gateway", "killed")
    assert run.judged("I-24").outcome is Outcome.HELD
    run.processes.clear()
    run.line(25, "fault", action="fired", verb="ws.close", number=1)
    assert run.judged("I-29").outcome is Outcome.HELD


def test_starts_after_killings_from_outside_are_not_the_bots() -> None:
    run = good_run()
    for at in range(5):
        note(run, 10 + at, "order_gateway", "started")
        note(run, 10.5 + at, "order_gateway", "killed")
    assert run.judged("I-28").outcome is Outcome.HELD
    for at in range(6):
        note(run, 20 + at, "order_gateway", "started")
    assert run.judged("I-28").outcome is Outcome.VIOLATED


def test_a_run_that_its_owner_stops_within_the_time_need_not_come_back() -> None:
    run = good_run()
    run.line(44, "fault", action="fired", verb="ws.silence", number=1)
    for at in range(44, 120):
        run.status(at, state="stopping")
    assert run.judged("I-29").outcome is Outcome.UNSEEN


def test_after_the_whole_machine_was_lost_the_time_to_come_back_begins_with_the_owners_start() -> None:
    run = good_run()
    note(run, 44, "supervisord", "killed")
    for at in range(140, 145):
        run.status(at, state="starting")
    run.status(150, state="running")
    assert run.judged("I-29").outcome is Outcome.HELD
    run = good_run()
    note(run, 44, "supervisord", "killed")
    for at in range(140, 220):
        run.status(at, state="starting")
    assert run.judged("I-29").outcome is Outcome.VIOLATED


def test_a_call_counter_that_is_emptied_hampers_nobody() -> None:
    run = good_run()
    trader_dies(run)
    run.line(24, "fault", action="armed", verb="counter.set", which="rest", n=0, number=1)
    assert run.judged("I-22").outcome is Outcome.VIOLATED
    run.line(24, "fault", action="armed", verb="counter.set", which="rest", n=20, number=2)
    assert run.judged("I-22").outcome is Outcome.UNSEEN


def test_a_frozen_process_that_goes_on_in_time_owes_nothing() -> None:
    run = good_run()
    note(run, 25, "trader-SOL-USDC", "stopped")
    note(run, 27, "trader-SOL-USDC", "continued")
    assert run.judged("I-22").outcome is Outcome.UNSEEN


def test_an_accident_whose_time_the_ledger_did_not_see_is_not_judged() -> None:
    run = good_run()
    note(run, 39, "trader-SOL-USDC", "killed")
    assert run.judged("I-22").outcome is Outcome.UNSEEN


def test_another_accident_at_the_same_time_binds_by_its_own_rule() -> None:
    run = good_run()
    note(run, 25, "trader-SOL-USDC", "killed")
    note(run, 24, "order_gateway", "killed")
    assert run.judged("I-22").outcome is Outcome.UNSEEN


def test_an_order_made_before_the_halt_may_still_arrive() -> None:
    run = good_run()
    run.place(12, "wb1x9", "buy", "149.00")
    run.event(11.999, "halt")
    assert run.judged("I-14").outcome is Outcome.HELD
    run.row("wb1x9")["created_ns"] = ns(11.9995)
    assert run.judged("I-14").outcome is Outcome.VIOLATED


def test_a_maintenance_that_ends_in_several_steps_at_once_is_over() -> None:
    run = good_run()
    for system in ("maintenance", "cancel_only", "post_only", "online"):
        run.line(12, "status", system=system)
    run.place(15, "wb1x9", "buy", "149.00")
    assert run.judged("I-35").outcome is Outcome.HELD


def test_an_order_that_meets_the_switch_firing_is_no_offence() -> None:
    run = good_run()
    run.line(11.9, "dead_man", account="main", action="fire", cause="dms.fire")
    run.place(12, "wb1x9", "buy", "149.00")
    run.arm(12.1, "arm")
    assert run.judged("I-25").outcome is Outcome.HELD
    run.line(13.5, "dead_man", account="main", action="disarm", timeout_s=0)
    run.place(14, "wb1x7", "buy", "149.00")
    assert run.judged("I-25").outcome is Outcome.VIOLATED


def test_a_switch_that_a_fault_fires_is_noticed_by_the_orders_it_takes() -> None:
    unnoticed, noticed = good_run(), good_run()
    noticed.place(4.8, "wb1x8", "buy", "149.00")
    for run in (unnoticed, noticed):
        run.line(4.9, "dead_man", account="main", action="fire", cause="dms.fire")
        run.place(9, "wb1x9", "buy", "149.00")
    assert unnoticed.judged("I-25").outcome is Outcome.HELD
    assert noticed.judged("I-25").outcome is Outcome.VIOLATED


def test_a_halt_lasts_until_it_is_rearmed() -> None:
    run = good_run()
    run.event(12, "halt")
    run.event(13, "ready")  # a restart does not end it
    run.place(14, "wb1x9", "buy", "149.00")
    assert run.judged("I-14").outcome is Outcome.VIOLATED
    run.event(13.5, "rearm")
    assert run.judged("I-14").outcome is Outcome.HELD


def test_what_the_owner_does_with_his_account_is_no_difference() -> None:
    run = good_run()
    run.balance(30, "SOL", "-1.5", "0", "0.6", "W-1", "withdrawal")
    assert run.judged("I-03").outcome is Outcome.HELD


def test_fees_in_the_base_coin_count_against_the_position() -> None:
    run = good_run()
    execution(run).update(fee="0.00025", fee_asset="SOL")
    run.place(12, "wb1x9", "sell", "150.40")
    fill(run, 12.5, "wb1x9", "T-9", "0.10000000", "150.40", "15.04", "0.0376")
    assert run.judged("I-05").outcome is Outcome.VIOLATED


def test_a_ledger_without_its_beginning_is_not_judged_as_a_whole() -> None:
    run = good_run()
    whole = run.evidence()
    cut = Evidence(ledger=whole.ledger[3:], journal=whole.journal, statuses=whole.statuses)
    report = audit(cut)
    assert report.verdict("I-03").outcome is Outcome.UNSEEN
    assert report.verdict("I-01").outcome is Outcome.HELD
    assert report.violations == ()


def test_orders_that_an_exchange_forgot_when_it_restarted_are_over() -> None:
    run = good_run()
    evidence = run.evidence()
    opened = [dict(line) for line in evidence.ledger[:2]]
    second = [{**line, "seq": seq, "ts_ns": ns(60)} for seq, line in enumerate(opened, start=1)]
    report = audit(Evidence(ledger=[*evidence.ledger, *second], journal=evidence.journal, capital="30"))
    assert report.verdict("I-15").outcome is Outcome.HELD
    assert report.verdict("I-00").outcome is Outcome.HELD


def test_a_file_that_is_no_ledger_is_refused() -> None:
    with pytest.raises(EvidenceError, match="line 1 is none of the exchange's ledger: it has no kind, seq, ts_ns"):
        audit(Evidence(ledger=[{"order": {}}], journal=JournalTables()))


def busy(run: Run, *adds: tuple[float, float, float]) -> Run:
    """Adds that cost one each: so many per second from one time to another."""
    for rate, from_s, to_s in adds:
        for step in range(int(rate * (to_s - from_s))):
            at = from_s + step / rate
            run.ask(at, "add_order", error="EOrder:Insufficient funds", symbol=PAIR, cl_ord_id=f"wb1x{at:g}")
    return run


def test_what_a_fault_has_put_on_the_order_counter_is_allowed_on_top_of_our_own_share() -> None:
    ours = good_run()
    assert busy(ours, (4, 60, 122)).judged("I-13").outcome is Outcome.VIOLATED
    theirs = good_run()
    theirs.line(60, "fault", action="fired", verb="counter.set", arguments={"n": "40", "pair": "", "which": "engine"})
    assert busy(theirs, (4, 60.1, 92), (2.25, 92, 132)).judged("I-13").outcome is Outcome.HELD


def test_a_lease_that_nobody_saw_grow_is_no_offence() -> None:
    run = good_run()
    run.statuses = [each for each in run.statuses if not ns(3.4) <= each.seen_ns <= ns(6.6)]
    for status in run.statuses:
        status.document["allocator"]["leases"][0]["amount"] = "0"
    assert run.judged("I-18").outcome is Outcome.HELD


def test_a_lease_that_died_with_the_allocator_before_a_status_could_show_it_is_no_offence() -> None:
    run = good_run()
    lease_of_another_epoch(run)
    note(run, 4.5, "balance_allocator", "killed")
    assert run.judged("I-20").outcome is not Outcome.VIOLATED


def test_a_lease_that_a_silent_allocator_could_not_report_is_no_offence() -> None:
    run = good_run()
    lease_of_another_epoch(run)
    for status in run.statuses:
        status.document["actors"].append({"name": "balance_allocator", "heartbeat_age_ms": 5_000.0})
    assert run.judged("I-20").outcome is not Outcome.VIOLATED
