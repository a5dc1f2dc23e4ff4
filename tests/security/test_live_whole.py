"""Profile live with real processes against a simulated exchange on loopback, with canaries for keys: who may see what.

The tests share one running instance and build on each other, in order. The exchange stands for Kraken: its own process,
its own home, its own idea of what the key may do.
"""

import contextlib
import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.instance import ROOT
from tests.security.builders_live import DISGUISES, LiveWhole
from tests.security.builders_security import as_nobody, files_below

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("live_whole")]


@pytest.fixture(scope="module")
def live() -> Iterator[LiveWhole]:
    whole = LiveWhole()
    try:
        yield whole
    finally:
        whole.close()


def actors(live: LiveWhole) -> dict[str, int]:
    return {row["name"]: row["pid"] for row in live.status()["actors"]}


def test_live_trades_against_the_loopback_exchange_after_its_own_checks(live: LiveWhole) -> None:
    document = live.start()
    assert (document["mode"], document["state"]) == ("live", "running")
    said = (live.home / "up.txt").read_text()
    assert "key rights" in said and "query-ledger" in said  # more than trading needs: said, and no reason to stay away
    assert " fail " not in said


def test_doctor_asks_nothing_with_a_key_that_the_gateway_uses(live: LiveWhole) -> None:
    result = live.wildbot("doctor", "--json")
    found = {row["check"]: row for row in json.loads(result.stdout)}
    assert result.returncode == 0, result.stdout
    assert found["key rights"]["verdict"] == "unknown" and "uses the key" in found["key rights"]["text"]
    assert (found["journal"]["verdict"], found["clock"]["verdict"]) == ("ok", "ok")
    assert live.status()["state"] == "running"


def test_no_process_shows_the_key_in_its_words_or_surroundings(live: LiveWhole) -> None:
    processes = live.processes()
    assert len(processes) >= 9
    for process in processes:
        seen = b"\0".join(Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
        assert not [each for each in DISGUISES if each in seen], process


def test_the_gateway_can_leave_no_core(live: LiveWhole) -> None:
    limits = Path(f"/proc/{actors(live)['order_gateway']}/limits").read_text()
    (core,) = [line.split() for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core[4:6] == ["0", "0"]


def test_nobody_listens_on_the_network_but_the_announced_ports_of_loopback(live: LiveWhole) -> None:
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in live.processes()
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM
    }
    assert listening == {("127.0.0.1", live.dashboard_port), ("127.0.0.1", live.api_port)}


def test_sockets_lie_in_a_folder_of_the_owner_alone(live: LiveWhole) -> None:
    run = live.home / "run"
    sockets = [path for path in run.iterdir() if stat.S_ISSOCK(path.stat().st_mode)]
    assert {path.name for path in sockets} >= {"actors.ipc", "orders.ipc", "capital.ipc", "control.ipc", "status.ipc"}
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in sockets} == {0}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can try as another user")
@pytest.mark.parametrize("name", ["control", "orders", "actors", "capital", "status", "market"])
def test_another_user_cannot_connect(live: LiveWhole, name: str) -> None:
    path = str(live.home / "run" / f"{name}.ipc")

    def attempt() -> str:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.connect(path)
        return "connected"

    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.connect(path)
    assert as_nobody(attempt) == "PermissionError"


def test_everything_written_is_for_the_owner_alone(live: LiveWhole) -> None:
    open_ones = [
        path for folder in ("run", "log", "data") for path in files_below(live.home / folder) if path.stat().st_mode & 0o077
    ]
    assert open_ones == []
    assert {"live.sqlite", "live.sqlite-wal"} <= {path.name for path in (live.home / "data").iterdir()}


def test_a_second_home_cannot_trade_with_the_same_key(live: LiveWhole) -> None:
    before = actors(live)
    second = live.exchange_home / "second"
    ended = subprocess.run(
        [sys.executable, "-m", "actors", "order_gateway"], cwd=ROOT, env=live.environment | {"WILDBOT_HOME": str(second)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 78, ended.stderr
    assert f"process {before['order_gateway']}" in ended.stderr and "same API key" in ended.stderr
    assert not (second / "data" / "live.sqlite").exists()
    assert actors(live) == before


def test_a_backup_of_the_journal_restores_and_holds_no_key(live: LiveWhole) -> None:
    target = live.exchange_home / "backup.sqlite"
    result = live.wildbot("backup", str(target))
    assert result.returncode == 0, result.stderr
    content = target.read_bytes()
    assert not [each for each in DISGUISES if each in content]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with (
        contextlib.closing(sqlite3.connect(target)) as copy,
        contextlib.closing(sqlite3.connect(live.home / "data" / "live.sqlite")) as journal,
    ):
        for table in ("fills", "orders", "events", "meta"):
            rows = f"SELECT * FROM {table} ORDER BY 1"  # noqa: S608
            assert copy.execute(rows).fetchall() == journal.execute(rows).fetchall()
