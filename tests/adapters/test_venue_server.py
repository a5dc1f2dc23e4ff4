"""The simulated exchange over real sockets on a random port."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.venues.builders_kraken_server import BTC, KEY, SECRET, Venue
from tests.venues.test_kraken_server_book import WireBook
from wildbot.adapters.venue_server import FRAME_BYTES_MAX, PortInUseError, VenueServer, listen
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_session import CLOSE_TOO_SLOW, Session
from wildbot.venues.kraken.signing import sign

WAIT_S = 10


class WallClockwork:
    """The venue's clock follows the machine's; another participant moves one order each turn."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._anchor = time.monotonic_ns()
        self.turns = 0

    def now_ns(self) -> int:
        self._venue.now_ns = max(self._venue.now_ns, 1_750_000_000 * 10**9 + time.monotonic_ns() - self._anchor)
        return self._venue.now_ns

    def turn(self) -> None:
        self.turns += 1
        self.now_ns()
        self._venue.house(BTC, Side.BUY, 5_999_000 + self.turns * 7 % 900, 1_000 + self.turns)

    def due_in_s(self) -> float:
        return 0.0


class Running:
    """A server in a thread."""

    def __init__(self, venue: Venue, send_buffer: int = 0, request_s_max: float = 10.0) -> None:
        self._request_s_max = request_s_max
        self.listener = listen("127.0.0.1", 0)
        if send_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self.port = self.listener.getsockname()[1]
        self._venue = venue
        self._ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        self.thread.start()
        assert self._ready.wait(WAIT_S)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.server = VenueServer(
            self._venue.server,
            self._venue.rest,
            self._venue.admin,
            WallClockwork(self._venue),
            request_s_max=self._request_s_max,
        )
        self._ready.set()
        await self.server.serve(self.listener)

    def sessions(self) -> list[Session]:
        return list(self._venue.server.stream.sessions.values())

    def http(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def open(self, path: str) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.port}{path}", open_timeout=WAIT_S, compression=None)

    def private(self, endpoint: str, nonce: int, **fields: str) -> requests.Response:
        prepared = requests.Request(
            "POST", self.http(f"/0/private/{endpoint}"), data={"nonce": str(nonce), **fields}
        ).prepare()
        assert isinstance(prepared.body, str)
        path = f"/0/private/{endpoint}"
        prepared.headers["API-Key"] = KEY
        prepared.headers["API-Sign"] = sign(path, str(nonce), prepared.body.encode(), SECRET)
        with requests.Session() as session:
            return session.send(prepared, timeout=WAIT_S)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self.server.stop)
        self.thread.join(WAIT_S)
        assert not self.thread.is_alive()


@contextlib.contextmanager
def running(send_buffer: int = 0, request_s_max: float = 10.0) -> Iterator[Running]:
    server = Running(Venue(), send_buffer, request_s_max)
    try:
        yield server
    finally:
        server.stop()


def ask(client: ClientConnection, method: str, **params: object) -> dict[str, object]:
    """Send a request; return its reply, whatever else comes first."""
    client.send(json.dumps({"method": method, "params": params, "req_id": 9}))
    while (frame := json.loads(client.recv(timeout=WAIT_S))).get("req_id") != 9:
        pass
    return frame


@pytest.mark.parametrize("path", ["/public/v2", "/v2"])
def test_every_book_message_on_the_wire_has_the_checksum_of_its_text(path: str) -> None:
    with running() as server, server.open(path) as client:
        assert json.loads(client.recv(timeout=WAIT_S))["channel"] == "status"
        assert ask(client, "subscribe", channel="book", symbol=[BTC])["success"]
        book, seen, heartbeats = WireBook(10), 0, 0
        while seen < 60 or not heartbeats:
            text = str(client.recv(timeout=WAIT_S))
            heartbeats += '"heartbeat"' in text
            if '"channel":"book"' in text:
                seen += 1
                assert book.apply(text)


