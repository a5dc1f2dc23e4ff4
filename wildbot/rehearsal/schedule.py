"""How a schedule of blows is drawn from a seed.

Rules: a schedule depends on the seed alone, never on what happens.
Known limit: no lockouts are drawn (the gateway then rightly rests for a quarter of an hour), no key is revoked for good
    (nobody could explain anything any more), and the exchange's clock never steps (the judge reads its pace by that clock);
    nor does the run's own, which is the machine's steady one.
"""

import random
from collections.abc import Callable

from wildbot.desk.supervision_words import ALLOCATOR, GATEWAY
from wildbot.rehearsal.fate import POINTS
from wildbot.rehearsal.plan import TRADER, Arguments, Blow, RehearsalPlan
from wildbot.rehearsal.stage import ACTORS, CAPITAL, MARKET, ORDERS, SUPERVISOR

Draw = Callable[[random.Random, RehearsalPlan], tuple[str, Arguments]]

WHO = (GATEWAY, GATEWAY, ALLOCATOR, SUPERVISOR, TRADER, TRADER, TRADER)
METHODS = ("add_order", "add_order", "amend_order", "cancel_order", "cancel_all_orders_after", "any")
READS = ("OpenOrders", "ClosedOrders", "TradesHistory", "Balance", "QueryOrders")
TRADERS_MAX = 3


def _who(rng: random.Random) -> Arguments:
    return {"actor": rng.choice(WHO), "which": rng.randrange(TRADERS_MAX)}


def _seconds(rng: random.Random, least: float, most: float) -> float:
    return round(rng.uniform(least, most), 2)


