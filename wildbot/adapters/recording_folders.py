"""The folder of recordings as a whole: how large it may grow, which times it holds, and who may write to it.

Rules: only files that a recorder wrote are counted against its cap and deleted: what was imported, or is no
    recording, stays. One writer per pair's folder, as long as its process lives.
Owns: the lock file in a pair's folder.
"""

import fcntl
import os
from datetime import date, datetime, tzinfo
from pathlib import Path

from wildbot.adapters.arrow import parquet
from wildbot.adapters.recording import FINISHED, PART, SOURCE_KEY, finished_files, metadata_of, readable_files
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_SECOND

LOCK = ".lock"
IMPORTED = b"imported "
"""What the source of an imported recording begins with."""


class FolderHold:
    """The right to write into a pair's folder, until `release` or the end of this process."""

    def __init__(self, folder: Path) -> None:
        """Take it. Raises: ConfigurationError when another process has it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise ConfigurationError(f"another recorder writes into {str(folder)!r}; give each its own --data") from None

    def release(self) -> None:
        """Give it up; more than once is once."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def enforce_cap(root: Path, cap_bytes: int) -> list[Path]:
    """Delete the oldest files that recorders wrote below `root` until these hold at most `cap_bytes`; return the deleted.

    Finished hours go first, then segments of the running one; the newest file of a pair stays.
    """
    sizes = {path: path.stat().st_size for path in root.glob(f"*/*{FINISHED}")}
    if sum(sizes.values()) <= cap_bytes:
        return []
    files = [path for path in sizes if _is_recorded(path)]
    newest = {each.parent: each for each in sorted(files, key=_age)}.values()
    total, deleted = sum(sizes[each] for each in files), []
    for path in sorted((each for each in files if each not in newest), key=lambda each: (_is_part(each), _age(each))):
        if total <= cap_bytes:
            break
        path.unlink()
        total -= sizes[path]
        deleted.append(path)
    return deleted


def span_of(folder: Path) -> list[tuple[int, int]]:
    """Return (first, last) time in ns of each file of a pair's recording."""
    spans = []
    for path in readable_files(folder, lambda text: None):
        times = parquet().read_table(path, columns=["recv_ts_ns"]).column(0).to_pylist()
        if times:
            spans.append((min(times), max(times)))
    return spans


def recorded_days(folder: Path, place: tzinfo) -> tuple[date, date]:
    """Return the first and the last day of a pair's recording, as the calendar of a place has them."""
    spans = span_of(folder)
    first, last = (min(begin for begin, _ in spans), max(end for _, end in spans)) if spans else (0, 0)
    return _day(first, place), _day(last, place)


def adopt(source: Path, target: Path) -> None:
    """Move a pair's finished files into another folder. Raises: ConfigurationError when both hold the same time."""
    held = span_of(target) if target.is_dir() else []
    for begin, end in span_of(source):
        if any(begin <= last and first <= end for first, last in held):
            raise ConfigurationError(
                f"{str(target)!r} holds a recording of that time already; import into another --data, or remove it"
            )
    target.mkdir(parents=True, exist_ok=True)
    for path in finished_files(source):
        path.rename(target / path.name)


def _is_recorded(path: Path) -> bool:
    metadata = metadata_of(path)
    return metadata is not None and not metadata.get(SOURCE_KEY, b"").startswith(IMPORTED)


def _is_part(path: Path) -> bool:
    return path.name.endswith(PART)


def _age(path: Path) -> str:
    return path.name


def _day(ns: int, place: tzinfo) -> date:
    return datetime.fromtimestamp(ns // NANOS_PER_SECOND, place).date()
