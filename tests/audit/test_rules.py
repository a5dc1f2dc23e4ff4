"""Every rule holds for a good run, and each is caught breaking by the one thing that breaks it."""

import base64
from typing import Any

import pytest

from tests.audit.builders_run import PAIR, Break, Run, fill, good_run, ns
from wildbot.audit.audit import OUT_OF_SIGHT, RULES, audit
from wildbot.audit.evidence import Evidence, JournalTables, ProcessNote
from wildbot.audit.hygiene import forms_of
from wildbot.audit.trail import EvidenceError
from wildbot.audit.verdict import Outcome

NEED_AN_ACCIDENT = {"I-22", "I-24", "I-28", "I-29", "I-35"}
"""Rules that see nothing in a run in which nothing happens."""


def note(run: Run, at: float, actor: str, what: str) -> None:
    run.processes.append(ProcessNote(ns(at), actor, what))


def execution(run: Run) -> Any:
    return next(line["execution"] for line in run.ledger if "execution" in line)


def forget_order(run: Run) -> None:
    run.orders.remove(run.row("wb1x2"))


def sell_at(run: Run, at: float, cl_ord_id: str, price: str, **changes: Any) -> None:
    run.place(at, cl_ord_id, "sell", price, **changes)


def request_of(run: Run, cl_ord_id: str) -> Any:
    return next(
        line["params"] for line in run.ledger if line["kind"] == "request" and line["params"].get("cl_ord_id") == cl_ord_id
    )


def foreign(run: Run) -> list[Any]:
    return [line for line in run.ledger if line["kind"] == "order" and line["order"]["order_id"] == "O-FOREIGN"]


def sell_the_owners_coins(run: Run) -> None:
    run.place(12, "wb1x9", "sell", "150.40", "0.50000000")
    fill(run, 12.5, "wb1x9", "T-9", "0.50000000", "150.40", "75.2", "0.188")


def switch_forgotten(run: Run) -> None:
    run.ledger = [line for line in run.ledger if not (line["kind"] == "dead_man" and line["ts_ns"] > ns(10))]


def trader_dies(run: Run) -> None:
    note(run, 25, "trader-SOL-USDC", "killed")


def gateway_dies(run: Run) -> None:
    note(run, 12, "order_gateway", "killed")


def restarted_again_and_again(run: Run) -> None:
    for at in range(5):
        note(run, 10 + at, "trader-SOL-USDC", "started")


def never_comes_back(run: Run) -> None:
    run.line(44, "fault", action="fired", verb="ws.silence", number=1)
    for at in range(44, 120):
        run.status(at, state="degraded")


def order_in_maintenance(run: Run) -> None:
    run.line(12, "status", system="maintenance")
    run.line(30, "status", system="online")
    run.place(15, "wb1x9", "buy", "149.00")


def call_in_lockout(run: Run) -> None:
    run.call(15, "Balance", error="EGeneral:Temporary lockout")
    run.call(16, "Balance")


def held_in_two_halves(run: Run) -> None:
    run.status(39.8)["allocator"].update(
        granted="20", leases=[{"pair": PAIR, "epoch": 1, "amount": "31", "expires_in_s": 9.0}]
    )


def beyond_capital(run: Run) -> None:
    run.place(12, "wb1x9", "buy", "149.00", "0.20000000")


def beyond_lease(run: Run) -> None:
    for status in run.statuses:
        status.document["allocator"].update(
            granted="10", leases=[{"pair": PAIR, "epoch": 1, "amount": "10", "expires_in_s": 9.0}]
        )


def lease_of_another_epoch(run: Run) -> None:
    for status in run.statuses:
        status.document["allocator"]["leases"][0]["epoch"] = 2


def lease_run_out(run: Run) -> None:
    for status in run.statuses:
        status.document["allocator"]["leases"][0]["expires_in_s"] = -4.0


def entry_after_loss_limit(run: Run) -> None:
    run.status(12)["account"]["drawdown_pct"] = 50.0
    run.place(14, "wb1x9", "buy", "149.00")


DAY_CLOSED = "closed: the day's loss limit is reached"


