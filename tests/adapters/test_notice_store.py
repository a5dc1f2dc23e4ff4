"""The notifier's file: what was saved is there after a kill, whole or not at all; a damaged file is moved aside."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.adapters.notice_store import NoticeStore, NoticeStoreError
from wildbot.model.errors import ConfigurationError
from wildbot.model.messaging import Note, NoteKind

ROOT = Path(__file__).resolve().parents[2]
NOTES = st.builds(
    Note,
    st.integers(1, 50),
    st.sampled_from(NoteKind),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text(st.characters(codec="utf-8"), max_size=200),
    st.integers(0, 2**63 - 1),
    st.integers(1, 10**9),
)


@given(notes=st.lists(NOTES, unique_by=lambda note: note.id, max_size=10), dropped=st.sets(st.integers(1, 50), max_size=10))
def test_what_is_saved_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, notes: list[Note], dropped: set[int]
) -> None:
    path = tmp_path_factory.mktemp("store") / "notifier.sqlite"
    store = NoticeStore(path)
    store.save(notes, (), {"a": "1"})
    store.save((), dropped, {"a": "2"})
    store.close()
    again = NoticeStore(path)
    assert again.notes() == tuple(sorted((n for n in notes if n.id not in dropped), key=lambda n: n.id))
    assert (again.fact("a"), again.fact("b"), again.damaged) == ("2", None, None)
    again.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_saved_survives_a_kill_in_the_next_moment(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from wildbot.adapters.notice_store import NoticeStore;"
        "from wildbot.model.messaging import Note, NoteKind;"
        "NoticeStore(Path(sys.argv[1])).save([Note(1, NoteKind.CRITICAL, 'k', 't', 5, 2)], [], {'f': 'x'}); os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "n.sqlite"
    assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False).returncode == -9
    store = NoticeStore(path)
    assert store.notes() == (Note(1, NoteKind.CRITICAL, "k", "t", 5, 2),) and store.fact("f") == "x"
    store.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = NoticeStore(tmp_path / "n.sqlite")
    with pytest.raises(NoticeStoreError):
        store.save([Note(1, NoteKind.NEWS, "k", "t", 5)], (), {"a": None})  # type: ignore[dict-item]
    assert store.notes() == ()
    store.save([Note(1, NoteKind.NEWS, "k", "t", 5)], (), {})
    assert len(store.notes()) == 1
    store.close()


@pytest.mark.parametrize("content", [b"no database at all " * 100, b"SQLite format 3\x00" + b"\xff" * 5_000])
def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "n.sqlite"
    path.write_bytes(content)
    store = NoticeStore(path)
    assert store.damaged is not None and store.damaged.read_bytes() == content
    store.save([Note(1, NoteKind.NEWS, "k", "t", 5)], (), {})
    assert len(store.notes()) == 1
    store.close()


def test_a_file_of_another_shape_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "n.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE notes (x)")
    other.commit()
    other.close()
    store = NoticeStore(path)
    assert store.notes() == () and store.damaged is not None
    store.close()


def test_a_folder_that_cannot_be_written_is_a_matter_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        NoticeStore(tmp_path / "nowhere" / "n.sqlite")
