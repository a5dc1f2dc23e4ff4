"""Orders: one intent is one order, none without an intent, every end is known, prices and sizes are what they may be.

Rules: what the exchange did counts, not what it was told; what it was asked counts where the rule is about sending.
Source: invariants I-07, I-08, I-09, I-11, I-12, I-34.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from wildbot.audit.facts import Facts, Row, rows
from wildbot.audit.trail import ADDS, AMENDS, NANOS, RESTARTED, ZERO, Order, Request, Trail, number
from wildbot.audit.verdict import Verdict, judge

ENDINGS = {
    "filled": ("filled",),
    "canceled": ("cancelled", "rejected"),
    "expired": ("expired",),
}
"""How the exchange's ends may be called in the journal; a post-only order that would have crossed is a rejection there."""

LIVE = ("pending", "open", "partially_filled", "unknown")
NEVER_RESTED = ("rejected", "denied", "not_placed", "pending", "unknown")
SETTLED_NS = 5 * NANOS
"""So long before the end of the ledger, an end may still be on its way to the journal."""

COLLAR_SEEN_NS = 10 * NANOS
AHEAD_NS = 1 * NANOS


def never_crossed(facts: Facts) -> Verdict:
    """I-07: at most L orders rest per side and pair, and no bid is asked for at or above an ask of ours, nor the reverse.

    The exchange would not let two orders of one account meet, so what was asked for is judged as well as what rests.
    """
    title = "never too many orders on a side, never an own bid at or above an own ask"
    trail, most = facts.trail, facts.evidence.limits.open_per_side
    by_id = {name: order for order in trail.own for name in (order.cl_ord_id, order.order_id)}
    places: list[tuple[int, Order | Request, int]] = [
        (step.at, order, index) for order in trail.own for index, step in enumerate(order.steps)
    ]
    places += [(each.at, each, 0) for each in trail.requests if each.method in ADDS | AMENDS and each.account]
    resting = _Resting()
    offenders: list[str] = []
    for _, what, index in sorted(places, key=lambda place: place[0]):
        if isinstance(what, Request):
            offenders += resting.met_by(what, _pair_of(what, trail, by_id), by_id.get(what.cl_ord_id))
        else:
            resting.take(what, index)
            mine = resting.of(what.pair, what.side)
            if len(mine) > most and what.steps[index].exec_type == "new":
                ids = ", ".join(sorted(mine))
                offenders.append(f"{len(mine)} {what.side} orders of {what.pair} rest at once: {ids}")
    return judge("I-07", title, len(places), "requests and changes of our orders", offenders)


class _Resting:
    """Our limit orders as they rest: prices by client id, by pair and side."""

    def __init__(self) -> None:
        self._by_side: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)

    def take(self, order: Order, index: int) -> None:
        step = order.steps[index]
        side = self._by_side[order.pair, order.side]
        if step.exec_type in ENDINGS or step.filled == step.qty:
            side.pop(order.cl_ord_id, None)
        elif order.kind == "limit" and order.tif != "ioc" and step.exec_type != "pending_new":
            side[order.cl_ord_id] = step.price

    def of(self, pair: str, side: str) -> dict[str, Decimal]:
        return self._by_side[pair, side]

    def met_by(self, request: Request, pair: str, order: Order | None) -> Iterator[str]:
        price = _asked(request, "limit_price", "price")
        side = order.side if order is not None else str(request.params.get("side", request.params.get("type")))
        if price is None or not price.is_finite():
            return
        for name, other in self.of(pair, "sell" if side == "buy" else "buy").items():
            if price >= other if side == "buy" else price <= other:
                yield f"{pair}: {side} {request.cl_ord_id} at {price} was asked for while {name} of ours rests at {other}"


def one_intent_one_order(facts: Facts) -> Verdict:
    """I-08: every order of ours has its intent in the journal, and no intent became two orders or was sent twice."""
    title = "one intent, at most one order; no order without an intent"
    trail, offenders = facts.trail, []
    for cl_ord_id, times in Counter(order.cl_ord_id for order in trail.own).items():
        if times > 1:
            offenders.append(f"{cl_ord_id} became {times} orders at the exchange")
        if facts.row_of(cl_ord_id) is None:
            offenders.append(f"{cl_ord_id} is an order at the exchange and no intent in the journal")
    for cl_ord_id, times in Counter(each.cl_ord_id for each in trail.adds if each.cl_ord_id).items():
        if times > 1:
            offenders.append(f"{cl_ord_id} was sent {times} times")
    for add in trail.adds:
        if not add.cl_ord_id:
            offenders.append(f"an order was asked for without a client order id ({add.via} {add.method} at {add.ts_ns})")
    for order in trail.own:
        offenders += _other_than_intended(order, facts.row_of(order.cl_ord_id))
    return judge("I-08", title, len(trail.own) + len(trail.adds), "orders and requests", offenders)


