"""Liveness: what happens to our orders when a process dies or hangs, the dead man's switch, statuses, restarts, recovery.

Rules: a process that goes on before its time is up owes nothing. A bound is only held against the bot where nothing else
    stood in its way: no fault at the exchange, no other process of the order path down.
Source: invariants I-22, I-24, I-25, I-26, I-28, I-29.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from wildbot.audit.evidence import ProcessNote
from wildbot.audit.facts import Facts
from wildbot.audit.trail import NANOS, Happening, Order
from wildbot.audit.verdict import Verdict, judge, unseen

ARMING = ("arm", "renew")
DOWN = ("killed", "stopped")
BACK = ("started", "continued")
FOREVER = 2**63
HARMLESS = frozenset({"clear", "fill", "foreign", "restate", "earn.sweep"})
"""Faults at the exchange that keep nobody from cancelling an order."""

ORDER_PATH = ("order_gateway", "supervisor", "exchange_simulator", "supervisord")
SETTLED_STATES = ("running", "halted")
MINUTE_NS = 60 * NANOS
LONG_RUN_NS = 600 * NANOS
RSS_GROWTH, RSS_SLACK_MB = 1.3, 20.0
KEY_REFUSED_NS = 30 * NANOS
"""A right is taken for up to a dozen seconds, and a refused cancel is tried again after fifteen."""

RESTART_S = 15
"""A supervisor that was killed is back within so long, or its silence counts."""


def trader_orders_go(facts: Facts) -> Verdict:
    """I-22: a trader that is killed or hangs has nothing resting a few seconds later."""
    limit_s = facts.evidence.limits.trader_gone_s
    notes = [note for note in facts.evidence.processes if note.actor.startswith("trader") and note.what in DOWN]
    offenders: list[str] = []
    compared = 0
    for note in notes:
        if not _binds(facts, note, limit_s, ORDER_PATH):
            continue
        words = f"{note.actor} {note.detail}".replace("/", "-")
        orders = [order for order in facts.trail.own if order.pair.replace("/", "-") in words]
        compared += 1
        offenders += _left_over(note, orders, limit_s)
    return judge("I-22", f"a dead trader's orders are gone within {limit_s:g} s", compared, "ends of traders", offenders)


def orders_go_without_guards(facts: Facts) -> Verdict:
    """I-24: without supervisor or gateway everything of ours is taken back in time."""
    limits = facts.evidence.limits
    bounds = {
        ("supervisor", "killed"): limits.supervisor_gone_s,
        ("supervisor", "stopped"): limits.supervisor_gone_s,
        ("order_gateway", "killed"): limits.gateway_gone_s,
        ("order_gateway", "stopped"): limits.switch_s,  # hung, it can cancel nothing: the exchange's timer does
    }
    offenders: list[str] = []
    compared = 0
    for note in facts.evidence.processes:
        limit_s = bounds.get((note.actor, note.what))
        if limit_s is None or not _binds(facts, note, limit_s, [name for name in ORDER_PATH if name != note.actor]):
            continue
        compared += 1
        offenders += _left_over(note, facts.trail.own, limit_s)
    title = "without supervisor or gateway all orders are gone in time"
    return judge("I-24", title, compared, "ends of supervisor and gateway", offenders)


def _left_over(note: ProcessNote, orders: list[Order], limit_s: float) -> Iterator[str]:
    due_ns = note.at_ns + int(limit_s * NANOS)
    for order in orders:
        if order.rests_at(note.at_ns) and order.rests_at(due_ns):
            yield f"{order.cl_ord_id} of {order.pair} still rests {limit_s:g} s after {note.actor} was {note.what}"


def _binds(facts: Facts, note: ProcessNote, limit_s: float, others: Sequence[str]) -> bool:
    """Whether an accident binds the bot: its time was seen to its end, it was not over before, nothing else happened."""
    from_ns, due_ns = note.at_ns - int(limit_s * NANOS), note.at_ns + int(limit_s * NANOS)
    processes = facts.evidence.processes
    went_on = [each.at_ns for each in processes if each.actor == note.actor and each.what == "continued"]
    if facts.trail.to_ns <= due_ns or any(note.at_ns < at_ns < due_ns for at_ns in went_on):
        return False
    happened = [each for kind in ("fault", "status") for each in facts.trail.of(kind) if _hampers(each)]
    if any(from_ns - _lasts_ns(each) <= each.ts_ns <= due_ns for each in happened):
        return False
    return not any(
        each.actor in others and each.what in DOWN and each.at_ns <= due_ns and _back_ns(processes, each) >= from_ns
        for each in processes
    )


def _back_ns(processes: Sequence[ProcessNote], end: ProcessNote) -> int:
    """Return when a process that went down was there again: as long as it was away, it stood in the way."""
    return min(
        (each.at_ns for each in processes if each.actor == end.actor and each.what in BACK and each.at_ns > end.at_ns),
        default=FOREVER,
    )


def _lasts_ns(happening: Happening) -> int:
    """Return how much longer than its instant something keeps us from cancelling: a refused key is not tried in a hurry."""
    return KEY_REFUSED_NS if str(happening.line.get("verb", "")).startswith("key.") else 0


def _hampers(happening: Happening) -> bool:
    line = happening.line
    emptied = line.get("verb") == "counter.set" and str(line.get("n", "0")) == "0"  # so that it has all its calls again
    return not emptied and line.get("verb") not in HARMLESS


def switch_is_armed(facts: Facts) -> Verdict:
    """I-25: the dead man's switch is armed before the first order, and renewed while any order of ours rests."""
    trail, limits = facts.trail, facts.evidence.limits
    title = f"the dead man's switch is armed and renewed within {limits.renewal_s:g} s while orders rest"
    if not trail.is_whole:
        return unseen("I-25", title, "the ledger lost its beginning")
    offenders = [
        f"{order.cl_ord_id} was placed at {order.opened_ns} while the switch was not armed"
        for order in trail.own
        if not _was_armed(facts, order)
    ]
    times = [each.ts_ns for each in trail.of("dead_man") if each.line["action"] in ARMING]
    for first_ns, then_ns in pairwise([*times, trail.to_ns]):
        late_ns, beyond_ns = (first_ns + int(bound_s * NANOS) for bound_s in (limits.renewal_s, limits.switch_s))
        if then_ns <= late_ns:
            continue
        late = [order.cl_ord_id for order in trail.own if order.rests_between(late_ns, then_ns)]
        forgotten = [order.cl_ord_id for order in trail.own if order.rests_between(beyond_ns, then_ns)]
        if forgotten and not _in_maintenance(facts, first_ns, then_ns):
            offenders.append(f"{forgotten[0]} rests more than {limits.switch_s:g} s after the renewal of {first_ns}")
        elif late and not _excused(facts, first_ns, then_ns):
            gap_s = (then_ns - first_ns) / NANOS
            offenders.append(f"{late[0]} rests and the switch of {first_ns} was not renewed for {gap_s:.0f} s")
    return judge("I-25", title, len(trail.own), "orders", offenders)