@pytest.mark.parametrize("path", ["/private/v2", "/auth/v2"])
def test_order_goes_in_by_websocket_and_shows_by_rest(path: str) -> None:
    with running() as server, server.open(path) as client:
        token = server.private("GetWebSocketsToken", 1).json()["result"]["token"]
        assert ask(client, "subscribe", channel="executions", token=token)["success"]
        order = {"order_type": "limit", "side": "buy", "symbol": BTC, "order_qty": 0.001, "limit_price": 50_000.0}
        order_id = ask(client, "add_order", token=token, **order, cl_ord_id="wb1x1")["result"]["order_id"]  # type: ignore[index]
        assert list(server.private("OpenOrders", 2).json()["result"]["open"]) == [order_id]
        assert server.private("OpenOrders", 2).json() == {"error": ["EAPI:Invalid nonce"]}
        ledger = requests.get(server.http("/admin/ledger"), timeout=WAIT_S).text.splitlines()
        assert any(json.loads(line).get("exec_type") == "new" for line in ledger)


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


def arm(server: Running, *faults: dict[str, object]) -> None:
    requests.post(server.http("/admin/faults"), json=faults, timeout=WAIT_S).raise_for_status()


def test_broken_connection_ends_without_a_word_and_a_closed_one_says_its_code() -> None:
    with running() as server, server.open("/public/v2") as first, server.open("/public/v2") as second:
        for client in (first, second):
            client.recv(timeout=WAIT_S)
        arm(server, {"verb": "ws.close", "abrupt": True})
        for client in (first, second):
            with pytest.raises(ConnectionClosed) as broken:
                client.recv(timeout=WAIT_S)
            assert broken.value.rcvd is None
        with server.open("/public/v2") as third:
            third.recv(timeout=WAIT_S)
            arm(server, {"verb": "ws.close", "code": 1012})
            with pytest.raises(ConnectionClosed) as closed:
                third.recv(timeout=WAIT_S)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012


def test_gateways_error_page_comes_instead_of_an_answer() -> None:
    with running() as server:
        arm(server, {"verb": "apply+html", "method": "Balance", "code": 502})
        page = server.private("Balance", 1)
        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (502, "text/html")
        assert server.private("Balance", 2).json()["error"] == []


def test_held_call_is_answered_when_it_is_released() -> None:
    with running() as server:
        arm(server, {"verb": "hold", "method": "Balance"}, {"verb": "release", "after_s": 0.3})
        assert server.private("Balance", 1).json()["error"] == []


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
        with server.open("/public/v2") as client:
            assert json.loads(client.recv(timeout=WAIT_S))["channel"] == "status"


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
    with running(request_s_max=0.5) as server, server.open("/public/v2") as good, socket.socket() as bad:
        good.recv(timeout=WAIT_S)
        bad.settimeout(WAIT_S)
        bad.connect(("127.0.0.1", server.port))
        with contextlib.suppress(ConnectionError):
            bad.sendall(noise)
        assert ask(good, "hello")["error"] == "Unsupported event"
        assert requests.get(server.http("/0/public/Time"), timeout=WAIT_S).json()["error"] == []


def test_lost_rest_answer_keeps_the_client_waiting_and_the_order_resting() -> None:
    with running() as server:
        requests.post(server.http("/admin/faults"), data='[{"verb":"apply+drop"}]', timeout=WAIT_S)
        order = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "50000"}
        body = "&".join(f"{name}={value}" for name, value in {"nonce": "1", **order}.items())
        headers = {
            "API-Key": KEY,
            "API-Sign": sign("/0/private/AddOrder", "1", body.encode(), SECRET),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        with pytest.raises(requests.Timeout):
            requests.post(server.http("/0/private/AddOrder"), data=body, headers=headers, timeout=1)
        assert len(server.private("OpenOrders", 2).json()["result"]["open"]) == 1


def test_clients_are_told_goodbye_when_the_server_stops() -> None:
    server = Running(Venue())
    with server.open("/public/v2") as client:
        client.recv(timeout=WAIT_S)
        server.stop()
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=WAIT_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code in (1001, 1012)


def test_port_in_use_is_said_in_one_sentence() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(PortInUseError, match="is another exchange running"):
        listen("127.0.0.1", first.getsockname()[1])


def test_small_replies_leave_at_once() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
