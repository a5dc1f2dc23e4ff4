"""How fast: order sends per second, the exchange's order counter, the REST counter.

Rules: what a fault has put on a counter is not ours, and in a busy run it may never drain: that much more is allowed. A
    clock that a fault has moved tells no pace.
Source: invariant I-13; Kraken "API Order Rate Limits" and "Spot REST Rate Limits".
"""

from collections import defaultdict, deque
from decimal import Decimal

from wildbot.audit.exchange_books import ExchangeBooks
from wildbot.audit.facts import Facts, mapping
from wildbot.audit.trail import ADDS, AMENDS, NANOS, ZERO, Happening, Request, Trail, number
from wildbot.audit.verdict import Verdict, judge

PAIRS_IN_ALL = 3
REST_MAX = {60: (15, 0.33), 125: (20, 0.5), 180: (20, 1.0)}
"""REST counter by order-counter limit: how much it holds, and how much it forgets per second."""

FREE = frozenset(
    {
        "AddOrder", "AddOrderBatch", "AmendOrder", "EditOrder", "CancelOrder", "CancelOrderBatch", "CancelAll",
        "CancelAllOrdersAfter",
    }
)  # fmt: skip
DEAR = frozenset({"TradesHistory", "QueryTrades", "ClosedOrders", "Ledgers", "QueryLedgers"})
AGE_STEP = 8
"""An order is a little older when a request for it arrives than when it left: at most one step of the age table."""


def within_rates(facts: Facts) -> Verdict:
    """I-13: sends per second, the order counter before each add, and the REST counter stay within their shares."""
    title = "send rates, order counters and REST counter within their limits"
    trail, limits = facts.trail, facts.evidence.limits
    paced = [each for each in trail.requests if each.account and each.ts_ns < facts.clock_moved_ns]
    sends = [each for each in paced if each.method in ADDS | AMENDS]
    offenders = _too_fast(trail, sends, int(limits.orders_per_s))
    books = ExchangeBooks().read(facts.evidence.ledger) if trail.is_whole else ExchangeBooks()
    set_ns = [each.ts_ns for each in trail.of("fault") if each.line.get("verb") == "counter.set"]
    counted = 0
    put = [(each.ts_ns, _put_on(each)) for each in trail.of("fault") if each.line.get("verb") == "counter.set"]
    for request, pair, counter in books.counted_before:
        if request["account"] != facts.evidence.account or request["method"] not in ADDS:
            continue
        counted += 1
        most = books.rate_max[facts.evidence.account] * limits.counter_share + AGE_STEP
        most += max((amount for at_ns, amount in put if at_ns <= request["ts_ns"]), default=ZERO)
        if counter > most:
            offenders.append(
                f"{request['params'].get('cl_ord_id')}: the counter of {pair} was {counter:.1f}, {most} are allowed"
            )
    calls = [each for each in paced if each.via == "rest" and each.method not in FREE]
    if not set_ns:
        offenders += _too_many_calls(trail, calls, float(limits.rest_share))
    return judge("I-13", title, len(sends) + counted + len(calls), "requests and counters", offenders)


def _put_on(fault: Happening) -> Decimal:
    arguments = mapping(fault.line.get("arguments", fault.line))
    return ZERO if arguments.get("which") == "rest" else number(arguments.get("n", 0))


def _too_fast(trail: Trail, sends: list[Request], per_pair: int) -> list[str]:
    recent: dict[str, deque[int]] = defaultdict(deque)
    pairs = {order.cl_ord_id: order.pair for order in trail.own}
    offenders = []
    for each in sends:
        pair = pairs.get(each.cl_ord_id) or trail.pair_named(each.params.get("symbol", each.params.get("pair")))
        for name, most in ((pair, per_pair), ("all pairs", per_pair * PAIRS_IN_ALL)):
            times = recent[name]
            times.append(each.ts_ns)
            while each.ts_ns - times[0] >= NANOS:
                times.popleft()
            if len(times) > most + 1:  # sends that were a second apart may arrive a little less so
                offenders.append(f"{len(times)} orders of {name} within the second up to {each.ts_ns}, {most} are allowed")
    return offenders


def _too_many_calls(trail: Trail, calls: list[Request], share: float) -> list[str]:
    accounts = trail.of("account")
    if not accounts:
        return []
    most, decay = REST_MAX.get(int(number(accounts[0].line["rate_max"])), (20, 0.5))
    offenders, counter, at_ns = [], 0.0, 0
    for each in calls:
        counter = max(0.0, counter - decay * (each.ts_ns - at_ns) / NANOS) + (2 if each.method in DEAR else 1)
        at_ns = each.ts_ns
        if counter > most * share:
            offenders.append(
                f"{each.method} at {each.ts_ns} takes the REST counter to {counter:.1f} of {most}, {share:.0%} allowed"
            )
    return offenders
