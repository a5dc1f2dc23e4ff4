"""A small TCP proxy on loopback that can treat connections as bad networks do.

Rules: one daemon thread owns all sockets; modes are changed from outside and take effect on the next turn. A connection
    that lost bytes is never continued: healing closes it, so that nobody reads half a message.
Owns: the listeners, the connections, how many of each were struck.
"""

import contextlib
import heapq
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

CHUNK = 65_536
TURN_S = 0.05
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST instead of FIN."""


class Mode(StrEnum):
    """How a wire treats its connections."""

    PASS = "pass"  # noqa: S105 - a word, not a password
    BLACKHOLE = "blackhole"
    RESET = "reset"
    HALF_OPEN = "half_open"
    SLOW = "slow"


@dataclass(eq=False, slots=True)
class End:
    """One end of a proxied connection. `dead`: its bytes go nowhere and its peer's close is not told."""

    sock: socket.socket
    wire: "Wire"
    peer: "End | None" = None
    out: bytearray = field(default_factory=bytearray)
    dead: bool = False
    lost: bool = False


class Wire:
    """One listener and what happens to those who use it."""

    def __init__(self, name: str, target_port: int) -> None:
        self.name = name
        self.target = ("127.0.0.1", target_port)
        self.mode = Mode.PASS
        self.delay_s = 0.0
        self.struck = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self.ends: set[End] = set()


class Wires:
    """The three connections of a bot to its exchange: public feed, private feed, REST."""

    def __init__(self, exchange_port: int) -> None:
        self._wires = {name: Wire(name, exchange_port) for name in ("public", "private", "rest")}
        self._selector = selectors.DefaultSelector()
        self._asked: list[tuple[str, Mode, float]] = []
        self._lock = threading.Lock()
        self._late: list[tuple[float, int, End, bytes]] = []
        self._numbers = count()
        self._ending = threading.Event()
        for wire in self._wires.values():
            self._selector.register(wire.listener, selectors.EVENT_READ, wire)
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """Return the settings that lead the bot through these wires."""
        ports = {name: wire.port for name, wire in self._wires.items()}
        return {
            "WILDBOT_KRAKEN__WS_URL": f"ws://127.0.0.1:{ports['public']}/public/v2",
            "WILDBOT_KRAKEN__WS_AUTH_URL": f"ws://127.0.0.1:{ports['private']}/private/v2",
            "WILDBOT_KRAKEN__REST_URL": f"http://127.0.0.1:{ports['rest']}",
        }

    def port(self, name: str) -> int:
        """Return the port a wire listens on."""
        return self._wires[name].port

    def set(self, mode: Mode, *names: str, delay_s: float = 0.0) -> None:
        """Treat these wires so from now on; without names all of them."""
        with self._lock:
            self._asked += [(name, mode, delay_s) for name in names or self._wires]

    def heal(self) -> None:
        """Let everything pass again; connections that lost bytes are closed."""
        self.set(Mode.PASS)

    def struck(self, name: str) -> int:
        """Return how many chunks or connections of this wire were treated badly so far."""
        return self._wires[name].struck

    def close(self) -> None:
        """End the thread and close all sockets."""
        self._ending.set()
        self._thread.join(5)

    # --- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                self._change_modes()
                self._send_late()
                for key, events in self._selector.select(TURN_S):
                    if isinstance(key.data, Wire):
                        self._accept(key.data)
                    elif isinstance(key.data, End):
                        self._serve(key.data, events)
        finally:
            for wire in self._wires.values():
                for end in list(wire.ends):
                    self._drop(end)
                wire.listener.close()
            self._selector.close()

    def _change_modes(self) -> None:
        with self._lock:
            asked, self._asked = self._asked, []
        if asked:
            self._send_late(all_of_it=True)  # or later bytes would overtake them
        for name, mode, delay_s in asked:
            wire = self._wires[name]
            wire.mode, wire.delay_s = mode, delay_s
            for end in list(wire.ends):
                self._treat(end, mode)

    def _treat(self, end: End, mode: Mode) -> None:
        if mode is Mode.PASS and (end.lost or end.dead):
            self._close_pair(end, reset=True)
        elif mode is Mode.RESET:
            end.wire.struck += 1
            self._close_pair(end, reset=True)
        elif mode is Mode.HALF_OPEN and not end.dead:
            end.wire.struck += 1
            end.dead = True

    def _accept(self, wire: Wire) -> None:
        try:
            client, _ = wire.listener.accept()
        except OSError:
            return
        if wire.mode is Mode.RESET:
            wire.struck += 1
            _reset(client)
            return
        near = End(client, wire)
        if wire.mode is Mode.BLACKHOLE:
            wire.struck += 1
            near.lost = True
        else:
            try:
                far = End(socket.create_connection(wire.target, 5), wire, near)
            except OSError:
                _reset(client)
                return
            near.peer = far
            self._watch(far)
        self._watch(near)

    def _watch(self, end: End) -> None:
        end.sock.setblocking(False)
        end.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.wire.ends.add(end)
        self._selector.register(end.sock, selectors.EVENT_READ, end)

    def _serve(self, end: End, events: int) -> None:
        if end not in end.wire.ends:
            return
        if events & selectors.EVENT_WRITE:
            self._flush(end)
        if events & selectors.EVENT_READ and end in end.wire.ends:
            self._read(end)

    def _read(self, end: End) -> None:
        try:
            received = end.sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        wire, peer = end.wire, end.peer
        if wire.mode is Mode.BLACKHOLE or end.dead:
            wire.struck += 1
            end.lost = True
            if peer is not None:
                peer.lost = True
            if not received:
                self._drop(end)  # its peer is not told: no packet of this network arrives
        elif not received:
            self._close_pair(end)
        elif peer is not None and wire.mode is Mode.SLOW:
            wire.struck += 1
            heapq.heappush(self._late, (time.monotonic() + wire.delay_s, next(self._numbers), peer, received))
        elif peer is not None:
            self._forward(peer, received)

    def _send_late(self, *, all_of_it: bool = False) -> None:
        now_s = time.monotonic()
        while self._late and (all_of_it or self._late[0][0] <= now_s):
            _, _, end, received = heapq.heappop(self._late)
            if end in end.wire.ends:
                self._forward(end, received)

    def _forward(self, end: End, received: bytes) -> None:
        end.out += received
        self._flush(end)

    def _flush(self, end: End) -> None:
        try:
            sent = end.sock.send(end.out)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close_pair(end)
            return
        del end.out[:sent]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if end.out else 0)
        self._selector.modify(end.sock, wanted, end)

    def _close_pair(self, end: End, *, reset: bool = False) -> None:
        for each in (end, end.peer):
            if each is not None and each in each.wire.ends:
                self._drop(each, reset=reset)

    def _drop(self, end: End, *, reset: bool = False) -> None:
        end.wire.ends.discard(end)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(end.sock)
        if reset:
            _reset(end.sock)
        else:
            end.sock.close()


def _reset(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    sock.close()
