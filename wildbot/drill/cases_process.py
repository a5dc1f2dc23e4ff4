"""Processes die, hang, or run out of something, one at a time: cases C01, C02 and others up to C32.

Source: the fault catalogue's group C.
"""

import contextlib
import time
from collections.abc import Callable
from functools import partial

import psutil

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.crash_steps import (
    ARMABLE,
    Aftermath,
    begin,
    hold,
    see_through,
    wait_for,
    wait_for_successor,
)
from wildbot.drill.failure import DrillError
from wildbot.drill.moves import a_quote
from wildbot.drill.whole import Whole

HANG_S = 10.0
SUPERVISOR_HANG_S = 14.0
"""Long enough for the gateway to take everything back by itself."""

WITHDRAWN_S = {"order_gateway": 20.0, "supervisor": 15.0}
TRADER_WITHDRAWN_S = 5.0


def killed(whole: Whole, actor: str) -> Aftermath:
    """Kill a standing actor as `kill -9` does; see its successor and the run come back."""
    begin(whole)
    since_ns = time.time_ns()
    pid = whole.kill(actor)
    if actor in ("order_gateway", "balance_allocator", "supervisor"):
        wait_for_successor(whole, actor, pid)
    else:
        wait_for(lambda: _lives(whole, actor, pid), f"a successor of the {actor} that died", 30)
        whole.exchange.wait_until_up(30)
    return see_through(whole, since_ns, WITHDRAWN_S.get(actor))


def hung(whole: Whole, actor: str, seconds: float = HANG_S) -> Aftermath:
    """Stop a standing actor where it stands, let it go on later; see the run come back."""
    begin(whole)
    process, since_ns = whole.process(actor), time.time_ns()
    whole.freeze(actor)
    hold(whole, actor, process, seconds)
    return see_through(whole, since_ns, WITHDRAWN_S["supervisor"] if actor == "supervisor" else None)


def trader_killed(whole: Whole) -> Aftermath:
    """C01."""
    pair = a_quote(whole).pair
    since_ns = time.time_ns()
    whole.kill(_trader(pair))
    return see_through(whole, since_ns, TRADER_WITHDRAWN_S, pair)


def trader_hung(whole: Whole) -> Aftermath:
    """C02."""
    pair = a_quote(whole).pair
    since_ns = time.time_ns()
    pid = whole.freeze(_trader(pair))
    wait_for(lambda: not psutil.pid_exists(pid), "the hung trader is replaced", 20)
    return see_through(whole, since_ns, TRADER_WITHDRAWN_S, pair)


def descriptors_gone(whole: Whole) -> Aftermath:
    """C22."""
    begin(whole)
    since_ns, gateway = time.time_ns(), whole.process("order_gateway")
    soft, hard = gateway.rlimit(psutil.RLIMIT_NOFILE)
    gateway.rlimit(psutil.RLIMIT_NOFILE, (gateway.num_fds(), hard))
    whole.faults([{"verb": "ws.close", "which": "private"}])  # now it needs new ones
    hold(whole, "order_gateway", gateway, HANG_S)
    with contextlib.suppress(psutil.Error):
        gateway.rlimit(psutil.RLIMIT_NOFILE, (soft, hard))
    return see_through(whole, since_ns)


def _lives(whole: Whole, actor: str, pid: int) -> bool:
    with contextlib.suppress(DrillError):
        return whole.process(actor).pid != pid
    return False


def _trader(pair: str) -> str:
    return "trader-" + pair.replace("/", "-")


def process_case(
    number: int, run: Callable[[Whole], object], title: str, promise: str, severity: Severity = Severity.S1, **more: object
) -> Case:
    """Return a case of this group; `more` are the fields of `Case` that differ from a shared instance."""

    def act(whole: Whole) -> None:
        run(whole)

    return Case(
        id=f"C{number:02}",
        group=Group.PROCESS,
        severity=severity,
        title=title,
        promise=promise,
        run=act,
        **{"settings": ARMABLE, **more},  # type: ignore[arg-type]
    )


BACK = "It is started again, nothing is lost, and trading goes on within a minute."
CASES = (
    process_case(
        1,
        trader_killed,
        "A trader is killed with orders resting",
        f"They are withdrawn within {TRADER_WITHDRAWN_S:g} s; a successor finds the position.",
        fast=True,
    ),
    process_case(
        2,
        trader_hung,
        "A trader hangs with orders resting",
        f"They are withdrawn within {TRADER_WITHDRAWN_S:g} s and it is replaced.",
    ),
    process_case(
        6,
        partial(killed, actor="supervisor"),
        "The supervisor is killed",
        "No orphan trades on; orders are withdrawn within 15 s; three traders come back.",
    ),
    process_case(
        10,
        partial(killed, actor="balance_allocator"),
        "The allocator is killed",
        "Leases in force stay, none is granted twice, trading goes on.",
    ),
    process_case(
        16,
        partial(hung, actor="supervisor", seconds=SUPERVISOR_HANG_S),
        "The supervisor hangs for 14 s",
        "Orders are withdrawn within 15 s; trading comes back by itself.",
    ),
    process_case(
        22,
        descriptors_gone,
        "The gateway runs out of file descriptors",
        "Nothing is lost, and it comes back when there are some again.",
        Severity.S2,
    ),
    process_case(25, partial(hung, actor="dashboard"), "The dashboard hangs", "Trading does not notice.", Severity.S2),
    process_case(26, partial(killed, actor="exchange_simulator"), "The exchange is gone and comes back", BACK, lone=True),
    process_case(27, partial(killed, actor="status_api"), "The status page is killed", BACK, Severity.S3),
    process_case(28, partial(killed, actor="dashboard"), "The dashboard is killed", BACK, Severity.S3),
    process_case(29, partial(killed, actor="crash_watch"), "The watcher of crashes is killed", BACK, Severity.S2),
    process_case(
        30,
        partial(killed, actor="order_gateway"),
        "The order gateway is killed",
        "Orders are withdrawn within 20 s; " + BACK,
        fast=True,
    ),
    process_case(31, partial(hung, actor="order_gateway"), "The order gateway hangs for 10 s", BACK),
    process_case(32, partial(hung, actor="balance_allocator"), "The allocator hangs for 10 s", BACK, Severity.S2),
)
