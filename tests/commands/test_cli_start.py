"""The command line before anything runs: `up`, `doctor` and live refuse in one sentence."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.builders_cli import sentences, wildbot
from wildbot.adapters.home import Home
from wildbot.commands.instance import LOCK_ROLE


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A loopback port somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_up_refuses_a_second_start_in_the_same_home(home: Home) -> None:
    first = home.lock(LOCK_ROLE)
    try:
        result = wildbot("up")
    finally:
        first.release()
    assert (result.exit_code, "already runs" in sentences(result)) == (1, True)


def test_up_names_the_setting_of_a_taken_port(home: Home, monkeypatch: pytest.MonkeyPatch, taken_port: int) -> None:
    monkeypatch.setenv("WILDBOT_DASHBOARD__PORT", str(taken_port))
    result = wildbot("up")
    assert result.exit_code == 1
    assert f"port {taken_port} is taken" in sentences(result) and "WILDBOT_DASHBOARD__PORT" in sentences(result)
    assert not list(home.run.iterdir())


def test_up_refuses_two_listeners_on_one_port(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_API__PORT", "8501")
    result = wildbot("up")
    assert (result.exit_code, "api.port is 8501 but dashboard.port" in sentences(result)) == (78, True)


def test_doctor_finds_a_taken_port_and_gives_the_cure(home: Home, monkeypatch: pytest.MonkeyPatch, taken_port: int) -> None:
    monkeypatch.setenv("WILDBOT_API__PORT", str(taken_port))
    result = wildbot("doctor", "--json")
    found = {row["check"]: row for row in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert found["api.port"]["verdict"] == "fail" and "WILDBOT_API__PORT" in found["api.port"]["cure"]
    assert found["home"]["verdict"] == "ok"


def test_doctor_reports_a_bad_setting_instead_of_failing_on_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_TRADING__MAX_TRADERS", "9")
    result = wildbot("doctor", "--json")
    (finding,) = [row for row in json.loads(result.stdout) if row["verdict"] == "fail"]
    assert (result.exit_code, finding["check"]) == (1, "configuration")


def test_doctor_refuses_a_key_file_that_others_may_read(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("secret")
    key.chmod(0o644)
    monkeypatch.setenv("KRAKEN_API_KEY_FILE", str(key))
    result = wildbot("doctor", "--json")
    found = {row["check"]: row for row in json.loads(result.stdout)}
    assert found["KRAKEN_API_KEY"]["verdict"] == "fail"
    assert "secret" not in result.stdout


def test_live_is_refused_in_one_sentence_and_nothing_starts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_LIVE_CONFIRM", "")  # restored afterwards: the switch writes it
    result = wildbot("up", "--profile", "live")
    assert result.exit_code == 78 and "--i-understand-live" in result.stderr
    confirmed = wildbot("up", "--profile", "live", "--i-understand-live")
    assert confirmed.exit_code == 78 and "capital.account_exclusive is false" in confirmed.stderr
    assert not list(home.run.iterdir())


def test_an_unknown_strategy_is_refused_before_anything_starts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_TRADING__STRATEGY", "marketmaker")
    result = wildbot("up")
    assert result.exit_code == 78 and "market_maker" in result.stderr
    assert not list(home.run.iterdir())