def _was_armed(facts: Facts, order: Order) -> bool:
    """Whether the switch was armed when an order arrived, or had fired and nobody could know.

    A switch that a fault fires takes our orders with it, and that is the news of it; one that meets none is only noticed
    when its renewal is due.
    """
    trail, limits = facts.trail, facts.evidence.limits
    lines = trail.of("dead_man")
    place = bisect_left(lines, order.steps[0].at, key=_place_of)
    last = lines[place - 1] if place else None
    if last is None or last.line["action"] in ARMING:
        return last is not None
    silent = last.line.get("cause") == "dms.fire" and not any(
        each.opened_ns < last.ts_ns and (each.ended_ns is None or each.ended_ns >= last.ts_ns) for each in trail.own
    )
    known_s = limits.renewal_s if silent else limits.flight_s
    return last.line["action"] == "fire" and order.opened_ns - last.ts_ns <= known_s * NANOS


def _place_of(happening: Happening) -> int:
    return happening.at


def _in_maintenance(facts: Facts, from_ns: int, to_ns: int) -> bool:
    return any(from_ns <= each.ts_ns <= to_ns for each in facts.trail.of("status"))


def _excused(facts: Facts, from_ns: int, to_ns: int) -> bool:
    """Whether something befell the bot or its exchange: then not renewing is right, and the switch itself is the bound."""
    happened = [each.ts_ns for kind in ("fault", "status") for each in facts.trail.of(kind)]
    happened += [each.ts_ns for each in facts.trail.of("connection") if each.line["action"] == "closed"]
    happened += [note.at_ns for note in facts.evidence.processes if note.what in (*DOWN, "exited")]
    return any(from_ns - MINUTE_NS <= at_ns <= to_ns for at_ns in happened)


