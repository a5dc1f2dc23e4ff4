"""The control client: each way a call can end is a reply."""

from collections.abc import Iterator

import pytest

from tests.commands.builders_commands import FakeSupervisor, a_home
from wildbot.adapters.control_client import ControlClient
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as prepared:
        yield prepared


def test_call_carries_verb_and_arguments_and_returns_the_result(home: Home) -> None:
    with FakeSupervisor(home, lambda verb, args: {"ok": True, "result": {"pair": args["pair"]}}) as supervisor:
        reply = ControlClient(home.socket("control")).call("pause", {"pair": "BTC/USDC"})
    assert reply.ok and reply.result == {"pair": "BTC/USDC"}
    assert supervisor.heard == [("pause", {"pair": "BTC/USDC"})]


def test_a_refusal_comes_through_with_its_code_and_message(home: Home) -> None:
    refusal = {"ok": False, "error": {"code": "unknown_pair", "message": "no trader of FOO/BAR"}}
    with FakeSupervisor(home, lambda verb, args: refusal):
        reply = ControlClient(home.socket("control")).call("flatten", {"pair": "FOO/BAR"})
    assert (reply.ok, reply.code, reply.message) == (False, "unknown_pair", "no trader of FOO/BAR")


def test_call_says_not_running_when_nobody_has_bound_the_socket(home: Home) -> None:
    assert ControlClient(home.socket("control")).call("status").code == "not_running"


def test_call_says_not_running_when_a_dead_process_left_its_socket_file(home: Home) -> None:
    home.socket("control").touch()
    assert ControlClient(home.socket("control")).call("status").code == "not_running"


def test_call_times_out_when_the_other_end_is_silent(home: Home) -> None:
    silent = Hub(home.socket("control"))
    try:
        reply = ControlClient(home.socket("control")).call("halt", timeout_s=0.05)
    finally:
        silent.close()
    assert reply.code == "timed_out" and "may still be done" in reply.message


def test_answer_to_another_request_is_not_taken_for_ours(home: Home) -> None:
    with FakeSupervisor(home, lambda verb, args: {"id": "another", "ok": True}):
        reply = ControlClient(home.socket("control")).call("status")
    assert (reply.ok, reply.code) == (False, "unreadable")


def test_answer_of_a_wrong_shape_is_unreadable(home: Home) -> None:
    with FakeSupervisor(home, lambda verb, args: {"ok": "perhaps"}):
        assert ControlClient(home.socket("control")).call("status").code == "unreadable"