def entry_on_a_closed_day(run: Run) -> None:
    run.event(12, "entries", DAY_CLOSED)
    run.place(14, "wb1x9", "buy", "149.00")


def entry_between_two_closed_days(run: Run) -> None:
    run.event(12, "entries", DAY_CLOSED)
    run.event(13, "entries", "open")
    run.place(14, "wb1x9", "buy", "149.00")
    run.cancel(15, "wb1x9")
    run.event(16, "entries", DAY_CLOSED)


def restarted_epoch_overlaps(run: Run) -> None:
    run.place(14, "wb2x1", "sell", "150.60")
    run.row("wb2x1")["epoch"] = 2


def many_at_once(run: Run) -> None:
    for count in range(8):
        run.ask(15 + count / 100, "amend_order", cl_ord_id="wb1x2", limit_price="150.50", order_qty="0.1")


def swept_away(run: Run) -> None:
    run.ask(25, "cancel_all")
    run.order(25, "canceled", "", order_id="O-FOREIGN", reason="User requested")


BROKEN: list[tuple[str, str, Break]] = [
    ("I-00", "a number is missing", lambda run: run.line(43.5, "reply", to=9_999, method="x", account="main", error="", applied=True)),
    ("I-00", "a balance does not add up", lambda run: run.balance(30, "USDC", "1", "0", "17", "D-2", "deposit")),
    ("I-01", "a fill is not booked", lambda run: run.fills.clear()),
    ("I-01", "a fill never happened", lambda run: run.fills.append({**run.fills[0], "trade_id": "T-2"})),
    ("I-01", "a price differs in the last digit", lambda run: run.fills[0].update(price="150.01")),
    ("I-01", "a fee differs in the last digit", lambda run: run.fills[0].update(fee="0.0375000001")),
    ("I-01", "a side is wrong", lambda run: run.fills[0].update(side="sell")),
    ("I-02", "a trade is booked twice", lambda run: run.fills.append(dict(run.fills[0]))),
    ("I-02", "a trade is booked again under another name", lambda run: run.fills.append({**run.fills[0], "trade_id": "T-1b"})),
    ("I-02", "the order's row misses a fill", lambda run: run.row("wb1x1").update(filled_qty="0.05")),
    ("I-03", "a fill is not booked", lambda run: run.fills.clear()),
    ("I-03", "the exchange took a unit more", lambda run: run.balance(30, "USDC", "0", "0.00000001", "89.96249999", "T-1")),
    ("I-04", "equity is a unit off", lambda run: run.status(30)["account"].update(equity="29.97250001")),
    ("I-04", "cash that never was", lambda run: run.status(30)["account"].update(cash="15", realised_pnl="0", unrealised_pnl="-0.0275")),
    ("I-05", "the owner's coins are sold", sell_the_owners_coins),
    ("I-06", "a profit is invented", lambda run: run.fills[0].update(pnl="0.0000000001")),
    ("I-07", "two asks at once", lambda run: sell_at(run, 12, "wb1x9", "150.60")),
    ("I-07", "a bid at the own ask", lambda run: run.place(12, "wb1x9", "buy", "150.50")),
    ("I-07", "an amend over the own bid", lambda run: (run.place(12, "wb1x9", "buy", "149.00"), run.ask(13, "amend_order", cl_ord_id="wb1x2", limit_price="148.99"))),
    ("I-08", "an order without an intent", forget_order),
    ("I-08", "an intent sent twice", lambda run: run.ask(6, "add_order", cl_ord_id="wb1x1", symbol=PAIR, side="buy")),
    ("I-08", "an intent becomes two orders", lambda run: run.order(6, "pending_new", "wb1x1", order_id="O-OTHER")),
    ("I-08", "an order without an id", lambda run: run.ask(6, "add_order", symbol=PAIR, side="buy")),
    ("I-08", "an order on the other side", lambda run: run.row("wb1x2").update(side="buy")),
    ("I-09", "an end that is not known", lambda run: run.row("wb1x1").update(state="open")),
    ("I-09", "an order held for dead", lambda run: (run.place(12, "wb1x9", "buy", "149.00"), run.row("wb1x9").update(state="not_placed"))),
    ("I-09", "unknown for ever", lambda run: run.row("wb1x1").update(state="unknown")),
    ("I-09", "an order that never was", lambda run: (run.intent(12, "wb1x9", "buy", "149.00", "0.1"), run.row("wb1x9").update(state="filled"))),
    ("I-10", "an order before the gateway is ready", lambda run: run.place(3, "wb1x9", "buy", "149.00")),
    ("I-10", "an order between two gateways", lambda run: (note(run, 11, "order_gateway", "killed"), run.event(20, "ready"), run.place(14, "wb1x9", "buy", "149.00"))),
    ("I-11", "a resting order that may cross", lambda run: sell_at(run, 12, "wb1x9", "150.60", post_only=False)),
    ("I-11", "a market order", lambda run: sell_at(run, 12, "wb1x9", "150.60", type="market")),
    ("I-11", "an entry beyond the collar", lambda run: run.place(12, "wb1x9", "buy", "148.00")),
    ("I-11", "an exit beyond the collar", lambda run: sell_at(run, 12, "wb1x9", "155.00")),
    ("I-12", "off the tick", lambda run: request_of(run, "wb1x2").update(limit_price="150.505")),
    ("I-12", "off the lot", lambda run: request_of(run, "wb1x2").update(order_qty="0.100000001")),
    ("I-12", "below the minimum", lambda run: request_of(run, "wb1x2").update(order_qty="0.01")),
    ("I-12", "a price that is no number", lambda run: request_of(run, "wb1x2").update(limit_price="cheap")),
    ("I-12", "no price at all", lambda run: request_of(run, "wb1x2").update(limit_price="NaN")),
    ("I-13", "eight sends within a tenth of a second", many_at_once),
    ("I-13", "the REST counter fills up", lambda run: [run.call(5 + count / 10, "OpenOrders") for count in range(20)]),
    ("I-14", "an order after the stop", lambda run: run.place(40.5, "wb1x9", "buy", "149.00")),
    ("I-14", "an order after a halt", lambda run: (run.event(12, "halt"), run.place(12.5, "wb1x9", "buy", "149.00"))),
    ("I-15", "an order rests after a clean end", lambda run: run.place(39, "wb1x9", "buy", "149.00")),
    ("I-16", "a foreign order is cancelled", lambda run: run.ask(25, "cancel_order", order_id=["O-FOREIGN"])),
    ("I-16", "a foreign order is swept away", swept_away),
    ("I-17", "grants above the capital", held_in_two_halves),
    ("I-17", "leases in the journal above the capital", lambda run: run.leases.append({"pair": PAIR, "epoch": 1, "amount": "30.01"})),
    ("I-17", "a capital that the fills do not explain", lambda run: run.status(30)["allocator"].update(capital="31")),
    ("I-18", "more at work than there is", beyond_capital),
    ("I-18", "more at work than the lease", beyond_lease),
    ("I-20", "a lease of another epoch", lease_of_another_epoch),
    ("I-20", "a lease that has run out", lease_run_out),
    ("I-21", "an entry after the loss limit", entry_after_loss_limit),
    ("I-21", "an entry after the day's loss limit", entry_on_a_closed_day),
    ("I-22", "a dead trader's order stays", trader_dies),
    ("I-24", "a dead gateway's order stays", gateway_dies),
    ("I-24", "a dead supervisor's order stays", lambda run: note(run, 12, "supervisor", "killed")),
    ("I-25", "the switch is not renewed", switch_forgotten),
    ("I-25", "an order before the switch is armed", lambda run: run.place(4.2, "wb1x9", "buy", "149.00")),
    ("I-26", "the status stands still", lambda run: run.status(60)),
    ("I-28", "restarts without end", restarted_again_and_again),
    ("I-29", "it never comes back", never_comes_back),
    ("I-30", "a nonce twice", lambda run: run.ask(15, "Balance", via="rest", nonce="4")),
    ("I-30", "a nonce refused", lambda run: run.call(15, "Balance", error="EAPI:Invalid nonce")),
    ("I-33", "two epochs at once", restarted_epoch_overlaps),
    ("I-33", "a row of another epoch", lambda run: run.row("wb1x1").update(epoch=2)),
    ("I-34", "the intent comes after the request", lambda run: run.row("wb1x2").update(created_ns=ns(10.6))),
    ("I-35", "an order in a maintenance", order_in_maintenance),
    ("I-35", "calls in a lockout", call_in_lockout),
    ("I-38", "a secret in a log", lambda run: run.outputs.update(x="key=a-secret-canary/with+signs==")),
    ("I-40", "a private host outside of live", lambda run: run.outputs.update(x="connecting to wss://ws-auth.kraken.com/v2")),
    ("I-40", "the mode changes", lambda run: run.status(30, mode="paper")),
]  # fmt: skip


