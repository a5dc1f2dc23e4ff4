"""The exchange that mirrors another one, as a process: waits for it, follows it, refuses what it cannot know."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from actors.exchange_mirror import check_mirror
from actors.trader_children import trader_config
from wildbot.adapters.venue_server import listen
from wildbot.model.errors import ConfigurationError
from wildbot.settings_loading import load

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 20


@contextlib.contextmanager
def exchange(port: int, *words: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WILDBOT_")}
    environment["WILDBOT_EXCHANGE__WARMUP_S"] = "5"
    command = [sys.executable, "-m", "wildbot.cli", "exchange", "--port", str(port), *words]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def first_words(process: "subprocess.Popen[str]") -> str:
    """Return the line that says the doors are open, or everything when they never open."""
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if line.startswith("simulated exchange:"):
            return line
    return told


def status_of(port: int) -> str:
    answer = requests.get(f"http://127.0.0.1:{port}/0/public/AssetPairs", timeout=WAIT_S).json()
    status: str = answer["result"]["SOLUSDC"]["status"]
    return status


def until(condition: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < limit, what


def test_a_mirror_follows_the_outside_and_takes_no_orders_when_it_is_gone() -> None:
    outside_port, port = free_port(), free_port()
    words = ("--pairs", "SOL/USDC", "--mirror", f"ws://127.0.0.1:{outside_port}/public/v2")
    with exchange(outside_port, "--pairs", "SOL/USDC,BTC/USDC") as outside, exchange(port, *words) as mirror:
        assert first_words(outside).startswith("simulated exchange:")
        assert first_words(mirror).startswith("simulated exchange:")
        assert status_of(port) == "online"
        outside.send_signal(signal.SIGTERM)
        until(lambda: status_of(port) == "maintenance", "the mirror never noticed that the outside is gone")
        order = {"pair": "SOL/USDC", "side": "buy", "type": "limit", "price": "1.00", "qty": "1"}
        answer = requests.post(f"http://127.0.0.1:{port}/admin/orders", json=[order], timeout=WAIT_S)
        assert answer.json() == {"orders": [{"error": "EService:Unavailable"}]}
        lines = requests.get(f"http://127.0.0.1:{port}/admin/ledger", timeout=WAIT_S).text.splitlines()
        told = [entry for entry in map(json.loads, lines) if entry["kind"] == "mirror"]
        assert [(entry["pair"], entry["live"]) for entry in told] == [("SOL/USDC", True), ("SOL/USDC", False)]
        mirror.send_signal(signal.SIGTERM)
        assert mirror.wait(WAIT_S) == 0


def test_a_mirror_that_waits_for_its_outside_can_be_stopped() -> None:
    with exchange(free_port(), "--mirror", f"ws://127.0.0.1:{free_port()}/public/v2") as mirror:
        assert mirror.stdout is not None
        assert "connecting" in mirror.stdout.readline()
        mirror.send_signal(signal.SIGTERM)
        assert mirror.wait(WAIT_S) == 0


def test_an_outside_that_lists_none_of_the_pairs_is_named() -> None:
    outside_port = free_port()
    with exchange(outside_port, "--pairs", "SOL/USDC") as outside:
        assert first_words(outside).startswith("simulated exchange:")
        words = ("--pairs", "PEPE/USDC", "--mirror", f"ws://127.0.0.1:{outside_port}/public/v2")
        with exchange(free_port(), *words) as mirror:
            assert f"127.0.0.1:{outside_port}/public/v2 lists none of PEPE/USDC" in first_words(mirror)
            assert mirror.wait(WAIT_S) == 78


def test_a_taken_port_is_said_before_anything_is_asked_of_the_outside() -> None:
    with listen("127.0.0.1", 0) as taken, exchange(taken.getsockname()[1], "--mirror", "ws://127.0.0.1:1/") as mirror:
        assert "cannot be opened" in first_words(mirror)
        assert mirror.wait(WAIT_S) == 1


@pytest.mark.parametrize(
    ("pairs", "speed", "model", "rule"),
    [
        ((), 1.0, "touch", "needs the pairs"),
        (("SOL/USDC",), 2.0, "touch", "speed is 2.0"),
        (("SOL/USDC",), 1.0, "always", "fill_model is 'always' but must be one of: back_of_queue, queue_position, touch"),
    ],
)
def test_a_mirror_that_cannot_be_names_the_rule(pairs: tuple[str, ...], speed: float, model: str, rule: str) -> None:
    with pytest.raises(ConfigurationError, match=rule):
        check_mirror(pairs, speed, model)


@pytest.mark.parametrize(
    ("environment", "mirrored"),
    [
        ({}, ""),
        ({"WILDBOT_KRAKEN__WS_URL": "ws://127.0.0.1:8765/public/v2"}, ""),
        ({"WILDBOT_PROFILE": "paper"}, "wss://ws.kraken.com/v2"),
        (
            {"WILDBOT_PROFILE": "paper", "WILDBOT_KRAKEN__WS_URL": "ws://127.0.0.1:9/public/v2"},
            "ws://127.0.0.1:9/public/v2",
        ),
        ({"WILDBOT_PROFILE": "live"}, ""),
    ],
)
def test_what_is_mirrored_is_an_address_and_no_branch(environment: dict[str, str], mirrored: str) -> None:
    settings = load(environment=environment, env_file=Path("/nonexistent/.env")).settings
    assert settings.mirrored_ws_url == mirrored
    # Our orders stand in the book that is shown wherever nothing is mirrored.
    assert trader_config(settings, Path("/nonexistent"), "BTC/USDC", 1).feed_shows_own is not bool(mirrored)


def test_paper_trades_by_the_calibrated_model_with_a_delay_on_the_local_private_address() -> None:
    settings = load(environment={"WILDBOT_PROFILE": "paper"}, env_file=Path("/nonexistent/.env")).settings
    assert settings.exchange.fill_model == "queue_position"
    assert settings.exchange.latency_ms > 0
    assert settings.ws_auth_url.startswith("ws://127.0.0.1:")
    assert settings.rest_url.startswith("http://127.0.0.1:")
