"""Answers to our orders are lost, wrong, late or refusals: A01 to A07, A20, A21, A23, A24, A36 of the fault catalogue."""

from collections import Counter
from collections.abc import Mapping
from functools import partial

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.failure import NotStruckError
from wildbot.drill.moves import (
    Quote,
    a_bid,
    afflict,
    demand,
    demand_sent_once,
    demand_side_frozen,
    journal_order,
    recover,
    requests,
    stir,
    until,
    wait_fills_agree,
    wait_settled,
    wait_struck,
)
from wildbot.drill.whole import Whole

Fault = Mapping[str, object]
RACES = 4
DEAF: Fault = {"verb": "ws.silence", "channel": "executions", "for_s": 9}
"""The private stream says nothing either, so that only a look at the exchange can explain the order."""

LOST: Fault = {"verb": "apply+drop", "method": "add_order"}


def _explained(whole: Whole, script: list[Fault], verb: str) -> tuple[str, str]:
    """Strike one order request; return its client id and the journal's state once it is explained."""
    since, struck = afflict(whole, script, verb)
    cl_ord_id = str(struck["params"]["cl_ord_id"])
    row = wait_settled(whole, cl_ord_id)
    settled_ns = int(row["updated_ns"])
    last = max((line["seq"] for line in whole.exchange.ledger(since) if line["ts_ns"] < settled_ns), default=since)
    demand_side_frozen(whole, struck, last)
    demand_sent_once(whole, cl_ord_id)
    return cl_ord_id, str(row["state"])


def _demand_alive(whole: Whole, cl_ord_id: str, state: str) -> None:
    placed = any(line["kind"] == "order" and line["order"]["cl_ord_id"] == cl_ord_id for line in whole.ledger())
    demand(placed, f"order {cl_ord_id} never reached the exchange, the drill proved nothing")
    demand(state not in ("rejected", "not_placed", "denied"), f"order {cl_ord_id} exists and is booked as {state}")


def reply_lost(whole: Whole) -> None:
    """A01."""
    _demand_alive(whole, *_explained(whole, [DEAF, LOST], "apply+drop"))


def error_page(whole: Whole) -> None:
    """A02."""
    script: list[Fault] = [DEAF, {"verb": "apply+html", "method": "add_order", "code": 520}]
    _demand_alive(whole, *_explained(whole, script, "apply+html"))


def not_yet_visible(whole: Whole) -> None:
    """A03."""
    script: list[Fault] = [DEAF, {"verb": "stale_read", "endpoint": "OpenOrders", "s": 10, "before": "add_order"}, LOST]
    _demand_alive(whole, *_explained(whole, script, "apply+drop"))


def filled_before_seen(whole: Whole) -> None:
    """A04."""
    cl_ord_id, state = _explained(whole, [DEAF, LOST, {"verb": "fill", "upon": "add_order"}], "apply+drop")
    demand(state == "filled", f"order {cl_ord_id} was filled at once and is booked as {state}")
    wait_fills_agree(whole)


def id_never_used_again(whole: Whole) -> None:
    """A05."""
    cl_ord_id, _ = _explained(whole, [LOST, {"verb": "fill", "upon": "add_order"}], "apply+drop")
    since = whole.exchange.seq()
    until(whole, lambda: requests(whole, since, "add_order"), "a new order after the lost one", 30, lambda: stir(whole))
    demand_sent_once(whole, cl_ord_id)
    ids = Counter(str(line["params"].get("cl_ord_id")) for line in requests(whole, 0, "add_order"))
    again = [each for each, times in ids.items() if times > 1]
    demand(not again, f"client ids used more than once: {again[:3]}")


def told_insufficient_funds(whole: Whole) -> None:
    """A06."""
    error = "EOrder:Insufficient funds"
    since, struck = afflict(whole, [{"verb": "noapply+error", "method": "add_order", "error": error}], "noapply+error")
    pair, side = struck["params"]["symbol"], struck["params"]["side"]
    at_ns = struck["ts_ns"]
    until(
        whole,
        lambda: requests(whole, since, "OpenOrders", "Balance", "BalanceEx", "TradesHistory", "ClosedOrders"),
        "a look at the exchange's books after 'insufficient funds'",
        35,
    )
    tries = [
        line
        for line in requests(whole, since, "add_order")
        if (line["params"]["symbol"], line["params"]["side"]) == (pair, side) and line["ts_ns"] < at_ns + 5_000_000_000
    ]
    demand(len(tries) <= 4, f"{len(tries)} orders for {pair} within 5 s after the exchange said there is no money")


