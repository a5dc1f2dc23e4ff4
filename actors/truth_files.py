"""The two files of the truth desk, for itself, reports and backups: the mids around each fill, the tallies of the twins.

Rules: a copy holds whole lines and a record that could be read, or it is not there; it is for the owner alone. Made after
    the journal's copy, it knows of every fill in that one, and of fills that are not in it, which do no harm.
"""

import os
from pathlib import Path

import msgspec

from wildbot.adapters.append_log import AppendLog
from wildbot.adapters.home import Home
from wildbot.adapters.supervisor_state import DurableRecord
from wildbot.model.errors import BackupError, ConfigurationError
from wildbot.settings import Profile, Settings
from wildbot.truth.profit_ledger import Mark
from wildbot.truth.queue_power import power_in_force
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


def believed_power(home: Home, settings: Settings) -> float:
    """Return the power of `queue_position` that is in force (see `queue_power`): of paper by what the live account's orders
    said, since paper's own fills say only what paper believed. A record that cannot be read says nothing."""
    witness = Profile.LIVE if settings.profile is Profile.PAPER else settings.profile
    try:
        record = twin_record(home, witness.value).load()
    except ConfigurationError:
        record = None
    return power_in_force(settings.exchange.queue_power, record.power if record is not None else None)


def truth_copies(backup: Path) -> tuple[Path, Path]:
    """Return what the copies of the two files are called beside a journal's `backup`: of the marks, of the tallies."""
    return backup.with_name(f"{backup.name}.marks.jsonl"), backup.with_name(f"{backup.name}.truth.json")


def back_up_truth(home: Home, profile: str, backup: Path) -> list[Path]:
    """Copy the two files, as far as there are any, beside a journal's `backup`; return the copies.

    Raises: BackupError if a copy exists already or the disk refuses, ConfigurationError if the tallies cannot be read.
    """
    marks, tallies = truth_copies(backup)
    made = []
    if seen := read_marks(marks_file(home, profile)):
        _write_new(marks, b"".join(msgspec.json.encode(mark) + b"\n" for mark in seen.values()))
        made.append(marks)
    if (record := twin_record(home, profile).load()) is not None:
        _write_new(tallies, msgspec.json.format(msgspec.json.encode(record), indent=1))
        made.append(tallies)
    return made


def _write_new(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)  # unlike a rename it never replaces a file
    except FileExistsError:
        raise BackupError(f"{path} exists already; a backup never replaces a file") from None
    except OSError as error:
        raise BackupError(f"{path} could not be written: {error}") from None
    finally:
        unfinished.unlink(missing_ok=True)
