"""The market or its rules change under our feet: cases A14, A26, A27, A31.

Source: the fault catalogue's group A, market.
"""

import time
from decimal import Decimal
from functools import partial

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.moves import (
    a_quote,
    demand,
    events,
    executions,
    last_event,
    quotes,
    requests,
    resting,
    trade_against,
    until,
    wait_alert,
    wait_fills_agree,
    wait_struck,
)
from wildbot.drill.status_tap import Document
from wildbot.drill.whole import Whole

NANOS = 1_000_000_000
FALL_PCT = -55


def _row(document: Document, pair: str) -> Document:
    return next((row for row in document["traders"] if row["pair"] == pair), {})


def _wait_s(whole: Whole, seconds: float) -> None:
    end_ns = time.time_ns() + int(seconds * NANOS)
    until(whole, lambda: time.time_ns() > end_ns, f"{seconds:g} s to pass", seconds + 10)


def _pair_with_position(whole: Whole) -> str:
    """Return a pair that holds a position, letting the market sell to one of our bids if none does."""

    def look() -> str | None:
        held = [row["pair"] for row in whole.status()["traders"] if Decimal(row["position"] or "0") > 0]
        return held[0] if held else None

    def hit() -> None:
        bids = [each for each in quotes(whole.status()) if each.side == "buy"]
        if bids:
            trade_against(whole, bids[0])

    return until(whole, look, "a position in some pair", 40, hit)


def wick(whole: Whole) -> None:
    """A14."""
    pair = _pair_with_position(whole)
    price = Decimal(_row(whole.status(), pair)["mark"])
    since = whole.exchange.seq()
    whole.faults([{"verb": "wick", "pair": pair, "pct": FALL_PCT, "for_s": 3}])
    wait_struck(whole, "wick", since, provoke=False)
    _wait_s(whole, 6)
    market = [line for line in requests(whole, since, "add_order") if line["params"].get("order_type") != "limit"]
    demand(not market, f"{len(market)} orders without a price limit were sent")
    sold = [
        Decimal(line["execution"]["price"])
        for line in executions(whole).values()
        if line["seq"] > since and line["order"]["side"] == "sell" and line["order"]["pair"] == pair
    ]
    floor = price * Decimal("0.9")
    demand(not sold or min(sold) >= floor, f"sold at {min(sold, default=0)} what was worth {price:.4f} a second before")


def rules_change(whole: Whole) -> None:
    """A26."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    pair_line = next(line for line in whole.ledger() if line["kind"] == "pair" and line["pair"] == quote.pair)
    old = Decimal(pair_line["price_increment"])
    new = old * 5
    whole.faults([{"verb": "meta.change", "pair": quote.pair, "price_increment": f"{new:f}"}])
    wait_struck(whole, "meta.change", since, provoke=False)
    try:

        def requoted() -> bool:
            for order in resting(whole).values():
                if order["pair"] == quote.pair and order["cl_ord_id"] in _after(whole, since):
                    return Decimal(order["price"]) % new == 0
            fresh = [each for each in quotes(whole.status()) if each.pair == quote.pair]
            if fresh:
                trade_against(whole, fresh[0])
            return False

        until(whole, requoted, f"a quote on {quote.pair} that keeps the new price step", 40)
        asked = {line["seq"] for line in requests(whole, since, "add_order", "amend_order")
                 if line["params"].get("symbol", quote.pair) == quote.pair}  # fmt: skip
        refused = [
            line
            for line in whole.exchange.ledger(since)
            if line["kind"] == "reply" and line["to"] in asked and "rice" in str(line["error"])
        ]
        demand(len(refused) <= 1, f"{len(refused)} orders with the old price step were refused")
    finally:
        whole.faults([{"verb": "meta.change", "pair": quote.pair, "price_increment": f"{old:f}"}])


def _after(whole: Whole, since: int) -> set[str]:
    return {str(line["params"].get("cl_ord_id")) for line in requests(whole, since, "add_order", "amend_order")}


def pair_closes(whole: Whole) -> None:
    """A27."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults([{"verb": "meta.change", "pair": quote.pair, "status": "cancel_only"}])
    wait_struck(whole, "meta.change", since, provoke=False)
    changed_ns = whole.ledger()[-1]["ts_ns"]
    try:
        _wait_s(whole, 8)
        entries = [
            line
            for line in requests(whole, since, "add_order")
            if line["params"]["symbol"] == quote.pair and line["ts_ns"] > changed_ns + 2 * NANOS
        ]
        demand(not entries, f"{len(entries)} orders were sent for {quote.pair}, which takes none")
        row = _row(whole.status(), quote.pair)
        why = f"{row.get('state')}: {row.get('reason')}"
        told = row.get("state") != "quoting" or any(word in why for word in ("cancel_only", "closed", "takes no", "online"))
        demand(told, f"the owner is not told why {quote.pair} does not quote; its row says {why!r}")
    finally:
        whole.faults([{"verb": "meta.change", "pair": quote.pair, "status": "online"}])


