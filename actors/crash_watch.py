"""Hears from supervisord which programs end unasked or are given up on, and tells the owner: a crash loop is never silent.

Rules: standard output belongs to supervisord's listener protocol, nothing else may be printed there; an event is
    acknowledged before it is judged, so that a fault here never blocks supervisord's queue. In an ordered stop every end is
    meant, whatever the program's exit code.
Source: supervisor's event listener protocol: READY, one header line, the payload, RESULT.
Known limit: while the supervisor actor itself is down, alerts wait in this process' queue and in its log.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from actors.runtime import Runtime
from actors.spec import EXIT_DONE, ActorSpec
from wildbot.adapters.home import Home
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.model.errors import ProtocolError
from wildbot.model.status import Severity
from wildbot.settings_loading import load

READY = b"READY\n"
DONE = b"RESULT 2\nOK"
EVENT_BYTES_MAX = 64 * 1024
READ_BYTES = 4096
STOPPING = "STOPPING"
"""supervisord itself stops; of a program this watch is not told that."""


@dataclass(frozen=True, slots=True)
class ProgramEvent:
    """One change of state of one program, or of supervisord itself; `expected` is False when its exit code asks for a
    restart."""

    program: str
    state: str
    expected: bool
    attempts: int = 0

    @property
    def severity(self) -> Severity | None:
        """How loud to tell of it; None: it was meant to happen."""
        if self.state == "FATAL":
            return Severity.CRITICAL
        if self.state == "BACKOFF" or (self.state == "EXITED" and not self.expected):
            return Severity.WARNING
        return None

    @property
    def sentence(self) -> str:
        """What happened, and what supervisord does about it."""
        if self.state == "FATAL":
            return (
                f"{self.program} failed again and again; supervisord has given up on it (log/{self.program}.out says why)"
            )
        if self.state == "BACKOFF":
            return f"{self.program} ended right after its start (attempt {self.attempts}); supervisord tries again"
        return f"{self.program} ended unexpectedly; supervisord starts it again"


class EventReader:
    """Cuts supervisord's byte stream into events."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> list[ProgramEvent]:
        """Return the events that `received` completes. Raises: ProtocolError when the stream is not the protocol."""
        self._buffer += received
        events: list[ProgramEvent] = []
        while (end := self._buffer.find(b"\n")) >= 0:
            header = _words(bytes(self._buffer[:end]))
            length = int(header.get("len", "-1")) if header.get("len", "").isdigit() else -1
            if not 0 <= length <= EVENT_BYTES_MAX:
                self._buffer.clear()
                raise ProtocolError(f"event header without a usable length: {header}")
            if len(self._buffer) < end + 1 + length:
                break
            payload = _words(bytes(self._buffer[end + 1 : end + 1 + length]))
            del self._buffer[: end + 1 + length]
            events.append(
                ProgramEvent(
                    program=payload.get("processname", "?"),
                    state=header.get("eventname", "")
                    .removeprefix("PROCESS_STATE_")
                    .removeprefix("SUPERVISOR_STATE_CHANGE_"),
                    expected=payload.get("expected") == "1",
                    attempts=int(payload.get("tries", "0")) if payload.get("tries", "").isdigit() else 0,
                )
            )
        return events


def _words(line: bytes) -> dict[str, str]:
    """Read "processname:cat groupname:cat from_state:RUNNING expected:0 pid:2766"."""
    text = line.decode("utf-8", "replace")
    return dict(word.split(":", 1) for word in text.split() if ":" in word)


class CrashNews:
    """What the owner is told of events, one after the other."""

    def __init__(self) -> None:
        self._stopping = False

    def hear(self, event: ProgramEvent) -> list[RaiseAlert | ClearAlert]:
        """Return the alerts that an event raises or clears."""
        # Two conditions: giving up is news beside the crash before it, and ends what was said of a new start.
        crashed, given_up = f"crash:{event.program}", f"given_up:{event.program}"
        if event.state == STOPPING:
            self._stopping = True
        elif event.state == "RUNNING":
            return [ClearAlert(crashed), ClearAlert(given_up)]
        elif event.severity is not None and not self._stopping:
            if event.state == "FATAL":
                return [ClearAlert(crashed), RaiseAlert(event.severity, given_up, event.sentence)]
            return [RaiseAlert(event.severity, crashed, event.sentence)]
        return []


class CrashWatch:
    """The listener: reads events, answers supervisord, alerts."""

    def __init__(self, runtime: Runtime, source: int, sink: int) -> None:
        self._runtime = runtime
        self._source = source
        self._sink = sink
        self._reader = EventReader()
        self._news = CrashNews()
        runtime.watch(source, self._hear)
        runtime.state = "running"
        os.write(sink, READY)

    def _hear(self) -> None:
        received = os.read(self._source, READ_BYTES)
        if not received:  # supervisord is gone
            self._runtime.stop(EXIT_DONE)
            return
        for event in self._reader.feed(received):
            os.write(self._sink, DONE + READY)
            for news in self._news.hear(event):
                self._tell(news)

    def _tell(self, news: RaiseAlert | ClearAlert) -> None:
        match news:
            case RaiseAlert(level, key, text):
                self._runtime.alert(level, key, text)
            case ClearAlert(key):
                self._runtime.clear(key)


def run(words: Sequence[str]) -> int:
    """Listen until supervisord ends."""
    settings = load().settings
    runtime = Runtime("crash_watch", Home(settings.home), level=settings.log.level)
    CrashWatch(runtime, sys.stdin.fileno(), sys.stdout.fileno())
    return runtime.run()


ACTOR = ActorSpec("crash_watch", "tells of programs that end unasked", run)
