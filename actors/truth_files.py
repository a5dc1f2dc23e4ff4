"""The two files of the truth desk, for itself and for reports: the mids around each fill, and the tallies of the twins."""

from pathlib import Path

import msgspec

from wildbot.adapters.append_log import AppendLog
from wildbot.adapters.home import Home
from wildbot.adapters.supervisor_state import DurableRecord
from wildbot.truth.profit_ledger import Mark
from wildbot.truth.truth_desk import TwinRecord


def marks_file(home: Home, profile: str) -> Path:
    """Return where the mids around fills are."""
    return home.data / f"{profile}.marks.jsonl"


def twin_record(home: Home, profile: str) -> DurableRecord[TwinRecord]:
    """Return where the twins' tallies are."""
    return DurableRecord(home.data / f"{profile}.truth.json", TwinRecord)


def read_marks(path: Path) -> dict[str, Mark]:
    """Return the marks by execution id, the last of each; a line that cannot be read is one that was cut off."""
    marks: dict[str, Mark] = {}
    for line in AppendLog(path).lines():
        try:
            mark = msgspec.json.decode(line, type=Mark)
        except msgspec.DecodeError:
            continue
        marks[mark.exec_id] = mark
    return marks
