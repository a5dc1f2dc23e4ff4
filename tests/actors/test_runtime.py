"""The loop every actor runs: timers, sources, unreadable messages, signals, last words."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.runtime import GUARD_S, Runtime
from wildbot.adapters.home import AlreadyRunningError, Home
from wildbot.adapters.zmq_bus import Hub, Spoke
from wildbot.model.control import FromSupervisor, Pause
from wildbot.model.errors import InvariantError
from wildbot.model.status import Alert, Heartbeat, HeartbeatAck, Severity
from wildbot.protocol.bus import TO_SUPERVISOR, encode

TURNS_MAX = 500


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.prepare()
    return home


@pytest.fixture
def runtime(home: Home) -> Iterator[Runtime]:
    runtime = Runtime("test_actor", home)
    yield runtime
    runtime.close()


def turn_until(runtime: Runtime, condition: Callable[[], bool]) -> None:
    for _ in range(TURNS_MAX):
        if condition():
            return
        runtime.turn(10)
    raise AssertionError("the condition never came true")


def test_timers_fire_in_order_and_recurring_ones_again(runtime: Runtime) -> None:
    fired: list[str] = []
    runtime.later(0.02, lambda: fired.append("late"))
    runtime.later(0.0, lambda: fired.append("soon"))
    runtime.every(0.005, lambda: fired.append("again"))
    turn_until(runtime, lambda: "late" in fired and fired.count("again") >= 3)
    assert fired[0] == "soon"


def test_a_heartbeat_comes_before_anything_else_so_that_a_new_process_is_known_as_one(home: Home) -> None:
    supervisor = Hub(home.socket("actors"))
    runtime = Runtime("test_actor", home)
    runtime.alert(Severity.WARNING, "early", "something")
    heard: list[object] = []
    runtime.watch(supervisor.socket, lambda: heard.extend(TO_SUPERVISOR.decode(frame) for _, frame in supervisor.drain()))
    turn_until(runtime, lambda: len(heard) >= 2)
    runtime.close()
    supervisor.close()
    assert isinstance(heard[0], Heartbeat) and isinstance(heard[1], Alert)


def test_a_watched_descriptor_calls_back_until_unwatched(runtime: Runtime) -> None:
    ours, theirs = socket.socketpair()
    heard: list[bytes] = []
    runtime.watch(ours, lambda: heard.append(ours.recv(10)))
    theirs.send(b"a")
    turn_until(runtime, lambda: heard == [b"a"])
    runtime.unwatch(ours)
    theirs.send(b"b")
    runtime.turn(10)
    assert heard == [b"a"]
    ours.close()
    theirs.close()


def test_the_supervisor_hears_heartbeats_and_is_obeyed(runtime: Runtime, home: Home) -> None:
    hub = Hub(home.socket("actors"))
    commands: list[FromSupervisor] = []
    runtime.on_command = commands.append
    beats: list[Heartbeat] = []

    def answered() -> bool:
        for peer, frame in hub.drain():
            message = TO_SUPERVISOR.decode(frame)
            assert peer == b"test_actor"
            if isinstance(message, Heartbeat):
                beats.append(message)
                hub.send(peer, encode(HeartbeatAck(1, "running")))
                hub.send(peer, encode(Pause()))
        return bool(commands)

    turn_until(runtime, answered)
    assert commands == [Pause()]
    assert beats[0].pid == os.getpid() and beats[0].rss_mb > 1
    hub.close()


def test_an_alert_goes_up_and_into_the_log(runtime: Runtime, home: Home) -> None:
    hub = Hub(home.socket("actors"))
    runtime.alert(Severity.CRITICAL, "drawdown", "equity fell\nby half")
    seen: list[Alert] = []

    def heard() -> bool:
        seen.extend(m for _, f in hub.drain() if isinstance(m := TO_SUPERVISOR.decode(f), Alert))
        return bool(seen)

    turn_until(runtime, heard)
    assert seen[0].key == "drawdown"
    line = (home.log / "test_actor.log").read_text().splitlines()[-1]
    assert line.endswith("drawdown: equity fell\\nby half")  # a text from outside never forges a second line
    hub.close()


def test_an_unreadable_message_is_counted_and_the_loop_lives(runtime: Runtime, home: Home) -> None:
    hub = Hub(home.socket("actors"))
    addressed: list[bytes] = []

    def dropped() -> bool:
        if not addressed:
            addressed.extend(peer for peer, _ in hub.drain())
            for peer in addressed:
                hub.send(peer, b"\xc1rubbish")
        return runtime.vitals.unreadable == 1

    turn_until(runtime, dropped)
    hub.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_the_actor_to_stop(home: Home, number: int) -> None:
    runtime = Runtime("stoppable", home, linked=False)
    runtime.later(0.0, lambda: os.kill(os.getpid(), number))
    assert runtime.run() == 0


def test_a_failing_callback_ends_the_actor_after_its_last_words(home: Home) -> None:
    runtime = Runtime("failing", home, linked=False)
    words: list[str] = []
    runtime.on_crash = lambda: words.append("cancel")
    runtime.later(0.0, lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert runtime.run() == 1
    assert words == ["cancel"]
    assert "ZeroDivisionError" in (home.log / "failing.log").read_text()


def test_two_actors_of_one_name_cannot_share_a_home(runtime: Runtime, home: Home) -> None:
    with pytest.raises(AlreadyRunningError, match="test_actor already runs"):
        Runtime("test_actor", home)


def test_an_actor_that_ended_left_no_lock(home: Home) -> None:
    for _ in range(2):
        runtime = Runtime("again", home, linked=False)
        runtime.later(0.0, runtime.stop)
        assert runtime.run() == 0
    assert not list(home.run.glob("again*"))


def test_a_spoke_that_comes_back_under_its_name_takes_over(home: Home) -> None:
    hub = Hub(home.socket("hub"))
    first = Spoke(home.socket("hub"), "x")
    first.send(b"1")
    got: list[tuple[bytes, bytes]] = []
    while not got:
        got = list(hub.drain())
    second = Spoke(home.socket("hub"), "x")
    second.send(b"2")
    while len(got) < 2:
        got += hub.drain()
    hub.send(b"x", b"to the newest")
    frames: list[bytes] = []
    while not frames:
        frames = second.drain()
    assert frames == [b"to the newest"] and first.drain() == []
    for end in (first, second, hub):
        end.close()


@pytest.mark.parametrize("is_stolen", [False, True])
def test_a_socket_file_that_is_lost_ends_the_process(runtime: Runtime, home: Home, is_stolen: bool) -> None:
    hub = Hub(home.socket("orders"))
    runtime.guard("orders")
    home.socket("orders").unlink()
    thief = Hub(home.socket("orders")) if is_stolen else None
    with pytest.raises(InvariantError, match=r"orders\.ipc was deleted or bound by another"):
        turn_until(runtime, lambda: False)
    hub.close()
    if thief is not None:
        thief.close()


def test_a_socket_file_in_its_place_is_no_reason_to_end(runtime: Runtime, home: Home) -> None:
    hub = Hub(home.socket("orders"))
    runtime.guard("orders")
    passed: list[bool] = []
    runtime.later(2.2 * GUARD_S, lambda: passed.append(True))
    turn_until(runtime, lambda: bool(passed))
    hub.close()
