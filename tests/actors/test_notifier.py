"""The notifier's shell: a memory that outlasts a disk that refuses, and logs that are read by name alone."""

import sqlite3
from pathlib import Path

import pytest

from actors.notice_memory import NoticeMemory
from actors.notifier import LOG_LINES, read_log
from wildbot.adapters import log
from wildbot.adapters.home import Home
from wildbot.messenger.messenger import Recall, Save
from wildbot.messenger.notices import Memory
from wildbot.messenger.outbox import Changes
from wildbot.model.messaging import Note, NoteKind

NOTES = [Note(number, NoteKind.CRITICAL, f"k{number}", "t", 5) for number in range(1, 4)]


def a_save(*kept: Note, dropped: tuple[int, ...] = (), memory: Memory | None = None) -> Save:
    return Save(Changes(kept, dropped), memory, (7, 8), 99)


def test_what_was_saved_is_recalled_by_the_next_life(tmp_path: Path) -> None:
    memory = NoticeMemory(tmp_path / "n.sqlite")
    assert memory.recall() == Recall()
    told = Memory(alerts=("a@1",), run_told="run-1")
    assert memory.save(a_save(*NOTES, dropped=(2,), memory=told)) == ""
    memory.close()
    again = NoticeMemory(tmp_path / "n.sqlite")
    assert again.recall() == Recall((NOTES[0], NOTES[2]), told, (7, 8), 99)
    again.close()


def test_what_the_disk_refused_is_written_with_the_next(tmp_path: Path) -> None:
    memory = NoticeMemory(tmp_path / "n.sqlite")
    memory.save(a_save(NOTES[0]))
    other = sqlite3.connect(tmp_path / "n.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "locked" in memory.save(a_save(NOTES[1], dropped=(1,)))
    other.execute("ROLLBACK")
    other.close()
    assert memory.save(a_save(NOTES[2])) == ""
    assert memory.recall().notes == (NOTES[1], NOTES[2])
    memory.close()


def test_a_fact_that_cannot_be_read_is_as_if_it_had_not_been_written(tmp_path: Path) -> None:
    memory = NoticeMemory(tmp_path / "n.sqlite")
    memory.save(a_save(NOTES[0]))
    memory.close()
    with sqlite3.connect(tmp_path / "n.sqlite") as other:
        other.execute("UPDATE facts SET value = '{'")
    other.close()
    again = NoticeMemory(tmp_path / "n.sqlite")
    assert again.recall() == Recall(notes=(NOTES[0],))
    again.close()


@pytest.mark.parametrize("name", ["../data/secret", "/etc/passwd", "secret.log", "", ".", "supervisor.1"])
def test_only_an_actors_log_is_ever_read(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path)
    home.prepare()
    (home.data / "secret.log").write_text("hush")
    (home.log / "supervisor.1.log").write_text("rotated")
    (home.log / "supervisor.log").write_text("".join(f"line {number}\n" for number in range(40_000)))
    read = read_log(home, name)
    assert read.lines is None and read.known == ["supervisor"]
    lines = read_log(home, "supervisor").lines
    assert lines is not None and len(lines) == LOG_LINES and lines[-1] == "line 39999"


def test_a_log_is_told_with_its_secrets_blanked(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    log.blank("canary-of-the-notifier")
    (home.log / "supervisor.log").write_text("a canary-of-the-notifier\x1b[2J\n")
    assert read_log(home, "supervisor").lines == ["a ****\\x1b[2J"]
