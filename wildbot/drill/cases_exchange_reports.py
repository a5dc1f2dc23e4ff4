"""What the exchange reports of our orders comes twice, late, in disorder or not at all: cases A08 to A13, A25, A33.

Source: the fault catalogue's group A, reports.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.moves import (
    Quote,
    a_bid,
    a_quote,
    demand,
    events,
    executions,
    journal_order,
    quotes,
    requests,
    resting,
    stir,
    until,
    wait_alert,
    wait_fills_agree,
    wait_struck,
)
from wildbot.drill.status_tap import Document
from wildbot.drill.whole import Whole

Fault = Mapping[str, object]
FLIGHT_NS = 50_000_000
"""What is on its way to the exchange when something happens there."""

SLICES = 60
"""More executions than the fifty that the exchange tells again after a lost connection."""


def _row(document: Document, pair: str) -> Document:
    return next((row for row in document["traders"] if row["pair"] == pair), {})


def partial_fill_then_cancel(whole: Whole) -> None:
    """A08."""
    quote = a_bid(whole)
    before = Decimal(_row(whole.status(), quote.pair).get("position") or "0")
    since = whole.exchange.seq()
    whole.faults([{"verb": "fill", "order": quote.cl_ord_id, "qty": "40%"}])
    wait_struck(whole, "fill", since, provoke=False)
    whole.control("pause", pair=quote.pair)
    ended = until(
        whole,
        lambda: (row := journal_order(whole, quote.cl_ord_id)) and row["state"] == "cancelled" and row,
        f"the end of order {quote.cl_ord_id}",
        20,
    )
    true = sum(
        Decimal(line["execution"]["qty"])
        for line in executions(whole).values()
        if line["order"]["cl_ord_id"] == quote.cl_ord_id
    )
    demand(true > 0, f"{quote.cl_ord_id} was never partly filled")
    demand(Decimal(ended["filled_qty"]) == true, f"{true} of {quote.cl_ord_id} executed, booked are {ended['filled_qty']}")
    sign = 1 if quote.side == "buy" else -1
    whole.wait(
        lambda d: Decimal(_row(d, quote.pair).get("position") or "0") == before + sign * true,
        f"the position of {quote.pair} grown by {true}",
        10,
    )
    wait_fills_agree(whole)


def told_three_times(whole: Whole) -> None:
    """A09."""
    since = whole.exchange.seq()
    whole.faults([{"verb": "ws.dup", "channel": "executions", "n": 3, "count": 20}])
    wait_struck(whole, "ws.dup", since)
    stir(whole)
    whole.faults([{"verb": "ws.close", "which": "private", "abrupt": True}])
    wait_struck(whole, "ws.close", since, provoke=False)
    whole.wait(lambda d: d["state"] == "running", "running after the reconnection", 60)
    wait_fills_agree(whole)
    _demand_position_is_its_fills(whole)


def told_in_disorder(whole: Whole) -> None:
    """A10."""
    since = whole.exchange.seq()
    whole.faults([{"verb": "ws.reorder", "channel": "executions", "k": 4, "count": 12}])
    wait_struck(whole, "ws.reorder", since)
    stir(whole)
    wait_fills_agree(whole)
    _demand_position_is_its_fills(whole)
    wrong = []
    for line in executions(whole).values():
        order = line["order"]
        row = journal_order(whole, order["cl_ord_id"])
        if order["status"] == "filled" and (row is None or row["state"] != "filled"):
            wrong.append(order["cl_ord_id"])
    demand(not wrong, f"orders that are filled at the exchange and not here: {wrong[:3]}")


def _demand_position_is_its_fills(whole: Whole) -> None:
    positions: dict[str, Decimal] = {}
    for line in executions(whole).values():
        order, execution = line["order"], line["execution"]
        sign = 1 if order["side"] == "buy" else -1
        positions[order["pair"]] = positions.get(order["pair"], Decimal(0)) + sign * Decimal(execution["qty"])

    def agrees(document: Document) -> bool:
        return all(Decimal(row["position"] or "0") == positions.get(row["pair"], Decimal(0)) for row in document["traders"])

    whole.wait(agrees, "the positions shown are the sum of the true executions", 10)


def many_fills_while_away(whole: Whole) -> None:
    """A11."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    slices: list[Fault] = [{"verb": "fill", "order": quote.cl_ord_id, "qty": "1%"}] * SLICES
    whole.faults(
        [
            {"verb": "ws.close", "which": "private", "abrupt": True},
            {"verb": "ws.close", "which": "private", "on_connect": True, "for_s": 3},
            *slices,
        ]
    )
    wait_struck(whole, "fill", since, provoke=False)
    made = sum(line["order"]["cl_ord_id"] == quote.cl_ord_id for line in executions(whole).values())
    demand(made > 50, f"only {made} executions could be made while the connection was away")
    wait_fills_agree(whole, 60)
    quoted = requests(whole, since, "add_order")
    booked_ns = max(row["ts_ns"] for row in events(whole, 0, "caught_up")) if events(whole, 0, "caught_up") else 0
    early = [line for line in quoted if line["params"]["symbol"] == quote.pair and line["ts_ns"] < booked_ns]
    demand(not early, f"{len(early)} orders for {quote.pair} left before the missed executions were booked")


