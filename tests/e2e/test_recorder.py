"""`wildbot up` with `recorder.enabled`: what the traders see is on disk when it has ended, and its end is no gap."""

import sys
from collections.abc import Iterator

import pytest

from tests.e2e.instance import Document, Instance
from wildbot.adapters.recording import instrument_of, pair_folders, read_rows
from wildbot.adapters.recording_columns import read_columns
from wildbot.backtest.recorded_tape import recorded_books
from wildbot.model.market_data import BookInvalidated, BookSnapshot
from wildbot.model.recording import RecordedBook

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="needs prctl"),
]
PAIRS = ("SOL/USDC", "XRP/USDC")


@pytest.fixture
def instance() -> Iterator[Instance]:
    whole = Instance(
        WILDBOT_RECORDER__ENABLED="true",
        WILDBOT_RECORDER__FOLDER="tapes",
        WILDBOT_TRADING__PAIRS='["SOL/USDC","XRP/USDC"]',
        WILDBOT_CAPITAL__STARTING="40",
    )
    yield whole
    whole.close()


def is_recording(document: Document) -> bool:
    return any(row["name"] == "recorder" and row["state"] == "running" for row in document["actors"])


def test_the_market_is_on_disk_after_a_run_that_records(instance: Instance) -> None:
    instance.up()
    instance.wait(is_recording, "the recorder runs", 90)
    began_ns = instance.status()["ts_ns"]
    instance.wait(lambda document: document["ts_ns"] - began_ns > 8 * 10**9, "eight seconds later")
    assert instance.interrupt() == 0, instance.last_words()
    folders = {instrument_of(folder).pair: folder for folder in pair_folders(instance.home / "data" / "tapes")}
    assert set(PAIRS) <= set(folders)
    for pair in PAIRS:
        rows = list(read_rows(folders[pair], pytest.fail))
        books = [row for row in rows if isinstance(row, RecordedBook)]
        assert len(books) > 5 and books[0].is_whole
        assert not [row for row in rows if isinstance(row, BookInvalidated)]
        tape = recorded_books(instrument_of(folders[pair]), read_columns(folders[pair], pytest.fail))
        assert len([row for row in tape.events if isinstance(row, BookSnapshot)]) == len(books)
        assert tape.notes.skipped == 0
