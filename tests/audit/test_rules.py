"""Every rule holds for a good run, and each is caught breaking by the one thing that breaks it."""

import base64
from typing import Any

import pytest

from tests.audit.builders_breaches import DAY_CLOSED, lease_of_another_epoch, note, trader_dies
from tests.audit.builders_run import PAIR, Break, Run, fill, good_run, ns
from wildbot.audit.audit import OUT_OF_SIGHT, RULES, audit
from wildbot.audit.hygiene import forms_of
from wildbot.audit.verdict import Outcome

NEED_AN_ACCIDENT = {"I-22", "I-24", "I-28", "I-29", "I-35"}
"""Rules that see nothing in a run in which nothing happens."""


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


def lease_run_out(run: Run) -> None:
    for status in run.statuses:
        status.document["allocator"]["leases"][0]["expires_in_s"] = -4.0


def entry_after_loss_limit(run: Run) -> None:
    run.status(12)["account"]["drawdown_pct"] = 50.0
    run.place(14, "wb1x9", "buy", "149.00")


def entry_on_a_closed_day(run: Run) -> None:
    run.event(12, "entries", DAY_CLOSED)
    run.place(14, "wb1x9", "buy", "149.00")


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