def _fill(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    share = rng.choice(("10%", "35%", "50%", "90%", "100%", "100%"))
    return "venue", {"verb": "fill", "order": rng.choice(("newest", "oldest")), "qty": share}


def _answer(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    verb = rng.choice(("apply+drop", "apply+html", "noapply+drop", "noapply+html", "apply+error", "delay", "hold"))
    method = rng.choice((*METHODS, "CancelOrder", *READS))
    fault: Arguments = {"verb": verb, "method": method, "count": rng.randrange(1, 3), "for_s": _seconds(rng, 1, 8)}
    if verb == "apply+error":
        fault["error"] = rng.choice(("EService:Busy", "EService:Unavailable", "EService:Deadline elapsed"))
    if verb == "delay":
        fault["ms"] = rng.randrange(200, 9_000)
    return "venue", fault


def _refusal(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    errors = ("EOrder:Rate limit exceeded", "EService:Busy", "EOrder:Insufficient funds", "EGeneral:Internal error")
    error = rng.choice(errors)
    return "venue", {"verb": "noapply+error", "method": rng.choice(METHODS), "error": error, "for_s": 3}


def _private(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    verb = rng.choice(("ws.silence", "ws.dup", "ws.reorder", "ws.drop", "ws.close", "ws.lag", "ws.garble"))
    match verb:
        case "ws.silence":
            return "venue", {"verb": verb, "conn": "private", "for_s": _seconds(rng, 1, 12)}
        case "ws.close":
            return "venue", {"verb": verb, "which": "private", "abrupt": rng.random() < 0.5}
        case "ws.lag":
            return "venue", {"verb": verb, "conn": "private", "s": rng.randrange(1, 8), "for_s": _seconds(rng, 1, 5)}
        case "ws.garble":
            return "venue", {"verb": verb, "conn": "private", "kind": rng.choice(("truncated", "html", "not_json"))}
        case _:
            return "venue", {"verb": verb, "count": rng.randrange(1, 4), "for_s": 10}


def _public(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    verb = rng.choice(("ws.silence", "ws.badsum", "ws.cross", "ws.lag", "ws.close", "wick"))
    match verb:
        case "ws.silence":
            return "venue", {"verb": verb, "conn": "public", "for_s": _seconds(rng, 1, 6)}
        case "ws.close":
            return "venue", {"verb": verb, "which": rng.choice(("public", "all"))}
        case "ws.lag":
            return "venue", {"verb": verb, "conn": "public", "s": rng.randrange(1, 5), "for_s": _seconds(rng, 1, 4)}
        case "wick":
            return "venue", {"verb": verb, "pair": rng.choice(plan.pairs), "pct": rng.choice((-4, -1, 1, 4)), "for_s": 2}
        case _:
            return "venue", {"verb": verb, "pair": rng.choice(plan.pairs)}


def _engine(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    match rng.randrange(7):
        case 0:
            return "venue", {"verb": "dms.fire"}
        case 1:
            return "venue", {"verb": "engine.restart", "for_s": _seconds(rng, 2, 8)}
        case 2:
            mode = rng.choice(("post_only", "cancel_only", "maintenance"))
            return "venue", {"verb": "status", "mode": mode, "for_s": _seconds(rng, 1, 6)}
        case 3:
            return "venue", {"verb": "counter.set", "n": rng.choice((20, 40, 90, 125))}
        case 4:
            return "venue", {"verb": "stale_read", "endpoint": rng.choice(READS[:3]), "s": rng.randrange(2, 9)}
        case 5:
            return "venue", {"verb": "token.expire"}
        case _:
            return "venue", {"verb": "restate", "qty": rng.choice(("50%", "80%"))}


def _rights(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    take = rng.choice(("all", "modify-trades", "query-open-trades,query-closed-trades", "query-funds"))
    return "venue", {"verb": "key.restrict", "take": take, "for_s": _seconds(rng, 1, 9)}


def _stranger(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    what = rng.choice(("order", "order", "fill"))
    return "venue", {"verb": "foreign", "what": what, "pair": rng.choice(plan.pairs), "side": rng.choice(("buy", "sell"))}


def _kill(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    return "kill", _who(rng)


def _freeze(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    return "freeze", {**_who(rng), "s": _seconds(rng, 0.3, 14)}


def _crash(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    actor = rng.choice((GATEWAY, GATEWAY, GATEWAY, ALLOCATOR, SUPERVISOR, TRADER))
    return "crash", {"actor": actor, "point": rng.choice(POINTS[actor]), "nth": rng.randrange(1, 4)}


def _wire(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    kind = rng.choice(("lose", "double", "delay"))
    channel = rng.choice((ORDERS, CAPITAL, ACTORS, MARKET))
    arguments: Arguments = {"kind": kind, "channel": channel, "s": _seconds(rng, 0.5, 5)}
    return "wire", arguments | {"probability": rng.choice((0.05, 0.3, 1.0)), "delay_s": _seconds(rng, 0.01, 2)}


def _cut(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    return "cut", {**_who(rng), "s": _seconds(rng, 0.5, 14)}


def _journal(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    error = rng.choice(("database or disk is full", "database is locked", "disk I/O error"))
    return "journal", {"error": error, "s": _seconds(rng, 0.2, 4)}


def _owner(rng: random.Random, plan: RehearsalPlan) -> tuple[str, Arguments]:
    verb = rng.choice(("rearm", "rearm", "rearm", "halt", "swap", "flatten", "pause", "resume"))
    return "owner", {"verb": verb, "which": rng.randrange(TRADERS_MAX), "into": rng.choice(plan.pairs)}


DRAWS: tuple[tuple[Draw, int], ...] = (
    (_fill, 30),
    (_answer, 16),
    (_refusal, 3),
    (_private, 9),
    (_public, 6),
    (_engine, 6),
    (_rights, 1),
    (_stranger, 1),
    (_kill, 4),
    (_freeze, 4),
    (_crash, 8),
    (_wire, 4),
    (_cut, 3),
    (_journal, 1),
    (_owner, 5),
)
"""How a blow is drawn, and how often compared with the others."""


def draw_blows(plan: RehearsalPlan) -> tuple[Blow, ...]:
    """Return a schedule: about so many blows a minute, in order of time."""
    rng = random.Random(f"{plan.seed} blows")
    count = max(1, round(plan.blows_per_minute * plan.trouble_s / 60))
    draws, weights = zip(*DRAWS, strict=True)
    blows: list[Blow] = []
    for _ in range(count):
        at_s = _seconds(rng, plan.calm_s, plan.calm_s + plan.trouble_s)
        (draw,) = rng.choices(draws, weights)
        kind, arguments = draw(rng, plan)
        blows.append(Blow(at_s, kind, arguments))
    return tuple(sorted(blows, key=lambda blow: blow.at_s))
