"""Starts and stops of the whole, loops of deaths, a lost machine: cases C07, C08, C09, C11, C20, C23, C24, C33.

Source: the fault catalogue's group C.
"""

import contextlib
import signal
import time
from collections.abc import Collection

import psutil

from wildbot.adapters.failpoints import FAILPOINTS_NAME
from wildbot.adapters.house_clock import FILE as CLOCK
from wildbot.drill.case import Severity
from wildbot.drill.cases_process import process_case
from wildbot.drill.crash_steps import be_well, befall_all, gone_after_s, is_halted, rested_at, wait_for, words_of
from wildbot.drill.failure import DrillError
from wildbot.drill.moves import demand, wait_alert, wait_fills_agree
from wildbot.drill.whole import Whole

SWITCH_S = 61.0
"""The exchange's own dead man's switch, and a second."""


def supervisord_killed(whole: Whole) -> None:
    """C07: what it leaves behind keeps a second bot from starting, until the owner has stopped it in order."""
    be_well(whole)
    whole.kill("supervisord")
    refused = whole.wildbot("up")
    demand(refused.returncode != 0 and _gateways(whole) <= 1, "a second bot was started beside what the first one left")
    demand("wildbot down" in refused.stdout + refused.stderr, "the refusal does not say what to do")
    whole.wildbot("down", timeout_s=90)
    wait_for(lambda: not whole.processes(), "`wildbot down` stops what was left", 60)
    whole.start()
    wait_fills_agree(whole)


def started_twice(whole: Whole) -> None:
    """C08."""
    before = {process.pid for process in whole.processes()}
    second = whole.wildbot("up")
    demand(second.returncode != 0, "a second start in the same home was not refused")
    demand("already runs" in second.stdout + second.stderr, "the second start does not say that one runs already")
    document = whole.status()
    demand(document["state"] == "running", "the first one does not trade any more")
    demand({process.pid for process in whole.processes()} <= before, "the second start left processes behind")


def crash_loop(whole: Whole) -> None:
    """C09: every trader dies at its first order."""
    whole.up()
    document = whole.wait(is_halted, "halted after too many deaths", 120)
    demand("died" in " ".join(document["reasons"]), f"the halt is explained by {document['reasons']}")
    demand(not rested_at(whole.ledger(), time.time_ns()), "orders rest although the run is halted")


def supervisor_loop(whole: Whole) -> None:
    """C09 again: the supervisor dies each time it has started a trader."""
    whole.up()
    whole.wait(is_halted, "halted after too many starts", 150)
    wait_for(lambda: not rested_at(whole.ledger(), time.time_ns()), "nothing rests although the run is halted", 20)


def host_lost(whole: Whole) -> None:
    """C11: everything of ours dies at once, the exchange lives elsewhere."""
    be_well(whole)
    since_ns = time.time_ns()
    befall_all(whole, signal.SIGKILL, "killed")
    orders = rested_at(whole.ledger(), since_ns)
    demand(bool(orders), "nothing rested when the host was lost")
    wait_for(lambda: gone_after_s(whole.ledger(), orders, since_ns) is not None, "all orders are cancelled", SWITCH_S + 5)
    gone_s = gone_after_s(whole.ledger(), orders, since_ns)
    demand(gone_s is not None and gone_s <= SWITCH_S, f"orders outlived the host by {gone_s} s")
    whole.start()
    wait_fills_agree(whole)


def stopped_twice(whole: Whole) -> None:
    """C20: who sees the last process go is gone by then, so the clock of the run lies until the next start sets it anew."""
    be_well(whole)
    for process in whole.processes():
        if words_of(process)[-2:] == ["wildbot.cli", "up"]:
            process.send_signal(signal.SIGINT)
    wait_for(lambda: whole.status()["state"] == "stopping", "the stop begins", 10)
    whole.stop()
    wait_for(lambda: not whole.processes(), "the stop goes on without its terminal", 60)
    _demand_nothing_left(whole, but=(CLOCK,))
    whole.start()
    demand(whole.stop() == 0, "the start after it did not end well")
    _demand_nothing_left(whole)


def cycles(whole: Whole) -> None:
    """C23."""
    for _ in range(3):
        whole.start()
        demand(whole.stop() == 0, "an ordered stop did not end well")
        _demand_nothing_left(whole)


def given_up(whole: Whole) -> None:
    """C24."""
    since_ns = time.time_ns()
    deadline_s = time.monotonic() + 90
    while time.monotonic() < deadline_s and not _is_given_up(whole, since_ns):
        with contextlib.suppress(DrillError, psutil.Error):
            whole.kill("status_api")
    wait_alert(whole, since_ns, "given up", timeout_s=15)
    demand(whole.status()["state"] == "running", "trading stopped because of the status page")


def _is_given_up(whole: Whole, since_ns: int) -> bool:
    alerts = whole.status()["alerts"]
    return any("given up" in each["text"] for each in alerts if each["ts_ns"] >= since_ns)


def _gateways(whole: Whole) -> int:
    return sum(words_of(process)[-2:] == ["actors", "order_gateway"] for process in whole.processes())


def _demand_nothing_left(whole: Whole, but: Collection[str] = ()) -> None:
    left = [" ".join(words_of(process)[-2:]) for process in whole.processes()]
    demand(not left, f"processes are left after the stop: {', '.join(left)}")
    files = sorted({path.name for path in (whole.home / "run").iterdir()}.difference(but))
    demand(not files, f"files are left after the stop: {', '.join(files)}")


CASES = (
    process_case(
        7,
        supervisord_killed,
        "supervisord is killed and the owner starts again",
        "No second bot starts beside what is left; the refusal says how to go on.",
        lone=True,
    ),
    process_case(
        8, started_twice, "The owner starts it twice", "The second start is refused with a sentence; the first goes on."
    ),
    process_case(
        9,
        crash_loop,
        "Every trader dies at its first order",
        "The run halts and says why; nothing rests.",
        lone=True,
        started=False,
        settings={FAILPOINTS_NAME: "trader.decided:kill:1"},
    ),
    process_case(
        11,
        host_lost,
        "The whole machine is lost",
        f"The exchange cancels our orders within {SWITCH_S:g} s; the next start finds every fill.",
        lone=True,
        wired=True,
    ),
    process_case(
        20,
        stopped_twice,
        "Ctrl-C is pressed twice",
        "The terminal is given back; the stop goes on to its end, and the next start and stop are as any other.",
        Severity.S2,
        lone=True,
    ),
    process_case(
        23,
        cycles,
        "Three starts and stops in a row",
        "No process and no file is left after any of them.",
        Severity.S2,
        lone=True,
        started=False,
    ),
    process_case(
        24,
        given_up,
        "The status page dies until supervisord gives up on it",
        "An alert says so; trading goes on.",
        Severity.S2,
        lone=True,
    ),
    process_case(
        33,
        supervisor_loop,
        "The supervisor dies whenever it has started a trader",
        "After a few starts the run comes up halted; nothing rests.",
        lone=True,
        started=False,
        settings={FAILPOINTS_NAME: "sup.spawned:kill:1"},
    ),
)
