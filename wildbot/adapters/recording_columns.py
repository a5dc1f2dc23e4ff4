"""Recordings read fast: whole columns of integers at a time, no object per row.

Rules: the files and their order are those of `recording.readable_files`. A file that is damaged inside ends there and is
    said. Integers are read straight from Arrow's memory: its own way there would load pandas first.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import msgspec

from wildbot.adapters.arrow import Array, ListArray, ParquetFile, RecordBatch, arrow, parquet
from wildbot.adapters.recording import INSTRUMENT_KEY, readable_files
from wildbot.model.instrument import Instrument
from wildbot.model.recording_columns import FlatLevels, RowColumns

BATCH_ROWS = 4_096
_WIDTHS = {"int64": (8, "q"), "int32": (4, "i"), "int8": (1, "b"), "uint8": (1, "B")}
_NUMBERS = ("kind", "venue_ts_ns", "recv_ts_ns", "seq", "side", "ticks", "lots")


def read_columns(folder: Path, notice: Callable[[str], None]) -> Iterator[RowColumns]:
    """Yield a pair's rows, oldest file first; `notice` hears of files that were passed over or break off."""
    for path in readable_files(folder, notice):
        try:
            file = parquet().ParquetFile(path)
            instrument = _instrument(file)
            for batch in file.iter_batches(BATCH_ROWS):
                yield _columns(instrument, path.name, batch)
        except (OSError, arrow().ArrowException, msgspec.MsgspecError, KeyError) as error:
            notice(f"{path.name} is damaged and is passed over from there on: {str(error).splitlines()[0]}")


def _instrument(file: ParquetFile) -> Instrument:
    named = msgspec.json.decode(file.schema_arrow.metadata[INSTRUMENT_KEY], type=dict[str, object])
    return msgspec.convert([named[field] for field in Instrument.__struct_fields__ if field in named], Instrument)


def _columns(instrument: Instrument, file: str, batch: RecordBatch) -> RowColumns:
    kind, venue_ns, recv_ns, seq, side, ticks, lots = (_integers(batch.column(name)) for name in _NUMBERS)
    bids, asks = _flat(batch.column("bids")), _flat(batch.column("asks"))
    text = batch.column("text").to_pylist()
    return RowColumns(instrument, file, kind, venue_ns, recv_ns, seq, side, ticks, lots, bids, asks, text)


def _flat(column: ListArray) -> FlatLevels:
    # By the offsets, and not by Arrow's own lengths of lists: those would load its whole engine first.
    ends = _integers(column.offsets)
    first, last = ends[0], ends[-1]
    levels = _integers(column.values.slice(first, last - first))  # ticks and lots in turn
    if any((end - first) & 1 for end in ends):
        return _without_tickers(levels, [end - first for end in ends])
    return FlatLevels([(end - first) // 2 for end in ends], levels[::2], levels[1::2])


def _without_tickers(levels: list[int], ends: list[int]) -> FlatLevels:
    """A ticker keeps its price where a book keeps pairs: one number, after which pairs would begin at the wrong one."""
    starts, pairs = [0], list[int]()
    for begin, end in pairwise(ends):
        if (end - begin) % 2 == 0:
            pairs += levels[begin:end]
        starts.append(len(pairs) // 2)
    return FlatLevels(starts, pairs[::2], pairs[1::2])


def _integers(column: Array) -> list[int]:
    """Return a column's values, 0 where there is none. Raises: KeyError when they are no integers of a known width."""
    width, code = _WIDTHS[str(column.type)]
    if column.null_count:
        return [value or 0 for value in column.to_pylist()]
    if not len(column):
        return []
    values = memoryview(column.buffers()[1])[column.offset * width : (column.offset + len(column)) * width]
    return values.cast("B").cast(code).tolist()  # type: ignore[call-overload, no-any-return]
