"""When nothing may leave, nothing may rest, and what is not ours is not touched.

Rules: an order counts as sent when its intent was made; one that was on its way already gets the time to arrive. A halt
    lasts until it is rearmed, a stop until the next gateway is ready.
Source: invariants I-10 (readiness), I-14, I-15, I-16, I-35.
"""

from collections.abc import Iterator
from itertools import pairwise

from wildbot.audit.facts import Facts
from wildbot.audit.trail import AMENDS, CANCEL_ALLS, CANCELS, NANOS, Order, Request
from wildbot.audit.verdict import Verdict, judge, unseen

Span = tuple[int, int, str]
FOREVER = 2**63
LOCKED = "Temporary lockout"
WITHOUT_ORDERS = ("maintenance", "cancel_only")


def nothing_leaves_when_stopped(facts: Facts) -> Verdict:
    """I-14: once a stop or a halt is in the journal, no new order reaches the exchange until it is over."""
    title = "no new order leaves after a stop or a halt is journalled"
    spans = list(_stops(facts))
    flight_ns = int(facts.evidence.limits.flight_s * NANOS)
    offenders = [
        f"{add.cl_ord_id} arrived {(add.ts_ns - from_ns) / NANOS:.3f} s after '{kind}'"
        for from_ns, to_ns, kind in spans
        for add in facts.trail.adds
        if from_ns < add.ts_ns < to_ns and _made_ns(facts, add, flight_ns) > from_ns
    ]
    return judge("I-14", title, len(spans), "stops and halts", offenders)


def _made_ns(facts: Facts, add: Request, flight_ns: int) -> int:
    """Return when an order was made; without a row, or when it travelled beyond its deadline, by its arrival."""
    row = facts.row_of(add.cl_ord_id)
    made_ns = int(str(row["created_ns"])) if row is not None else add.ts_ns - flight_ns
    return made_ns if add.ts_ns - made_ns <= int(facts.evidence.limits.deadline_s * NANOS) else add.ts_ns


def _stops(facts: Facts) -> Iterator[Span]:
    events = [(int(str(row["ts_ns"])), str(row["kind"])) for row in facts.evidence.journal.events]
    ends = {"halt": ("rearm",), "stopping": ("ready",)}
    for place, (at_ns, kind) in enumerate(events):
        if kind in ends:  # the journal's order tells what came first within one instant
            over = [ts_ns for ts_ns, other in events[place + 1 :] if other in ends[kind]]
            to_ns = min(over, default=FOREVER)
            if to_ns > facts.trail.from_ns:
                yield at_ns, to_ns, kind


def ready_before_orders(facts: Facts) -> Verdict:
    """I-10: from a gateway's end on, nothing leaves before the next one has reconciled and said that it is ready."""
    title = "no order leaves before the gateway has reconciled"
    ready = [int(str(row["ts_ns"])) for row in facts.evidence.journal.events if row["kind"] == "ready"]
    if not ready:
        return unseen("I-10", title, "the journal never says that the gateway is ready")
    flight_ns = int(facts.evidence.limits.flight_s * NANOS)
    notes = [note for note in facts.evidence.processes if note.actor == "order_gateway"]
    ends = [note.at_ns + flight_ns for note in notes if note.what in ("killed", "exited")]
    if facts.trail.from_ns <= ready[0]:
        ends.append(0)  # the first gateway of all
    offenders = [
        f"{add.cl_ord_id} arrived at {add.ts_ns}, the gateway was not ready before {to_ns}"
        for from_ns in ends
        # An end may be noticed after the next gateway's start.
        for to_ns in [min((at_ns for at_ns in ready if at_ns > from_ns - 2 * flight_ns), default=FOREVER)]
        for add in facts.trail.adds
        if from_ns < add.ts_ns < min(to_ns, facts.clock_moved_ns)
    ]
    return judge("I-10", title, len(ends), "starts of the gateway", offenders)


