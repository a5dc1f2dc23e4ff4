"""The one clock of a run: the time of day when the run began, then the machine's steady clock; the same in all processes.

Rules: never steps, whatever happens to the time of day: ages, deadlines and nonces would go wrong with it. Whether it still
    agrees with the exchange is the order gateway's question. `begin` sets it anew, and only a fresh start of the whole may.
    A process that finds no clock of this boot sets it, so that an actor can be started alone.
Owns: the file `clock` in the home's `run` folder: boot id, and what to add to the steady clock.
Source: clock_gettime(2): CLOCK_BOOTTIME is shared by all processes, goes on while the machine sleeps, and cannot be set.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

FILE = "clock"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def steady_ns() -> int:
    """Return nanoseconds since the machine came up, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class HouseClock:
    """`folder` is where the clock's file lies; `wall_ns` is asked once, when the clock is set."""

    def __init__(
        self, folder: Path, wall_ns: Callable[[], int] = time.time_ns, steady_ns: Callable[[], int] = steady_ns
    ) -> None:
        self._steady_ns = steady_ns
        path = folder / FILE
        offset_ns = _read(path)
        self._offset_ns = _write(path, wall_ns() - steady_ns()) if offset_ns is None else offset_ns

    @property
    def run(self) -> str:
        """A word for the run that this clock belongs to, the same in all its processes."""
        return f"{self._offset_ns:x}"

    def now_ns(self) -> int:
        """Return UTC in nanoseconds, as this run counts it."""
        return self._steady_ns() + self._offset_ns


def running_ns(folder: Path) -> int:
    """Return UTC in nanoseconds as the run of this folder counts it, or the time of day where none began; set nothing."""
    offset_ns = _read(folder / FILE)
    return time.time_ns() if offset_ns is None else steady_ns() + offset_ns


def begin(folder: Path) -> None:
    """Forget the clock of a former run: the next process sets it by the time of day."""
    (folder / FILE).unlink(missing_ok=True)


def _read(path: Path) -> int | None:
    try:
        boot, offset = path.read_text(encoding="ascii").split()
        return int(offset) if boot == _boot() else None
    except (OSError, ValueError):
        return None


def _write(path: Path, offset_ns: int) -> int:
    """Put the clock into place whole; where another process was faster, take what it has set."""
    fresh = path.with_name(f"{FILE}.{os.getpid()}")
    fresh.write_text(f"{_boot()} {offset_ns}\n", encoding="ascii")
    try:
        if _read(path) is None:
            path.unlink(missing_ok=True)
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)
    known = _read(path)
    return offset_ns if known is None else known


def _boot() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
