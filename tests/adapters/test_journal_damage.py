"""A journal that is torn, foreign, full, locked or gone: one sentence and no trading, never a part of a batch."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.builders_journal import ROOT, batch, kept_batches
from tests.adapters.test_journal import a_journal
from wildbot.adapters import journal_schema as schema
from wildbot.model.errors import ConfigurationError, JournalError

WAL_HEADER = 32
FRAME_HEADER = 24
BATCHES = 5


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a journal whose process was killed after some batches: everything is still in the log."""
    folder = tmp_path_factory.mktemp("crashed")
    journal = a_journal(folder)
    for number in range(BATCHES):
        journal.write(**batch(number))  # type: ignore[arg-type]
    copy = tmp_path_factory.mktemp("copy")
    for name in ("sim.sqlite", "sim.sqlite-wal"):
        shutil.copy(folder / name, copy / name)
    journal.close()
    return copy


def a_copy(crashed: Path, folder: Path) -> Path:
    for path in crashed.iterdir():
        shutil.copy(path, folder / path.name)
    return folder / "sim.sqlite-wal"


def cuts(size: int) -> list[int]:
    """Return a length in every class of bytes: log header, frame headers, pages, and the borders between."""
    with_page = FRAME_HEADER + 4096
    frames = (size - WAL_HEADER) // with_page
    offsets = {0, 1, WAL_HEADER - 1, WAL_HEADER, size - 1, size}
    for frame in range(frames):
        start = WAL_HEADER + frame * with_page
        offsets |= {
            start,
            start + 1,
            start + 7,
            start + FRAME_HEADER - 1,
            start + FRAME_HEADER,
            start + FRAME_HEADER + 2048,
        }
    return sorted(offset for offset in offsets if offset <= size)


def test_a_log_torn_at_any_kind_of_byte_keeps_whole_batches_only(crashed: Path, tmp_path: Path) -> None:
    kept = []
    for cut in cuts((crashed / "sim.sqlite-wal").stat().st_size):
        folder = tmp_path / str(cut)
        folder.mkdir()
        wal = a_copy(crashed, folder)
        os.truncate(wal, cut)
        kept.append(kept_batches(folder))
    assert kept[-1] == BATCHES
    known = [number for number in kept if number is not None]
    assert known == sorted(known)  # a longer log never has less
    assert len(set(known)) == BATCHES + 1  # every prefix was met


def test_a_flipped_byte_in_the_log_ends_it_there(crashed: Path, tmp_path: Path) -> None:
    rng = random.Random(4)
    size = (crashed / "sim.sqlite-wal").stat().st_size
    for number, offset in enumerate(sorted(rng.sample(range(size), 60))):
        folder = tmp_path / str(number)
        folder.mkdir()
        wal = a_copy(crashed, folder)
        content = bytearray(wal.read_bytes())
        content[offset] ^= 0x41
        wal.write_bytes(content)
        found = kept_batches(folder)
        assert found is None or 0 <= found <= BATCHES


