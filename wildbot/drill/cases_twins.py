"""Two of what there should be one of, or the old beside the new: cases C13 and C17.

Source: the fault catalogue's group C.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.cases_ipc import an_order, send
from wildbot.drill.crash_steps import be_well
from wildbot.drill.exchange_door import Line
from wildbot.drill.failure import NotStruckError
from wildbot.drill.moves import a_quote, demand, events, last_event, requests, wait_alert, wait_fills_agree
from wildbot.drill.processes import actor_of, stopped
from wildbot.drill.whole import ROOT, Whole
from wildbot.protocol.bus import encode

TRADER_VARIABLE = "WILDBOT_TRADER"
TAKEN_OVER_S = 10.0
NEVER_GIVEN = 50
"""The successor's number is so far ahead that the supervisor gives it to no other."""

SKEWED_S = 12.0
CODE = ("wildbot", "actors", "config")
MESSAGES = Path("wildbot/model/control.py")
A_FIELD = "    flatten: bool\n"


def thawed(whole: Whole) -> None:
    """C13: a trader stops where it stands, a successor takes its pair over, and the trader goes on.

    The supervisor would end a trader before it starts the next, so the drill starts this one; and it takes the lock of the
    pair's trader away, or the successor would not even start.
    """
    be_well(whole)
    quote = a_quote(whole)
    pair, seen = quote.pair, last_event(whole)
    former = whole.process("trader-" + pair.replace("/", "-"))
    told = json.loads(former.environ()[TRADER_VARIABLE])
    old, new = int(told["epoch"]), max(row["epoch"] for row in whole.status()["traders"]) + NEVER_GIVEN
    surroundings = {**former.environ(), TRADER_VARIABLE: json.dumps({**told, "epoch": new})}
    words = [sys.executable, "-m", "actors", "trader", "--pair", pair, "--epoch", str(new)]
    (whole.home / "run" / f"{actor_of(former)}.lock").unlink()
    with _process(words, surroundings, ROOT, whole.home / "successor.txt"):
        with stopped(former):
            taken = f"epoch {new},"
            if not whole.patiently(lambda: _happened(whole, seen, "inheritance", taken), TAKEN_OVER_S):
                raise NotStruckError("the successor did not take the pair over")
            since = whole.exchange.seq()
            request = an_order(whole, quote, f"wb{old}x9001")
        if not former.is_running():
            raise NotStruckError("the trader had been ended before it could go on")
        # What it would ask for first is not for us to say; this is asked in its name.
        send(whole, "orders", [[encode(msgspec.structs.replace(request, epoch=old))]])
        whole.patiently(lambda: _happened(whole, seen, "fenced", f"of epoch {old}"), TAKEN_OVER_S)
        demand(_happened(whole, seen, "fenced", f"of epoch {old}"), "a request of a trader that was replaced is not fenced")
        whole.wait(lambda _: not former.is_running(), "the supervisor ends the trader that was replaced", TAKEN_OVER_S)
        late = _asked_by(whole, since, old)
        demand(not late, f"{len(late)} requests of a trader that was replaced reached the exchange")
    wait_fills_agree(whole)


def _asked_by(whole: Whole, since: int, epoch: int) -> list[Line]:
    lines = requests(whole, since, "add_order", "amend_order")
    return [line for line in lines if str(line["params"].get("cl_ord_id", "")).startswith(f"wb{epoch}x")]


def older_build(whole: Whole) -> None:
    """C17: the order gateway comes back as another build, whose messages are not those of the others."""
    be_well(whole)
    code = whole.home / "older"
    for name in CODE:
        shutil.copytree(ROOT / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    text = (code / MESSAGES).read_text(encoding="utf-8")
    demand(A_FIELD in text, f"{MESSAGES} holds no {A_FIELD.strip()}")
    (code / MESSAGES).write_text(text.replace(A_FIELD, f"{A_FIELD}    of_old: int = 0\n", 1), encoding="utf-8")
    at_ns = time.time_ns()
    with stopped(whole.process("supervisord")):
        whole.kill("order_gateway")
        since = whole.exchange.seq()
        words = [sys.executable, "-m", "actors", "order_gateway"]
        with _process(words, whole.environment, code, whole.home / "older.txt"):
            wait_alert(whole, at_ns, "runs another build", timeout_s=20)
            until_s = time.monotonic() + SKEWED_S
            while time.monotonic() < until_s:
                whole.status()
            sent = requests(whole, since, "add_order", "amend_order")
            demand(not sent, f"{len(sent)} orders left through a gateway of another build")
    be_well(whole)
    wait_fills_agree(whole)


def _happened(whole: Whole, since: int, kind: str, words: str) -> bool:
    return any(words in row["text"] for row in events(whole, since, kind))


@contextlib.contextmanager
def _process(words: list[str], surroundings: dict[str, str], folder: Path, output: Path) -> Iterator[None]:
    """A process of our own for a while."""
    with output.open("a") as sink:
        child = subprocess.Popen(  # noqa: S603 - our own words
            words, env=surroundings, cwd=folder, stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
    try:
        yield
    finally:
        child.kill()
        child.wait()


def _case(number: str, title: str, promise: str, run: Callable[[Whole], None]) -> Case:
    return Case(id=number, group=Group.PROCESS, severity=Severity.S1, title=title, promise=promise, run=run, lone=True)


CASES = (
    _case(
        "C13",
        "A trader that was stopped and replaced goes on beside its successor",
        "It is ended, and nothing it asks for reaches the exchange.",
        thawed,
    ),
    _case(
        "C17",
        "The order gateway is started again as another build",
        "It is not obeyed and not answered, the owner is told, and no order leaves through it.",
        older_build,
    ),
)
