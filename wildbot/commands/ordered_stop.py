"""Stopping one home in order: no new orders, ours withdrawn and confirmed gone, then the processes, then the sockets.

Rules: the order itself is supervisord's (descending priority, one after the other) and the supervisor actor's (cancel,
    confirm, then end); this file asks for it, tells how far it is, and believes nothing it has not seen.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from wildbot.adapters.home import Home
from wildbot.adapters.status_feed import StatusFeed
from wildbot.analytics.status_view import StatusView, view_of
from wildbot.commands.instance import SUPERVISORD, Instance, OwnProcess

STOP_WAIT_S = 130.0
"""Longest wait for the end: above the sum of all `stopwaitsecs` in supervisord.conf, so that giving up is never early."""

LOOK_EVERY_S = 0.25

STOP_ORDER = (
    "dashboard",
    "status_api",
    "recorder",
    "truth_desk",
    "supervisor",
    "trader",
    "notifier",
    "balance_allocator",
    "order_gateway",
    "exchange_simulator",
)
"""How orphans are stopped when no supervisord is left to do it; a name stands for all that start with it."""

ANY_ROLE = ""
"""The start of every name: whoever is still there goes last."""

ORPHAN_WAIT_S = 45.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StopOutcome:
    """How a stop ended: the processes that are still there, and how many orders of ours rested by the last word."""

    left: tuple[OwnProcess, ...] = ()
    resting: int = 0


def stop_in_order(home: Home, say: Say, give_up: Callable[[], bool] = lambda: False) -> StopOutcome:
    """Stop everything of this home and return how it ended: nothing left and nothing resting, if all went well.

    `give_up` is asked between two looks; when it says yes the wait ends early (what was asked for goes on).
    """
    instance = Instance(home)
    pid = instance.supervisord_pid()
    if pid is None:
        return _stop_orphans(instance, say, give_up)
    feed = StatusFeed(home).start()
    feed.wait_change(1.0)  # so that there is a last word to compare with
    _signal(pid)
    say("stopping: no new orders")
    try:
        left = _watch_end(instance, feed, say, give_up)
        resting = _resting(feed)
    finally:
        feed.close()
    if not left:
        instance.sweep()
    return StopOutcome(tuple(left), resting or 0)


def _watch_end(instance: Instance, feed: StatusFeed, say: Say, give_up: Callable[[], bool]) -> list[OwnProcess]:
    deadline = time.monotonic() + STOP_WAIT_S
    known: dict[int, str] = {}
    while True:
        left = instance.processes()
        alive = {own.pid: own.name for own in left}
        for pid in sorted(known.keys() - alive.keys(), key=lambda pid: _turn(known[pid])):
            _tell_end(known[pid], feed, say)
        known = alive
        if not left or time.monotonic() > deadline or give_up():
            return left
        time.sleep(LOOK_EVERY_S)


def _tell_end(name: str, feed: StatusFeed, say: Say) -> None:
    if name == "supervisor":
        say(f"stopping: {last_word(feed)}")
    if name != SUPERVISORD:
        say(f"stopping: {name} ended")


def _turn(name: str) -> int:
    return next((turn for turn, role in enumerate(STOP_ORDER) if name.startswith(role)), len(STOP_ORDER))


def last_word(feed: StatusFeed) -> str:
    """What the supervisor's last document says about our orders, in a few words."""
    resting, unknown = _resting(feed), _last(feed).gateway.unknown_orders
    if resting is None:
        return "the supervisor ended without a last word; its log tells whether orders rest"
    return f"{resting} orders still rest, {unknown or 0} of them unknown" if resting else "none rest"


def _last(feed: StatusFeed) -> StatusView:
    document, _ = feed.latest()
    try:
        return view_of(document) if document is not None else StatusView()
    except msgspec.ValidationError:
        return StatusView()


def _resting(feed: StatusFeed) -> int | None:
    """How many orders rest by the supervisor's last word; None when that is not about a stop."""
    last = _last(feed)
    return last.gateway.open_orders if last.state == "stopping" else None


def _stop_orphans(instance: Instance, say: Say, give_up: Callable[[], bool]) -> StopOutcome:
    deadline = time.monotonic() + ORPHAN_WAIT_S
    for role in (*STOP_ORDER, ANY_ROLE):
        for own in instance.processes():
            if own.name.startswith(role):
                say(f"stopping: {own.name} (process {own.pid}), left by a supervisord that is gone")
                _signal(own.pid)
        while _any_of(instance, role) and time.monotonic() < deadline and not give_up():
            time.sleep(LOOK_EVERY_S)
    left = instance.processes()
    if not left:
        instance.sweep()
    return StopOutcome(tuple(left))


def _any_of(instance: Instance, role: str) -> bool:
    return any(own.name.startswith(role) for own in instance.processes())


def _signal(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