def test_a_damaged_page_is_refused_or_changes_no_row(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    for number in range(200):
        journal.write(**batch(number))  # type: ignore[arg-type]
    journal.close()
    whole = (tmp_path / "sim.sqlite").read_bytes()
    refused = 0
    for page in range(len(whole) // 4096):
        content = bytearray(whole)
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
        (tmp_path / "sim.sqlite").write_bytes(content)
        refused += kept_batches(tmp_path) is None
        assert not refused or (tmp_path / "sim.sqlite").read_bytes()[:16] != b""
    assert refused >= len(whole) // 4096 - 1


def test_an_index_without_an_entry_is_found(tmp_path: Path) -> None:
    # Else the fill behind it would be booked a second time.
    journal = a_journal(tmp_path)
    journal.write(**batch(0))  # type: ignore[arg-type]
    journal.close()
    with sqlite3.connect(tmp_path / "sim.sqlite") as other:
        (root,) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_fills_1'").fetchone()
    content = bytearray((tmp_path / "sim.sqlite").read_bytes())
    content[(root - 1) * 4096 : root * 4096] = bytes([10, 0, 0, 0, 0, 0x10, 0, 0]) + bytes(4088)  # an empty leaf
    (tmp_path / "sim.sqlite").write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        a_journal(tmp_path)


def test_another_programs_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    for statement in ("CREATE TABLE places (url TEXT)", "PRAGMA user_version=1"):
        with sqlite3.connect(tmp_path / "sim.sqlite") as other:
            other.execute(statement)
        before = (tmp_path / "sim.sqlite").read_bytes()
        with pytest.raises(ConfigurationError, match="another program's file"):
            a_journal(tmp_path)
        assert (tmp_path / "sim.sqlite").read_bytes() == before


def as_version_1(folder: Path) -> None:
    """Make the journal what version 1 left behind."""
    a_journal(folder).close()
    with sqlite3.connect(folder / "sim.sqlite") as other:
        other.execute("DELETE FROM meta WHERE key = 'stamp/place'")
        other.execute("PRAGMA user_version=1")
        other.execute("PRAGMA application_id=0")


def test_an_older_journal_is_brought_up_once_and_then_bound_to_its_place(tmp_path: Path) -> None:
    as_version_1(tmp_path)
    a_journal(tmp_path).close()
    with sqlite3.connect(tmp_path / "sim.sqlite") as other:
        assert other.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        assert other.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    with pytest.raises(ConfigurationError, match="another exchange"):
        a_journal(tmp_path, place="kraken")


@pytest.mark.parametrize("fresh", [True, False])
def test_an_interrupted_upgrade_is_undone_and_done_again(tmp_path: Path, fresh: bool) -> None:
    if not fresh:
        as_version_1(tmp_path)
    code = (
        "import os, sqlite3, sys; from pathlib import Path; from wildbot.adapters import journal_schema, journal\n"
        "class Dying(sqlite3.Connection):\n"
        "    def execute(self, sql, *rest):\n"
        "        if 'PRAGMA user_version=' in sql: os.kill(os.getpid(), 9)\n"
        "        return super().execute(sql, *rest)\n"
        "connect = sqlite3.connect\n"
        "journal.sqlite3.connect = lambda *a, **k: connect(*a, factory=Dying, **k)\n"
        "journal.Journal(Path(sys.argv[1]), profile='sim', key_fingerprint='abc', place='loopback')\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "sim.sqlite")], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    with sqlite3.connect(tmp_path / "sim.sqlite") as other:
        assert other.execute("PRAGMA user_version").fetchone() == (0 if fresh else 1,)
        tables = other.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
        assert (tables == 0) is fresh
    other.close()
    journal = a_journal(tmp_path)
    journal.write(**batch(0))  # type: ignore[arg-type]
    journal.close()


def test_a_row_is_there_after_kill_9_right_behind_write(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from tests.adapters.test_journal import a_journal\n"
        "from tests.adapters.builders_journal import batch\n"
        "journal = a_journal(Path(sys.argv[1]))\n"
        "for number in range(int(sys.argv[2])): journal.write(**batch(number))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    for number in (1, 2, 40):
        folder = tmp_path / str(number)
        folder.mkdir()
        ended = subprocess.run([sys.executable, "-c", code, str(folder), str(number)], cwd=ROOT, check=False)
        assert ended.returncode == -signal.SIGKILL
        assert kept_batches(folder) == number


def test_a_full_disk_refuses_the_batch_and_keeps_what_was_there(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.write(**batch(0))  # type: ignore[arg-type]
    connection = journal._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(JournalError, match="full"):
        for number in range(1, 200):
            journal.write(**batch(number))  # type: ignore[arg-type]
    kept = len(journal.fills())
    connection.execute("PRAGMA max_page_count=1000000")
    journal.write(**batch(kept))  # type: ignore[arg-type]
    journal.close()
    assert kept_batches(tmp_path) == kept + 1


def test_a_disk_that_is_full_at_the_start_is_one_sentence(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; from wildbot.adapters.journal import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "try: Journal(Path(sys.argv[1]), profile='sim', key_fingerprint='abc', place='loopback')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "sim.sqlite")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.stdout.startswith("ConfigurationError the journal") and told.stdout.count("\n") == 1, told


def test_a_journal_where_nothing_can_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sim.sqlite").mkdir()
    with pytest.raises(ConfigurationError, match=r"cannot be written: Is a directory"):
        a_journal(tmp_path)


def test_a_journal_locked_for_good_by_another_program_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wildbot.adapters.journal.BUSY_TIMEOUT_S", 0.05)
    a_journal(tmp_path).close()
    other = sqlite3.connect(tmp_path / "sim.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ConfigurationError, match="locked"):
        a_journal(tmp_path)
    other.close()
    a_journal(tmp_path).close()


def test_a_connection_that_came_over_a_fork_writes_nothing(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    child = os.fork()
    if child == 0:
        try:
            journal.write(meta={"a": "b"})
            os._exit(0)
        except AssertionError:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    journal.write(meta={"c": "d"})
    assert "a" not in journal.meta()
    journal.close()