def _other_than_intended(order: Order, row: Row | None) -> list[str]:
    if row is None:
        return []
    told = {"pair": order.pair, "side": order.side}
    if row["order_id"]:
        told["order_id"] = order.order_id
    return [
        f"{order.cl_ord_id}: {name} is {row[name]} in the journal and {theirs} at the exchange"
        for name, theirs in told.items()
        if row[name] != theirs
    ]


def journalled_before_sent(facts: Facts) -> Verdict:
    """I-34: the row of every order we asked for is older than the request."""
    title = "every intent is in the journal before its request arrives"
    asked = [each for each in facts.trail.adds if each.cl_ord_id and each.ts_ns < facts.clock_moved_ns]
    offenders = []
    for each in asked:
        row = facts.row_of(each.cl_ord_id)
        if row is None:
            offenders.append(f"{each.cl_ord_id} was asked for at {each.ts_ns} and is not in the journal")
        elif int(str(row["created_ns"])) > each.ts_ns:
            offenders.append(f"{each.cl_ord_id} was asked for at {each.ts_ns}, its row is of {row['created_ns']}")
    return judge("I-34", title, len(asked), "requests for orders", offenders)


def ends_are_known(facts: Facts) -> Verdict:
    """I-09: the journal knows how each order of ours ended, what still rests, and what never rested."""
    title = "the journal knows how every order of ours ended"
    trail, limits = facts.trail, facts.evidence.limits
    by_client = {order.cl_ord_id: order for order in trail.own}
    offenders = []
    for order in trail.own:
        row = facts.row_of(order.cl_ord_id)
        if row is None or order.last.reason == RESTARTED:
            continue  # I-08 tells the first; of the second nobody was told
        state = str(row["state"])
        if int(str(row["updated_ns"])) > trail.to_ns:
            continue  # the journal knows more than the ledger that was taken before
        if order.ended and trail.to_ns - order.last.ts_ns > SETTLED_NS and state not in ENDINGS[order.ended]:
            if not (state == "filled" and order.last.filled == order.last.qty):
                offenders.append(f"{order.cl_ord_id} ended as {order.ended} at the exchange and is {state} in the journal")
        elif not order.ended and state not in LIVE and trail.to_ns - order.last.ts_ns > SETTLED_NS:
            offenders.append(f"{order.cl_ord_id} rests at the exchange and is {state} in the journal")
    kept = [row for row in facts.orders.values() if int(str(row["created_ns"])) >= trail.from_ns]
    for row in kept:
        name, state = str(row["cl_ord_id"]), str(row["state"])
        if name not in by_client and state not in NEVER_RESTED and trail.is_whole:
            offenders.append(f"{name} is {state} in the journal and was never an order at the exchange")
        waited_s = (trail.to_ns - int(str(row["updated_ns"]))) / NANOS
        if state == "unknown" and waited_s > limits.unknown_s:
            offenders.append(f"{name} is unknown for {waited_s:.0f} s, {limits.unknown_s:g} s are allowed")
    return judge("I-09", title, len(by_client.keys() | {str(row["cl_ord_id"]) for row in kept}), "orders", offenders)


def within_collar(facts: Facts) -> Verdict:
    """I-11: what rests is post-only, nothing goes at the market, and every price lies within its collar of a seen one."""
    title = "resting orders are post-only, none is a market order, all lie within the price collar"
    offenders = []
    seen = _seen_prices(facts)
    for order in facts.trail.own:
        if order.kind not in ("limit", "stop-loss"):
            offenders.append(f"{order.cl_ord_id} is a {order.kind} order")
        elif order.kind == "limit" and order.tif != "ioc" and not order.post_only:
            offenders.append(f"{order.cl_ord_id} rests and is not post-only")
        offenders += _outside(order, facts, seen.get(order.pair, []))
    return judge("I-11", title, len(facts.trail.own), "orders", offenders)


