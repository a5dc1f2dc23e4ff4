"""What a recorder keeps of what it hears."""

import subprocess
import sys
from pathlib import Path

import pytest

from actors.exchange_tapes import open_recording
from actors.recording_desk import RecordingDesk
from tests.simulation.builders_simulation import PAIR, btc
from wildbot.adapters.recording import folder_of, read_rows
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import (
    BookInvalidated,
    BookSnapshot,
    FeedBeat,
    InstrumentChanged,
    MarketEvent,
    Ticker,
    TradePrint,
)
from wildbot.model.orders import Side
from wildbot.model.recording import RecordedBook, RecordedRow

CAP = 1 << 40


def book(seq: int, lots: int = 5) -> BookSnapshot:
    return BookSnapshot(PAIR, seq, seq * 100, seq * 100 + 7, (100,), (lots,), (101,), (5,))


def kept(root: Path, *events: MarketEvent, **options: object) -> list[RecordedRow]:
    desk = RecordingDesk(root, "a test", cap_bytes=CAP, **options)  # type: ignore[arg-type]
    for event in events:
        desk.hear(event)
    desk.close()
    folder = folder_of(root, PAIR)
    return list(read_rows(folder, pytest.fail)) if folder.exists() else []


def test_books_trades_and_tickers_are_kept_in_order(tmp_path: Path) -> None:
    trade, ticker = TradePrint(PAIR, 9, Side.SELL, 100, 1, 150, 160), Ticker(PAIR, 100, 101, 100, 77, 170)
    rows = kept(tmp_path, InstrumentChanged(btc()), book(1), trade, ticker, FeedBeat(1, 1, True, {}), book(2, 6))
    assert [type(row) for row in rows] == [RecordedBook, TradePrint, Ticker, RecordedBook]
    assert rows[1:3] == [trade, ticker]
    assert rows[3] == RecordedBook(PAIR, 2, 200, 207, ((100, 6),), (), False)


def test_a_file_where_the_folder_should_be_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(ConfigurationError, match="cannot hold a recording: File exists"):
        kept(tmp_path / "taken")


def test_nothing_is_kept_of_a_pair_without_rules_or_without_interest(tmp_path: Path) -> None:
    assert kept(tmp_path, book(1)) == []
    assert kept(tmp_path, InstrumentChanged(btc()), book(1), pairs=("ETH/USDC",)) == []


def test_what_was_not_heard_is_marked(tmp_path: Path) -> None:
    lost = BookInvalidated(PAIR, "checksum", 350)
    rows = kept(tmp_path, InstrumentChanged(btc()), book(1), book(4), lost, book(5), book(6))
    told = [row.reason if isinstance(row, BookInvalidated) else row.is_whole for row in rows]  # type: ignore[union-attr]
    assert told == [True, "2 books were not heard", True, "checksum", True, False]


def test_goodbyes_after_the_end_are_not_recorded(tmp_path: Path) -> None:
    desk = RecordingDesk(tmp_path, "a test", cap_bytes=CAP)
    desk.hear(InstrumentChanged(btc()))
    desk.hear(book(1))
    desk.close()
    desk.hear(BookInvalidated(PAIR, "closed", 500))
    desk.close()
    assert len(list(read_rows(folder_of(tmp_path, PAIR), pytest.fail))) == 1


def test_two_recorders_never_share_a_pair(tmp_path: Path) -> None:
    first, second = (RecordingDesk(tmp_path, "a test", cap_bytes=CAP) for _ in range(2))
    for event in (InstrumentChanged(btc()), book(1)):
        first.hear(event)
    second.hear(InstrumentChanged(btc()))
    with pytest.raises(ConfigurationError, match="another recorder"):
        second.hear(book(1))
    first.close()
    second.hear(book(2))
    second.close()


def test_a_folder_without_the_wanted_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no recording"):
        open_recording(tmp_path, "wildbot")
    kept(tmp_path, InstrumentChanged(btc()), book(1))
    assert open_recording(tmp_path, "auto").instruments == (btc(),)
    with pytest.raises(ConfigurationError, match="ETH/USDC; it has: BTC/USDC"):
        open_recording(tmp_path, "wildbot", ("ETH/USDC",))


@pytest.mark.parametrize("module", ["actors.exchange_simulator", "actors.trader", "actors.supervisor", "wildbot.cli"])
def test_parquet_is_loaded_by_nobody_who_does_not_record(module: str) -> None:
    code = f"import sys, {module}; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
