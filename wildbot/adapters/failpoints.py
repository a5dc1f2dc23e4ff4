"""Named places in the shells where a drill can make this very process die, fail or hang.

`WILDBOT_FAILPOINTS` is either `point:action:pass`, more of them after commas, or `@` and a path in the home of a file
that holds such a text. The first form strikes in every process that comes to the point. The second strikes once, since the
process that strikes first moves the file away (`.struck` behind its name), and the file may come at any time.

Rules: `reach` does nothing, and costs next to nothing, in a process whose environment does not name failpoints; profile
    live refuses to start when it does (`live_gate.py`). A pass is counted from the moment the text is known.
Owns: the counts of this process.
Source: FoundationDB's BUGGIFY; FreeBSD fail(9).
"""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

from wildbot.model.errors import ConfigurationError

FAILPOINTS_NAME = "WILDBOT_FAILPOINTS"
STRUCK_SUFFIX = ".struck"

POINTS = {
    "gw.intent_committed": "the rows of a command are on disk, no byte of it has left",
    "gw.sent": "the bytes of a command have left, no answer was read",
    "gw.acked": "what a trader is to hear is on disk, it has not heard",
    "gw.reply_sent": "the trader has been told",
    "gw.fill_seen": "a fill was read, nothing of it is on disk",
    "gw.fill_committed": "a fill is on disk, nobody has been told",
    "alloc.applied": "a request for capital is decided, nobody knows",
    "alloc.replied": "the answers to a request for capital are sent",
    "sup.spawned": "a trader process was started, nobody has heard of it",
    "sup.swap_stopped_old": "a trader has retired, its successor was not started",
    "trader.decided": "the engine wants an order, the gateway does not know",
}
ACTIONS = ("kill", "raise", "stop")


class FailpointError(RuntimeError):
    """What `raise` raises: nobody expects it."""


class Strike(NamedTuple):
    """Do `action` the `nth` time that `point` is reached."""

    point: str
    action: str
    nth: int


def parse_strikes(text: str) -> tuple[Strike, ...]:
    """Return what a text asks for. Raises: ConfigurationError naming what would be valid."""
    strikes = []
    for item in filter(None, (each.strip() for each in text.split(","))):
        point, _, rest = item.partition(":")
        action, _, nth = rest.partition(":")
        if point not in POINTS:
            raise ConfigurationError(f"{FAILPOINTS_NAME}: {point!r} is not one of: {', '.join(POINTS)}")
        if action not in ACTIONS:
            raise ConfigurationError(f"{FAILPOINTS_NAME}: the action {action!r} is not one of: {', '.join(ACTIONS)}")
        if not (nth.isascii() and nth.isdigit() and 1 <= int(nth) <= 1_000_000):
            raise ConfigurationError(f"{FAILPOINTS_NAME}: the pass {nth!r} of {point} must be a whole number from 1 on")
        strikes.append(Strike(point, action, int(nth)))
    return tuple(strikes)


class Failpoints:
    """What is to happen in this process."""

    def __init__(self, text: str, home: Path) -> None:
        self._file = home / text[1:] if text.startswith("@") else None
        self._strikes = () if self._file else parse_strikes(text)
        self._seen: tuple[int, int] | None = None
        self._passes: dict[str, int] = {}

    def reach(self, point: str) -> None:
        """Count one pass of `point` and strike when it is due."""
        if self._file is not None:
            self._read(self._file)
        if not self._strikes:
            return
        self._passes[point] = passed = self._passes.get(point, 0) + 1
        for strike in self._strikes:
            if strike.point == point and strike.nth == passed and self._is_ours():
                act(strike)

    def _read(self, path: Path) -> None:
        try:
            there = path.stat()
            seen = (there.st_ino, there.st_mtime_ns)
            if seen != self._seen:
                self._seen, self._strikes, self._passes = seen, parse_strikes(path.read_text(encoding="ascii")), {}
        except FileNotFoundError:
            self._seen, self._strikes = None, ()

    def _is_ours(self) -> bool:
        """Whether this process strikes: of a file's readers only the one that moves it away does."""
        if self._file is None:
            return True
        try:
            self._file.rename(self._file.with_name(self._file.name + STRUCK_SUFFIX))
        except FileNotFoundError:
            return False
        return True


def act(strike: Strike) -> None:
    """Do it. `stop` returns when somebody has sent SIGCONT."""
    match strike.action:
        case "kill":
            _die()
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case _:
            raise FailpointError(f"failpoint {strike.point}, pass {strike.nth}")


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL cannot be survived")


_armed: Failpoints | None = None


def arm(surroundings: Mapping[str, str]) -> None:
    """Read the environment, once per process. Raises: ConfigurationError when it names what is not there."""
    global _armed
    text = surroundings.get(FAILPOINTS_NAME, "")
    _armed = Failpoints(text, Path(surroundings.get("WILDBOT_HOME", "."))) if text else None


def reach(point: str) -> None:
    """Say that this process has come to `point`."""
    if _armed is not None:
        _armed.reach(point)
