"""Time is lost, or the exchange's clock disagrees with ours: cases F01 and F05.

Source: the fault catalogue's group F.
"""

import signal
import time

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.crash_steps import be_well, befall_all, gone_after_s, rested_at
from wildbot.drill.moves import demand, stir, wait_fills_agree
from wildbot.drill.whole import Whole

SLEEP_S = 70.0
SWITCH_S = 61.0
OFFSETS_S = (3, -3, 2)
"""The first two are more than any honest machine's drift; kept within the deadline that orders carry."""


def slept(whole: Whole) -> None:
    """F01: the machine sleeps for seventy seconds with orders resting."""
    be_well(whole)
    since_ns = time.time_ns()
    asleep = befall_all(whole, signal.SIGSTOP, "stopped")
    orders = rested_at(whole.ledger(), since_ns)
    time.sleep(SLEEP_S)
    gone_s = gone_after_s(whole.ledger(), orders, since_ns)
    befall_all(whole, signal.SIGCONT, "continued", asleep)
    demand(bool(orders), "nothing rested when the machine fell asleep")
    demand(gone_s is not None and gone_s <= SWITCH_S, f"orders outlived the sleep: gone after {gone_s} s")
    whole.status()
    be_well(whole)
    wait_fills_agree(whole)


def clocks_apart(whole: Whole) -> None:
    """F05: the exchange's clock is seconds off, both ways."""
    be_well(whole)
    for offset_s in OFFSETS_S:
        whole.faults([{"verb": "clock.offset", "s": offset_s}])
        until_s = time.monotonic() + 10
        while time.monotonic() < until_s:
            stir(whole)
    whole.faults([{"verb": "clock.offset", "s": 0}])
    be_well(whole)
    wait_fills_agree(whole)


CASES = (
    Case(
        id="F01",
        group=Group.CLOCK,
        severity=Severity.S1,
        title="The machine sleeps for 70 s with orders resting",
        promise=f"The exchange cancels them within {SWITCH_S:g} s; awake again, it looks first and then trades.",
        run=slept,
        wired=True,
    ),
    Case(
        id="F05",
        group=Group.CLOCK,
        severity=Severity.S2,
        title="The exchange's clock is up to three seconds off",
        promise="No fill is lost, nothing is sent twice, and trading comes back.",
        run=clocks_apart,
    ),
)
