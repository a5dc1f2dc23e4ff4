"""REST over a real loopback server: order, nonces, silence, secrets."""

import base64
import select
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from wildbot.adapters.secrets import ApiKey, read_api_key
from wildbot.adapters.venue_client import VenueClient
from wildbot.model.errors import ConfigurationError, VenueRefusal, VenueSilence
from wildbot.venues.kraken.rest_calls import NONCE_RESERVE, NonceReserve, RestCall, RestOutcome

SECRET = base64.b64encode(b"canary-secret-bytes").decode()
KEY = ApiKey("canary-key", SECRET)
OK = b'{"error":[],"result":{"count":1}}'


class Venue:
    """A server that answers from a list and remembers what it was asked."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.paths: list[str] = []
        self.answers: list[tuple[int, bytes]] = []
        self.hold = threading.Event()
        self.hold.set()
        self.asked = threading.Event()
        venue = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                venue.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.do_GET()

            def do_GET(self) -> None:
                venue.paths.append(self.path)
                venue.asked.set()
                venue.hold.wait(10)
                status, body = venue.answers.pop(0) if venue.answers else (200, OK)
                if status == 0:
                    self.connection.close()
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def nonces(self) -> list[int]:
        return [int(parse_qs(body)["nonce"][0]) for body in self.bodies]


@pytest.fixture
def venue() -> Iterator[Venue]:
    venue = Venue()
    yield venue
    venue.hold.set()
    venue.server.shutdown()
    venue.server.server_close()


def a_client(venue: Venue, nonces: NonceReserve | None = None, url: str = "") -> VenueClient:
    reserve = nonces or NonceReserve(0, 1_000_000_000)
    reserve.extend(reserve.last + NONCE_RESERVE)
    return VenueClient(url or venue.url, KEY, reserve, calls_per_s=1_000, clock_ns=lambda: 1_000_000_000)


def outcomes(client: VenueClient, count: int) -> list[RestOutcome]:
    found: list[RestOutcome] = []
    while len(found) < count:
        assert select.select([client], [], [], 20)[0], f"only {found}"
        found += client.drain()
    return found


def test_private_call_is_posted_signed_and_its_result_comes_back_with_the_tag(venue: Venue) -> None:
    client = a_client(venue)
    client.submit(RestCall("tag", "CancelOrder", {"txid": "O1"}))
    assert outcomes(client, 1) == [RestOutcome("tag", b'{"count":1}')]
    assert venue.paths == ["/0/private/CancelOrder"]
    assert "txid=O1" in venue.bodies[0]
    client.close()


def test_nonces_rise_strictly_even_when_the_clock_stands_still(venue: Venue) -> None:
    client = a_client(venue)
    for number in range(5):
        client.submit(RestCall(number, "Balance", {}))
    outcomes(client, 5)
    nonces = venue.nonces()
    assert nonces == sorted(set(nonces))
    client.close()


def test_nonces_go_on_above_the_ceiling_on_disk_after_a_restart() -> None:
    first = NonceReserve(0, 5_000_000)
    ceiling = first.wanted_ceiling()
    assert ceiling is not None
    first.extend(ceiling)
    used = [first.draw(5_000_000) for _ in range(3)]
    second = NonceReserve(ceiling, 1_000_000)  # the clock stepped back
    second.extend(second.wanted_ceiling() or 0)
    assert second.draw(1_000_000) > max(used)


def test_nonce_beyond_the_reserve_is_never_used() -> None:
    reserve = NonceReserve(0, 0)
    with pytest.raises(VenueSilence, match="reserve"):
        reserve.draw(10**9)
    reserve.extend(2)
    assert [reserve.draw(10**18), reserve.wanted_ceiling()] == [2, 2 + NONCE_RESERVE]


def test_urgent_calls_overtake_waiting_ones(venue: Venue) -> None:
    venue.hold.clear()
    client = a_client(venue)
    client.submit(RestCall("first", "Balance", {}))
    assert venue.asked.wait(10)
    client.submit(RestCall("slow", "TradesHistory", {}))
    client.submit(RestCall("cancel", "CancelOrder", {}, urgent=True))
    venue.hold.set()
    assert [each.tag for each in outcomes(client, 3)] == ["first", "cancel", "slow"]
    client.close()


def test_held_back_private_calls_are_answered_with_silence_and_public_ones_leave(venue: Venue) -> None:
    now_ns = 1_000_000_000
    nonces = NonceReserve(0, now_ns)
    nonces.extend(NONCE_RESERVE)
    client = VenueClient(venue.url, KEY, nonces, calls_per_s=1_000, clock_ns=lambda: now_ns)
    client.hold(now_ns + 1)
    client.submit(RestCall("cancel", "CancelOrder", {}, urgent=True))
    client.submit(RestCall("clock", "Time", {}, private=False))
    found = {each.tag: each.result for each in outcomes(client, 2)}
    assert isinstance(found["cancel"], VenueSilence)
    assert isinstance(found["clock"], bytes)
    assert [path.rpartition("/")[2] for path in venue.paths] == ["Time"]
    now_ns += 2
    client.submit(RestCall("cancel", "CancelOrder", {}))
    assert isinstance(outcomes(client, 1)[0].result, bytes)
    client.close()


@pytest.mark.parametrize(
    "answer",
    [(520, b"<html>cloudflare</html>"), (200, b"<html>"), (200, b'{"error":["EService:Busy"]}'), (0, b""), (302, b"")],
)
def test_everything_but_an_answer_is_silence(venue: Venue, answer: tuple[int, bytes]) -> None:
    venue.answers = [answer]
    client = a_client(venue)
    client.submit(RestCall("x", "Balance", {}))
    assert isinstance(outcomes(client, 1)[0].result, VenueSilence)
    client.close()


def test_explicit_error_is_a_refusal_in_the_venues_words(venue: Venue) -> None:
    venue.answers = [(200, b'{"error":["EOrder:Unknown order"]}')]
    client = a_client(venue)
    client.submit(RestCall("x", "CancelOrder", {}))
    result = outcomes(client, 1)[0].result
    assert isinstance(result, VenueRefusal)
    assert str(result) == "EOrder:Unknown order"
    client.close()


def test_failures_never_show_key_secret_or_address(venue: Venue) -> None:
    client = a_client(venue, url="http://127.0.0.1:9/path-canary")
    client.submit(RestCall("x", "Balance", {"otp": "canary-otp"}))
    text = repr(outcomes(client, 1)[0])
    assert "canary" not in text
    assert SECRET not in text
    client.close()


def test_full_queue_refuses_instead_of_waiting(venue: Venue) -> None:
    venue.hold.clear()
    client = a_client(venue)
    taken = sum(client.submit(RestCall(number, "Balance", {})) for number in range(300))
    assert taken < 300
    client.close()


def test_key_never_prints() -> None:
    assert "canary" not in f"{KEY!r} {KEY} {KEY.fingerprint}"


def test_key_is_taken_out_of_the_environment() -> None:
    environment = {"KRAKEN_API_KEY": "k", "KRAKEN_API_SECRET": "s", "OTHER": "x"}
    assert read_api_key(environment) == ApiKey("k", "s")
    assert environment == {"OTHER": "x"}


def test_half_a_key_is_refused_naming_the_missing_half() -> None:
    with pytest.raises(ConfigurationError, match="KRAKEN_API_SECRET is missing"):
        read_api_key({"KRAKEN_API_KEY": "k"})


def test_secret_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("s\n")
    path.chmod(0o644)
    environment = {"KRAKEN_API_KEY": "k", "KRAKEN_API_SECRET_FILE": str(path)}
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_api_key(dict(environment))
    path.chmod(0o600)
    assert read_api_key(dict(environment)) == ApiKey("k", "s")