def fees_change(whole: Whole) -> None:
    """A31."""
    quote = a_quote(whole)
    since, event, began_ns = whole.exchange.seq(), last_event(whole), time.time_ns()
    whole.faults([{"verb": "meta.change", "pair": quote.pair, "maker_pct": "0.40", "taker_pct": "0.60"}])
    wait_struck(whole, "meta.change", since, provoke=False)
    try:
        until(
            whole,
            lambda: executions_after(whole, since, quote.pair),
            f"an execution of {quote.pair} at the new rate",
            60,
            lambda: stir_pair(whole, quote.pair),
        )
        wait_fills_agree(whole)
        true = {each: Decimal(line["execution"]["fee"]) for each, line in executions(whole).items()}
        booked = {row["trade_id"]: Decimal(row["fee"]) for row in whole.rows("SELECT trade_id, fee FROM fills")}
        wrong = [each for each, fee in true.items() if each in booked and booked[each] != fee]
        demand(not wrong, f"fees of {len(wrong)} fills differ from what the exchange charged")
        wait_alert(whole, began_ns, "was charged 0.4 %", "was charged 0.6 %")
        until(whole, lambda: events(whole, event, "fees_changed"), "the new rate is known and noted", 75)
    finally:
        whole.faults([{"verb": "meta.change", "pair": quote.pair, "maker_pct": "0.25", "taker_pct": "0.40"}])


def executions_after(whole: Whole, since: int, pair: str) -> list[str]:
    """Return the ids of our executions of a pair after ledger line `since`."""
    return [each for each, line in executions(whole).items() if line["seq"] > since and line["order"]["pair"] == pair]


def stir_pair(whole: Whole, pair: str) -> None:
    """Let the market trade against a quote of ours on one pair, when there is one."""
    for quote in quotes(whole.status()):
        if quote.pair == pair:
            trade_against(whole, quote)
            return


_case = partial(Case, group=Group.EXCHANGE)
CASES = (
    _case(
        id="A14",
        severity=Severity.S1,
        title="The price falls by more than half for three seconds",
        promise="Nothing is sold at the bottom: no order without a price limit, no exit far below the last fair price",
        run=wick,
    ),
    _case(
        id="A26",
        severity=Severity.S2,
        title="The exchange changes a pair's smallest price step while we quote",
        promise="At most one refused order, then quotes on the new step",
        run=rules_change,
    ),
    _case(
        id="A27",
        severity=Severity.S2,
        title="A pair is closed for new orders while we quote",
        promise="No new order for it, and the owner sees why",
        run=pair_closes,
    ),
    _case(
        id="A31",
        severity=Severity.S2,
        title="The exchange raises our fees while we trade",
        promise="Every fill carries the fee that was charged, the owner hears of it, the new rate is asked for and noted",
        run=fees_change,
    ),
)
