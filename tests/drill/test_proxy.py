"""The proxy between bot and exchange treats connections as it is told, and loses nothing when it is told to pass."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from wildbot.drill.proxy import Mode, Wires

PATIENCE_S = 5.0


class Echo:
    """A server that says everything back."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._echo, args=(client,), daemon=True).start()

    @staticmethod
    def _echo(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while received := client.recv(4096):
                client.sendall(received)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.listener.close()


@pytest.fixture
def wires(echo: Echo) -> Iterator[Wires]:
    proxy = Wires(echo.port)
    yield proxy
    proxy.close()


def connect(wires: Wires, name: str = "rest") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", wires.port(name)), PATIENCE_S)
    client.settimeout(PATIENCE_S)
    return client


def says_back(client: socket.socket, text: bytes) -> bool:
    client.sendall(text)
    got = b""
    while len(got) < len(text):
        got += client.recv(4096)
    return got == text


def is_silent(client: socket.socket, text: bytes = b"anyone?") -> bool:
    client.sendall(text)
    client.settimeout(0.3)
    try:
        return client.recv(1) == b"never"
    except TimeoutError:
        return True
    finally:
        client.settimeout(PATIENCE_S)


def wait_struck(wires: Wires, name: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not wires.struck(name):
        assert time.monotonic() < until


def wait_until_gone(client: socket.socket) -> None:
    with contextlib.suppress(ConnectionError):
        while client.recv(4096):
            pass


def test_everything_passes_in_order_and_whole(wires: Wires) -> None:
    with connect(wires) as client:
        assert says_back(client, bytes(range(256)) * 4_000)


def test_a_black_hole_answers_nobody_and_leaves_the_other_wires_alone(wires: Wires) -> None:
    with connect(wires) as client, connect(wires, "public") as other:
        assert says_back(client, b"one") and says_back(other, b"one")
        wires.set(Mode.BLACKHOLE, "rest")
        wait_until_mode_is_in_force(wires, "rest", client)
        assert is_silent(client)
        assert says_back(other, b"two")
        with connect(wires) as late:
            assert is_silent(late)
    assert wires.struck("rest") > 0 and wires.struck("public") == 0


def wait_until_mode_is_in_force(wires: Wires, name: str, client: socket.socket) -> None:
    until = time.monotonic() + PATIENCE_S
    while not wires.struck(name):
        assert time.monotonic() < until
        client.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            client.sendall(b".")
            client.recv(1)
    client.settimeout(PATIENCE_S)


def test_healing_closes_what_lost_bytes_and_lets_new_connections_pass(wires: Wires) -> None:
    with connect(wires) as client:
        wires.set(Mode.BLACKHOLE, "rest")
        wait_until_mode_is_in_force(wires, "rest", client)
        wires.heal()
        wait_until_gone(client)
    with connect(wires) as fresh:
        assert says_back(fresh, b"again")


def test_half_open_connections_say_nothing_and_new_ones_work(wires: Wires) -> None:
    with connect(wires) as client:
        assert says_back(client, b"one")
        wires.set(Mode.HALF_OPEN, "rest")
        wait_struck(wires, "rest")
        assert is_silent(client)
        with connect(wires) as fresh:
            assert says_back(fresh, b"new")


def test_a_reset_ends_connections_at_once_and_refuses_new_ones(wires: Wires) -> None:
    with connect(wires) as client:
        assert says_back(client, b"one")
        wires.set(Mode.RESET, "rest")
        wait_struck(wires, "rest")
        with pytest.raises(ConnectionError):
            client.recv(1)
        with pytest.raises(ConnectionError), connect(wires) as late:
            late.recv(1)


def test_a_slow_wire_delivers_late_and_in_order_even_when_it_is_healed(wires: Wires) -> None:
    with connect(wires) as client:
        assert says_back(client, b"one")
        wires.set(Mode.SLOW, "rest", delay_s=0.3)
        began = time.monotonic()
        until = began + PATIENCE_S
        while not wires.struck("rest"):
            assert time.monotonic() < until
            assert says_back(client, b"x")
        began = time.monotonic()
        assert says_back(client, b"slow")
        assert time.monotonic() - began >= 0.3
        client.sendall(b"first ")
        wires.heal()
        client.sendall(b"second")
        got = b""
        while len(got) < len(b"first second"):
            got += client.recv(64)
        assert got == b"first second"
