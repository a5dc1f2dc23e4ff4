"""What the status socket says, kept ready for whoever draws it: the dashboard, the status API, the command line.

Rules: one daemon thread owns the sockets; readers get copies under one lock and never wait for it. A document carries its
    age; nothing here decides what is stale. Events and history of an earlier run are dropped with the first document of
    the next one.
Owns: the latest status document, the latest history snapshot, the last `EVENTS_MAX` events of its run.
Source: ZeroMQ guide, Clone pattern: subscribe first, then ask for a snapshot; ask again after a gap.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
import zmq

from wildbot.adapters.control_client import ControlClient
from wildbot.adapters.home import Home
from wildbot.protocol.bus import MESSAGE_BYTES_MAX

EVENTS_MAX = 1_000
"""Events kept for readers; older ones are in the journal."""

QUEUE_MAX = 1_000
POLL_MS = 200
SNAPSHOT_TIMEOUT_S = 2.0
SNAPSHOT_EVERY_S_MIN = 2.0
"""Shortest pause between two snapshots, however often a gap is seen."""

START_MARGIN_NS = 1_000_000_000
"""What a run says while it starts, a little before the moment its uptime counts from, still belongs to it."""

Document = dict[str, Any]
"""A JSON object as it came; its fields are the contract's."""

_decode = msgspec.json.Decoder(Document).decode


class StatusFeed:
    """Follows one home's status socket from `start()` to `close()`; survives restarts of the other end."""

    def __init__(self, home: Home, on_change: Callable[[], None] | None = None) -> None:
        self._home = home
        self._control = ControlClient(home.socket("control"))
        self._on_change = on_change
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._document: Document | None = None
        self._received_s = 0.0
        self._history: Document | None = None
        self._events: deque[Document] = deque(maxlen=EVENTS_MAX)
        self._event_count = 0
        self._unreadable = 0
        self._snapshot_wanted = False
        self._snapshot_asked_s = float("-inf")

    def start(self) -> "StatusFeed":
        """Begin to follow; calling it again changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="status_feed", daemon=True)
            self._thread.start()
        return self

    def close(self) -> None:
        """Stop following and wait for the thread."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(SNAPSHOT_TIMEOUT_S + 1)

    def latest(self) -> tuple[Document | None, float]:
        """Return the newest status document and its age in seconds since it arrived; (None, inf) before the first."""
        with self._changed:
            if self._document is None:
                return None, float("inf")
            return self._document, time.monotonic() - self._received_s

    def events(self) -> list[Document]:
        """Return the kept events, oldest first."""
        with self._changed:
            return list(self._events)

    def events_since(self, count: int) -> tuple[list[Document], int]:
        """Return the events after the first `count` of this feed, and how many there were in all: pass that next time."""
        with self._changed:
            fresh = min(self._event_count - count, len(self._events))
            return list(self._events)[len(self._events) - fresh :], self._event_count

    def snapshot(self) -> Document | None:
        """Return the history document the control verb `snapshot` gave last; None when it never answered."""
        with self._changed:
            return self._history

    @property
    def unreadable(self) -> int:
        """How many frames were not JSON objects."""
        return self._unreadable

    def wait_change(self, timeout_s: float) -> bool:
        """Wait for the next document or event, at most `timeout_s`; False when none came."""
        with self._changed:
            return self._changed.wait(timeout_s)

    def _follow(self) -> None:
        feed: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        feed.linger = 0
        feed.rcvhwm = QUEUE_MAX
        feed.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES_MAX)
        feed.setsockopt(zmq.SUBSCRIBE, b"status")
        feed.setsockopt(zmq.SUBSCRIBE, b"event")
        feed.connect(self._home.endpoint("status"))
        try:
            while not self._ending.is_set():
                if feed.poll(POLL_MS):
                    self._take(feed.recv_multipart())
                self._fetch_history()
        finally:
            feed.close(linger=0)

    def _take(self, parts: list[bytes]) -> None:
        try:
            topic, body = parts
            document = _decode(body)
        except (ValueError, msgspec.DecodeError):
            self._unreadable += 1
            return
        with self._changed:
            if topic == b"status":
                self._snapshot_wanted |= _is_gap(self._document, document)
                if self._document is not None and self._document.get("run_id") != document.get("run_id"):
                    self._forget_earlier_run(document)
                self._document, self._received_s = document, time.monotonic()
            else:
                self._events.append(document)
                self._event_count += 1
            self._changed.notify_all()
        if self._on_change is not None:
            self._on_change()

    def _forget_earlier_run(self, document: Document) -> None:
        self._history = None
        began_ns = _began_ns(document)
        kept = [event for event in self._events if _is_since(event, began_ns)]
        self._events.clear()
        self._events.extend(kept)

    def _fetch_history(self) -> None:
        now_s = time.monotonic()
        if not self._snapshot_wanted or now_s - self._snapshot_asked_s < SNAPSHOT_EVERY_S_MIN:
            return
        self._snapshot_asked_s = now_s
        reply = self._control.call("snapshot", timeout_s=SNAPSHOT_TIMEOUT_S)
        if reply.ok:
            with self._changed:
                self._history = reply.result
                self._snapshot_wanted = False
                self._changed.notify_all()


def _began_ns(document: Document) -> float:
    """Return when the document's run began; a document that does not say so began now, so that nothing is older."""
    ts_ns, uptime_s = document.get("ts_ns"), document.get("uptime_s")
    if not isinstance(ts_ns, int) or not isinstance(uptime_s, int | float):
        return float("inf")
    return ts_ns - uptime_s * 1e9 - START_MARGIN_NS


def _is_since(event: Document, began_ns: float) -> bool:
    ts_ns = event.get("ts_ns")
    return isinstance(ts_ns, int) and ts_ns >= began_ns


def _is_gap(before: Document | None, after: Document) -> bool:
    """Whether `after` does not continue `before`: the first one, another run, or a number left out."""
    if before is None or before.get("run_id") != after.get("run_id"):
        return True
    last, seq = before.get("seq"), after.get("seq")
    return isinstance(last, int) and isinstance(seq, int) and seq not in (last, last + 1)
