"""Backups of the journal: consistent, complete, and bound to their place."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.builders_journal import ROOT, batch, kept_batches
from tests.adapters.test_journal import a_journal
from wildbot.adapters.journal import Journal
from wildbot.adapters.journal_backup import back_up
from wildbot.model.errors import BackupError, ConfigurationError


def test_an_old_backup_put_back_is_taken_for_what_it_is_an_older_state_of_the_same_account(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.write(**batch(0))  # type: ignore[arg-type]
    back_up(tmp_path / "sim.sqlite", tmp_path / "backup")
    journal.write(**batch(1))  # type: ignore[arg-type]
    journal.close()
    shutil.copy(tmp_path / "backup", tmp_path / "sim.sqlite")
    assert kept_batches(tmp_path) == 1  # the gateway asks the exchange for what came after it


def test_a_backup_is_consistent_while_the_journal_is_written(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.adapters.test_journal import a_journal\n"
        "from tests.adapters.builders_journal import batch\n"
        "journal, number = a_journal(Path(sys.argv[1])), 0\n"
        "while True:\n"
        "    journal.write(**batch(number)); number += 1\n"
        "    if number == 50: print('go', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None and writer.stdout.readline() == b"go\n"
            for number in range(3):
                folder = tmp_path / str(number)
                folder.mkdir()
                fills = back_up(tmp_path / "sim.sqlite", folder / "sim.sqlite")
                assert fills >= 50
                assert kept_batches(folder) == fills
        finally:
            writer.kill()


def test_a_backup_replaces_nothing_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no journal"):
        back_up(tmp_path / "sim.sqlite", tmp_path / "backup")
    (tmp_path / "sim.sqlite").write_bytes(b"no database" * 1_000)
    with pytest.raises(BackupError, match="could not be written"):
        back_up(tmp_path / "sim.sqlite", tmp_path / "backup")
    assert {path.name for path in tmp_path.iterdir()} == {"sim.sqlite"}
    (tmp_path / "backup").write_text("mine")
    with pytest.raises(BackupError, match="exists already"):
        back_up(tmp_path / "sim.sqlite", tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "mine"


def test_a_place_is_part_of_the_stamp(tmp_path: Path) -> None:
    Journal(tmp_path / "live.sqlite", profile="live", key_fingerprint="abc", place="kraken").close()
    with pytest.raises(ConfigurationError, match=r"another exchange \(kraken, ours is loopback\)"):
        Journal(tmp_path / "live.sqlite", profile="live", key_fingerprint="abc", place="loopback")
