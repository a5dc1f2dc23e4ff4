"""Crashes beyond their budget halt the run, on disk: real processes killed, what the status and the exit codes say then."""

import json
import signal
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest
import zmq

from tests.e2e.instance import Document, Instance

SETTINGS = {
    "WILDBOT_TRADING__PAIRS": '["SOL/USDC","XRP/USDC","DOGE/USDC"]',
    "WILDBOT_CAPITAL__STARTING": "60",
    "WILDBOT_SCANNER__WARM_SAMPLES": "4",
    "WILDBOT_MARKET_MAKER__MIN_VOLATILITY_BPS": "0",
    "WILDBOT_MARKET_MAKER__MAX_SPREAD_BPS": "200",
    "WILDBOT_MARKET_MAKER__MOMENTUM_FILTER_ENABLED": "false",
}
"""The market's mood must not decide: pairs pinned, filters off."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="needs prctl"),
]


@pytest.fixture
def instance() -> Iterator[Instance]:
    whole = Instance(**SETTINGS)
    yield whole
    whole.close()


def pid_of(document: Document, actor: str) -> int:
    return next((row["pid"] for row in document["actors"] if row["name"] == actor), 0)


def is_trading(document: Document) -> bool:
    """Running, and something rests."""
    return document["state"] == "running" and any(row["open_orders"] for row in document["traders"])


def is_back(actor: str, killed: int) -> Callable[[Document], bool]:
    def condition(document: Document) -> bool:
        return pid_of(document, actor) not in (0, killed) and document["state"] in ("running", "halted")

    return condition


def texts(document: Document) -> str:
    return " | ".join(alert["text"] for alert in document["alerts"])


def test_an_allocator_that_keeps_dying_halts_the_run_which_ends_with_three(instance: Instance) -> None:
    instance.start()
    for _ in range(3):
        killed = instance.kill("balance_allocator")
        assert instance.wait(is_back("balance_allocator", killed), "the allocator is back")["state"] == "running"
    instance.kill("balance_allocator")
    document = instance.wait(lambda each: each["state"] == "halted", "halted by the fourth restart")
    assert document["reasons"] == ["balance_allocator was restarted more than 3 times within 120 s"]
    log = (instance.home / "log" / "balance_allocator.log").read_text()
    assert log.count("replayed ") == 4 and "cannot be followed" not in log
    assert instance.interrupt() == 3


def test_the_third_supervisor_within_ten_minutes_comes_up_halted_until_rearm(instance: Instance) -> None:
    instance.start()
    traders = [row["pid"] for row in instance.status()["traders"]]
    killed = instance.kill("supervisor")
    assert instance.wait(is_back("supervisor", killed), "a second supervisor")["state"] == "running"
    assert not any(psutil.pid_exists(pid) for pid in traders), "traders die with their supervisor"
    instance.kill("supervisor")
    document = instance.wait(lambda each: each["state"] == "halted", "the third comes up halted")
    assert "started 3 times within ten minutes" in document["reasons"][0] and not document["traders"]
    assert instance.interrupt() == 3

    detached = instance.wildbot("up", "--detach", timeout_s=120)
    assert (detached.returncode, "HALTED" in detached.stdout + detached.stderr) == (3, True), detached
    assert instance.wildbot("rearm").returncode == 0
    instance.wait(is_trading, "trading again")
    assert instance.wildbot("down", timeout_s=120).returncode == 0
    assert instance.wildbot("down").returncode == 4


def test_a_gateway_that_ends_unasked_with_zero_is_started_again(instance: Instance) -> None:
    instance.start()
    gateway = instance.process("order_gateway")
    gateway.send_signal(signal.SIGTERM)
    instance.wait(is_back("order_gateway", gateway.pid), "a new gateway")
    document = instance.wait(is_trading, "trading again", 90)
    assert "order_gateway was restarted (1 times within ten minutes)" in texts(document)
    assert instance.interrupt() == 0


def test_without_supervisord_everything_stops_and_a_second_start_is_refused_meanwhile(instance: Instance) -> None:
    instance.start()
    instance.kill("supervisord")
    second = instance.wildbot("up", timeout_s=90)
    assert second.returncode == 1
    assert "processes of an earlier run are left" in second.stdout + second.stderr
    _, alive = psutil.wait_procs([each for each in instance.processes() if not is_exchange(each)], timeout=60)
    assert not alive, "they end by themselves, in order"
    assert instance.wildbot("down", timeout_s=120).returncode == 0
    assert not instance.processes()


def is_exchange(process: psutil.Process) -> bool:
    try:
        return "exchange_simulator" in process.cmdline()
    except psutil.Error:
        return False


def test_owner_s_commands_fired_at_once_are_each_answered_once(instance: Instance) -> None:
    instance.start()
    verbs = ("pause", "flatten", "resume", "halt", "status", "rearm", "pause")
    askers = [zmq.Context.instance().socket(zmq.REQ) for _ in verbs]
    for asker, verb in zip(askers, verbs, strict=True):
        asker.connect(f"ipc://{instance.home / 'run' / 'control.ipc'}")
        asker.send(json.dumps({"id": verb, "verb": verb, "args": {}}).encode())
    for asker, verb in zip(askers, verbs, strict=True):
        assert asker.poll(20_000), verb
        assert json.loads(asker.recv())["id"] == verb
        assert not asker.poll(0)
        asker.close(linger=0)
    halted = instance.status()["state"] == "halted"
    assert instance.interrupt() == (3 if halted else 0), "the last state is explicit"