def cancel_raced_by_a_fill(whole: Whole) -> None:
    """A07."""
    quote = _race(whole)

    def look() -> str | None:
        found = journal_order(whole, quote.cl_ord_id)
        return str(found["state"]) if found and found["state"] in ("filled", "cancelled") else None

    state = until(whole, look, f"the end of order {quote.cl_ord_id}", 20)
    demand(state == "filled", f"{quote.cl_ord_id} was filled while it was being cancelled and is booked as {state}")
    wait_fills_agree(whole)


def _race(whole: Whole) -> Quote:
    """Fill an order of ours just before its cancel is carried out; the market may be faster, so try some times."""
    for _ in range(RACES):
        quote = a_bid(whole)
        since = whole.exchange.seq()
        whole.faults(
            [
                {"verb": "fill", "order": quote.cl_ord_id, "before": "cancel_order"},
                {"verb": "apply+drop", "method": "cancel_order"},
            ]
        )
        whole.control("pause", pair=quote.pair)
        try:
            wait_struck(whole, "fill", since, 6, provoke=False)
            wait_struck(whole, "apply+drop", since, 6, provoke=False)
        except NotStruckError:
            whole.clear_faults()
            whole.control("resume", pair=quote.pair)
        else:
            return quote
    raise NotStruckError(f"{RACES} times the order was gone before its cancel arrived")


def engine_says_unavailable(whole: Whole) -> None:
    """A20."""
    applied: Fault = {"verb": "apply+error", "method": "add_order", "error": "EService:Timeout"}
    refused: Fault = {"verb": "noapply+error", "method": "add_order", "error": "EService:Unavailable"}
    _demand_alive(whole, *_explained(whole, [DEAF, applied], "apply+error"))
    recover(whole)  # two faults, one after the other: the repair of the silent stream is not part of the second
    _, struck = afflict(whole, [refused], "noapply+error")
    cl_ord_id = str(struck["params"]["cl_ord_id"])
    state = wait_settled(whole, cl_ord_id)["state"]
    demand(state in ("not_placed", "rejected"), f"{cl_ord_id} never reached the book and is booked as {state}")
    early = [
        line
        for line in requests(whole, struck["seq"], "add_order")
        if line["params"]["symbol"] == struck["params"]["symbol"] and line["ts_ns"] < struck["ts_ns"] + 1_000_000_000
        and line["params"]["side"] == struck["params"]["side"]
    ]  # fmt: skip
    demand(not early, f"the next order for {struck['params']['symbol']} left within a second of 'unavailable'")
    demand_sent_once(whole, cl_ord_id)


def error_and_result_together(whole: Whole) -> None:
    """A21."""
    script: list[Fault] = [
        {"verb": "apply+error", "method": "add_order", "error": "WOrder:Price outside of band", "with_result": True}
    ]
    _demand_alive(whole, *_explained(whole, script, "apply+error"))


def modes_of_the_engine(whole: Whole) -> None:
    """A23."""
    for mode in ("post_only", "cancel_only", "maintenance"):
        since = whole.exchange.seq()
        whole.faults([{"verb": "status", "mode": mode, "for_s": 6}])
        wait_struck(whole, "status", since, provoke=False)
        at_ns = whole.exchange.ledger(since)[-1]["ts_ns"]
        until(whole, lambda at_ns=at_ns: whole.ledger()[-1]["ts_ns"] > at_ns + 5_500_000_000, "the mode to pass", 12)  # type: ignore[misc]
        sent = [
            line
            for line in requests(whole, since, "add_order", "amend_order")
            if at_ns + 1_500_000_000 < line["ts_ns"] < at_ns + 5_500_000_000
        ]
        wrong = [line for line in sent if mode != "post_only" or not line["params"].get("post_only")]
        demand(not wrong, f"{len(wrong)} orders that {mode} forbids were sent more than 1.5 s after it was announced")
        whole.wait(lambda d: d["state"] == "running", f"running again after {mode}", 60)


