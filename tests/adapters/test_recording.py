"""Recordings on disk: nothing is changed on the way, and no crash, full disk or torn file costs more than its own rows."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.builders_simulation import btc
from wildbot.adapters.recording import (
    HOUR_NS,
    PairWriter,
    finished_files,
    folder_of,
    instrument_of,
    pair_folders,
    read_rows,
)
from wildbot.adapters.recording_rows import rows_of, table_of
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import BookInvalidated, Ticker, TradePrint
from wildbot.model.orders import Side
from wildbot.model.recording import RecordedBook, RecordedRow

PAIR = "BTC/USDC"
HOUR = 500_000 * HOUR_NS
WHOLE = st.integers(0, 2**62)
LEVELS = st.lists(st.tuples(WHOLE, WHOLE), max_size=10).map(tuple)
ROWS = st.one_of(
    st.builds(RecordedBook, st.just(PAIR), WHOLE, WHOLE, WHOLE, LEVELS, LEVELS, st.booleans()),
    st.builds(TradePrint, st.just(PAIR), WHOLE, st.sampled_from(Side), WHOLE, WHOLE, WHOLE, WHOLE),
    st.builds(Ticker, st.just(PAIR), WHOLE, WHOLE, WHOLE, WHOLE, WHOLE),
    st.builds(BookInvalidated, st.just(PAIR), st.text(max_size=20), WHOLE),
)


def trade(number: int, recv_ns: int = 0) -> TradePrint:
    recv_ns = recv_ns or HOUR + number
    return TradePrint(PAIR, number, Side.BUY, 6_000_000 + number, 10, recv_ns - 1, recv_ns)


def writer(root: Path, **options: int) -> PairWriter:
    return PairWriter(root, btc(), "ws://somewhere", **options)


def numbers(root: Path, notices: list[str] | None = None) -> list[int]:
    told = notices if notices is not None else []
    return [row.trade_id for row in read_rows(folder_of(root, PAIR), told.append) if isinstance(row, TradePrint)]


@given(st.lists(ROWS, min_size=1, max_size=30))
def test_rows_come_back_as_they_were(rows: list[RecordedRow]) -> None:
    back = [row for batch in table_of(rows).to_batches() for row in rows_of(batch, PAIR)]
    assert back == rows


def test_a_recording_holds_its_instrument(tmp_path: Path) -> None:
    made = writer(tmp_path)
    made.add(trade(1))
    made.close()
    (folder,) = pair_folders(tmp_path)
    assert instrument_of(folder) == btc()
    assert pair_folders(folder) == [folder]
    with pytest.raises(ConfigurationError, match="holds no recording"):
        instrument_of(tmp_path)


def test_a_crash_loses_what_was_in_memory_and_nothing_else(tmp_path: Path) -> None:
    made = writer(tmp_path, segment_rows=10)
    for number in range(25):
        made.add(trade(number))
    # Now the process is gone: two segments are on disk, five rows were in memory, one file was being written.
    folder = folder_of(tmp_path, PAIR)
    (folder / "20270101T000000.000000000.tmp").write_bytes(b"PAR1 half a file")
    assert numbers(tmp_path) == list(range(20))
    again = writer(tmp_path)
    assert not list(folder.glob("*.tmp"))
    again.add(trade(30))
    again.close()
    assert numbers(tmp_path) == [*range(20), 30]


def test_a_torn_file_poisons_no_other(tmp_path: Path) -> None:
    made = writer(tmp_path, segment_rows=5)
    for number in range(16):
        made.add(trade(number))
    second = sorted(folder_of(tmp_path, PAIR).glob("*.part.parquet"))[1]
    second.write_bytes(second.read_bytes()[:100])
    notices: list[str] = []
    assert numbers(tmp_path, notices) == [*range(5), *range(10, 15)]
    assert notices == [f"{second.name} cannot be read and is passed over"]
    writer(tmp_path).close()  # joins what can be joined
    assert numbers(tmp_path) == [*range(5), *range(10, 15)]
    assert len(finished_files(folder_of(tmp_path, PAIR))) == 1


def test_a_crash_between_joining_and_tidying_tells_no_row_twice(tmp_path: Path) -> None:
    made = writer(tmp_path, segment_rows=5)
    for number in range(15):
        made.add(trade(number))
    folder = folder_of(tmp_path, PAIR)
    kept = {path: path.read_bytes() for path in folder.glob("*.part.parquet")}
    made.close()
    for path, content in kept.items():
        path.write_bytes(content)
    assert numbers(tmp_path) == list(range(15))
    writer(tmp_path)
    assert not list(folder.glob("*.part.parquet"))
    assert numbers(tmp_path) == list(range(15))


def test_an_hour_is_a_file_and_files_sort_by_time(tmp_path: Path) -> None:
    made = writer(tmp_path, segment_rows=4)
    for number in range(30):
        made.add(trade(number, HOUR + number * HOUR_NS // 10))
    assert len(finished_files(folder_of(tmp_path, PAIR))) == 2  # the third hour is still open
    made.close()
    assert len(finished_files(folder_of(tmp_path, PAIR))) == 3
    assert numbers(tmp_path) == list(range(30))


def test_new_rules_of_a_pair_begin_a_new_file(tmp_path: Path) -> None:
    made = writer(tmp_path)
    made.add(trade(1))
    made.set_instrument(btc(tick_step=5))
    made.add(trade(2))
    made.close()
    assert len(finished_files(folder_of(tmp_path, PAIR))) == 2
    assert numbers(tmp_path) == [1, 2]
    assert instrument_of(folder_of(tmp_path, PAIR)).tick_step == 1


def test_a_clock_that_went_back_overwrites_nothing(tmp_path: Path) -> None:
    made = writer(tmp_path, segment_rows=1)
    for number in range(4):
        made.add(trade(number, HOUR))
    made.close()
    assert sorted(numbers(tmp_path)) == list(range(4))


def test_a_file_of_a_later_format_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wildbot.adapters.recording.FORMAT", b"2")
    made = writer(tmp_path)
    made.add(trade(1))
    made.flush()
    monkeypatch.undo()
    notices: list[str] = []
    assert numbers(tmp_path, notices) == [] and len(notices) == 1


def test_every_field_of_an_instrument_is_kept(tmp_path: Path) -> None:
    odd = btc(pair="A/B", rest_key="AB", lot_step=7, min_cost=3)
    made = PairWriter(tmp_path, odd, "x")
    made.add(msgspec.structs.replace(trade(1), pair="A/B"))
    made.close()
    assert instrument_of(folder_of(tmp_path, "A/B")) == odd
