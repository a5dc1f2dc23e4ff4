"""Everything the status socket says during a drill, kept from the first document to the last.

Rules: one daemon thread owns the socket and its own context. Documents are kept as bytes and read when asked for, so that
    an hour of them fits in memory. Process starts and ends are noted as the documents tell them, and as the processes do.
Owns: all documents with the wall-clock time they arrived, the process notes.
"""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import msgspec
import zmq

from wildbot.audit.evidence import ProcessNote, StatusSeen

POLL_MS = 200
LOOK_EVERY_S = 0.5
Document = dict[str, Any]
"""A JSON object as it came; its fields are the contract's."""

_decode = msgspec.json.Decoder(Document).decode


class Documents(Sequence[StatusSeen]):
    """The kept documents as the checker wants them; each is read when it is looked at."""

    def __init__(self, kept: Sequence[tuple[int, bytes]]) -> None:
        self._kept = kept

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, index: int) -> StatusSeen: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[StatusSeen]: ...
    def __getitem__(self, index: int | slice) -> StatusSeen | Sequence[StatusSeen]:
        if isinstance(index, slice):
            return Documents(self._kept[index])
        seen_ns, body = self._kept[index]
        return StatusSeen(seen_ns=seen_ns, document=_decode(body))


class StatusTap:
    """Listens from construction to `close`; survives restarts of the other end."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._changed = threading.Condition()
        self._kept: list[tuple[int, bytes]] = []
        self._notes: list[ProcessNote] = []
        self._pids: dict[str, int] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="status_tap", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and wait for the thread."""
        self._ending.set()
        self._thread.join(5)

    @property
    def count(self) -> int:
        """How many documents have arrived."""
        return len(self._kept)

    def after(self, count: int, timeout_s: float) -> Document | None:
        """Return the newest document once more than `count` have arrived; None when that takes too long."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._kept) > count, timeout_s):
                return None
            body = self._kept[-1][1]
        return _decode(body)

    def documents(self) -> Documents:
        """Return all that has arrived so far."""
        with self._changed:
            return Documents(tuple(self._kept))

    def note(self, actor: str, what: str, detail: str = "") -> None:
        """Write down what was done to a process."""
        with self._changed:
            self._notes.append(ProcessNote(at_ns=time.time_ns(), actor=actor, what=what, detail=detail))

    def notes(self) -> tuple[ProcessNote, ...]:
        """Return what happened to processes, in order."""
        with self._changed:
            return tuple(self._notes)

    def _listen(self) -> None:
        context = zmq.Context()
        feed: zmq.Socket[bytes] = context.socket(zmq.SUB)
        feed.setsockopt(zmq.SUBSCRIBE, b"status")
        feed.rcvhwm = 0
        feed.connect(f"ipc://{self._socket}")
        looked_s = 0.0
        try:
            while not self._ending.is_set():
                if feed.poll(POLL_MS):
                    self._take(feed.recv_multipart())
                if time.monotonic() - looked_s >= LOOK_EVERY_S:
                    looked_s = time.monotonic()
                    self._look_for_ends()
        finally:
            feed.close(linger=0)
            context.term()

    def _take(self, parts: list[bytes]) -> None:
        if len(parts) != 2 or parts[0] != b"status":
            return
        try:
            rows = _decode(parts[1]).get("actors") or []
        except msgspec.DecodeError:
            return  # a test throws garbage at sockets; what is no document is no evidence
        with self._changed:
            self._kept.append((time.time_ns(), parts[1]))
            self._changed.notify_all()
        for row in rows:
            name, pid = str(row.get("name")), row.get("pid")
            if isinstance(pid, int) and pid and self._pids.get(name) != pid and _is_alive(pid):
                if name in self._pids:
                    self.note(name, "exited", f"process {self._pids[name]}")
                self._pids[name] = pid
                self.note(name, "started", f"process {pid}")

    def _look_for_ends(self) -> None:
        for name, pid in list(self._pids.items()):
            if not _is_alive(pid):
                del self._pids[name]
                self.note(name, "exited", f"process {pid}")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
