"""ZeroMQ sockets in the four shapes WildBot uses: publisher, subscriber, hub (many peers), spoke (one of them).

Rules: sockets belong to one thread; every high-water mark, linger and size limit is stated here; receiving is
    `drain()` (never blocking) behind the actor's poller, never zmq.asyncio, which measured 1.7 times slower.
Source: ZeroMQ guide: PUB/SUB with topics, ROUTER/DEALER. Binding is safe only under the actor's lock (home.py).
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import zmq

from wildbot.protocol.bus import MESSAGE_BYTES_MAX

DRAIN_MAX = 256
"""Most messages handled before the loop looks at its timers and other sockets again."""

PUBLISH_QUEUE_MAX = 10_000
PEER_QUEUE_MAX = 1_000


def _open(kind: int, queue_max: int) -> "zmq.Socket[bytes]":
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(kind)
    socket.linger = 0
    socket.sndhwm = queue_max
    socket.rcvhwm = queue_max
    socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES_MAX)
    return socket


def _bind(socket: "zmq.Socket[bytes]", path: Path) -> None:
    path.unlink(missing_ok=True)  # the caller holds the lock: whatever lies here is left from a dead process
    socket.bind(f"ipc://{path}")


class _Socket:
    """What all shapes share: a descriptor for the poller and an orderly end."""

    def __init__(self, socket: "zmq.Socket[bytes]", bound: Path | None = None) -> None:
        self.socket = socket
        self._bound = bound

    def _received(self, limit: int) -> list[bytes]:
        frames: list[bytes] = []
        receive = self.socket.recv
        with contextlib.suppress(zmq.Again):
            frames.append(receive(zmq.NOBLOCK))
            if not int(self.socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
                return frames  # mostly one came: to ask costs half of being refused
            for _ in range(limit - 1):
                frames.append(receive(zmq.NOBLOCK))
        return frames

    def close(self) -> None:
        """Close; a bound path is removed."""
        self.socket.close(linger=0)
        if self._bound is not None:
            self._bound.unlink(missing_ok=True)


class Publisher(_Socket):
    """One to many; a subscriber that cannot keep up loses messages and can tell by their numbers."""

    def __init__(self, path: Path) -> None:
        socket = _open(zmq.PUB, PUBLISH_QUEUE_MAX)
        _bind(socket, path)
        super().__init__(socket, path)

    def send(self, frame: bytes) -> None:
        """Publish one frame that carries its topic as a prefix."""
        self.socket.send(frame, zmq.NOBLOCK)

    def send_topic(self, topic: bytes, frame: bytes) -> None:
        """Publish two frames, topic and body: the shape of the status socket that outsiders read."""
        self.socket.send_multipart([topic, frame], zmq.NOBLOCK)


class Subscriber(_Socket):
    """Reads a publisher's frames of the given topics."""

    def __init__(self, path: Path, topics: tuple[bytes, ...] = (b"",), queue_max: int = PUBLISH_QUEUE_MAX) -> None:
        socket = _open(zmq.SUB, queue_max)
        for topic in topics:
            socket.setsockopt(zmq.SUBSCRIBE, topic)
        socket.connect(f"ipc://{path}")
        super().__init__(socket)

    def drain(self, limit: int = DRAIN_MAX) -> list[bytes]:
        """Return the frames that are here, oldest first, at most `limit`."""
        return self._received(limit)


class Hub(_Socket):
    """A ROUTER: many named spokes, each reachable by its name. Peers that speak REQ get their empty frame back."""

    def __init__(self, path: Path) -> None:
        socket = _open(zmq.ROUTER, PEER_QUEUE_MAX)
        # A restarted actor reuses its name: the new connection takes it over instead of being ignored.
        socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        _bind(socket, path)
        super().__init__(socket, path)
        self._asks_as_req: set[bytes] = set()

    def drain(self, limit: int = DRAIN_MAX) -> Iterator[tuple[bytes, bytes]]:
        """Yield (peer, frame) pairs that are here, at most `limit`, each before the next is asked for, so that an order
        waits for nothing behind it; messages of an odd shape are dropped."""
        for _ in range(limit):
            try:
                parts = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(parts) == 2:
                yield parts[0], parts[1]
            elif len(parts) == 3 and parts[1] == b"":
                self._asks_as_req.add(parts[0])
                yield parts[0], parts[2]
            elif len(parts) >= 2 and parts[1] == b"":
                self._asks_as_req.add(parts[0])
                yield parts[0], b""  # a REQ deserves an answer, even for nonsense

    def send(self, peer: bytes, frame: bytes) -> bool:
        """Send one frame to a peer; False when its queue is full or it was never here."""
        parts = [peer, frame]
        if peer in self._asks_as_req:
            self._asks_as_req.discard(peer)
            parts = [peer, b"", frame]
        try:
            self.socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.ZMQError:
            return False
        return True


class Spoke(_Socket):
    """A DEALER with a name, connected to one hub."""

    def __init__(self, path: Path, name: str) -> None:
        socket = _open(zmq.DEALER, PEER_QUEUE_MAX)
        socket.setsockopt(zmq.IDENTITY, name.encode())
        socket.connect(f"ipc://{path}")
        super().__init__(socket)

    def drain(self, limit: int = DRAIN_MAX) -> list[bytes]:
        """Return the frames that are here, oldest first, at most `limit`."""
        return self._received(limit)

    def send(self, frame: bytes) -> bool:
        """Send one frame; False when the queue is full (the hub is gone for long)."""
        try:
            self.socket.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True
