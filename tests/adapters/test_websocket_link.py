"""The link against a real server: it opens, carries, closes and says why, and never blocks its loop."""

import random
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from shutil import which

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.server import ServerConnection

from tests.adapters.builders_websocket import WAIT_S, a_link, gather, serving, wait_readable
from wildbot.adapters.websocket_connect import FRAME_BYTES_MAX
from wildbot.adapters.websocket_link import SEND_BUFFER_BYTES_MAX
from wildbot.protocol.reliability import Backoff


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


def greet(connection: ServerConnection) -> None:
    connection.send('{"channel":"status"}')
    echo(connection)


def test_link_opens_and_carries_text_both_ways() -> None:
    with serving(echo) as url, a_link(url) as link:
        link.connect()
        assert gather(link, lambda news: news.opened).closed is None
        assert link.is_open
        assert link.send(b"hello")
        assert gather(link, lambda news: bool(news.frames)).frames == [b"hello"]


def test_frames_sent_together_with_the_handshake_answer_are_not_lost() -> None:
    with serving(greet) as url, a_link(url) as link:
        link.connect()
        assert gather(link, lambda news: bool(news.frames)) == (True, [b'{"channel":"status"}'], None)


def test_fragments_arrive_as_one_frame_and_binary_ones_not_at_all() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send(b"\x00\x01")
        connection.send(iter(["a", "b", "c"]))
        echo(connection)

    with serving(talk) as url, a_link(url) as link:
        link.connect()
        assert gather(link, lambda news: bool(news.frames)).frames == [b"abc"]


def test_descriptor_stays_the_same_over_many_connections() -> None:
    with serving(greet) as url, a_link(url) as link:
        descriptor = link.fileno()
        poller = zmq.Poller()
        poller.register(descriptor, zmq.POLLIN)
        for _ in range(3):
            link.connect()
            while not link.is_open:
                assert poller.poll(int(WAIT_S * 1_000)) == [(descriptor, zmq.POLLIN)]
                link.pump()
            link.close()
            assert link.is_idle
            assert link.fileno() == descriptor


def test_no_thread_of_ours_is_left_once_connected() -> None:
    with serving(echo) as url, a_link(url) as link:
        link.connect()
        gather(link, lambda news: news.opened)
        workers = [thread for thread in threading.enumerate() if thread.name == "websocket-connect"]
        for thread in workers:
            thread.join(WAIT_S)
            assert not thread.is_alive()


def test_close_of_the_server_is_told_with_its_words_after_its_last_frames() -> None:
    def leave(connection: ServerConnection) -> None:
        connection.send("last")
        connection.close(1012, "restarting")

    with serving(leave) as url, a_link(url) as link:
        link.connect()
        news = gather(link, lambda news: news.closed is not None)
        assert news == (True, [b"last"], "closed by the server: 1012 restarting")
        assert link.is_idle
        assert not link.send(b"too late")


def test_lost_connection_is_told_when_there_is_no_close_frame() -> None:
    def vanish(connection: ServerConnection) -> None:
        connection.socket.shutdown(socket.SHUT_RDWR)

    with serving(vanish) as url, a_link(url) as link:
        link.connect()
        closed = gather(link, lambda news: news.closed is not None).closed
        assert closed is not None
        assert "without a close frame" in closed or "lost" in closed


def test_a_message_above_the_limit_closes_the_link() -> None:
    def flood(connection: ServerConnection) -> None:
        connection.send("x" * (FRAME_BYTES_MAX + 1))
        echo(connection)

    with serving(flood) as url, a_link(url) as link:
        link.connect()
        closed = gather(link, lambda news: news.closed is not None).closed
        assert closed is not None
        assert closed.startswith("closed by us: ")


def test_a_large_message_arrives_whole() -> None:
    content = "y" * (3 * 2**20)
    with serving(lambda connection: connection.send(content)) as url, a_link(url) as link:
        link.connect()
        assert gather(link, lambda news: bool(news.frames)).frames == [content.encode()]


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_a_frame_of_any_length_is_read_back_as_it_was_sent(length: int) -> None:
    content = b"z" * length
    with serving(echo) as url, a_link(url) as link:
        link.connect()
        gather(link, lambda news: news.opened)
        assert link.send(content)
        assert gather(link, lambda news: bool(news.frames)).frames == [content]


