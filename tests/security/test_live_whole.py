"""Profile live with real processes against a simulated exchange on loopback, with canaries for keys: who may see what.

The tests share one running instance and build on each other, in order. The exchange stands for Kraken: its own process,
its own home, its own idea of what the key may do.
"""

import contextlib
import json
import os
import random
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import zmq

from tests.e2e.instance import ROOT, free_port
from tests.security.builders_live import (
    DISGUISES,
    STRANGER,
    LiveWhole,
    actors,
    forged,
    let_the_reserved_numbers_pass,
    tell_the_reserved_numbers_again,
)
from tests.security.builders_security import CANARY_SECRET, as_nobody, files_below
from wildbot.model.desk import LeaseTable
from wildbot.model.instrument import Money
from wildbot.protocol.bus import encode

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("live_whole")]
FORGED_LINE = "2026-01-01 00:00:00.000Z CRITICAL all is well"


@pytest.fixture(scope="module")
def live() -> Iterator[LiveWhole]:
    whole = LiveWhole()
    try:
        yield whole
    finally:
        whole.close()


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


def test_the_gateway_lets_no_forged_order_out_whoever_asks(live: LiveWhole) -> None:
    orders = forged(live)
    socket_: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    socket_.setsockopt(zmq.IDENTITY, STRANGER.encode())
    socket_.connect(f"ipc://{live.home / 'run' / 'orders.ipc'}")
    try:
        for request in orders.values():
            socket_.send(encode(request))
        # A capital beyond all bounds lifts no cap: the largest order stays what the settings say.
        socket_.send(encode(LeaseTable(10**9, Money(10**18), ())))
        socket_.send(encode(orders["size"]))
        live.wait(lambda d: d["state"] in ("running", "degraded"), "the gateway alive after forged orders")
        for _ in range(6):  # three seconds of documents: time enough for an order to leave
            live.status()
    finally:
        socket_.close(linger=0)
    sent = [line for line in live.ledger() if "x7a0" in json.dumps(line)]
    assert sent == [], sent[:2]
    log = (live.home / "log" / "order_gateway.log").read_text()
    assert "x7a04" in log  # it was heard


def test_a_thousand_hostile_messages_on_the_control_socket_change_nothing(live: LiveWhole) -> None:
    before = live.wait(lambda d: d["state"] == "running", "running before the fuzz", 60)
    rng = random.Random(11)
    thrower: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    thrower.connect(f"ipc://{live.home / 'run' / 'control.ipc'}")
    verbs = ["swap", "start", "stop", "pause", "halt", "flatten", "set_universe", "rearm", "\u202e", "x" * 99]
    for number in range(1_000):
        hostile: Any = rng.choice(
            [
                rng.randbytes(rng.randrange(200)),
                json.dumps(
                    {
                        "id": "f",
                        "verb": rng.choice(verbs),
                        "args": {"pair": rng.choice([None, 1, [], "../x", "A" * 70_000])},
                        "x": 1,
                    }
                ),
                json.dumps({"verb": rng.choice(verbs), "args": rng.choice([[], 0, "halt", None])}),
                "[" * rng.randrange(5_000),
                json.dumps({"id": number, "verb": "halt"}),
            ]
        )
        thrower.send_multipart([b"", hostile if isinstance(hostile, bytes) else hostile.encode()])
    answers = 0
    while thrower.poll(10_000 if answers < 1_000 else 0):
        assert json.loads(thrower.recv_multipart()[-1])["ok"] is False
        answers += 1
    thrower.close(linger=0)
    assert answers == 1_000
    after = live.status()
    assert (after["state"], after["run_id"]) == ("running", before["run_id"])
    assert {row["name"]: row["pid"] for row in after["actors"]} == {row["name"]: row["pid"] for row in before["actors"]}


def test_a_killed_gateway_comes_back_with_the_key_from_its_file(live: LiveWhole) -> None:
    live.kill("order_gateway")
    live.wait(lambda d: d["state"] != "running", "the loss noticed", 30)
    live.wait(
        lambda d: d["state"] == "running" and d["traders"] and all(t["open_orders"] for t in d["traders"]),
        "trading again",
        90,
    )