def _outside(order: Order, facts: Facts, seen: list[tuple[int, Decimal]]) -> Iterator[str]:
    row, limits = facts.row_of(order.cl_ord_id), facts.evidence.limits
    collar = limits.exit_collar if row is not None and row["purpose"] == "exit" else limits.entry_collar
    for step in order.steps:
        if step.exec_type not in ("pending_new", "amended"):
            continue
        first = bisect_left(seen, (step.ts_ns - COLLAR_SEEN_NS, ZERO))
        last = bisect_right(seen, (step.ts_ns + AHEAD_NS, ZERO))
        near = [price for _, price in seen[first:last]]
        price = step.price or order.trigger
        if near and not min(near) * (1 - collar) <= price <= max(near) * (1 + collar):
            yield f"{order.cl_ord_id}: {price} is beyond {collar:%} of {min(near)} to {max(near)} seen at {order.pair}"


def _seen_prices(facts: Facts) -> dict[str, list[tuple[int, Decimal]]]:
    """Return trades and mids by pair: whatever the gateway's mid was, it lay among them."""
    seen = {pair: list(prices) for pair, prices in facts.trail.prices.items()}
    for status in facts.evidence.statuses:
        for trader in rows(status.document.get("traders")):
            bid, ask = trader.get("bid"), trader.get("ask")
            if bid and ask:
                seen.setdefault(str(trader["pair"]), []).extend((status.seen_ns, number(price)) for price in (bid, ask))
    return {pair: sorted(prices) for pair, prices in seen.items()}


def on_the_grid(facts: Facts) -> Verdict:
    """I-12: every price asked for is on the tick, every size on the lot and above the pair's minimums."""
    title = "prices on the tick, sizes on the lot, above the minimums"
    trail, offenders, compared = facts.trail, [], 0
    changed_ns = {(str(each.line["pair"]), each.ts_ns) for each in trail.of("pair") if each.ts_ns > trail.from_ns}
    flight_ns = int(facts.evidence.limits.flight_s * NANOS)
    by_id = {name: order for order in trail.own for name in (order.cl_ord_id, order.order_id)}
    for request in trail.adds + [each for each in trail.requests if each.method in AMENDS and each.account]:
        pair = _pair_of(request, trail, by_id)
        if not pair or any(name == pair and 0 <= request.ts_ns - at_ns <= flight_ns for name, at_ns in changed_ns):
            continue  # the rules have just changed: he could not know
        compared += 1
        rules = _rules_at(trail, pair, request.at)
        offenders += [f"{request.cl_ord_id} ({pair}): {flaw}" for flaw in _off_grid(request, rules)]
    return judge("I-12", title, compared, "requests", offenders)


def _pair_of(request: Request, trail: Trail, by_id: dict[str, Order]) -> str:
    named = request.params.get("symbol", request.params.get("pair"))
    if named:
        return trail.pair_named(named)
    ids = [str(request.params.get(name)) for name in ("cl_ord_id", "order_id", "txid")]
    return next((by_id[name].pair for name in ids if name in by_id), "")


def _rules_at(trail: Trail, pair: str, at: int) -> Row:
    stated = [each for each in trail.of("pair") if each.line["pair"] == pair]
    return next((each.line for each in reversed(stated) if each.at <= at), stated[0].line)


def _off_grid(request: Request, rules: Row) -> Iterator[str]:
    price, qty = _asked(request, "limit_price", "price"), _asked(request, "order_qty", "volume")
    is_add = request.method not in AMENDS
    if price is not None:
        if not price.is_finite() or price <= 0:
            yield f"price {price}"
        elif price % number(rules["price_increment"]):
            yield f"price {price} is off the tick {rules['price_increment']}"
    if qty is not None:
        if not qty.is_finite() or qty <= 0:
            yield f"size {qty}"
        elif qty % Decimal(1).scaleb(-int(str(rules["qty_decimals"]))):
            yield f"size {qty} has more than {rules['qty_decimals']} decimals"
        elif is_add and qty < number(rules["qty_min"]):
            yield f"size {qty} is below the minimum {rules['qty_min']}"
        elif is_add and price is not None and price.is_finite() and price * qty < number(rules["cost_min"]):
            yield f"cost {price * qty} is below the minimum {rules['cost_min']}"


def _asked(request: Request, *names: str) -> Decimal | None:
    """Return a number that was asked for, NaN when it is none, or None when it was left out."""
    found = [request.params[name] for name in names if request.params.get(name) not in (None, "")]
    try:
        return number(found[0]) if found else None
    except InvalidOperation:
        return Decimal("NaN")