def deaf_private_stream(whole: Whole) -> None:
    """A12."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults(
        [
            {"verb": "ws.silence", "channel": "executions", "for_s": 45},
            {"verb": "fill", "order": quote.cl_ord_id, "after_s": 0.2},
        ]
    )
    wait_struck(whole, "ws.silence", since, provoke=False)
    wait_struck(whole, "fill", since, provoke=False)
    made = [each for each, line in executions(whole).items() if line["order"]["cl_ord_id"] == quote.cl_ord_id]
    demand(bool(made), "the order was not filled")
    until(
        whole,
        lambda: whole.rows("SELECT trade_id FROM fills WHERE trade_id = ?", made[-1]),
        "the comparison with the exchange finds the fill that the stream never told",
        36,
    )
    whole.wait(lambda d: d["gateway"]["state"] != "ready", "quoting stops once the stream is known to be deaf", 10)


def dead_mans_switch(whole: Whole) -> None:
    """A13."""
    a_quote(whole)
    since, at_ns = whole.exchange.seq(), whole.status()["ts_ns"]
    whole.faults([{"verb": "dms.fire"}])
    wait_struck(whole, "dms.fire", since, provoke=False)
    wait_alert(whole, at_ns, "dead man", timeout_s=10)
    fired = next(line for line in whole.exchange.ledger(since) if line["kind"] == "dead_man" and line["action"] == "fire")

    def look() -> int | None:
        later = (line for line in whole.exchange.ledger(fired["seq"]) if line["kind"] == "dead_man")
        return next((int(line["seq"]) for line in later if line["action"] in ("arm", "renew")), None)

    armed = until(whole, look, "the switch is armed again", 20)
    aware_ns = fired["ts_ns"] + FLIGHT_NS
    adds = requests(whole, fired["seq"], "add_order")
    early = [line for line in adds if line["seq"] < armed and line["ts_ns"] > aware_ns]
    demand(not early, f"{len(early)} orders left before the switch was armed again")


def dust(whole: Whole) -> None:
    """A25."""
    quote = until(whole, lambda: next(iter(_flat_bids(whole)), None), "a bid on a pair without a position", 60)
    since = whole.exchange.seq()
    whole.faults([{"verb": "fill", "order": quote.cl_ord_id, "qty": "2%"}])
    wait_struck(whole, "fill", since, provoke=False)
    struck_ns = whole.ledger()[-1]["ts_ns"]
    until(whole, lambda: whole.ledger()[-1]["ts_ns"] > struck_ns + 10_000_000_000, "ten seconds to pass", 20)
    sells = [
        line
        for line in requests(whole, since, "add_order")
        if line["params"]["symbol"] == quote.pair and line["params"]["side"] == "sell"
    ]
    refused = [
        line
        for line in whole.exchange.ledger(since)
        if line["kind"] == "reply" and line["error"] and line["to"] in {each["seq"] for each in sells}
    ]
    demand(not refused, f"{len(refused)} sells below the minimum were refused: {refused[:1]}")
    demand(len(sells) <= 3, f"{len(sells)} sells in ten seconds for a crumb of {quote.pair}")
    wait_fills_agree(whole)


def _flat_bids(whole: Whole) -> list[Quote]:
    document = whole.status()
    flat = {row["pair"] for row in document["traders"] if not Decimal(row["position"] or "0")}
    return [each for each in quotes(document) if each.pair in flat and each.side == "buy"]


def size_cut(whole: Whole) -> None:
    """A33."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults([{"verb": "restate", "order": quote.cl_ord_id, "qty": "50%"}])
    wait_struck(whole, "restate", since, provoke=False)

    def follows(document: Document) -> bool:
        mine = {order["cl_ord_id"]: order for row in document["traders"] for order in row["open_orders"]}
        true = resting(whole).get(quote.cl_ord_id)
        if true is None or quote.cl_ord_id not in mine:
            return true is None and quote.cl_ord_id not in mine
        return Decimal(mine[quote.cl_ord_id]["qty"]) == Decimal(true["qty"])

    whole.wait(follows, "the order shown has the size the exchange left it", 10)


_case = partial(Case, group=Group.EXCHANGE)
S1, S2 = Severity.S1, Severity.S2
CASES = (
    _case(
        id="A08",
        severity=S1,
        title="An order is filled to 40 percent and then cancelled",
        promise="The 40 percent are ours and are booked; only the rest is given back",
        run=partial_fill_then_cancel,
    ),
    _case(
        id="A09",
        severity=S1,
        title="The exchange tells every execution three times, and again after a reconnection",
        promise="Each execution is booked once and money moves once",
        run=told_three_times,
        fast=True,
    ),
    _case(
        id="A10",
        severity=S1,
        title="The exchange tells what happened in the wrong order",
        promise="The books depend on what happened, not on the order it was told in",
        run=told_in_disorder,
    ),
    _case(
        id="A11",
        severity=S1,
        title=f"{SLICES} executions happen while the private connection is away",
        promise="All of them are read back, more than the exchange repeats by itself, before that pair quotes again",
        run=many_fills_while_away,
    ),
    _case(
        id="A12",
        severity=S1,
        title="The private connection stands, but tells nothing",
        promise="The comparison every half minute finds it, and quoting stops until it is repaired",
        run=deaf_private_stream,
    ),
    _case(
        id="A13",
        severity=S1,
        title="The exchange's emergency timer fires and cancels everything while we trade",
        promise="It is recognised and told, and no order leaves before the timer is armed again",
        run=dead_mans_switch,
    ),
    _case(
        id="A25",
        severity=S2,
        title="A fill leaves a crumb too small to be sold",
        promise="No loop of refused sells; the crumb is kept and counted",
        run=dust,
    ),
    _case(
        id="A33",
        severity=S2,
        title="The exchange cuts one of our orders to half its size",
        promise="The order we show and reserve money for has the size that is left",
        run=size_cut,
    ),
)