def test_after_strange_answers_refusals_and_a_stop_the_key_is_in_no_file_and_no_status(live: LiveWhole) -> None:
    statuses = [live.status()]
    since = len(live.ledger())
    live.faults(
        [
            {"verb": "noapply+error", "method": "add_order", "error": f"EOrder:no\n{FORGED_LINE}\x1b[2J"},
            {"verb": "apply+html", "method": "amend_order", "code": 520},
        ]
    )
    statuses += [live.status() for _ in range(10)]
    live.faults([{"verb": "token.expire"}, {"verb": "ws.close"}])
    live.wait(lambda d: d["state"] != "running", "the lost stream noticed", 30)
    live.wait(lambda d: d["state"] == "running", "running after the lost stream", 60)
    assert any(line["kind"] == "fault" for line in live.ledger()[since:])
    statuses.append(live.status())
    assert live.interrupt() == 0, live.last_words()
    written = {path: path.read_bytes() for path in files_below(live.home)}
    assert {path.name for path in written} >= {"live.sqlite", "order_gateway.log", "supervisor.log", "up.txt"}
    found = [str(path) for path, content in written.items() for each in DISGUISES if each in content]
    assert not found
    assert not [each for each in DISGUISES if each in json.dumps(statuses).encode()]
    logs = [content for path, content in written.items() if path.suffix in (".log", ".out", ".txt")]
    assert not [line for content in logs for line in content.splitlines() if line.startswith(FORGED_LINE.encode())]
    assert not [path for path, content in written.items() if path.suffix == ".log" and b"\x1b[2J" in content]
    assert any(each in CANARY_SECRET.encode() for each in DISGUISES)  # the net catches what it is made for


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


def test_with_a_refused_key_a_live_start_becomes_a_paper_start_and_says_so(live: LiveWhole) -> None:
    other = {
        "KRAKEN_API_SECRET_FILE": str(live.secret("wrong", "A" * 86 + "==")),
        "WILDBOT_EXCHANGE__PORT": str(free_port()),
    }
    live.environment |= other
    let_the_reserved_numbers_pass(live)
    live.up()
    document = live.wait(
        lambda d: d["mode"] == "paper" and any("asked for live" in alert["text"] for alert in d["alerts"]),
        "paper, and said so",
        60,
    )
    assert document["mode"] == "paper"
    assert "asked for live, trading on PAPER" in (live.home / "up.txt").read_text()
    assert live.interrupt() == 0, live.last_words()


def test_with_orders_that_may_rest_a_live_start_with_a_refused_key_ends(live: LiveWhole) -> None:
    with contextlib.closing(sqlite3.connect(live.home / "data" / "live.sqlite")) as journal:
        journal.execute("UPDATE orders SET state = 'unknown' WHERE rowid = (SELECT min(rowid) FROM orders)")
        journal.commit()
    result = live.wildbot("up")
    assert result.returncode == 78
    assert "1 orders of the last run may still rest there" in result.stderr.replace("\n", " ")
    assert not live.processes()


def test_a_revoked_key_stops_the_trading_and_is_told(live: LiveWhole) -> None:
    with contextlib.closing(sqlite3.connect(live.home / "data" / "live.sqlite")) as journal:
        journal.execute("UPDATE orders SET state = 'cancelled' WHERE state = 'unknown'")
        journal.commit()
    tell_the_reserved_numbers_again(live)
    live.environment["KRAKEN_API_SECRET_FILE"] = str(live.secret("secret", CANARY_SECRET))
    live.up()
    live.wait(lambda d: d["mode"] == "live" and d["state"] == "running", "live again", 90)
    live.faults([{"verb": "key.revoke"}])
    document = live.wait(lambda d: d["state"] != "running", "the revocation noticed", 30)
    assert document["mode"] == "live"  # never a change of profile while it runs
    sent = len([line for line in live.ledger() if line["kind"] == "order"])
    for _ in range(20):
        assert live.status()["mode"] == "live"
    assert len([line for line in live.ledger() if line["kind"] == "order" and line["order"]["status"] == "new"]) <= sent
