"""Recorded text files are read whatever they are packed in, and known by what they hold, not by what they are called."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from wildbot.model.errors import ProtocolError
from wildbot.simulation.recording_files import kind_of, name_of, read_book_lines, read_lines

LINES = "34200.1,1,5,100,5000000,1\n34200.2,4,5,100,5000000,1\n"
BOOKS = "5000100,1,5000000,100\n5000100,1,-9999999999,0\n"
FIRST_LINES = {
    "lobster": LINES,
    "binance": '1723161254206652067 {"stream":"btcusdt@trade","data":{}}\n',
    "bitstamp": '1430438405885 order_created {"price": 1}\n',
    "kraken": '{"channel":"book","type":"snapshot","data":[]}\n',
    "": "some other text\n",
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", ["a.gz", "a.csv"])
def test_what_a_file_is_packed_in_is_told_by_its_bytes(tmp_path: Path, packing: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(PACKINGS[packing](LINES.encode()))
    assert "".join(read_lines(str(path))) == LINES


@pytest.mark.parametrize("kind", FIRST_LINES)
def test_a_recording_is_known_by_its_first_lines(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "binance_bitstamp.bin"
    path.write_text(f"\n{FIRST_LINES[kind]}", encoding="ascii")
    assert kind_of(str(path)) == kind


def test_a_zip_file_holds_a_stock_s_two_files(tmp_path: Path) -> None:
    path = tmp_path / "LOBSTER_Sample.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sub/XYZ_2012-06-21_34200000_57600000_message_1.csv", LINES)
        archive.writestr("sub/XYZ_2012-06-21_34200000_57600000_orderbook_1.csv", BOOKS)
        archive.writestr("ReadMe.txt", "hello")
    assert "".join(read_lines(str(path))) == LINES
    assert "".join(read_book_lines(str(path))) == BOOKS
    assert name_of(str(path)) == "XYZ_2012-06-21_34200000_57600000_message_1.csv"
    assert kind_of(str(path)) == "lobster"


def test_the_book_file_may_be_packed_where_the_message_file_is_not(tmp_path: Path) -> None:
    (tmp_path / "XYZ_orderbook_1.csv.gz").write_bytes(gzip.compress(BOOKS.encode()))
    assert "".join(read_book_lines(str(tmp_path / "XYZ_message_1.csv"))) == BOOKS


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x28\xb5\x2f\xfd\x04\x00", "Zstandard"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"34200.1,1\n\xff\xfe\x00", "no text"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a_message_1.csv"
    path.write_bytes(content)
    with pytest.raises(ProtocolError, match=words):
        list(read_lines(str(path)))


def test_a_message_file_without_its_book_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"XYZ_orderbook_1\.csv' is missing"):
        list(read_book_lines(str(tmp_path / "XYZ_message_1.csv")))
    with pytest.raises(ProtocolError, match="named by its message file"):
        list(read_book_lines(str(tmp_path / "XYZ.csv")))