def status_is_fresh(facts: Facts) -> Verdict:
    """I-26: the status comes without gaps while the supervisor lives."""
    limits = facts.evidence.limits
    title = f"the status is never older than {limits.status_gap_s:g} s while the supervisor lives"
    times = [int(str(status.document.get("ts_ns", status.seen_ns))) for status in facts.evidence.statuses]
    guards = [note for note in facts.evidence.processes if note.actor in ("supervisor", "supervisord")]
    away = sorted(note.at_ns for note in guards if note.what != "started")
    offenders = []
    for first_ns, then_ns in pairwise(times):
        if then_ns - first_ns > limits.status_gap_s * NANOS:
            index = bisect_left(away, first_ns - RESTART_S * NANOS)
            if index == len(away) or away[index] > then_ns:
                offenders.append(f"{(then_ns - first_ns) / NANOS:.1f} s without a status after {first_ns}")
    return judge("I-26", title, max(0, len(times) - 1), "gaps between statuses", offenders)


def growth_is_bounded(facts: Facts) -> Verdict:
    """I-28: no actor is started again and again (killings from outside aside), and none grows in a long run."""
    limits = facts.evidence.limits
    kills = [(note.actor, note.at_ns) for note in facts.evidence.processes if note.what == "killed"]
    starts: dict[str, list[int]] = defaultdict(list)
    for note in facts.evidence.processes:
        if note.what == "started":
            starts[note.actor].append(note.at_ns)
    offenders = []
    for actor, times in starts.items():
        for index, at_ns in enumerate(times):
            within = [each for each in times[index:] if each - at_ns < MINUTE_NS]
            from_outside = sum(name == actor and 0 <= killed_ns - at_ns < MINUTE_NS for name, killed_ns in kills)
            if len(within) > limits.restarts_per_minute + 1 + from_outside:
                offenders.append(f"{actor} was started {len(within)} times within a minute of {at_ns}")
                break
    sizes = _sizes(facts)
    for (actor, pid), values in sizes.items():
        fifth = len(values) // 5
        early, late = median(values[fifth : 2 * fifth]), median(values[-fifth:])
        if late > early * RSS_GROWTH + RSS_SLACK_MB:
            offenders.append(f"{actor} ({pid}) grew from {early:.0f} to {late:.0f} MB")
    return judge("I-28", "restarts and memory are bounded", len(starts) + len(sizes), "actors", offenders)


def _sizes(facts: Facts) -> dict[tuple[str, str], list[float]]:
    statuses = facts.evidence.statuses
    if len(statuses) < 2 or statuses[-1].seen_ns - statuses[0].seen_ns < LONG_RUN_NS:
        return {}
    sizes: dict[tuple[str, str], list[float]] = defaultdict(list)
    for status in statuses:
        rows = status.document.get("actors")
        for row in rows if isinstance(rows, list) else []:
            if row.get("rss_mb"):
                sizes[str(row["name"]), str(row.get("pid"))].append(float(row["rss_mb"]))
    return {key: values for key, values in sizes.items() if len(values) >= len(statuses) // 2}


def recovers(facts: Facts) -> Verdict:
    """I-29: after the last fault the bot runs again, or is halted and says so, within its time."""
    limits = facts.evidence.limits
    title = f"running or halted within {limits.recovery_s:g} s after the last fault"
    ends = [each.ts_ns for kind in ("fault", "status") for each in facts.trail.of(kind)]
    ends += [note.at_ns for note in facts.evidence.processes if note.what in (*DOWN, "continued")]
    statuses = facts.evidence.statuses
    if not ends or not statuses:
        return unseen("I-29", title, "no fault, or no status")
    last_ns = max(ends)
    if any(note.actor == "supervisord" and note.what == "killed" for note in facts.evidence.processes):
        # Nobody was left to start anything: the time begins with the first word of what the owner started again.
        last_ns = next((each.seen_ns for each in statuses if each.seen_ns > last_ns), last_ns)
    due_ns = last_ns + int(limits.recovery_s * NANOS)
    after = [each for each in statuses if last_ns < each.seen_ns <= due_ns]
    if any(each.document.get("state") in SETTLED_STATES for each in after):
        return judge("I-29", title, len(after), "statuses after the last fault", [])
    if statuses[-1].seen_ns < due_ns:
        return unseen("I-29", title, "the statuses end too early")
    state = after[-1].document.get("state") if after else "nothing"
    if state == "stopping":
        return unseen("I-29", title, "the owner stopped it before the time was over")
    return judge(
        "I-29", title, max(1, len(after)), "statuses", [f"{limits.recovery_s:g} s after {last_ns} the status says {state}"]
    )