def post_only_refused(whole: Whole) -> None:
    """A24."""
    _refused_for_ten_seconds(whole, "EOrder:Post only order", 8)


def orders_limit(whole: Whole) -> None:
    """A36."""
    _refused_for_ten_seconds(whole, "EOrder:Orders limit exceeded", 8)


def _refused_for_ten_seconds(whole: Whole, error: str, most: int) -> None:
    script: list[Fault] = [{"verb": "noapply+error", "method": "add_order", "error": error, "for_s": 12}]
    since, struck = afflict(whole, script, "noapply+error")
    end_ns = struck["ts_ns"] + 10_000_000_000
    until(whole, lambda: whole.ledger()[-1]["ts_ns"] > end_ns, "ten seconds to pass", 20)
    tries = Counter(str(line["params"]["symbol"]) for line in requests(whole, since, "add_order") if line["ts_ns"] < end_ns)
    pair, times = tries.most_common(1)[0]
    demand(times <= most, f"{times} orders for {pair} in 10 s, each refused with {error}")


_case = partial(Case, group=Group.EXCHANGE)
S1, S2, S3 = Severity.S1, Severity.S2, Severity.S3
CASES = (
    _case(
        id="A01",
        severity=S1,
        title="The exchange takes our order, and its answer is lost",
        promise="One intent is one order: it is looked up, never sent again, and its side waits until it is explained",
        run=reply_lost,
        fast=True,
    ),
    _case(
        id="A02",
        severity=S1,
        title="The exchange takes our order and answers with an error page",
        promise="An error page is not a refusal: the order is looked up, never sent again",
        run=error_page,
    ),
    _case(
        id="A03",
        severity=S1,
        title="The answer is lost, and the new order shows up in the exchange's list only ten seconds later",
        promise="Not being listed once is no proof: the order is looked for again, and found",
        run=not_yet_visible,
    ),
    _case(
        id="A04",
        severity=S1,
        title="The answer is lost, and the order is filled before anybody looks",
        promise="The fill is booked by its trade number; the order never counts as refused",
        run=filled_before_seen,
    ),
    _case(
        id="A05",
        severity=S1,
        title="After a lost order that was filled, trading goes on",
        promise="An order's own number is never used a second time",
        run=id_never_used_again,
    ),
    _case(
        id="A06",
        severity=S1,
        title="The exchange says there is not enough money, although there should be",
        promise="No smaller or repeated order in reply: the books are compared with the exchange first",
        run=told_insufficient_funds,
    ),
    _case(
        id="A07",
        severity=S1,
        title="An order is filled while we cancel it, and the answer to the cancel is lost",
        promise="The fill is booked; an order never counts as cancelled because a cancel was asked for",
        run=cancel_raced_by_a_fill,
        fast=True,
    ),
    _case(
        id="A20",
        severity=S1,
        title="The exchange says 'timeout' or 'unavailable', once with and once without having taken the order",
        promise="Both are looked up before anything follows; nothing is sent twice",
        run=engine_says_unavailable,
    ),
    _case(
        id="A21",
        severity=S1,
        title="The exchange answers with a warning and a result at once",
        promise="If the order exists we know it; no such order is forgotten",
        run=error_and_result_together,
    ),
    _case(
        id="A23",
        severity=S2,
        title="The exchange allows only resting orders, then only cancels, then goes into maintenance",
        promise="Nothing the mode forbids is sent, and trading resumes by itself",
        run=modes_of_the_engine,
    ),
    _case(
        id="A24",
        severity=S2,
        title="The exchange refuses every resting order because the market has moved",
        promise="At most a few tries in ten seconds on a pair, never a loop",
        run=post_only_refused,
    ),
    _case(
        id="A36",
        severity=S3,
        title="The exchange says we have too many orders",
        promise="At most a few tries in ten seconds on a pair, never a loop",
        run=orders_limit,
    ),
)
