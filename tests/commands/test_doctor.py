"""The doctor: each check says what it found and the cure; what cannot be known is never counted as fine."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.commands.builders_commands import a_home
from wildbot.adapters.home import Home
from wildbot.adapters.journal import Journal
from wildbot.adapters.key_hold import KeyHold
from wildbot.adapters.secrets import ApiKey
from wildbot.cli import app
from wildbot.commands import doctor_machine
from wildbot.desk.key_rights import NEEDED

KEY = ApiKey("doctor's key", "c2VjcmV0")
FORBIDDEN_CURE = "change it in the exchange's key settings"


class FakeKraken(ThreadingHTTPServer):
    """Answers the three questions of the doctor as it is told; counts the private ones."""

    def __init__(self) -> None:
        self.key_info: dict[str, object] = {
            "permissions": sorted(NEEDED), "nonceWindow": 0, "ipAllowlist": ["127.0.0.1"], "validUntil": "0",
        }  # fmt: skip
        self.key_error = ""
        self.system = "online"
        self.offset_s = 0.0
        self.private_calls = 0
        super().__init__(("127.0.0.1", 0), _Answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: FakeKraken

    def do_GET(self) -> None:
        if self.path.endswith("SystemStatus"):
            self._say({"error": [], "result": {"status": self.server.system, "timestamp": "2026-01-01T00:00:00Z"}})
        else:
            self._say({"error": [], "result": {"unixtime": int(time.time() + self.server.offset_s), "rfc1123": ""}})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.private_calls += 1
        error = self.server.key_error
        self._say({"error": [error]} if error else {"error": [], "result": self.server.key_info})

    def _say(self, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def kraken() -> Iterator[FakeKraken]:
    with FakeKraken() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kraken: FakeKraken) -> Iterator[Home]:
    """A home of profile live whose exchange is the fake; everything is well."""
    monkeypatch.chdir(tmp_path)
    with a_home() as home:
        for name, text in (("KEY", KEY.key), ("SECRET", KEY.secret)):
            path = home.root / name
            path.write_text(text)
            path.chmod(0o600)
            monkeypatch.setenv(f"KRAKEN_API_{name}_FILE", str(path))
        for name, value in {
            "HOME": str(home.root), "PROFILE": "live", "LIVE_CONFIRM": "i-understand-live", "KRAKEN__REST_URL": kraken.url,
            "KRAKEN__WS_URL": "ws://127.0.0.1:1/v2", "KRAKEN__WS_AUTH_URL": "ws://127.0.0.1:1/v2",
            "CAPITAL__ACCOUNT_EXCLUSIVE": "true", "DASHBOARD__PORT": "18501", "API__PORT": "18080",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"WILDBOT_{name}", value)
        yield home


def doctor() -> tuple[int, dict[str, Any]]:
    """Return the exit code and the last finding of each check."""
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert KEY.secret not in result.stdout and KEY.key not in result.stdout
    return result.exit_code, {row["check"]: row for row in json.loads(result.stdout)}


def test_everything_well_is_code_0_and_every_check_is_named(live: Home) -> None:
    code, found = doctor()
    assert code == 0, found
    assert set(found) >= {
        "configuration", "build", "home", "file modes", "disk", "filesystem", "disk sync", "SQLite", "supervisord.conf",
        "processes", "dashboard.port", "api.port", "live gate", "KRAKEN_API_KEY", "KRAKEN_API_SECRET", "journal", "exchange",
        "clock", "private API", "key rights",
    }  # fmt: skip
    assert {row["verdict"] for name, row in found.items() if name != "SQLite"} == {"ok"}
    assert "nonce window 0" in found["key rights"]["text"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"permissions": [*sorted(NEEDED), "withdraw-funds"]}, "withdraw-funds"),
        ({"permissions": [*sorted(NEEDED), "earn-funds", "add-withdraw-address"]}, "add-withdraw-address, earn-funds"),
        ({"permissions": ["query-funds"]}, "lacks the rights"),
        ({"nonceWindow": 15}, "has to be 0"),
        ({"validUntil": "1500000000"}, "expired"),
    ],
)
def test_a_key_with_other_rights_fails_the_doctor_and_the_start(
    live: Home, kraken: FakeKraken, change: dict[str, object], says: str
) -> None:
    kraken.key_info |= change
    code, found = doctor()
    assert (code, found["key rights"]["verdict"], found["key rights"]["cure"]) == (1, "fail", FORBIDDEN_CURE)
    assert says in found["key rights"]["text"]
    started = CliRunner().invoke(app, ["up"])
    assert started.exit_code == 78 and "does not start over a failed check" in started.stderr
    assert says.split(",")[0] in started.stdout and not list(live.run.iterdir())


def test_a_key_for_any_address_is_a_warning(live: Home, kraken: FakeKraken) -> None:
    kraken.key_info["ipAllowlist"] = [""]
    code, found = doctor()
    assert (code, found["key rights"]["verdict"]) == (0, "warn")


@pytest.mark.parametrize(("offset_s", "verdict"), [(0, "ok"), (-0.4, "ok"), (3.1, "fail"), (30, "fail"), (-30, "fail")])
def test_the_clock_is_measured_with_what_whole_seconds_can_tell(
    live: Home, kraken: FakeKraken, offset_s: float, verdict: str
) -> None:
    kraken.offset_s = offset_s
    found = doctor()[1]["clock"]
    assert found["verdict"] == verdict, found
    assert "give or take" in found["text"]


def test_a_key_that_a_gateway_holds_is_not_used_beside_it(live: Home, kraken: FakeKraken) -> None:
    hold = KeyHold(KEY, kraken.url)
    code, found = doctor()
    hold.release()
    assert (code, found["key rights"]["verdict"], kraken.private_calls) == (0, "unknown", 0)


def test_no_private_call_is_numbered_below_what_the_last_run_reserved(live: Home, kraken: FakeKraken) -> None:
    journal = Journal(live.data / "live.sqlite", profile="live", key_fingerprint=KEY.fingerprint, place="loopback")
    journal.write(meta={"nonce_ceiling": str(time.time_ns() // 1_000 + 50_000_000)})
    journal.close()
    code, found = doctor()
    assert (code, found["key rights"]["verdict"], kraken.private_calls) == (0, "unknown", 0)


@pytest.mark.parametrize("error", ["EAPI:Invalid key", "EAPI:Invalid signature", "EGeneral:Permission denied"])
def test_a_refused_key_is_a_failed_private_api(live: Home, kraken: FakeKraken, error: str) -> None:
    kraken.key_error = error
    code, found = doctor()
    assert (code, found["private API"]["verdict"]) == (1, "fail") and error in found["private API"]["text"]


def test_an_exchange_that_does_not_answer_is_a_failure_and_no_reason_for_paper(
    live: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WILDBOT_KRAKEN__REST_URL", "http://127.0.0.1:1")
    assert doctor()[1]["exchange"]["verdict"] == "fail"
    started = CliRunner().invoke(app, ["up"])
    assert started.exit_code == 78 and "PAPER" not in started.stdout + started.stderr


def test_a_refused_key_with_orders_that_may_rest_ends_the_start(live: Home, kraken: FakeKraken) -> None:
    Journal(live.data / "live.sqlite", profile="live", key_fingerprint=KEY.fingerprint, place="loopback").close()
    with sqlite3.connect(live.data / "live.sqlite") as journal:
        values = ["wb1x1", "", "SOL/USDC", "buy", "limit", "1", "1", "0", "unknown", "", "entry", "gtc", 1, "", 1, 1, 1]
        journal.execute(f"INSERT INTO orders VALUES ({','.join('?' * len(values))})", values)  # noqa: S608
    kraken.key_error = "EAPI:Invalid key"
    started = CliRunner().invoke(app, ["up"])
    assert started.exit_code == 78 and "1 orders of the last run may still rest there" in " ".join(started.stderr.split())


def test_the_journal_of_another_key_and_a_damaged_one_fail(live: Home) -> None:
    path = live.data / "live.sqlite"
    Journal(path, profile="live", key_fingerprint="another", place="loopback").close()
    code, found = doctor()
    assert (code, found["journal"]["verdict"]) == (1, "fail") and "belongs to another key" in found["journal"]["text"]
    path.write_bytes(b"x" * 9_000)
    code, found = doctor()
    assert (code, found["journal"]["verdict"]) == (1, "fail") and "docs/operations.md" in found["journal"]["cure"]


def test_a_missing_confirmation_and_an_account_with_others_fail_the_gate(
    live: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WILDBOT_LIVE_CONFIRM", "")
    assert doctor()[1]["live gate"]["verdict"] == "fail"
    monkeypatch.setenv("WILDBOT_LIVE_CONFIRM", "i-understand-live")
    monkeypatch.setenv("WILDBOT_CAPITAL__ACCOUNT_EXCLUSIVE", "false")
    assert "ACCOUNT_EXCLUSIVE" in doctor()[1]["live gate"]["text"]


def test_a_file_that_others_may_read_is_named(live: Home) -> None:
    (live.log / "old.log").touch()
    (live.log / "old.log").chmod(0o644)
    found = doctor()[1]["file modes"]
    assert found["verdict"] == "warn" and "log/old.log" in found["text"] and "chmod" in found["cure"]


def test_a_network_filesystem_is_refused(live: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = doctor_machine.filesystem_of(live.data)
    assert kind
    monkeypatch.setattr(doctor_machine, "NETWORK_FILESYSTEMS", frozenset({kind}))
    code, found = doctor()
    assert (code, found["filesystem"]["verdict"]) == (1, "fail")
