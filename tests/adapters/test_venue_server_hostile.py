"""Clients of the simulated exchange that flood, stall, break off or talk nonsense: they alone pay for it."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import pytest
import requests
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.adapters.builders_venue_server import WAIT_S, Running, ask
from tests.venues.builders_kraken_server import Venue
from wildbot.adapters.venue_server import FRAME_BYTES_MAX
from wildbot.venues.kraken.server_session import CLOSE_TOO_SLOW


@contextlib.contextmanager
def running(send_buffer: int = 0, request_s_max: float = 10.0) -> Iterator[Running]:
    server = Running(Venue(), send_buffer, request_s_max)
    try:
        yield server
    finally:
        server.stop()


def test_frame_that_is_too_large_ends_its_own_connection_only() -> None:
    with running() as server, server.open("/public/v2") as good, server.open("/public/v2") as bad:
        with pytest.raises(ConnectionClosed) as closed:
            bad.send("x" * (FRAME_BYTES_MAX + 1))
            for _ in range(10):
                bad.recv(timeout=WAIT_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        assert ask(good, "ping2")["error"] == "Unsupported event"


def test_binary_frame_is_answered_too() -> None:
    with running() as server, server.open("/public/v2") as client:
        client.recv(timeout=WAIT_S)
        client.send(b"\xff\xfe")
        assert json.loads(client.recv(timeout=WAIT_S))["error"] == "Malformed request"


HANDSHAKE = (
    b"GET /public/v2 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PING = b'{"method":"ping"}'
PING_FRAME = b"\x81" + bytes([0x80 | len(PING)]) + b"\0\0\0\0" + PING


def test_client_that_never_reads_is_dropped_and_the_others_live_on() -> None:
    with running(send_buffer=4_096) as server, server.open("/public/v2") as good:
        good.recv(timeout=WAIT_S)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.connect(("127.0.0.1", server.port))
            deaf.sendall(HANDSHAKE)
            deaf.recv(16)
            rounds = 0
            while len(server.sessions()) == 2 and rounds < 500:
                rounds += 1
                with contextlib.suppress(OSError):
                    deaf.sendall(PING_FRAME * 200)
                assert ask(good, "hello")["error"] == "Unsupported event"
            assert len(server.sessions()) == 1
        assert ask(good, "subscribe", channel="instrument")["success"]


def test_client_that_floods_is_told_goodbye() -> None:
    with running() as server, socket.socket() as flood:
        flood.settimeout(WAIT_S)
        flood.connect(("127.0.0.1", server.port))
        flood.sendall(HANDSHAKE)
        flood.recv(16)
        flood.sendall(PING_FRAME * 40_000)
        seen = b""
        while CLOSE_TOO_SLOW.to_bytes(2, "big") not in seen[-64:]:
            part = flood.recv(65_536)
            assert part, "the connection ended without a word"
            seen = seen[-64:] + part


def test_back_door_refuses_browsers_and_unknown_verbs() -> None:
    with running() as server:
        url = server.http("/admin/faults")
        assert requests.post(url, data="[]", headers={"Origin": "http://x"}, timeout=WAIT_S).status_code == 403
        assert requests.post(url, data="[]", headers={"Host": "evil.example"}, timeout=WAIT_S).status_code == 403
        assert requests.post(url, data='[{"verb":"meteor"}]', timeout=WAIT_S).status_code == 400
        assert requests.post(url, data="{" * 70_000, timeout=WAIT_S).status_code == 413
        assert requests.post(url, data='[{"verb":"ws.badsum"}]', timeout=WAIT_S).json() == {"armed": ["ws.badsum"]}
        assert requests.get(url, headers={"Origin": "http://x"}, timeout=WAIT_S).status_code == 403
        assert requests.get(url, timeout=WAIT_S).json()["armed"][0]["verb"] == "ws.badsum"


@pytest.mark.parametrize(
    "start",
    [
        b"GET /0/public/Time HT",
        b"",
        b"POST /0/private/Balance HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nnonce=",
        b"POST /0/private/Balance HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nnon",
    ],
    ids=["head", "nothing", "body", "chunk"],
)
def test_client_that_does_not_finish_asking_is_let_go(start: bytes) -> None:
    with running(request_s_max=0.2) as server, socket.socket() as slow:
        slow.settimeout(WAIT_S)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(start)
        heard = b""
        with contextlib.suppress(ConnectionResetError):
            while part := slow.recv(1_024):
                heard += part
        assert heard == b"" or heard.startswith((b"HTTP/1.1 413", b"HTTP/1.1 400"))
        assert first_word(server) == "status"


def first_word(server: Running) -> str:
    """What a good client hears first; one that a busy machine made too slow to finish asking asks again."""
    until_s = time.monotonic() + WAIT_S
    while True:
        try:
            with server.open("/public/v2") as client:
                return str(json.loads(client.recv(timeout=WAIT_S))["channel"])
        except (OSError, EOFError, WebSocketException):
            assert time.monotonic() < until_s, "nobody is served any more"


@pytest.mark.parametrize(
    "noise",
    [
        b"\xff\xfe\x00garbage\r\n\r\n",
        b"GET /0/public/Ticker?pair=%ff%fe%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /0/public/Time HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000,
        b"POST /0/private/Balance HTTP/1.1\r\nHost: x\r\nAPI-Key: \xff\xe9\r\nAPI-Sign: \xff\r\nContent-Length: 7\r\n\r\nnonce=1",
        b"POST /0/private/Balance HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n" + b"a" * 100_000,
        HANDSHAKE + b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        HANDSHAKE + b"\x81\xfe\xff",
        HANDSHAKE + b"\x81\x85\0\0\0\0\xff\xfe\xfd\xfc\xfb",
    ],
    ids=["garbage", "query", "headers", "key", "length", "frame", "half frame", "not utf-8"],
)
def test_noise_ends_or_is_answered_and_the_others_live_on(noise: bytes) -> None:
    with running() as server, server.open("/public/v2") as good, socket.socket() as bad:
        good.recv(timeout=WAIT_S)
        bad.settimeout(WAIT_S)
        bad.connect(("127.0.0.1", server.port))
        with contextlib.suppress(ConnectionError):
            bad.sendall(noise)
        assert ask(good, "hello")["error"] == "Unsupported event"
        assert requests.get(server.http("/0/public/Time"), timeout=WAIT_S).json()["error"] == []
