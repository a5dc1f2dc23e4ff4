"""The crash matrix: at every failpoint the process dies, fails or hangs; it comes back, and nothing is lost. Cases K01 on.

Source: the fault catalogue's crash matrix (kill every process at every failpoint, restart, check).
"""

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from wildbot.adapters.failpoints import POINTS
from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.crash_steps import (
    ARMABLE,
    Aftermath,
    begin,
    hold,
    is_running,
    say,
    see_through,
    strike,
    trader_processes,
    wait_for,
    wait_for_successor,
)
from wildbot.drill.moves import stir
from wildbot.drill.whole import Whole

HANG_S = 10.0
"""A stopped process is let go on after so long, unless it has been replaced meanwhile."""

SWAP_S = 10.0
"""So long until a swap that came to nothing is asked for again."""


class Role(NamedTuple):
    """Who comes to a point; `within_s`: after its death no order that rested may rest longer (None: nothing follows)."""

    actor: str
    within_s: float | None
    actions: tuple[str, ...]


ROLES = {
    "gw": Role("order_gateway", 20.0, ("kill", "raise", "stop")),
    "alloc": Role("balance_allocator", None, ("kill", "raise", "stop")),
    "sup": Role("supervisor", 15.0, ("kill", "raise", "stop")),
    "trader": Role("trader", 5.0, ("kill", "raise", "stop")),
}
WORDS = {"kill": "dies", "raise": "fails", "stop": "hangs"}


class Swap:
    """Asks for a swap of a traded pair against one that is not, now and again: so a trader retires, another is started."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole
        self._asked_s = 0.0

    def __call__(self) -> None:
        """Ask, unless that was done lately or there is no pair to swap in yet."""
        document = self._whole.status()
        into = next((row["pair"] for row in document["scanner"] if row["tradeable"] and not row["active"]), "")
        if into and document["traders"] and time.monotonic() - self._asked_s > SWAP_S:
            self._asked_s = time.monotonic()
            say(self._whole, "swap", out=document["traders"][0]["pair"], **{"in": into})


def crash(whole: Whole, point: str, action: str, nth: int = 1) -> Aftermath:
    """Let the process that comes to `point` the nth time die (`kill`), fail (`raise`) or hang (`stop`); see it through."""
    begin(whole)
    role = ROLES[point.partition(".")[0]]
    traders = trader_processes(whole)
    alone = None if role.actor == "trader" else whole.process(role.actor)
    provoke: Callable[[], None] = Swap(whole) if point.startswith("sup.") else partial(stir, whole)
    since_ns = strike(whole, point, action, nth, provoke)
    suspects = {role.actor: alone} if alone is not None else traders
    wait_for(lambda: not all(map(is_running, suspects.values())), f"the process that came to {point} {WORDS[action]}", 5)
    name, process = next((name, each) for name, each in suspects.items() if not is_running(each))
    whole.note(
        name if alone is not None else f"trader-{name.replace('/', '-')}", "stopped" if action == "stop" else "killed"
    )
    if action == "stop":
        hold(whole, name, process, HANG_S)
    elif alone is not None:
        wait_for_successor(whole, name, process.pid)
    pair = name if role.actor == "trader" else ""
    hung = action == "stop" and role.actor != "trader"
    return see_through(whole, since_ns, None if hung else role.within_s, pair)


def _case(number: int, point: str, action: str) -> Case:
    role = ROLES[point.partition(".")[0]]

    def run(whole: Whole) -> None:
        crash(whole, point, action)

    gone = f"; what rested is withdrawn within {role.within_s:g} s" if role.within_s and action != "stop" else ""
    return Case(
        id=f"K{number:02}",
        group=Group.CRASH,
        severity=Severity.S1,
        title=f"{role.actor} {WORDS[action]} at {point}: {POINTS[point]}",
        promise=f"It comes back by itself or halts with a reason, every fill is booked once, no order is sent twice{gone}.",
        run=run,
        settings=ARMABLE,
        fast=point in ("gw.sent", "gw.fill_committed") and action == "kill",
    )


MATRIX = tuple((point, action) for point in POINTS for action in ROLES[point.partition(".")[0]].actions)
CASES = tuple(_case(number, point, action) for number, (point, action) in enumerate(MATRIX, 1))