def test_a_refused_connection_is_told_as_closed() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        with a_link(f"ws://127.0.0.1:{unused.getsockname()[1]}") as link:
            link.connect()
            closed = gather(link, lambda news: news.closed is not None).closed
    assert closed is not None
    assert closed.startswith("connect failed: ")


def a_server_that_answers(answer: bytes) -> tuple[str, threading.Thread]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_once() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(65_536)
            connection.sendall(answer)
            connection.recv(65_536)  # until the client leaves

    thread = threading.Thread(target=serve_once)
    thread.start()
    return f"ws://127.0.0.1:{listener.getsockname()[1]}", thread


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "handshake refused: HTTP 503"),
        (b"<html>no</html>\r\n\r\n", "connect failed: did not receive a valid HTTP response"),
    ],
)
def test_a_handshake_answer_that_is_none_is_told_as_closed(answer: bytes, reason: str) -> None:
    url, thread = a_server_that_answers(answer)
    with a_link(url) as link:
        link.connect()
        assert gather(link, lambda news: news.closed is not None).closed == reason
    thread.join()


def test_a_server_that_never_answers_the_handshake_is_given_up_after_the_timeout() -> None:
    url, thread = a_server_that_answers(b"")
    with a_link(url, connect_timeout_s=0.1) as link:
        link.connect()
        closed = gather(link, lambda news: news.closed is not None).closed
    thread.join()
    assert closed is not None
    assert closed.startswith("connect failed: ")


def test_an_abandoned_attempt_brings_no_news() -> None:
    url, thread = a_server_that_answers(b"")
    with a_link(url, connect_timeout_s=0.2) as link:
        link.connect()
        assert not link.is_idle
        link.close()
        assert link.is_idle
        thread.join(WAIT_S)  # the server saw the worker give up
        assert link.pump() == (False, [], None)


def test_a_frame_that_does_not_fit_into_the_send_buffer_is_not_sent_at_all() -> None:
    enough = threading.Event()

    def count(connection: ServerConnection) -> None:
        enough.wait(WAIT_S)
        received = 0
        while connection.recv() != "end":
            received += 1
        connection.send(str(received))
        echo(connection)

    with serving(count) as url, a_link(url) as link:
        link.connect()
        gather(link, lambda news: news.opened)
        frame, taken = b"z" * 65_536, 0
        while link.send(frame):
            taken += 1
        assert taken * len(frame) >= SEND_BUFFER_BYTES_MAX // 2
        assert link.is_open
        enough.set()
        while not link.send(b"end"):
            wait_readable(link)
            link.pump()
        assert gather(link, lambda news: bool(news.frames)).frames == [str(taken).encode()]


def test_send_before_the_connection_is_open_sends_nothing() -> None:
    with a_link("ws://127.0.0.1:9") as link:
        assert not link.send(b"early")
        assert link.pump() == (False, [], None)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh self-signed certificate for loopback, key included."""
    openssl = which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: no certificate to test TLS with")
    path = tmp_path_factory.mktemp("tls") / "loopback.pem"
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out",
            str(path.with_suffix(".crt")),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.with_suffix(".crt"), certificate)
    return context


def test_tls_carries_large_frames_whole_when_the_certificate_is_trusted(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate.with_suffix(".crt")))
    content = b"t" * (5 * 2**18)
    with serving(greet, server_tls(certificate)) as url, a_link(url, tls=trusting) as link:
        link.connect()
        gather(link, lambda news: bool(news.frames))
        for _ in range(3):
            assert link.send(content[: 5 * 2**17])
            assert gather(link, lambda news: bool(news.frames)).frames == [content[: 5 * 2**17]]


def test_tls_is_refused_when_nobody_vouches_for_the_certificate(certificate: Path) -> None:
    with serving(echo, server_tls(certificate)) as url, a_link(url) as link:
        link.connect()
        closed = gather(link, lambda news: news.closed is not None).closed
        assert closed is not None
        assert "CERTIFICATE_VERIFY_FAILED" in closed


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_backoff_grows_to_its_ceiling_and_never_leaves_its_bounds(seed: int, tries: int) -> None:
    backoff = Backoff(random.Random(seed))
    base_s = 1.0
    for _ in range(tries):
        delay_s = backoff.next_delay_s()
        assert max(1.0, base_s / 2) <= delay_s <= base_s
        base_s = min(2 * base_s, 30.0)
    backoff.reset()
    assert backoff.next_delay_s() == 1.0
