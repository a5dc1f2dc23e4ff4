"""Failpoints: silent unless asked for, counted by passes, and from a file they strike once among all processes."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wildbot.adapters import failpoints
from wildbot.adapters.failpoints import ACTIONS, FAILPOINTS_NAME, POINTS, FailpointError, Failpoints, parse_strikes
from wildbot.adapters.live_gate import CONFIRM_NAME, CONFIRM_WORD, check_live
from wildbot.adapters.processes import clean_environment
from wildbot.model.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


def passes_until_struck(points: Failpoints, point: str, passes_max: int = 10) -> int:
    """Return how often `point` was reached before it struck; 0: never."""
    for passed in range(1, passes_max + 1):
        try:
            points.reach(point)
        except FailpointError:
            return passed
    return 0


def a_process(text: str, code: str) -> "subprocess.Popen[bytes]":
    """Start a process that arms from its environment and runs `code`."""
    words = f"import os\nfrom wildbot.adapters.failpoints import arm, reach\narm(os.environ)\n{code}"
    return subprocess.Popen([sys.executable, "-c", words], env={FAILPOINTS_NAME: text}, cwd=ROOT)


def test_without_the_name_in_the_environment_nothing_happens() -> None:
    failpoints.arm({})
    for point in POINTS:
        failpoints.reach(point)


def test_every_point_stands_at_one_place_that_a_process_runs() -> None:
    paths = [*(ROOT / "actors").glob("*.py"), *(ROOT / "wildbot" / "desk").glob("*.py")]
    passed = re.findall(r'reach\("([^"]+)"\)', "".join(path.read_text() for path in paths))
    assert sorted(passed) == sorted(POINTS)


def test_a_point_strikes_at_its_pass_and_no_other() -> None:
    points = Failpoints("gw.sent:raise:3", ROOT)
    assert passes_until_struck(points, "gw.acked") == 0
    assert passes_until_struck(points, "gw.sent") == 3
    assert passes_until_struck(points, "gw.sent") == 0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("gw.snet:kill:1", "gw.sent"),
        ("gw.sent:explode:1", "kill, raise, stop"),
        ("gw.sent:kill:0", "from 1 on"),
        ("gw.sent:kill", "from 1 on"),
        ("gw.sent:kill:²", "from 1 on"),
        ("gw.sent", "kill, raise, stop"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(text: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        failpoints.arm({FAILPOINTS_NAME: text})


def test_several_strikes_stand_in_one_text() -> None:
    text = ",".join(f"{point}:{action}:2" for point in POINTS for action in ACTIONS)
    assert len(parse_strikes(text)) == len(POINTS) * len(ACTIONS)


def test_kill_is_the_signal_nobody_survives() -> None:
    code = "reach('gw.sent')\nreach('gw.sent')\nraise SystemExit(0)"
    for text, end in (("gw.sent:kill:2", -signal.SIGKILL), ("gw.sent:kill:3", 0)):
        with a_process(text, code) as process:
            assert process.wait(20) == end


def test_stop_freezes_until_somebody_says_go_on() -> None:
    with a_process("gw.sent:stop:1", "reach('gw.sent')\nos._exit(7)") as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        assert process.wait(20) == 7


def test_a_file_strikes_once_among_all_its_readers(tmp_path: Path) -> None:
    path = tmp_path / "failpoints"
    first, second = Failpoints("@failpoints", tmp_path), Failpoints("@failpoints", tmp_path)
    assert passes_until_struck(first, "gw.sent") == 0, "nothing is armed yet"
    path.write_text("gw.sent:raise:2")
    second.reach("gw.sent")
    assert passes_until_struck(first, "gw.sent") == 2, "passes count from the arming on"
    assert passes_until_struck(second, "gw.sent") == 0, "the other one was faster"
    assert not path.exists() and path.with_name("failpoints.struck").exists()


def test_a_file_can_be_armed_again(tmp_path: Path) -> None:
    path = tmp_path / "failpoints"
    points = Failpoints("@failpoints", tmp_path)
    for _ in range(3):
        path.write_text("gw.sent:raise:2")
        assert passes_until_struck(points, "gw.sent") == 2


def test_live_does_not_start_with_failpoints() -> None:
    with pytest.raises(ConfigurationError, match=FAILPOINTS_NAME):
        check_live({CONFIRM_NAME: CONFIRM_WORD, FAILPOINTS_NAME: "gw.sent:kill:1"}, embedded=False, exclusive=True)


def test_traders_hear_of_the_failpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FAILPOINTS_NAME, "trader.decided:kill:1")
    assert clean_environment({})[FAILPOINTS_NAME] == "trader.decided:kill:1"
