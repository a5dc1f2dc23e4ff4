"""What other people's recordings become: the same books and trades at the same times, once, or nothing at all."""

import json
import random
from pathlib import Path

import pytest

from actors.__main__ import main
from actors.recording_import import import_recording
from actors.spec import EXIT_CONFIGURATION
from wildbot.adapters.recording import pair_folders
from wildbot.backtest.market_tape import MarketTape
from wildbot.commands.backtest_tapes import TapeFile, open_tape
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import BookSnapshot
from wildbot.simulation.tapes import lobster_sample

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "market-data"
FOREIGN = {
    "lobster": SHARED / "equities" / "AAPL_2012-06-21_first998_message_10.csv.gz",
    "binance": SHARED / "crypto-l2" / "binance_spot_BTCUSDT_2024-08-08.gz",
    "bitstamp": SHARED / "crypto-l2" / "bitstamp_BTCUSD_2015-05-01_l3_part1.log.gz",
}
BOOK = '{} order_book {{"bids": [["100.00", "1"]], "asks": [["{}", "1"]]}}\n'
START_MS = 1_430_438_405_000


def a_stock(folder: Path) -> Path:
    messages, rows = lobster_sample(random.Random(1), seconds=60, levels=5)
    path = folder / "DEMO_2012-06-21_34200000_37800000_message_5.csv"
    path.write_text("\n".join(messages), encoding="ascii")
    (folder / path.name.replace("message", "orderbook")).write_text("\n".join(rows), encoding="ascii")
    return path


def pieces(folder: Path, *, seconds: int = 20) -> list[Path]:
    """A recording of one book a second in two files."""
    paths = [folder / "first.log", folder / "second.log"]
    for number, path in enumerate(paths):
        lines = [BOOK.format(START_MS + 1_000 * (number * seconds + s), f"101.{s:02}") for s in range(seconds)]
        path.write_text("".join(lines), encoding="ascii")
    return paths


def agree(original: MarketTape, imported: MarketTape) -> None:
    """Every row is the same; only the numbering of books is not the recording's."""
    theirs, ours = list(original.events), list(imported.events)
    assert ours == theirs
    assert len(ours) > 50
    assert imported.instrument == original.instrument
    assert imported.sessions == original.sessions


@pytest.mark.parametrize("form", FOREIGN)
def test_a_foreign_recording_is_the_same_when_it_is_ours(form: str, tmp_path: Path) -> None:
    path = FOREIGN[form]
    if not path.exists():
        pytest.skip(f"the recording {path.name} is not here")
    rows, pair, notes = import_recording([path], "auto", tmp_path)
    agree(open_tape(TapeFile(path)), open_tape(TapeFile(tmp_path, instrument=pair)))
    assert rows >= notes.books + notes.trades > 900


def test_a_stock_keeps_its_sessions_and_its_time_of_day(tmp_path: Path) -> None:
    path = a_stock(tmp_path)
    import_recording([path], "auto", tmp_path / "ours")
    agree(open_tape(TapeFile(path)), open_tape(TapeFile(tmp_path / "ours")))
    assert open_tape(TapeFile(tmp_path / "ours")).sessions


def test_pieces_of_one_recording_follow_one_another(tmp_path: Path) -> None:
    import_recording(pieces(tmp_path), "bitstamp", tmp_path / "ours", instrument="ETHUSD")
    tape = open_tape(TapeFile(tmp_path / "ours", instrument="ETH/USD"))
    assert sum(isinstance(row, BookSnapshot) for row in tape.events) == 40
    assert tape.notes.skipped == 0


def test_what_is_there_already_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    first, second = pieces(tmp_path)
    ours = tmp_path / "ours"
    import_recording([first, second], "auto", ours)
    before = sorted(path.name for path in ours.rglob("*"))
    with pytest.raises(ConfigurationError, match="holds a recording of that time already"):
        import_recording([second], "auto", ours)
    assert sorted(path.name for path in ours.rglob("*")) == before


def test_another_time_of_the_same_pair_goes_beside_it(tmp_path: Path) -> None:
    for path in reversed(pieces(tmp_path)):
        import_recording([path], "auto", tmp_path / "ours")
    (folder,) = pair_folders(tmp_path / "ours")
    assert len(list(open_tape(TapeFile(folder)).events)) >= 40


def test_a_file_where_the_folder_should_be_is_refused_in_a_sentence(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    for root in (taken, taken / "below", Path("/proc/recordings")):
        with pytest.raises(ConfigurationError, match="cannot hold a recording"):
            import_recording(pieces(tmp_path), "bitstamp", root)


def test_a_refusal_is_json_where_json_was_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").touch()
    words = ["recording_import", "--json", "--data", str(tmp_path / "taken"), *map(str, pieces(tmp_path))]
    assert main(words) == EXIT_CONFIGURATION
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["ok"], told["error"]["code"]) == (False, "configuration")
    assert told["error"]["message"] == said.err.strip()


@pytest.mark.parametrize("content", ["", "nothing of the kind\n", '1430438405000 trade {"price": 1, "amount": 1}\n'])
def test_what_holds_no_book_is_refused_and_leaves_no_trace(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(content, encoding="ascii")
    with pytest.raises(ConfigurationError):
        import_recording([path], "auto", tmp_path / "ours")
    assert list((tmp_path / "ours").glob("**/*")) == []
