"""Hostile bytes at every door: read strictly or refused, never executed, never a crash, never a forged log line."""

import json
import random
import re
import shutil
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zmq

from actors.control_socket import REQUEST_BYTES_MAX, ControlSocket, RefusedError, read_request
from tests.security.builders_security import CANARY_KEY, CANARY_SECRET, disguises
from wildbot.adapters import log, venue_client
from wildbot.adapters.home import Home
from wildbot.adapters.secrets import ApiKey
from wildbot.adapters.websocket_connect import FRAME_BYTES_MAX
from wildbot.adapters.websocket_link import WebSocketLink
from wildbot.commands.venue_question import ask_exchange
from wildbot.model.errors import VenueSilence
from wildbot.protocol.bus import MESSAGE_BYTES_MAX
from wildbot.settings_loading import load

VERBS = ["status", "snapshot", "swap", "start", "stop", "pause", "resume", "flatten", "halt", "rearm", "set_universe"]
HARMLESS = {"StatusQuery", "SnapshotQuery"}
FUZZED = 100_000
WORDS = [
    None,
    True,
    0,
    -1,
    1e308,
    "",
    "BTC/USDC",
    "btc/usdc",
    "BTC/USDC\n",
    "../../x",
    "A" * 300,
    "\u202eX",
    [],
    {},
    ["BTC/USDC"] * 65,
]


@pytest.fixture
def short_home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="wb") as folder:
        home = Home(Path(folder))
        home.prepare()
        yield home


