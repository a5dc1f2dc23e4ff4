"""`wildbot up` and `down` with a real supervisord and the real supervisord.conf; only the actors are stand-ins."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.commands.builders_commands import a_home
from wildbot.adapters.home import Home
from wildbot.commands.instance import SUPERVISORD, Instance

ROOT = Path(__file__).resolve().parents[2]
ACTORS_HERE = Path(__file__).resolve().parent / "fake_whole"
PATIENCE_S = 30
PROGRAMS = {
    "exchange_simulator", "order_gateway", "balance_allocator", "supervisor", "truth_desk", "status_api", "dashboard",
    "crash_watch",
}  # fmt: skip

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

Start = Callable[..., "subprocess.Popen[str]"]


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def home() -> Iterator[Home]:
    """A home whose processes are all gone afterwards, whatever the test did."""
    with a_home() as prepared:
        yield prepared
        for own in Instance(prepared).processes():
            psutil.Process(own.pid).kill()


@pytest.fixture
def start(home: Home) -> Iterator[Start]:
    """Starts `wildbot` with the stand-ins; its output is a pipe."""
    left_out = ("WILDBOT_", "KRAKEN_", "PYTHONSAFEPATH")  # the stand-ins are found in the working directory
    ours = {name: text for name, text in os.environ.items() if not name.startswith(left_out)}
    ports = {f"WILDBOT_{section}__PORT": str(a_free_port()) for section in ("DASHBOARD", "API", "EXCHANGE")}
    environment = ours | ports | {"WILDBOT_HOME": str(home.root), "PYTHONPATH": str(ROOT)}
    started: list[subprocess.Popen[str]] = []

    def run(*words: str) -> "subprocess.Popen[str]":
        command = [sys.executable, str(ROOT / "wildbot" / "cli.py"), *words]
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            command,
            env=environment,
            cwd=ACTORS_HERE,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(child)
        return child

    yield run
    for child in started:
        child.kill()
        child.communicate()


def read_until(child: "subprocess.Popen[str]", word: str) -> str:
    """Return what the child printed up to the line that contains `word`."""
    assert child.stdout is not None
    read = ""
    for line in child.stdout:
        read += line
        if word in line:
            return read
    pytest.fail(f"{word!r} was never printed, but: {read}")


def names_of(home: Home) -> set[str]:
    return {own.name for own in Instance(home).processes()} - {SUPERVISORD}


def test_up_says_when_it_trades_prints_fills_and_stops_in_order_on_ctrl_c(home: Home, start: Start) -> None:
    up = start("up")
    said = read_until(up, "TRADING")
    assert "TRADING  BTC/USDC, SOL/USDC, XRP/USDC with market_maker (sim)" in said
    assert "Dashboard  http://127.0.0.1:" in read_until(up, "Stop  Ctrl-C")
    read_until(up, "buy  0.1 BTC/USDC at 99.5")
    assert names_of(home) == PROGRAMS

    second = start("up")
    assert "already runs" in second.communicate(timeout=PATIENCE_S)[0]
    assert second.returncode == 1

    up.send_signal(signal.SIGINT)
    last = up.communicate(timeout=PATIENCE_S)[0]
    assert up.returncode == 0, last
    told = ["no new orders", "none rest", "supervisor ended", "order_gateway ended", "exchange_simulator ended", "stopped"]
    assert [last.index(word) for word in told] == sorted(last.index(word) for word in told)
    assert names_of(home) == set()
    assert not list(home.run.iterdir())


def test_a_detached_start_returns_and_down_stops_it(home: Home, start: Start) -> None:
    up = start("up", "--detach")
    said = up.communicate(timeout=PATIENCE_S)[0]
    assert (up.returncode, "TRADING" in said) == (0, True), said
    assert names_of(home) == PROGRAMS

    second = start("up")
    assert f"process {Instance(home).supervisord_pid()}" in second.communicate(timeout=PATIENCE_S)[0]

    down = start("down")
    assert "none rest" in down.communicate(timeout=PATIENCE_S)[0]
    assert down.returncode == 0
    assert names_of(home) == set()
    assert not list(home.run.iterdir())


def test_everything_stops_when_up_itself_is_killed(home: Home, start: Start) -> None:
    up = start("up")
    read_until(up, "TRADING")
    supervisord = psutil.Process(Instance(home).supervisord_pid())
    up.kill()
    supervisord.wait(PATIENCE_S)
    assert names_of(home) == set()


def test_what_a_killed_supervisord_left_is_named_by_up_and_stopped_by_down(home: Home, start: Start) -> None:
    start("up", "--detach").communicate(timeout=PATIENCE_S)
    psutil.Process(Instance(home).supervisord_pid()).kill()

    up = start("up")
    said = up.communicate(timeout=PATIENCE_S)[0]
    assert (up.returncode, "processes of an earlier run are left" in said) == (1, True), said

    down = start("down")
    said = down.communicate(timeout=PATIENCE_S)[0]
    assert (down.returncode, "left by a supervisord that is gone" in said) == (0, True), said
    assert names_of(home) == set()
