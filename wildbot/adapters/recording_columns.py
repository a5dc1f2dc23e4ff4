"""Recordings read fast: whole columns of integers at a time, no object per row.

Rules: the files and their order are those of `recording.readable_files`. A file that is damaged inside ends there and is
    said.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from wildbot.adapters.arrow import ListArray, ParquetFile, RecordBatch, arrow, parquet
from wildbot.adapters.recording import INSTRUMENT_KEY, readable_files
from wildbot.model.instrument import Instrument
from wildbot.model.recording_columns import FlatLevels, RowColumns

BATCH_ROWS = 16_384
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
    kind, venue_ns, recv_ns, seq, side, ticks, lots = (
        batch.column(name).to_numpy(zero_copy_only=False).tolist() for name in _NUMBERS
    )
    bids, asks = _flat(batch.column("bids")), _flat(batch.column("asks"))
    text = batch.column("text").to_pylist()
    return RowColumns(instrument, file, kind, venue_ns, recv_ns, seq, side, ticks, lots, bids, asks, text)


def _flat(column: ListArray) -> FlatLevels:
    # `flatten` leaves out what the offsets of a sliced or null row skip, so the lengths are summed anew.
    starts, total = [0], 0
    for length in column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).tolist():
        total += length
        starts.append(total)
    return FlatLevels(starts, column.flatten().to_numpy(zero_copy_only=False).tolist())
