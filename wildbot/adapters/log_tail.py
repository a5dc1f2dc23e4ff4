"""The end of an actor's log file as records, for whoever only looks.

Rules: a read takes the last `BYTES_MAX` of the file and no more; a line that does not begin a record belongs to the record
    before it (a traceback). Nothing is ever written.
Source: the line of `adapters.log`, whose pair has a column of its own, blank for an actor without one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

BYTES_MAX = 512 * 1024
LEVELS = ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")
ACTOR_WIDTH = 18
_RECORD = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})Z (\w+) +(\S+)( +)(.*)")


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record: its UTC day and time, level, pair ("" for none) and message, which may have several lines."""

    day: str
    time: str
    level: str
    pair: str
    message: str


def actors_with_logs(folder: Path) -> list[str]:
    """Return the names of the actors that have a log file, rotated ones aside."""
    try:
        return sorted(path.stem for path in folder.glob("*.log") if "." not in path.stem)
    except OSError:
        return []


def tail(path: Path, count: int, *, least: str = "TRACE", containing: str = "") -> list[LogRecord]:
    """Return the last `count` records at or above a level that contain a text (in any case), oldest first.

    A file that is not there has none; a level nobody knows is shown always, since it may matter.
    """
    wanted, floor = containing.casefold(), LEVELS.index(least)
    found = [
        record
        for record in _records(_end(path))
        if (record.level not in LEVELS or LEVELS.index(record.level) >= floor)
        and (not wanted or wanted in f"{record.pair} {record.message}".casefold())
    ]
    return found[-count:] if count else []


def _end(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - BYTES_MAX))
            lines = file.read(BYTES_MAX).decode(errors="replace").split("\n")
    except OSError:
        return []
    return lines[1:] if size > BYTES_MAX else lines  # the first one was cut


def _records(lines: list[str]) -> list[LogRecord]:
    records: list[LogRecord] = []
    for line in lines:
        begun = _RECORD.fullmatch(line)
        if begun is not None:
            day, time, level, actor, blanks, rest = begun.groups()
            has_pair = len(blanks) <= max(0, ACTOR_WIDTH - len(actor)) + 1
            pair, _, message = rest.partition(" ") if has_pair else ("", "", rest)
            records.append(LogRecord(day, time, level, pair, message.lstrip()))
        elif line and records:
            last = records[-1]
            records[-1] = LogRecord(last.day, last.time, last.level, last.pair, f"{last.message}\n{line}")
    return records