def test_entries_of_a_new_day_and_during_the_owners_pause_are_no_breach_of_the_loss_limit() -> None:
    def of_rule(run: Run) -> tuple[str, ...]:
        return tuple(each.text for each in audit(run.evidence()).violations if each.rule == "I-21")

    new_day, paused = good_run(), good_run()
    entry_between_two_closed_days(new_day)
    assert of_rule(new_day) == ()
    paused.event(12, "entries", "closed: the owner paused all pairs")
    paused.place(14, "wb1x9", "buy", "149.00")
    assert of_rule(paused) == ()


def test_a_good_run_breaks_no_rule_and_every_rule_sees_it() -> None:
    report = audit(good_run().evidence())
    assert report.violations == ()
    assert report.ok
    unseen = {each.rule for each in report.verdicts if each.outcome is Outcome.UNSEEN}
    assert unseen == NEED_AN_ACCIDENT | OUT_OF_SIGHT.keys()
    assert len(report.verdicts) == len(RULES) + len(OUT_OF_SIGHT)
    assert len({each.rule for each in report.verdicts}) == len(report.verdicts)


@pytest.mark.parametrize(("rule", "what", "spoil"), BROKEN, ids=[f"{rule} {what}" for rule, what, _ in BROKEN])
def test_a_broken_run_is_caught_by_the_rule_it_breaks(rule: str, what: str, spoil: Break) -> None:
    run = good_run()
    spoil(run)
    verdict = run.judged(rule)
    assert verdict.outcome is Outcome.VIOLATED, verdict
    assert verdict.text


