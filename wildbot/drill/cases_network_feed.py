"""The market data is wrong, old or unreadable while the connection stands: cases B01, B03 to B07, B11, B12.

Source: the fault catalogue's group B, market data.
"""

import time
from decimal import Decimal
from functools import partial

import requests as http

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.cases_network import NOTICE_S, pass_time
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
from wildbot.drill.status_tap import Document
from wildbot.drill.whole import Whole

NANOS = 1_000_000_000
BURST_ORDERS = 400
BURSTS = 10
SPOILS = ("truncated", "nan", "huge", "unknown_field", "not_json", "html")


def _row(document: Document, pair: str) -> Document:
    return next((row for row in document["traders"] if row["pair"] == pair), {})


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
    _demand_true_book(whole, quote.pair)


def crossed_book(whole: Whole) -> None:
    """B04."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults([{"verb": "ws.cross", "pair": quote.pair, "for_s": 4}])
    struck = wait_struck(whole, "ws.cross", since, provoke=False)
    shown = Decimal(struck["result"]["price"])
    end_ns = _shown_crossed_until(whole, quote.pair, shown, struck["ts_ns"] + int(3.5 * NANOS))
    document = whole.status()
    row = _row(document, quote.pair)
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
        if _true_best(whole, pair)[1] > bid:
            return at_ns
        pass_time(whole, 0.2)
    return end_ns


def old_levels(whole: Whole) -> None:
    """B05."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults(
        [
            {"verb": "ws.close", "which": "public", "abrupt": True},
            {"verb": "ws.close", "which": "public", "on_connect": True, "for_s": 3, "count": 1000},
            {"verb": "wick", "pair": quote.pair, "pct": "-1.5", "for_s": 2},
        ]
    )
    wait_struck(whole, "ws.close", since, provoke=False)
    pass_time(whole, 3)
    whole.wait(lambda d: bool(_row(d, quote.pair).get("bid")), "market data again", 30)
    _demand_true_book(whole, quote.pair)


def _demand_true_book(whole: Whole, pair: str) -> None:
    def agrees() -> bool:
        document = whole.status()
        book = _true_best(whole, pair)
        row = _row(document, pair)
        if not row.get("bid") or not row.get("ask"):
            return False
        return abs(Decimal(row["bid"]) / book[0] - 1) < Decimal("0.001") and abs(
            Decimal(row["ask"]) / book[1] - 1
        ) < Decimal("0.001")

    until(whole, agrees, f"the book shown for {pair} is the exchange's", 15)


def _true_best(whole: Whole, pair: str) -> tuple[Decimal, Decimal]:
    wanted: dict[str, str] = {"pair": pair.replace("/", ""), "count": "1"}
    answer = http.get(f"http://127.0.0.1:{whole.exchange_port}/0/public/Depth", params=wanted, timeout=10)
    book = next(iter(answer.json()["result"].values()))
    demand(bool(book["bids"] and book["asks"]), f"the market of {pair} has lost a side")
    return Decimal(book["bids"][0][0]), Decimal(book["asks"][0][0])


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
    """B11."""
    quote = a_quote(whole)
    mark = Decimal(_row(whole.status(), quote.pair)["mark"])
    places = -Decimal(quote.price).as_tuple().exponent  # type: ignore[operator]
    tick = Decimal(1).scaleb(-places)
    for turn in range(BURSTS):
        orders = []
        for number in range(BURST_ORDERS):
            price = (mark * Decimal("0.995")).quantize(tick) - tick * (number % 50)
            orders.append(
                {"pair": quote.pair, "side": "buy", "type": "limit", "price": f"{price:f}", "qty": f"{quote.qty}"}
            )
        whole.exchange.others_orders(orders)
        demand(whole.status(10)["state"] in ("running", "degraded"), f"the burst number {turn + 1} stopped the run")
    pass_time(whole, 3)
    document = whole.status()
    ages = {row["pair"]: row["data_age_ms"] for row in document["traders"] if row["data_age_ms"] is not None}
    demand(bool(ages) and min(ages.values()) < 2_000, f"seconds after the burst the data shown is still old: {ages} ms")


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
    _demand_true_book(whole, quote.pair)


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
        title=f"{BURSTS * BURST_ORDERS} order book changes come at once",
        promise="Old states are skipped, not queued: seconds later the data is fresh",
        run=burst,
    ),
    _case(
        id="B12",
        severity=S2,
        title="Messages of the exchange are cut off, or full of nonsense",
        promise="They are dropped, the book is asked for anew, nothing crashes",
        run=unreadable,
    ),
)
