"""Recordings that were torn: used as far as they go, and said."""

import gzip
import random
from pathlib import Path

import pytest

from wildbot.commands.backtest_tapes import TapeFile, open_tape
from wildbot.model.errors import ConfigurationError
from wildbot.simulation.tapes import lobster_sample

NAME = "DEMO_2012-06-21_34200000_37800000_{}_10.csv.gz"


def a_recording(folder: Path, *, kept: float = 1.0, damage: bytes = b"") -> Path:
    """Two minutes of a simulated stock, of whose message file a share is kept, with `damage` after it."""
    messages, rows = lobster_sample(random.Random(1), seconds=120)
    path = folder / NAME.format("message")
    whole = gzip.compress("".join(f"{line.rstrip()}\n" for line in messages).encode())
    path.write_bytes(whole[: int(len(whole) * kept)] + damage)
    (folder / NAME.format("orderbook")).write_bytes(gzip.compress("".join(f"{row.rstrip()}\n" for row in rows).encode()))
    return path


def test_a_whole_recording_has_nothing_to_remark(tmp_path: Path) -> None:
    tape = open_tape(TapeFile(a_recording(tmp_path)))
    assert len(list(tape.events)) > 500
    assert tape.notes.remarks == []


@pytest.mark.parametrize("damage", [b"", b"\x00" * 4_000])
def test_a_torn_recording_is_read_as_far_as_it_goes_and_says_so(tmp_path: Path, damage: bytes) -> None:
    whole = list(open_tape(TapeFile(a_recording(tmp_path))).events)
    tape = open_tape(TapeFile(a_recording(tmp_path, kept=0.6, damage=damage)))
    events = list(tape.events)
    assert 50 < len(events) < len(whole)
    assert events[: len(events) - 1] == whole[: len(events) - 1]  # what was torn in the middle may be told last
    (remark,) = tape.notes.remarks
    assert remark.startswith(f"ends after {tape.notes.rows} rows, the rest cannot be read: ")


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip at all", gzip.compress(b"", mtime=0), gzip.compress(b"34200,1,2,3", mtime=0)[:12]],
    ids=["empty", "no gzip", "nothing in it", "cut in the header"],
)
def test_what_cannot_be_read_from_the_start_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = a_recording(tmp_path)
    (tmp_path / NAME.format("orderbook")).write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        open_tape(TapeFile(path))
