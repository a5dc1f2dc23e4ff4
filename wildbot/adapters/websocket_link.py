"""A WebSocket client for poll loops: one file descriptor to watch, and no thread once connected.

    link = WebSocketLink("wss://ws.kraken.com/v2")
    link.connect()                       # returns at once
    poller.register(link.fileno(), zmq.POLLIN)
    ...                                  # whenever the descriptor is readable:
    news = link.pump()                   # LinkNews(opened, frames, closed)

Rules: names, TCP, TLS and the opening handshake may block, so `connect` does them in a worker thread that ends with
    them; from then on everything happens inside `pump` and `send`, which never block. The link never reconnects by
    itself: after `closed` the caller decides when to `connect` again (`protocol.reliability.Backoff`).
Owns: an epoll descriptor that stays the same for the link's whole life, over any number of connections.
Source: RFC 6455 through the sans-I/O protocol of the `websockets` library; epoll(7), eventfd(2).
Known limit: the resolver's own time limit bounds the name look-up; `close` abandons an attempt that takes too long.
"""

import os
import select
import socket
import ssl
from typing import NamedTuple

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol
from websockets.uri import parse_uri
from websockets.utils import apply_mask

from wildbot.adapters.websocket_connect import READ_BYTES, ConnectAttempt

SEND_BUFFER_BYTES_MAX = 2**20
"""Most bytes that wait for the kernel to take them; a frame that does not fit is not sent at all."""

READS_PER_PUMP_MAX = 16
"""After so many full reads `pump` returns, so that a flood cannot starve the rest of the loop."""


class LinkNews(NamedTuple):
    """What happened since the last `pump`, in this order: opened, text frames received, closed (why, in words)."""

    opened: bool
    frames: list[bytes]
    closed: str | None


