"""Children: a clean environment, a reported end, and no life after their parent's."""

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from wildbot.adapters.processes import ChildProcesses, clean_environment


def wait_reaped(children: ChildProcesses[str]) -> list[tuple[str, int]]:
    """Block on the operating system until every child has ended, then reap."""
    for pid in [child.pid for child in children._children.values()]:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return children.reap()


def test_child_gets_no_secret_and_no_setting_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KRAKEN_API_KEY", "KRAKEN_API_SECRET", "TELEGRAM_BOT_TOKEN", "WILDBOT_EXCHANGE__API_SECRET"):
        monkeypatch.setenv(name, "hush")
    out = tmp_path / "environment"
    children: ChildProcesses[str] = ChildProcesses()
    code = f"import os, pathlib; pathlib.Path({str(out)!r}).write_text(repr(dict(os.environ)))"
    children.spawn("a", ["-c", code], {"WILDBOT_TRADER": "told"})
    assert wait_reaped(children) == [("a", 0)]
    assert "hush" not in out.read_text() and "told" in out.read_text()


def test_clean_environment_keeps_what_python_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    kept = clean_environment({"A": "b"})
    assert kept["LC_ALL"] == "C.UTF-8" and kept["A"] == "b" and "PATH" in kept


def test_exit_code_and_signal_are_reported_once() -> None:
    children: ChildProcesses[str] = ChildProcesses()
    children.spawn("fails", ["-c", "raise SystemExit(3)"], {})
    children.spawn("sleeps", ["-c", "import signal; signal.pause()"], {})
    assert children.signal("sleeps", signal.SIGKILL)
    assert sorted(wait_reaped(children)) == [("fails", 3), ("sleeps", -signal.SIGKILL)]
    assert children.reap() == [] and len(children) == 0
    assert not children.signal("sleeps", signal.SIGKILL)


def test_child_dies_with_its_parent() -> None:
    parent = (
        "import sys, os\n"
        "from wildbot.adapters.processes import ChildProcesses\n"
        "children = ChildProcesses()\n"
        "pid = children.spawn('a', ['-c', 'import signal; signal.pause()'], {})\n"
        "print(pid, flush=True)\n"
        "sys.stdin.read()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        child = os.pidfd_open(int(process.stdout.readline()))
        process.stdin.close()
        process.wait(10)
        # A pidfd becomes readable when its process has ended.
        assert select.select([child], [], [], 10)[0], "the child outlived its parent"
        os.close(child)


def test_children_are_made_by_the_main_thread_only() -> None:
    errors: list[BaseException] = []

    def spawn() -> None:
        try:
            ChildProcesses[str]().spawn("a", ["-c", ""], {})
        except AssertionError as error:
            errors.append(error)

    thread = threading.Thread(target=spawn)
    thread.start()
    thread.join()
    assert len(errors) == 1
