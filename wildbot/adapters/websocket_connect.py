"""Reaching a WebSocket server: name look-up, TCP, TLS and the opening handshake, in a thread that ends with them.

Rules: the thread touches nothing of its caller's but the descriptor that wakes it; an attempt nobody waits for any more
    closes what it opened.
Known limit: `timeout_s` starts after the name look-up, which the resolver's own limit bounds.
"""

import os
import socket
import ssl
import threading
import time

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.protocol import CONNECTING
from websockets.uri import WebSocketURI

FRAME_BYTES_MAX = 8 * 2**20
"""Largest message we take; Kraken's full instrument snapshot is below 1 MiB."""

READ_BYTES = 65_536
USER_AGENT = "WildBot"


class ConnectAttempt:
    """One try; `done` turns true once, then `connected` or `failure` says how it went. `wake` is an eventfd."""

    def __init__(self, uri: WebSocketURI, tls: ssl.SSLContext | None, timeout_s: float, wake: int) -> None:
        self.connected: tuple[socket.socket, ClientProtocol] | None = None
        self.failure = ""
        self.done = False
        self._uri, self._tls, self._timeout_s, self._wake = uri, tls, timeout_s, wake
        self._lock = threading.Lock()
        self._abandoned = False

    def start(self) -> None:
        """Begin, in the background."""
        threading.Thread(target=self._run, name="websocket-connect", daemon=True).start()

    def abandon(self) -> None:
        """Nobody waits for the outcome any more; whatever comes of it is closed."""
        with self._lock:
            self._abandoned = True
            if self.connected is not None:
                self.connected[0].close()

    def _run(self) -> None:
        connected, failure = None, ""
        try:
            connected = _open(self._uri, self._tls, self._timeout_s)
        except InvalidStatus as refused:
            failure = f"handshake refused: HTTP {refused.response.status_code}"
        except (OSError, WebSocketException, UnicodeError) as error:
            failure = f"connect failed: {str(error) or type(error).__name__}"
        with self._lock:
            if self._abandoned:
                if connected is not None:
                    connected[0].close()
                return
            self.connected, self.failure, self.done = connected, failure, True
            os.eventfd_write(self._wake, 1)


def _open(uri: WebSocketURI, tls: ssl.SSLContext | None, timeout_s: float) -> tuple[socket.socket, ClientProtocol]:
    deadline = time.monotonic() + timeout_s
    connection = socket.create_connection((uri.host, uri.port), timeout_s)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            connection = tls.wrap_socket(connection, server_hostname=uri.host)
        protocol = ClientProtocol(uri, max_size=FRAME_BYTES_MAX)
        request = protocol.connect()
        request.headers["User-Agent"] = USER_AGENT
        protocol.send_request(request)
        connection.sendall(b"".join(protocol.data_to_send()))
        while protocol.state is CONNECTING:  # what the server says next, even its close, may come with its answer
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise TimeoutError(f"no handshake answer within {timeout_s:g} s")
            connection.settimeout(remaining_s)
            received = connection.recv(READ_BYTES)
            if received:
                protocol.receive_data(received)
            else:
                protocol.receive_eof()
            if protocol.handshake_exc is not None:
                raise protocol.handshake_exc
    except BaseException:
        connection.close()
        raise
    return connection, protocol