class WebSocketLink:
    """One client connection after another to one address; see the module docstring for its use."""

    def __init__(self, url: str, *, connect_timeout_s: float = 10.0, tls: ssl.SSLContext | None = None) -> None:
        """Prepare a link to `url` (ws:// or wss://); nothing is sent yet.

        Raises:
            websockets.exceptions.InvalidURI: if the address is no WebSocket address.
        """
        self.url = url
        self._uri = parse_uri(url)
        self._connect_timeout_s = connect_timeout_s
        self._tls = (tls or ssl.create_default_context()) if self._uri.secure else None
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._attempt: ConnectAttempt | None = None
        self._socket: socket.socket | None = None
        self._protocol: Protocol | None = None
        self._unsent = bytearray()
        self._waits = False
        self._fragments: list[bytes] | None = None
        self._broken: str | None = None

    def fileno(self) -> int:
        """Return the descriptor to watch for readability; the same one until `dispose`."""
        return self._epoll.fileno()

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent now."""
        return self._protocol is not None and self._protocol.state is OPEN and self._broken is None

    @property
    def is_idle(self) -> bool:
        """Whether there is neither a connection nor an attempt at one: the moment to call `connect`."""
        return self._attempt is None and self._socket is None

    def connect(self) -> None:
        """Start to connect in the background; `pump` tells of the outcome. Drops what was there before."""
        self.close()
        self._attempt = ConnectAttempt(self._uri, self._tls, self._connect_timeout_s, self._wake)
        self._attempt.start()

    def send(self, frame: bytes) -> bool:
        """Send one text frame now, or as soon as the kernel takes it.

        Returns False when nothing of the frame left or will leave this machine: not open, or the send buffer is full.
        True says it is on its way; if the link closes later, whether it arrived is unknown.
        """
        protocol = self._protocol
        if protocol is None or not self.is_open or len(self._unsent) + len(frame) > SEND_BUFFER_BYTES_MAX:
            return False
        self._unsent += _masked(frame)
        self._flush(protocol)
        return True

    def pump(self) -> LinkNews:
        """Do whatever can be done without waiting; return what happened."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            pass
        opened = False
        attempt = self._attempt
        if attempt is not None:
            if not attempt.done:
                return LinkNews(False, [], None)
            self._attempt = None
            if attempt.connected is None:
                return LinkNews(False, [], attempt.failure)
            self._adopt(*attempt.connected)
            opened = True
        frames = self._receive()
        closed = self._broken
        if closed is not None:
            self._drop()
        return LinkNews(opened, frames, closed)

    def close(self) -> None:
        """End the connection or the attempt, politely but at once. No news follows; `connect` may be called again."""
        if self._attempt is not None:
            self._attempt.abandon()
            self._attempt = None
        if self._protocol is not None and self.is_open:
            self._protocol.send_close(1000)
            self._flush(self._protocol)
        self._drop()

    def dispose(self) -> None:
        """Close, and give the descriptor back; the link cannot be used afterwards."""
        self.close()
        self._epoll.close()
        os.close(self._wake)

    def _adopt(self, connection: socket.socket, protocol: ClientProtocol) -> None:
        connection.setblocking(False)
        self._socket, self._protocol = connection, protocol
        self._epoll.register(connection.fileno(), select.EPOLLIN)

    def _drop(self) -> None:
        if self._socket is not None:
            self._epoll.unregister(self._socket.fileno())
            self._socket.close()
        self._socket = self._protocol = self._fragments = self._broken = None
        self._unsent.clear()
        self._waits = False

    def _receive(self) -> list[bytes]:
        connection, protocol = self._socket, self._protocol
        if connection is None or protocol is None:
            return []
        frames: list[bytes] = []
        # What came in one packet with the handshake's answer is already parsed.
        self._collect(protocol, frames)
        for _ in range(READS_PER_PUMP_MAX):
            # Read on after a failed send too: the server's last words may say why.
            try:
                received = connection.recv(READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except OSError as error:
                self._broken = self._broken or f"connection lost: {error}"
                break
            if received:
                protocol.receive_data(received)
            else:
                protocol.receive_eof()
            self._collect(protocol, frames)
            if protocol.state is not OPEN:
                self._broken = _why_closed(protocol)
                break
        else:
            # TLS may hold bytes that epoll cannot see: ask to be called again.
            os.eventfd_write(self._wake, 1)
        self._flush(protocol)
        return frames

    def _collect(self, protocol: Protocol, frames: list[bytes]) -> None:
        for event in protocol.events_received():
            if not isinstance(event, Frame):
                continue
            if event.opcode is Opcode.TEXT:
                if event.fin:
                    frames.append(bytes(event.data))
                else:
                    self._fragments = [bytes(event.data)]
            elif event.opcode is Opcode.CONT and self._fragments is not None:
                self._fragments.append(bytes(event.data))
                if event.fin:
                    frames.append(b"".join(self._fragments))
                    self._fragments = None

    def _flush(self, protocol: Protocol) -> None:
        connection = self._socket
        if connection is None:
            return
        self._unsent += b"".join(protocol.data_to_send())
        try:
            while self._unsent:
                sent = connection.send(self._unsent)
                del self._unsent[:sent]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self._unsent.clear()
            self._broken = self._broken or f"connection lost: {error}"
            os.eventfd_write(self._wake, 1)
        waits = bool(self._unsent)
        if waits != self._waits:
            self._waits = waits
            self._epoll.modify(connection.fileno(), select.EPOLLIN | (select.EPOLLOUT if waits else 0))


def _masked(text: bytes) -> bytes:
    """Return one whole text message as a client's frame (RFC 6455, 5.2): written by hand, since orders wait for it."""
    length, mask = len(text), os.urandom(4)
    if length < 126:
        head = bytes((0x81, 0x80 | length))
    elif length < 65_536:
        head = b"\x81\xfe" + length.to_bytes(2, "big")
    else:
        head = b"\x81\xff" + length.to_bytes(8, "big")
    return head + mask + apply_mask(text, mask)


def _why_closed(protocol: Protocol) -> str:
    if protocol.parser_exc is not None and not isinstance(protocol.parser_exc, EOFError):
        return f"closed by us: {protocol.parser_exc}"
    if protocol.close_rcvd is not None:
        return f"closed by the server: {protocol.close_rcvd.code} {protocol.close_rcvd.reason}".rstrip()
    return "connection ended without a close frame"
