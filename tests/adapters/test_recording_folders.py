"""The folder of recordings: bounded by dropping the oldest of what was recorded, and by nothing else; one writer each."""

from pathlib import Path

import pytest

from tests.adapters.test_recording import HOUR, HOUR_NS, PAIR, numbers, trade, writer
from tests.simulation.builders_simulation import btc
from wildbot.adapters.recording import PairWriter, finished_files, folder_of
from wildbot.adapters.recording_folders import IMPORTED, FolderHold, enforce_cap
from wildbot.model.errors import ConfigurationError


def five_hours(made: PairWriter) -> list[Path]:
    for number in range(50):
        made.add(trade(number, HOUR + number * HOUR_NS // 10))
    made.close()
    return finished_files(folder_of(made.folder.parent, PAIR))


def test_disk_use_is_bounded_by_dropping_the_oldest_hours(tmp_path: Path) -> None:
    files = five_hours(writer(tmp_path))
    sizes = [path.stat().st_size for path in files]
    assert enforce_cap(tmp_path, sum(sizes)) == []
    assert enforce_cap(tmp_path, sum(sizes) - 1) == files[:1]
    assert enforce_cap(tmp_path, sizes[-1]) == files[1:-1]
    assert numbers(tmp_path) == list(range(40, 50))


def test_within_the_running_hour_its_oldest_segments_go(tmp_path: Path) -> None:
    made = writer(tmp_path, segment_rows=2)
    for number in range(7):
        made.add(trade(number))
    assert len(enforce_cap(tmp_path, 1)) == 2
    made.close()
    assert numbers(tmp_path) == [4, 5, 6]


def test_what_was_imported_and_what_is_no_recording_stay(tmp_path: Path) -> None:
    imported = five_hours(PairWriter(tmp_path, btc(), f"{IMPORTED.decode()}a.gz"))
    others = [tmp_path / "mine.parquet", tmp_path / "mine" / "deep.parquet", imported[0].parent / "20000101T000000.parquet"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"not yours to delete")
    assert enforce_cap(tmp_path, 1) == []
    assert all(path.exists() for path in (*imported, *others))


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    first = FolderHold(tmp_path / "BTC-USDC")
    with pytest.raises(ConfigurationError, match="another recorder writes into"):
        FolderHold(tmp_path / "BTC-USDC")
    first.release()
    first.release()
    FolderHold(tmp_path / "BTC-USDC").release()
