"""The market data is wrong, old or unreadable while the connection stands: cases B01, B03 to B07, B11, B12.

Source: the fault catalogue's group B, market data.
"""

import time
from decimal import Decimal
from functools import partial

from wildbot.drill.books import demand_true_book, moved_market, row_of, true_best, wait_shown
from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.cases_network import NOTICE_S, pass_time
from wildbot.drill.failure import NotStruckError
from wildbot.drill.moves import (
    Quote,
    a_quote,
    afflict,
    demand,
    demand_sent_once,
    quotes,
    requests,
    resting,
    until,
    wait_fills_agree,
    wait_settled,
    wait_struck,
)
from wildbot.drill.processes import stopped
from wildbot.drill.status_tap import Document
from wildbot.drill.whole import Whole

NANOS = 1_000_000_000
BACKLOG_S = 5.0
BACKLOG_LEAST = 300
CAUGHT_UP_S = 5.0
FRESH_MS = 2_000
SPOILS = ("truncated", "nan", "huge", "unknown_field", "not_json", "html")


def _resting_on(whole: Whole, pair: str) -> bool:
    return any(order["pair"] == pair for order in resting(whole).values())


def one_pair_silent(whole: Whole) -> None:
    """B01."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults([{"verb": "ws.silence", "pair": quote.pair, "for_s": 25}])
    wait_struck(whole, "ws.silence", since, provoke=False)
    _move_market(whole, quote)
    pass_time(whole, NOTICE_S)
    blind = whole.exchange.seq()
    pass_time(whole, 5)
    document = whole.status()
    demand(not _resting_on(whole, quote.pair), f"orders rest on {quote.pair} {NOTICE_S + 5:g} s after its data stopped")
    sent = [line for line in requests(whole, blind, "add_order") if line["params"]["symbol"] == quote.pair]
    demand(not sent, f"{len(sent)} orders were sent for {quote.pair} without its data")
    others = [each.pair for each in quotes(document) if each.pair != quote.pair]
    demand(bool(others), "the silence of one pair stopped the others too")


def _move_market(whole: Whole, quote: Quote) -> None:
    """Let others trade on the pair, away from our quote, so that the truth moves on."""
    side = "buy" if quote.side == "buy" else "sell"
    far = Decimal(quote.price) * (Decimal("1.002") if side == "buy" else Decimal("0.998"))
    places = -Decimal(quote.price).as_tuple().exponent  # type: ignore[operator]
    whole.exchange.others_order(quote.pair, side, f"{far:.{places}f}", f"{quote.qty}")


def wrong_checksum(whole: Whole) -> None:
    """B03."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults([{"verb": "ws.badsum", "pair": quote.pair, "count": 2}])
    struck = wait_struck(whole, "ws.badsum", since, provoke=False)

    def asked_anew() -> list[Document]:
        lines = whole.exchange.ledger(struck["seq"])
        return [line for line in lines if line["kind"] == "subscription" and quote.pair in str(line)]

    until(whole, asked_anew, f"the book of {quote.pair} is asked for anew", 10)
    closed = [line for line in whole.exchange.ledger(since) if line["kind"] == "connection" and line["action"] == "closed"]
    demand(not closed, "the whole connection was given up for one wrong book")
    whole.wait(lambda d: any(q.pair == quote.pair for q in quotes(d)), f"{quote.pair} quoted again", 30)
    demand_true_book(whole, quote.pair)


def crossed_book(whole: Whole) -> None:
    """B04."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults([{"verb": "ws.cross", "pair": quote.pair, "for_s": 4}])
    struck = wait_struck(whole, "ws.cross", since, provoke=False)
    shown = Decimal(struck["result"]["price"])
    end_ns = _shown_crossed_until(whole, quote.pair, shown, struck["ts_ns"] + int(3.5 * NANOS))
    document = whole.status()
    row = row_of(document, quote.pair)
    crossed = row.get("bid") and row.get("ask") and Decimal(row["bid"]) >= Decimal(row["ask"])
    demand(not crossed, f"a bid of {row.get('bid')} and an ask of {row.get('ask')} are believed")
    sent = [
        line
        for line in requests(whole, struck["seq"], "add_order")
        if line["params"]["symbol"] == quote.pair and struck["ts_ns"] + NANOS < line["ts_ns"] < end_ns
    ]
    demand(not sent, f"{len(sent)} orders were sent on a book that cannot be true")


def _shown_crossed_until(whole: Whole, pair: str, bid: Decimal, end_ns: int) -> int:
    """Watch until `end_ns`; return since when the market itself had risen above a bid that is shown and not there."""
    while time.time_ns() < end_ns:
        at_ns = time.time_ns()
        if true_best(whole, pair)[1] > bid:
            return at_ns
        pass_time(whole, 0.2)
    return end_ns


def old_levels(whole: Whole) -> None:
    """B05: the market stays where it went, far from all that the former connection told."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults(
        [
            {"verb": "ws.close", "which": "public", "abrupt": True},
            {"verb": "ws.close", "which": "public", "on_connect": True, "for_s": 3, "count": 1000},
        ]
    )
    wait_struck(whole, "ws.close", since, provoke=False)
    with moved_market(whole, quote) as floor:
        wait_shown(whole, quote.pair, floor, NOTICE_S + 15)


def late_data(whole: Whole) -> None:
    """B06."""
    a_quote(whole)
    since = whole.exchange.seq()
    whole.faults([{"verb": "ws.lag", "conn": "public", "s": 20, "for_s": 30}])
    wait_struck(whole, "ws.lag", since, provoke=False)
    until(whole, lambda: not resting(whole), "every quote is withdrawn because the data is old", NOTICE_S)
    pass_time(whole, 22)  # now data arrives again, all of it twenty seconds old
    sent = [line for line in requests(whole, since, "add_order") if line["ts_ns"] > whole.ledger()[-1]["ts_ns"] - 3 * NANOS]
    demand(not sent, f"{len(sent)} orders were sent on data that is twenty seconds old")


