"""The simulated exchange over real sockets on a random port."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from tests.adapters.builders_venue_server import WAIT_S, Running, WallClockwork, ask
from tests.venues.builders_kraken_server import BTC, KEY, SECRET, Venue
from tests.venues.test_kraken_server_book import WireBook
from wildbot.adapters.venue_server import PortInUseError, listen
from wildbot.venues.kraken.signing import sign


@contextlib.contextmanager
def running(send_buffer: int = 0, request_s_max: float = 10.0) -> Iterator[Running]:
    server = Running(Venue(), send_buffer, request_s_max)
    try:
        yield server
    finally:
        server.stop()


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


def test_each_request_and_each_act_of_the_market_is_timed() -> None:
    with running() as server, server.open("/private/v2") as client:
        acts, took = WallClockwork.due_in_s, list[int]()
        try:
            WallClockwork.due_in_s = lambda _: 9.0  # type: ignore[method-assign] - a market in which nothing happens
            ask(client, "ping")
            server.server.on_work = took.append
            ask(client, "ping")
            assert requests.get(server.http("/0/public/Time"), timeout=WAIT_S).ok
            server.private("Balance", 1)
            assert len(took) == 3 and min(took) > 0
        finally:
            WallClockwork.due_in_s = acts  # type: ignore[method-assign]
        until_s = time.monotonic() + WAIT_S
        while len(took) == 3 and time.monotonic() < until_s:
            threading.Event().wait(0.01)
        assert len(took) > 3


def test_port_in_use_is_said_in_one_sentence() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(PortInUseError, match="is another exchange running"):
        listen("127.0.0.1", first.getsockname()[1])


def test_small_replies_leave_at_once() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