def test_every_rule_is_shown_to_fail() -> None:
    report = audit(good_run().evidence())
    assert {rule for rule, _, _ in BROKEN} == {each.rule for each in report.verdicts} - OUT_OF_SIGHT.keys()


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


@pytest.mark.parametrize(
    "written",
    [
        "a-secret-canary/with+signs==",
        "a-secret-canary%2Fwith%2Bsigns%3D%3D",
        b"a-secret-canary/with+signs==".hex(),
        b"a-secret-canary/with+signs==".hex().upper(),
    ],
)
def test_a_secret_is_found_however_it_is_written(written: str) -> None:
    run = good_run()
    run.event(30, "note")
    run.events[-1]["text"] = f"before {written} after"
    assert run.judged("I-38").outcome is Outcome.VIOLATED


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_a_secret_is_found_inside_an_encoded_text(before: str) -> None:
    encoded = base64.b64encode(f"{before}a-secret-canary/with+signs== and more".encode()).decode()
    assert any(form in encoded for form in forms_of("a-secret-canary/with+signs=="))


def test_a_harmless_text_holds_no_secret() -> None:
    assert not any(form in "all is well with the canary" for form in forms_of("a-secret-canary/with+signs=="))


def test_a_verdict_tells_the_first_offenders_and_how_many() -> None:
    run = good_run()
    run.fills[0].update(price="1", qty="2", cost="3", fee="4", side="sell", pair="X/Y")
    text = run.judged("I-01").text
    assert text.startswith("6 found among 1 fills: fill T-1: price is 1 in the journal and 150.00 at the exchange")
    assert text.endswith("and 2 more")


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
