"""What the cases about dying and hanging processes share: arm a failpoint, provoke it, time the orders and the return.

Rules: when an order ended is read from the exchange's ledger, which has the clock of this machine, never from our own
    word. Being halted with a reason is a way of being well; the drill then rearms, as the owner would.
"""

import contextlib
import json
import signal
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import psutil
import zmq

from wildbot.adapters.failpoints import FAILPOINTS_NAME, STRUCK_SUFFIX
from wildbot.drill.exchange_door import Line
from wildbot.drill.failure import DrillError, NotStruckError
from wildbot.drill.moves import ACCOUNT, STRIKE_S, demand, quotes, resting, wait_fills_agree
from wildbot.drill.processes import actor_of
from wildbot.drill.status_tap import Document
from wildbot.drill.whole import Whole
from wildbot.model.instrument import NANOS_PER_SECOND

ARMED_FILE = "data/failpoints"
ARMABLE = {FAILPOINTS_NAME: f"@{ARMED_FILE}"}
"""The extra environment of an instance whose failpoints are armed while it runs."""

RECOVERY_S = 60.0
LOOK_EVERY_S = 0.05
FINAL = frozenset({"filled", "canceled", "expired"})


@dataclass(frozen=True, slots=True)
class Aftermath:
    """How it went on after a fault at `since_ns`, in seconds from then.

    `orders` of ours rested at that moment, after `gone_s` none of them did (None: nothing was promised about them), after
    `well_s` the bot traded again. `halted` is the reason when the run halted and had to be rearmed.
    """

    since_ns: int
    orders: int
    gone_s: float | None
    well_s: float
    halted: str


