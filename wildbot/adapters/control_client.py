"""The owner's end of the control socket: one request, one reply, one socket each.

Rules: every way a call can end is a `Reply`, never an exception and never an endless wait; a reply that does not carry
    the request's id is dropped. A request that timed out may still be executed: its outcome is unknown, it is not
    refused.
Source: ZeroMQ guide, Lazy Pirate: after a timeout the REQ socket is thrown away, since it cannot be used again.
"""

import contextlib
import socket
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import zmq

from wildbot.protocol.bus import MESSAGE_BYTES_MAX

CALL_TIMEOUT_S = 3.0
"""Longest wait for a verb that only reads or hands on; `swap` and friends are given more by their callers."""


class CallError(StrEnum):
    """How a call can fail before the other end has judged it; its own codes come through as plain text."""

    NOT_RUNNING = "not_running"
    TIMED_OUT = "timed_out"
    UNREADABLE = "unreadable"


class Reply(msgspec.Struct, frozen=True):
    """What came of one call. `code` and `message` say why when `ok` is False; `result` is the verb's own document."""

    ok: bool
    result: dict[str, Any] = {}
    code: str = ""
    message: str = ""


class _WireError(msgspec.Struct, frozen=True):
    code: str = "error"
    message: str = ""


class _WireReply(msgspec.Struct, frozen=True):
    id: str
    ok: bool
    result: dict[str, Any] = {}
    error: _WireError = _WireError()


_decode = msgspec.json.Decoder(_WireReply).decode


class ControlClient:
    """Calls verbs of the control socket at `path`; holds nothing open between calls, so any thread may use it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def call(self, verb: str, args: Mapping[str, object] | None = None, timeout_s: float = CALL_TIMEOUT_S) -> Reply:
        """Send one verb and wait for its reply, at most `timeout_s` seconds.

        Codes of our own: `not_running` (nobody listens), `timed_out` (outcome unknown), `unreadable`.
        """
        if not self._is_listening():
            return Reply(False, code=CallError.NOT_RUNNING, message=f"WildBot does not run: nobody listens on {self._path}")
        request_id = uuid4().hex
        frame = msgspec.json.encode({"id": request_id, "verb": verb, "args": dict(args or {})})
        link: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
        link.linger = 0
        link.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES_MAX)
        try:
            link.connect(f"ipc://{self._path}")
            return self._exchange(link, request_id, frame, timeout_s)
        finally:
            link.close(linger=0)

    def _is_listening(self) -> bool:
        # ZeroMQ would wait for ever for a socket file that a killed process left behind; the kernel knows at once.
        probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.closing(probe):
            probe.settimeout(1.0)
            try:
                probe.connect(str(self._path))
            except BlockingIOError:
                return True  # its backlog is full: busy, not dead
            except OSError:
                return False
        return True

    def _exchange(self, link: "zmq.Socket[bytes]", request_id: str, frame: bytes, timeout_s: float) -> Reply:
        for limit in (zmq.SNDTIMEO, zmq.RCVTIMEO):
            link.setsockopt(limit, max(1, int(timeout_s * 1000)))
        try:
            link.send(frame)
            reply = _decode(link.recv())
        except zmq.Again:
            return Reply(False, code=CallError.TIMED_OUT, message=f"no answer within {timeout_s:g} s; it may still be done")
        except msgspec.DecodeError as error:
            return Reply(False, code=CallError.UNREADABLE, message=f"unreadable answer: {error}")
        if reply.id != request_id:
            return Reply(False, code=CallError.UNREADABLE, message="the answer belongs to another request")
        return Reply(reply.ok, reply.result, "" if reply.ok else reply.error.code, reply.error.message)
