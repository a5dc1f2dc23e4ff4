"""Recordings on disk: one folder per pair, Parquet files with zstd, the instrument inside each file.

    <root>/<BTC-USDC>/20261121T140500.000000000.parquet        finished: an hour, or what was heard of it
                      20261121T150312.123456789.part.parquet   a finished segment of the hour that is being recorded
                      20261121T150342.123456789.tmp            being written; after a crash it is dropped

Rules: rows gather in memory and become a segment by count or by time; a segment gets its name only when it is whole and on
    disk, so whatever ends the process loses the segment in memory and nothing else. When the hour is over its segments
    become one file that names them; only then are they removed, so that no row is ever there twice for a reader. Names
    sort by time. A file that cannot be read is passed over and said, never fatal to the others.
Owns: the folder it was given. One writer per folder.
Known limit: an hour is cut by our clock, not the venue's.
"""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from wildbot.adapters.arrow import Table, arrow, parquet
from wildbot.adapters.recording_rows import rows_of, table_of
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument
from wildbot.model.recording import RecordedRow

FORMAT = b"1"
FORMAT_KEY, INSTRUMENT_KEY, SOURCE_KEY, PARTS_KEY = (
    b"wildbot.format",
    b"wildbot.instrument",
    b"wildbot.source",
    b"wildbot.parts",
)
FINISHED, PART, TORN, SET_ASIDE = ".parquet", ".part.parquet", ".tmp", ".unreadable"
SEGMENT_ROWS = 50_000
SEGMENT_NS = 30 * NANOS_PER_SECOND
HOUR_NS = 3_600 * NANOS_PER_SECOND
BATCH_ROWS = 8_192
GROUP_ROWS = 100_000
ZSTD_LEVEL = 6


def folder_of(root: Path, pair: str) -> Path:
    """Return the folder of a pair's recording."""
    return root / pair.replace("/", "-")


class PairWriter:
    """Writes one pair's rows. `close`, or lose what is in memory."""

    def __init__(
        self,
        root: Path,
        instrument: Instrument,
        source: str,
        *,
        segment_rows: int = SEGMENT_ROWS,
        segment_ns: int = SEGMENT_NS,
    ) -> None:
        """Open the folder and put in order what an earlier process left there."""
        self.instrument = instrument
        self.rows_written = 0
        self.folder = folder_of(root, instrument.pair)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._source = source
        self._segment_rows, self._segment_ns = segment_rows, segment_ns
        self._rows: list[RecordedRow] = []
        self._hour = -1
        for torn in self.folder.glob(f"*{TORN}"):
            torn.unlink()
        self._join_segments()

    def add(self, row: RecordedRow) -> None:
        """Take one row; now and then this writes a segment."""
        first_ns = self._rows[0].recv_ts_ns if self._rows else row.recv_ts_ns
        hour = row.recv_ts_ns // HOUR_NS
        if self._rows and (
            len(self._rows) >= self._segment_rows
            or row.recv_ts_ns - first_ns >= self._segment_ns
            or hour != first_ns // HOUR_NS
        ):
            self.flush()
        if self._hour not in (-1, hour):
            self._join_segments()
        self._hour = hour
        self._rows.append(row)

    def set_instrument(self, instrument: Instrument) -> None:
        """From now on these are the rules of the pair."""
        if instrument != self.instrument:
            self.flush()
            self._join_segments()
            self.instrument = instrument

    def flush(self) -> None:
        """Write what is in memory as a segment."""
        if not self._rows:
            return
        stem = _stem(self._rows[0].recv_ts_ns)
        while any((self.folder / f"{stem}{ending}").exists() for ending in (PART, FINISHED)):
            stem += "x"  # the clock went back, or two segments began in the same nanosecond
        table = table_of(self._rows).replace_schema_metadata(self._metadata(()))
        _write(self.folder, f"{stem}{PART}", table)
        self.rows_written += len(self._rows)
        self._rows.clear()

    def close(self) -> None:
        """Write the rest and join the segments of this hour."""
        self.flush()
        self._join_segments()

    def _metadata(self, parts: tuple[str, ...]) -> dict[bytes, bytes]:
        instrument = json.dumps(msgspec.structs.asdict(self.instrument))
        return {
            FORMAT_KEY: FORMAT,
            INSTRUMENT_KEY: instrument.encode(),
            SOURCE_KEY: self._source.encode(),
            PARTS_KEY: json.dumps(parts).encode(),
        }

    def _join_segments(self) -> None:
        """Make one file of each run of segments of one hour under one set of rules."""
        drop_joined(self.folder)
        runs: dict[tuple[str, bytes], list[Path]] = {}
        for path in sorted(self.folder.glob(f"*{PART}")):
            metadata = metadata_of(path)
            if metadata is None:
                path.rename(path.with_name(f"{path.name}{SET_ASIDE}"))
                continue
            runs.setdefault((path.name[:11], metadata[INSTRUMENT_KEY]), []).append(path)
        for paths in runs.values():
            parts = tuple(path.name for path in paths)
            metadata = {**(metadata_of(paths[0]) or {}), PARTS_KEY: json.dumps(parts).encode()}
            joined = arrow().concat_tables([parquet().read_table(path) for path in paths]).replace_schema_metadata(metadata)
            _write(self.folder, f"{_stem_of(paths[0])}{FINISHED}", joined)
            for path in paths:
                path.unlink()


