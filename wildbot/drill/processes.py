"""The processes of one home, seen from outside: a process belongs to a home when its own environment says so."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil


def processes_of(home: Path) -> list[psutil.Process]:
    """Return every live process whose environment names this home, except the one that asks."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("WILDBOT_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kill_all(home: Path) -> None:
    """Kill every process of a home."""
    for process in processes_of(home):
        with contextlib.suppress(psutil.Error):
            process.kill()


def actor_of(process: psutil.Process) -> str:
    """Return the name of an actor's process, "" when it is none. Raises: psutil.Error when it is gone."""
    words = process.cmdline()
    if "-m" not in words[:-1]:
        return ""
    module, *rest = words[words.index("-m") + 1 :]
    if module == "supervisor.supervisord":
        return "supervisord"
    if module == "wildbot.dashboard.server":
        return "dashboard"
    if module != "actors" or not rest:
        return ""
    pair = json.loads(process.environ().get("WILDBOT_TRADER", "{}")).get("pair", "") if rest[0] == "trader" else ""
    return f"trader-{pair.replace('/', '-')}" if pair else rest[0]


@contextlib.contextmanager
def stopped(process: psutil.Process) -> Iterator[Callable[[], None]]:
    """Stop a process where it stands; it goes on at the end, or as soon as what this yields is called."""
    process.suspend()

    def thaw() -> None:
        with contextlib.suppress(psutil.Error):
            process.resume()

    try:
        yield thaw
    finally:
        thaw()
