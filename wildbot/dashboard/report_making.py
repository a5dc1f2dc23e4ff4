"""A report made by `wildbot report` in a process of its own: what a terminal would get, and nothing that stops the page.

Rules: the words are ours alone, there is no shell; a process that takes too long is ended.
"""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TIMEOUT_S = 60.0
MESSAGE_MAX = 300


@dataclass(frozen=True, slots=True)
class MakingState:
    """How far it is: `failure` says in words why there is none."""

    name: str
    seconds: float
    is_over: bool
    failure: str = ""


class Making:
    """One report on its way into the folder `reports` of the home."""

    def __init__(self, reports: Path, home: Path) -> None:
        self._path = reports / f"report-{datetime.now(UTC):%Y%m%d-%H%M%S}.html"
        self._home = home
        self._began_s = time.monotonic()
        self._state = MakingState(self._path.name, 0.0, is_over=False)
        self._over = threading.Event()
        threading.Thread(target=self._make, name="report", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; False while it is not over."""
        return self._over.wait(seconds)

    def state(self) -> MakingState:
        """Return how far it is."""
        if self._over.is_set():
            return self._state
        return MakingState(self._path.name, time.monotonic() - self._began_s, is_over=False)

    def _make(self) -> None:
        failure = ""
        words = [sys.executable, "-m", "wildbot.cli", "report", "--html", str(self._path)]
        environment = os.environ | {"WILDBOT_HOME": str(self._home)}
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            done = subprocess.run(  # noqa: S603 - our own words, no shell
                words, env=environment, capture_output=True, timeout=TIMEOUT_S, check=False, text=True, errors="replace"
            )
            if done.returncode != 0:
                failure = (done.stderr or done.stdout).strip()[-MESSAGE_MAX:] or f"it ended with code {done.returncode}"
        except subprocess.TimeoutExpired:
            failure = f"it took longer than {TIMEOUT_S:.0f} s and was ended"
        except OSError as error:
            failure = str(error.strerror)
        self._state = MakingState(self._path.name, time.monotonic() - self._began_s, is_over=True, failure=failure)
        self._over.set()