def drop_joined(folder: Path) -> None:
    """Remove segments that are inside a finished file already."""
    for path in finished_files(folder):
        for name in _parts(path):
            (folder / name).unlink(missing_ok=True)


def finished_files(folder: Path) -> list[Path]:
    """Return the joined files of one pair, oldest first."""
    return sorted(path for path in folder.glob(f"*{FINISHED}") if not path.name.endswith(PART))


def pair_folders(root: Path) -> list[Path]:
    """Return the folders of the pairs recorded below `root`, or `root` itself when it is one."""
    inside = [root, *sorted(path for path in root.iterdir() if path.is_dir())] if root.is_dir() else []
    return [folder for folder in inside if any(folder.glob(f"*{FINISHED}"))]


def instrument_of(folder: Path) -> Instrument:
    """Return the instrument a pair's recording begins with. Raises: ConfigurationError when it holds none."""
    for path in readable_files(folder, lambda text: None):
        metadata = metadata_of(path)
        if metadata is not None:
            named = json.loads(metadata[INSTRUMENT_KEY])
            return msgspec.convert([named[field] for field in Instrument.__struct_fields__ if field in named], Instrument)
    raise ConfigurationError(f"{str(folder)!r} holds no recording of WildBot")


def read_rows(folder: Path, notice: Callable[[str], None]) -> Iterator[RecordedRow]:
    """Yield a pair's rows from its oldest file to its newest; `notice` hears of files that were passed over."""
    for path in readable_files(folder, notice):
        pair = str(json.loads((metadata_of(path) or {})[INSTRUMENT_KEY])["pair"])
        for batch in parquet().ParquetFile(path).iter_batches(BATCH_ROWS):
            yield from rows_of(batch, pair)


def readable_files(folder: Path, notice: Callable[[str], None]) -> Iterator[Path]:
    """Yield the files of one pair that count, oldest first; `notice` hears of those that cannot be read."""
    joined = {name for path in finished_files(folder) for name in _parts(path)}
    for path in sorted(folder.glob(f"*{SET_ASIDE}")):
        notice(f"{path.name} was damaged and is passed over")
    for path in sorted(folder.glob(f"*{FINISHED}"), key=_stem_of):
        if path.name in joined:
            continue
        if metadata_of(path) is None:
            notice(f"{path.name} cannot be read and is passed over")
            continue
        yield path


def _stem(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // NANOS_PER_SECOND, UTC):%Y%m%dT%H%M%S}.{ns % NANOS_PER_SECOND:09d}"


def _stem_of(path: Path) -> str:
    return path.name.removesuffix(FINISHED).removesuffix(PART.removesuffix(FINISHED))


def metadata_of(path: Path) -> dict[bytes, bytes] | None:
    """Return what a file says of itself; None when it is no readable recording of ours."""
    try:
        metadata: dict[bytes, bytes] = parquet().read_schema(path).metadata or {}
    except (OSError, arrow().ArrowException):
        return None
    return metadata if metadata.get(FORMAT_KEY) == FORMAT else None


def _parts(path: Path) -> list[str]:
    names = json.loads((metadata_of(path) or {}).get(PARTS_KEY, b"[]"))
    return [str(name) for name in names]


def _write(folder: Path, name: str, table: Table) -> None:
    """Write a file whole and on disk before it has its name."""
    temporary = folder / f"{name.partition('.p')[0]}{TORN}"
    with temporary.open("wb") as file:
        parquet().write_table(table, file, row_group_size=GROUP_ROWS, compression="zstd", compression_level=ZSTD_LEVEL)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(folder / name)