def wait_for(condition: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Wait until a condition holds. Raises: DrillError naming `what` when it does not in time."""
    until_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > until_s:
            raise DrillError(f"not within {timeout_s:g} s: {what}")
        time.sleep(LOOK_EVERY_S)


def strike(whole: Whole, point: str, action: str, nth: int, provoke: Callable[[], None]) -> int:
    """Arm a failpoint, provoke until it strikes, and return when it did (UTC nanoseconds).

    Raises: NotStruckError when it does not.
    """
    path = whole.home / ARMED_FILE
    struck = path.with_name(path.name + STRUCK_SUFFIX)
    struck.unlink(missing_ok=True)
    draft = path.with_name(path.name + ".draft")
    draft.write_text(f"{point}:{action}:{nth}", encoding="ascii")
    draft.rename(path)  # whole at once: nobody reads half a text
    until_s = time.monotonic() + STRIKE_S
    while not struck.exists():
        if time.monotonic() > until_s:
            path.unlink(missing_ok=True)
            raise NotStruckError(f"nothing came to the point {point} within {STRIKE_S:g} s")
        with contextlib.suppress(DrillError):
            provoke()
        time.sleep(LOOK_EVERY_S)
    return struck.stat().st_ctime_ns


def befall_all(whole: Whole, number: signal.Signals, what: str, pids: Collection[int] = ()) -> list[int]:
    """Signal every process of the bot (only those named, if any) but not the exchange, as when the machine itself is hit.

    Each is noted for the checker as `what`. Returns whom it befell.
    """
    befallen = []
    for process in whole.processes():
        with contextlib.suppress(psutil.Error):
            if "exchange" not in " ".join(process.cmdline()) and (not pids or process.pid in pids):
                actor = actor_of(process)
                process.send_signal(number)
                befallen.append(process.pid)
                if actor:
                    whole.note(actor, what, f"process {process.pid}, with the whole machine")
    return befallen


def is_running(process: psutil.Process) -> bool:
    """Whether a process can still do something: neither gone, nor dead and not yet reaped, nor stopped."""
    try:
        return process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD, psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return False


def words_of(process: psutil.Process) -> list[str]:
    """Return a process' command line, nothing when it is gone."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def has_process(whole: Whole, actor: str) -> bool:
    """Whether an actor has a process now."""
    with contextlib.suppress(DrillError):
        return bool(whole.process(actor).pid)
    return False


def hold(whole: Whole, actor: str, process: psutil.Process, seconds: float) -> None:
    """Leave a stopped process as it is for `seconds`, then let it go on, unless it was replaced meanwhile."""
    with contextlib.suppress(psutil.Error):
        if process.wait(seconds) is None:
            return
    with contextlib.suppress(psutil.Error):
        whole.thaw(actor, process.pid)


def wait_for_successor(whole: Whole, actor: str, pid: int) -> None:
    """Wait until the status names another process than `pid` for an actor. Raises: DrillError when it does not."""

    def is_there(document: Document) -> bool:
        return any(row["name"] == actor and row["pid"] not in (None, 0, pid) for row in document["actors"])

    whole.wait(is_there, f"a successor of the {actor} that died", RECOVERY_S)


def say(whole: Whole, verb: str, **arguments: object) -> None:
    """Say a control verb and wait for no answer: who should give it may be about to die."""
    asker: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
    asker.connect(f"ipc://{whole.home / 'run' / 'control.ipc'}")
    asker.send(json.dumps({"id": "drill", "verb": verb, "args": arguments}).encode())
    asker.close(linger=1_000)


def trader_processes(whole: Whole) -> dict[str, psutil.Process]:
    """Return the processes of all traders by pair, as the status names them."""
    found = {}
    for row in whole.status()["traders"]:
        with contextlib.suppress(psutil.NoSuchProcess):
            if row["pid"]:
                found[row["pair"]] = psutil.Process(row["pid"])
    return found


def rested_at(lines: Iterable[Line], at_ns: int, pair: str = "") -> frozenset[str]:
    """Return the client ids of our orders (of `pair`, when given) that rested at a time, from the exchange's ledger."""
    found: set[str] = set()
    for line in lines:
        if int(line["ts_ns"]) > at_ns:
            break
        if line["kind"] == "order" and line["order"]["account"] == ACCOUNT and line["order"]["pair"].startswith(pair):
            ended = line["order"]["status"] in FINAL
            (found.discard if ended else found.add)(line["order"]["cl_ord_id"])
    return frozenset(found)


def gone_after_s(lines: Iterable[Line], orders: Collection[str], since_ns: int) -> float | None:
    """Return how long after `since_ns` the last of these orders ended, in seconds; None while one of them rests."""
    left, last_ns = set(orders), since_ns
    for line in lines:
        if line["kind"] == "order" and line["order"]["status"] in FINAL and line["order"]["cl_ord_id"] in left:
            left.discard(line["order"]["cl_ord_id"])
            last_ns = max(last_ns, int(line["ts_ns"]))
    return None if left else (last_ns - since_ns) / NANOS_PER_SECOND


def see_through(whole: Whole, since_ns: int, within_s: float | None = None, pair: str = "") -> Aftermath:
    """Wait until no order that rested at `since_ns` (of `pair`, when given) rests, all is well again, the books agree.

    `within_s` is the promise about the orders, None when there is none. Raises: DrillError when something is not kept.
    """
    orders = rested_at(whole.ledger(), since_ns, pair)
    gone_s = None
    if within_s is not None:
        wait_for(
            lambda: gone_after_s(whole.ledger(), orders, since_ns) is not None,
            f"none of the {len(orders)} orders rests that rested when it happened",
            max(within_s, RECOVERY_S),
        )
        gone_s = gone_after_s(whole.ledger(), orders, since_ns)
        demand(gone_s is not None and gone_s <= within_s, f"orders rested {gone_s} s longer; {within_s:g} s are promised")
    halted = be_well(whole)
    well_s = (time.time_ns() - since_ns) / NANOS_PER_SECOND
    wait_fills_agree(whole)
    return Aftermath(since_ns, len(orders), gone_s, well_s, halted)


def begin(whole: Whole) -> None:
    """Start a case from a bot that trades and an exchange whose REST counter is empty.

    A recovery asks a lot of the exchange, which counts: a second one within a minute would measure the exchange's patience.
    """
    be_well(whole)
    whole.faults([{"verb": "counter.set", "which": "rest", "n": 0}])


def be_well(whole: Whole) -> str:
    """Wait until all traders live and the bot quotes; return the reason when the run halted first and was rearmed.

    Raises: DrillError when it is neither trading nor halted with a reason within a minute, or not after `rearm`.
    """

    def trades(document: Document) -> bool:
        return is_well(document) and bool(resting(whole))  # the second is the exchange's own word

    document = whole.wait(lambda d: trades(d) or is_halted(d), "trading again, or halted with a reason", RECOVERY_S)
    if not is_halted(document):
        return ""
    demand(whole.control("rearm")["ok"], "the halted run cannot be rearmed")
    whole.wait(trades, "trading again after `rearm`", RECOVERY_S)
    return "; ".join(document["reasons"])


def is_well(document: Document) -> bool:
    """Whether the bot trades: running, every trader at work, at least one order resting, none unexplained."""
    traders = document["traders"]
    alive = bool(traders) and all(row["pid"] and row["state"] == "quoting" for row in traders)
    return document["state"] == "running" and alive and bool(quotes(document)) and not document["gateway"]["unknown_orders"]


def is_halted(document: Document) -> bool:
    """Whether the run has stopped itself and says why."""
    return document["state"] == "halted" and any(document["reasons"])