def a_hostile_request(rng: random.Random) -> bytes:
    """Return one request that is wrong, or at least odd, in some way."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(rng.randrange(80))
    if kind == 1:
        return rng.choice([b"[", b'{"a":', b'{"args":{"pair":']) * rng.randrange(1, 400)
    request: dict[str, object] = {"id": rng.choice(WORDS), "verb": rng.choice([*VERBS, *WORDS])}
    names = rng.sample(["pair", "out", "in", "pairs", "x", "__class__"], rng.randrange(4))
    request["args"] = {name: rng.choice(WORDS) for name in names} if kind < 5 else rng.choice(WORDS)
    if rng.random() < 0.2:
        request[rng.choice(["more", "verb ", "Verb"])] = 1
    text = json.dumps(request).encode()
    if kind == 4:
        position = rng.randrange(len(text))
        text = text[:position] + rng.randbytes(2) + text[position + 1 :]
    return text


def test_a_hundred_thousand_requests_are_read_strictly_or_refused() -> None:
    rng = random.Random(7)
    taken = refused = 0
    for _ in range(FUZZED):
        frame = a_hostile_request(rng)
        try:
            request_id, order = read_request(frame)
        except RefusedError as error:
            refused += 1
            assert error.code and len(str(error)) < 1_000
            continue
        taken += 1
        fields = json.loads(frame)
        assert set(fields) <= {"id", "verb", "args"} and fields["verb"] in VERBS and isinstance(request_id, str)
        for value in msgspec.to_builtins(order).values() if isinstance(order, msgspec.Struct) else ():
            for pair in value if isinstance(value, list | tuple) else [value]:
                assert pair in ("", None) or re.fullmatch("[A-Z0-9]{1,12}/[A-Z0-9]{2,12}", str(pair)), order
    assert taken + refused == FUZZED and refused > FUZZED // 2 and taken > 100


def test_a_thousand_requests_on_a_real_socket_are_each_answered_once(short_home: Home) -> None:
    control = ControlSocket(short_home)
    path = short_home.socket("control")
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0  # umask 077 was set before the bind
    asker: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    asker.connect(f"ipc://{path}")
    rng, answers, orders = random.Random(8), 0, 0
    for _ in range(1_000):
        asker.send_multipart([b"", a_hostile_request(rng)])
        assert control.socket.poll(5_000)
        for ticket, _ in control.drain():
            orders += 1
            control.answer(ticket, {})
        assert asker.poll(5_000)
        answers += bool(json.loads(asker.recv_multipart()[-1])["id"] is not None)
    assert answers == 1_000 and orders < 500
    asker.close(linger=0)
    control.close()


def test_every_door_has_a_size() -> None:
    with pytest.raises(RefusedError, match=f"at most {REQUEST_BYTES_MAX}"):
        read_request(b'{"verb":"status","id":"' + b"x" * REQUEST_BYTES_MAX + b'"}')
    assert MESSAGE_BYTES_MAX <= 1 << 20 and FRAME_BYTES_MAX <= 8 << 20 and venue_client.BODY_BYTES_MAX <= 16 << 20
    universe = [f"A{number}/USDC" for number in range(65)]
    with pytest.raises(Exception, match="at most 64"):
        load({"trading": {"universe": universe}}, environment={})


@pytest.mark.parametrize("depth", [2_000, 30_000])
def test_deeply_nested_json_is_refused_not_followed(depth: int) -> None:
    for frame in (b"[" * depth, b'{"verb":"halt","args":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"):
        with pytest.raises(RefusedError):
            read_request(frame)


# --- logs ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def file_log(short_home: Home) -> Iterator[Path]:
    log.start(short_home, "tester", "DEBUG")
    yield short_home.log / "tester.log"
    log.logger.remove()


FORGED = "2026-01-01 00:00:00.000Z CRITICAL forged"


def test_text_from_outside_forges_no_line_and_moves_no_cursor(file_log: Path) -> None:
    for end in ("\n", "\r", "\r\n", "\x85", "\u2028", "\x0b", "\x1b[2J\x1b[H"):
        log.logger.error("pair {} refused", f"EVIL{end}{FORGED}")
    lines = file_log.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 7 and not [line for line in lines if line.startswith("2026-01-01 00:00:00.000Z")]
    assert "\x1b" not in file_log.read_text(encoding="utf-8")


def test_a_traceback_forges_no_line_and_shows_no_secret(file_log: Path) -> None:
    log.blank(CANARY_SECRET)
    try:
        raise RuntimeError(f"bad answer {CANARY_SECRET}\n{FORGED}")
    except RuntimeError:
        log.logger.opt(exception=True).critical("the loop failed")
    text = file_log.read_text(encoding="utf-8")
    assert "RuntimeError: bad answer ****" in text and CANARY_SECRET not in text
    assert [line for line in text.splitlines() if line.startswith("2026-01-01")] == []


def test_no_form_of_a_secret_reaches_the_log(file_log: Path) -> None:
    for secret in (CANARY_KEY, CANARY_SECRET):
        log.blank(secret)
        for form in disguises(secret):
            if form.isascii() and (form == secret.encode() or b"%" in form):
                log.logger.debug("sent {} to x", form.decode())
    content = file_log.read_bytes()
    assert content.count(b"****") >= 4
    assert not [each for secret in (CANARY_KEY, CANARY_SECRET) for each in disguises(secret) if each in content]


def test_logs_are_for_the_owner_alone_after_a_rotation_too(short_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "ROTATE_AT", "2 KB")
    log.start(short_home, "tester", "DEBUG")
    for _ in range(100):
        log.logger.info("x" * 100)
    files = list(short_home.log.iterdir())
    log.logger.remove()
    assert len(files) > 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


# --- TLS ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody vouches for, with its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, so there is no certificate to refuse")
    folder = tmp_path_factory.mktemp("tls")
    words = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    )
    subprocess.run(
        [openssl, *words.split(), "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True
    )
    both = folder / "both.pem"
    both.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return both


@pytest.fixture
def impostor(certificate: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A TLS server with that certificate; it remembers every byte a client was ready to tell it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    heard.append(secure.recv(1_000))
            except OSError:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], heard
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_an_unvouched_certificate_is_refused_before_a_signed_request_is_told(impostor: tuple[int, list[bytes]]) -> None:
    port, heard = impostor
    answer = ask_exchange(f"https://localhost:{port}", "GetApiKeyInfo", ApiKey(CANARY_KEY, CANARY_SECRET))
    assert isinstance(answer, VenueSilence) and "SSLError" in str(answer) and CANARY_KEY not in str(answer)
    assert not any(heard)


def test_an_unvouched_certificate_is_refused_by_the_private_socket(impostor: tuple[int, list[bytes]]) -> None:
    port, heard = impostor
    link = WebSocketLink(f"wss://localhost:{port}/v2", connect_timeout_s=5)
    link.connect()
    poller: zmq.Poller = zmq.Poller()
    poller.register(link.fileno(), zmq.POLLIN)
    assert poller.poll(10_000)
    news = link.pump()
    link.dispose()
    assert not news.opened and news.closed is not None and "CERTIFICATE_VERIFY_FAILED" in news.closed
    assert not any(heard)


def test_nothing_older_than_tls_1_2_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    link = WebSocketLink("wss://localhost:1/v2")
    assert link._tls is not None
    assert link._tls.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert link._tls.verify_mode is ssl.CERT_REQUIRED and link._tls.check_hostname
    link.dispose()


def test_an_impostor_that_speaks_only_old_tls_is_refused(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.minimum_version = ssl.TLSVersion.TLSv1
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        spoken: list[str | None] = []

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    spoken.append(secure.version())
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        answer = ask_exchange(f"https://localhost:{port}", "SystemStatus")
        thread.join(10)
    assert isinstance(answer, VenueSilence) and spoken == []
