"""`wildbot logs`: the end of a log, loud enough, and every line that is added, each once."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.commands.builders_cli import sentences, wildbot
from wildbot.adapters.home import Home
from wildbot.commands.logs import FollowedLog

ROOT = Path(__file__).resolve().parents[2]


def test_logs_prints_the_last_lines(home: Home) -> None:
    (home.log / "supervisor.log").write_text("one\ntwo\nthree\n")
    assert wildbot("logs", "supervisor", "-n", "2").stdout.split() == ["two", "three"]


def test_logs_shows_what_is_loud_enough_and_what_belongs_to_it(home: Home) -> None:
    lines = (
        "2026-11-21 18:00:00.000Z INFO     a  quiet",
        "    | of the quiet one",
        "2026-11-21 18:00:01.000Z ERROR    a  broke",
    )
    (home.log / "supervisor.log").write_text("\n".join((*lines, "    | why", "")))
    assert json.loads(wildbot("logs", "supervisor", "--level", "warning", "--json").stdout)["lines"] == [
        lines[2],
        "    | why",
    ]
    assert len(json.loads(wildbot("logs", "supervisor", "--json").stdout)["lines"]) == 4


def test_logs_names_the_actors_there_are_when_asked_for_another(home: Home) -> None:
    (home.log / "supervisor.log").write_text("one\n")
    result = wildbot("logs", "supervisr")
    assert (result.exit_code, "there are: supervisor" in sentences(result)) == (1, True)


def test_logs_follows_what_is_added_also_after_a_rotation(home: Home) -> None:
    path = home.log / "supervisor.log"
    path.write_text("first\n")
    command = [sys.executable, "-m", "wildbot.cli", "logs", "supervisor", "-f"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "first\n"
        with path.open("a") as log:
            log.write("second\n")
        assert follower.stdout.readline() == "second\n"
        path.rename(home.log / "supervisor.2026.log")
        path.write_text("third\n")
        assert follower.stdout.readline() == "third\n"
        follower.send_signal(signal.SIGINT)
        assert follower.wait(10) == 0


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as log:
        log.write(text)


def test_what_was_written_just_before_a_rotation_is_read_before_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    append(path, "one\n")
    with FollowedLog(path) as log:
        assert list(log.added()) == ["one"]
        append(path, "two\n")
        path.rename(tmp_path / "a.2026.log")
        append(path, "three\n")
        assert list(log.added()) == ["two", "three"]
        assert list(log.added()) == []


def test_between_two_names_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    append(path, "one\n")
    with FollowedLog(path) as log:
        path.rename(tmp_path / "a.2026.log")
        assert list(log.added()) == ["one"]
        append(path, "two\n")
        assert list(log.added()) == ["two"]


def test_a_line_is_shown_whole_or_not_yet(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    append(path, "half a ")
    with FollowedLog(path) as log:
        assert list(log.added()) == []
        append(path, "line\n")
        assert list(log.added()) == ["half a line"]


def test_a_torn_last_line_is_shown_to_who_does_not_wait(home: Home) -> None:
    append(home.log / "supervisor.log", "one\nkilled in the mid")
    assert wildbot("logs", "supervisor").stdout.splitlines() == ["one", "killed in the mid"]


def test_logs_without_an_actor_names_those_there_are(home: Home) -> None:
    assert "nothing has been logged yet" in sentences(wildbot("logs"))
    append(home.log / "supervisor.log", "one\n")
    assert wildbot("logs").exit_code == 0 and sentences(wildbot("logs")).endswith("supervisor")
    assert json.loads(wildbot("logs", "--json").stdout) == {"actors": ["supervisor"]}