def late_answer(whole: Whole) -> None:
    """B07."""
    _, struck = afflict(
        whole,
        [
            {"verb": "ws.silence", "channel": "executions", "for_s": 9},
            {"verb": "delay", "method": "add_order", "ms": 20_000},
        ],
        "delay",
    )
    cl_ord_id = str(struck["params"]["cl_ord_id"])
    state = wait_settled(whole, cl_ord_id)["state"]
    demand(state not in ("not_placed", "rejected"), f"{cl_ord_id} exists and is booked as {state}")
    end_ns = struck["ts_ns"] + 22 * NANOS
    until(whole, lambda: whole.ledger()[-1]["ts_ns"] > end_ns, "the late answer to arrive", 30)
    demand_sent_once(whole, cl_ord_id)
    wait_fills_agree(whole)
    document = whole.status()
    shown = {each.cl_ord_id for each in quotes(document)}
    lost = set(resting(whole)) - shown - {str(order) for order in _pending(document)}
    demand(len(lost) <= 1, f"orders rest at the exchange that nobody here shows: {sorted(lost)[:3]}")


def _pending(document: Document) -> list[str]:
    return [order["cl_ord_id"] for row in document["traders"] for order in row["open_orders"]]


def burst(whole: Whole) -> None:
    """B11: who reads the market stands still while it goes on, and then has all of it before it at once."""
    quote = a_quote(whole)
    tick = Decimal(1).scaleb(int(str(Decimal(quote.price).as_tuple().exponent)))
    bid, _ = true_best(whole, quote.pair)
    changes = 0
    with stopped(whole.process("supervisor")):
        until_s = time.monotonic() + BACKLOG_S
        while time.monotonic() < until_s:
            price = bid - tick * (1 + changes % 5)  # each near enough to the best price to be told
            order = {"pair": quote.pair, "side": "buy", "type": "limit", "price": f"{price:f}", "qty": f"{quote.qty}"}
            whole.exchange.others_orders([order])
            changes += 1
    if changes < BACKLOG_LEAST:
        raise NotStruckError(f"only {changes} changes were made within {BACKLOG_S:g} s")
    with moved_market(whole, quote) as floor:
        wait_shown(whole, quote.pair, floor, CAUGHT_UP_S)
    ages = {row["pair"]: row["data_age_ms"] for row in whole.status()["traders"] if row["data_age_ms"] is not None}
    demand(ages.get(quote.pair, FRESH_MS) < FRESH_MS, f"after the burst the data shown is old: {ages} ms")


def unreadable(whole: Whole) -> None:
    """B12."""
    quote = a_quote(whole)
    before = {row["name"]: row["pid"] for row in whole.status()["actors"]}
    began = whole.exchange.seq()
    for kind in SPOILS:
        since = whole.exchange.seq()
        whole.faults([{"verb": "ws.garble", "conn": "public", "channel": "book", "kind": kind, "count": 3}])
        wait_struck(whole, "ws.garble", since, provoke=False)
    pass_time(whole, 2)
    document = whole.status()
    after = {row["name"]: row["pid"] for row in document["actors"]}
    demand(before.get("supervisor") == after.get("supervisor"), "the process that reads market data did not survive")
    asked = [line for line in whole.exchange.ledger(began) if line["kind"] == "subscription"]
    demand(bool(asked), "changes of books were lost and no book was asked for anew")
    whole.wait(lambda d: bool(quotes(d)), "quoting again after unreadable messages", 30)
    demand_true_book(whole, quote.pair)


_case = partial(Case, group=Group.NETWORK)
S1, S2 = Severity.S1, Severity.S2
CASES = (
    _case(
        id="B01",
        severity=S1,
        title="The data of one pair stops while all others flow",
        promise="The quotes on that pair are withdrawn; the other pairs trade on",
        run=one_pair_silent,
    ),
    _case(
        id="B03",
        severity=S1,
        title="The exchange's checksum says that our copy of the order book is wrong",
        promise="That book is dropped and asked for anew at once; the connection and the other pairs stay",
        run=wrong_checksum,
        fast=True,
    ),
    _case(
        id="B04",
        severity=S1,
        title="The order book shows buyers above sellers, which cannot be",
        promise="It is not believed, and nothing is sent on it",
        run=crossed_book,
    ),
    _case(
        id="B05",
        severity=S1,
        title="The market moves while the connection is away",
        promise="After the reconnection the book is the exchange's, with nothing left of the old one",
        run=old_levels,
    ),
    _case(
        id="B06",
        severity=S1,
        title="The market data arrives twenty seconds late",
        promise="Every quote is withdrawn, and nothing is sent on old data however fast it arrives",
        run=late_data,
    ),
    _case(
        id="B07",
        severity=S1,
        title="The answer to an order arrives twenty seconds late",
        promise="It joins the order it belongs to; nothing is sent twice and nothing is left over",
        run=late_answer,
    ),
    _case(
        id="B11",
        severity=S2,
        title="Hundreds of order book changes come at once",
        promise="Seconds later the data is fresh, and what is shown is the newest of it",
        run=burst,
        lone=True,  # who stands still tells no status either
        breaks=("I-26",),
    ),
    _case(
        id="B12",
        severity=S2,
        title="Messages of the exchange are cut off, or full of nonsense",
        promise="They are dropped, the book is asked for anew, nothing crashes",
        run=unreadable,
    ),
)