def nothing_rests_at_the_end(facts: Facts) -> Verdict:
    """I-15: after a clean end nothing of ours rests; after any other the dead man's switch has taken it."""
    title = "nothing of ours rests after the end"
    limits, trail = facts.evidence.limits, facts.trail
    still = [f"{order.cl_ord_id} still rests" for order in trail.own if not order.ended]
    ended_ns = _clean_end_ns(facts)
    if ended_ns is not None:
        if ended_ns > trail.to_ns and still:
            return unseen("I-15", title, "the ledger was taken before the stop")
        return judge("I-15", title, len(trail.own), "orders", still)
    last_arm_ns = max((each.ts_ns for each in trail.of("dead_man") if each.line["action"] in ("arm", "renew")), default=0)
    if trail.to_ns - last_arm_ns <= limits.switch_s * NANOS:
        return unseen("I-15", title, "the ledger ends while the bot may still be running")
    since_s = (trail.to_ns - last_arm_ns) / NANOS
    return judge(
        "I-15", title, len(trail.own), "orders", [f"{each} {since_s:.0f} s after the last renewal" for each in still]
    )


def _clean_end_ns(facts: Facts) -> int | None:
    """Return when the exchange had confirmed twice that nothing rests, at the end of the last gateway's life."""
    events = facts.evidence.journal.events
    kinds = [str(row["kind"]) for row in events]
    stopped = _last(kinds, "stopping")
    if stopped > _last(kinds, "ready") and "none_rest" in kinds[stopped:]:
        return int(str(events[_last(kinds, "none_rest")]["ts_ns"]))
    return None


def _last(kinds: list[str], kind: str) -> int:
    return max((index for index, each in enumerate(kinds) if each == kind), default=-1)


def foreign_untouched(facts: Facts) -> Verdict:
    """I-16: no request of ours names or sweeps away an order that is not ours."""
    title = "orders that are not ours are never touched"
    foreign = {order.order_id: order for order in facts.trail.orders.values() if not order.is_own}
    names = {name: order for order in foreign.values() for name in (order.order_id, order.cl_ord_id) if name}
    offenders = []
    for request in facts.trail.requests:
        if request.method in CANCELS | AMENDS:
            offenders += [f"{request.method} of the foreign order {name}" for name in _named(request) if name in names]
        elif request.method in CANCEL_ALLS and request.applied:
            swept = [each.order_id for each in foreign.values() if _rested_before(each, request)]
            offenders += [f"{request.method} swept away the foreign order {name}" for name in swept]
    return judge("I-16", title, len(foreign), "foreign orders", offenders)


def _named(request: Request) -> Iterator[str]:
    for name in ("cl_ord_id", "order_id", "txid", "orders", "cl_ord_ids"):
        value = request.params.get(name)
        for each in value if isinstance(value, list | tuple) else [value]:
            if isinstance(each, str):
                yield each


def _rested_before(order: Order, request: Request) -> bool:
    return order.steps[0].at < request.at and (not order.ended or order.last.at > request.at)


def quiet_when_shut_out(facts: Facts) -> Verdict:
    """I-35: in a maintenance no new orders, after a lockout no REST calls except cancels."""
    title = "no orders in a maintenance, no calls in a lockout"
    limits, trail = facts.evidence.limits, facts.trail
    flight_ns, pause_ns = int(limits.flight_s * NANOS), int(limits.lockout_pause_s * NANOS)
    stated = [(each.ts_ns, str(each.line["system"])) for each in trail.of("status")]
    shut = [
        (at_ns, to_ns, system)
        for (at_ns, system), (to_ns, _) in pairwise([*stated, (FOREVER, "")])
        if system in WITHOUT_ORDERS
    ]
    offenders = [
        f"{add.cl_ord_id} arrived {(add.ts_ns - from_ns) / NANOS:.1f} s into {system}"
        for from_ns, to_ns, system in shut
        for add in trail.adds
        if from_ns + flight_ns < add.ts_ns < to_ns
    ]
    private = [each for each in trail.requests if each.via == "rest" and each.account and each.method not in CANCELS]
    locked = [each for each in private if LOCKED in (each.error or "") and each.sent]
    for first, then in pairwise(private):
        if first in locked and then.ts_ns - first.answered_ns < pause_ns:
            after_s = (then.ts_ns - first.answered_ns) / NANOS
            offenders.append(f"{then.method} {after_s:.2f} s after {first.method} was told of a lockout")
    return judge("I-35", title, len(shut) + len(locked), "maintenances and lockouts", offenders)
