"""One command on its way: sent from a thread of its own, so that a slow reply never freezes the page.

Rules: the thread touches only its `Call`, never Streamlit; a page asks `progress()` whenever it draws. Times are the run's,
    as the times of its documents are: what a document shows is compared with when the command was sent.
"""

import threading
from pathlib import Path

from wildbot.adapters.control_client import ControlClient, Reply
from wildbot.adapters.house_clock import running_ns
from wildbot.dashboard.view.commands import Command, Progress, is_in_effect
from wildbot.dashboard.view.document import JsonObject, number

QUICK_S = 0.4
"""A reply within this is shown by the very run that sent the command."""

TIMEOUT_S = 5.0
LONG_TIMEOUT_S = 30.0
LONG_VERBS = frozenset({"swap", "flatten", "halt"})
"""Verbs that may answer only when they are done."""

_NANOS_PER_MS = 1_000_000


class Call:
    """A command that was sent, and what came of it. `run` is the folder where the clock of the run lies."""

    def __init__(self, control: ControlClient, command: Command, run: Path) -> None:
        self.command = command
        self._control = control
        self._run = run
        self._sent_ns = running_ns(run)
        self._reply: Reply | None = None
        self._acknowledged_ms: float | None = None
        self._effective_ms: float | None = None
        self._answered = threading.Event()
        threading.Thread(target=self._send, name=f"command_{command.verb}", daemon=True).start()

    def wait(self, seconds: float = QUICK_S) -> bool:
        """Wait at most `seconds` for the reply; False when there is none yet."""
        return self._answered.wait(seconds)

    def progress(self, document: JsonObject) -> Progress:
        """Return how far the command has come, by its reply and by this document."""
        self._look_for_effect(document)
        reply = self._reply if self._answered.is_set() else None
        return Progress(
            command=self.command,
            waited_ms=(running_ns(self._run) - self._sent_ns) / _NANOS_PER_MS,
            acknowledged_ms=self._acknowledged_ms if reply is not None and reply.ok else None,
            code="" if reply is None or reply.ok else reply.code or "refused",
            message="" if reply is None else reply.message,
            effective_ms=self._effective_ms,
        )

    def _send(self) -> None:
        timeout_s = LONG_TIMEOUT_S if self.command.verb in LONG_VERBS else TIMEOUT_S
        self._reply = self._control.call(self.command.verb, self.command.args, timeout_s)
        self._acknowledged_ms = (running_ns(self._run) - self._sent_ns) / _NANOS_PER_MS
        self._answered.set()

    def _look_for_effect(self, document: JsonObject) -> None:
        written_ns = number(document, "ts_ns")
        is_refused = self._answered.is_set() and self._reply is not None and self._reply.code not in ("", "timed_out")
        if self._effective_ms is not None or is_refused or written_ns is None or written_ns <= self._sent_ns:
            return
        if is_in_effect(self.command, document):
            self._effective_ms = (written_ns - self._sent_ns) / _NANOS_PER_MS
