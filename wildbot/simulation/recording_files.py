"""Recorded text files: their lines, whatever they are packed in, their kind, and the book file beside LOBSTER's messages.

Rules: the only file of the simulation that reads files, and only those it is named. What a file is packed in and what kind
    it is of is told by its first bytes and lines; names may say anything.
"""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from typing import IO, cast

from wildbot.model.errors import ProtocolError

MESSAGE_MARK = "_message_"
BOOK_MARK = "_orderbook_"
PACKED = ".gz"
LINES_LOOKED_AT = 50
LONGEST_LOOKED_AT = 400
"""Characters of a line; a first book may be a megabyte long."""

_GZIP, _BZIP2, _XZ, _ZIP = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04"
_UNREADABLE = {b"\x28\xb5\x2f\xfd": "Zstandard", b"PAR1": "Parquet", b"7z\xbc\xaf": "7-Zip", b"PK\x05\x06": "an empty ZIP"}
_KINDS = (
    ("lobster", re.compile(r"\d{1,6}(\.\d+)?,[1-7],-?\d+,-?\d+,-?\d+,-?1\s*$|time,type,order", re.IGNORECASE)),
    ("binance", re.compile(r'\d{16,19} \{.*("stream"|"lastUpdateId"|"e"\s*:)')),
    ("bitstamp", re.compile(r"\d{13} (order_created|order_changed|order_deleted|order_book|trade) ")),
    ("kraken", re.compile(r'\{.*"channel"\s*:\s*"(book|trade|ticker|instrument|status|heartbeat)"')),
)


def read_lines(path: str, member: str = MESSAGE_MARK) -> Iterator[str]:
    """Yield the lines of a text file, plain or packed by gzip, bzip2, xz or ZIP; of a ZIP file with several members those
    of the one whose name holds `member`.

    Raises:
        OSError: if it cannot be read, or breaks off.
        ProtocolError: if it is packed in another way, or is no text.
    """
    with ExitStack() as open_files:
        try:
            packed = open_files.enter_context(open(path, "rb"))  # noqa: PTH123 - a path as text, as everywhere here
            unpacked = open_files.enter_context(_unpacked(packed, member))
            yield from open_files.enter_context(io.TextIOWrapper(unpacked, encoding="utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ProtocolError(f"it is no text: {error.reason} ({error.object[error.start]:#04x})") from None
        except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
            raise OSError(f"the compressed file breaks off: {error}") from None


def kind_of(path: str) -> str:
    """Return what the first lines of a recording look like: lobster, binance, bitstamp or kraken; "" for none of these.

    Raises: OSError and ProtocolError as `read_lines`.
    """
    for line in islice(read_lines(path), LINES_LOOKED_AT):
        for kind, looks in _KINDS:
            if looks.match(line[:LONGEST_LOOKED_AT].strip()):
                return kind
    return ""


def name_of(path: str) -> str:
    """Return the name that tells what was recorded: the file's, or that of the message file in a ZIP file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _member(archive, MESSAGE_MARK).rpartition("/")[2]
    except (OSError, zipfile.BadZipFile, ProtocolError):
        return path.rpartition("/")[2]


def book_path_of(message_path: str) -> str:
    """Return the path of the order book file that belongs to a message file, whether it exists or not.

    "AAPL_2012-06-21_34200000_57600000_message_1.csv" gives "AAPL_2012-06-21_34200000_57600000_orderbook_1.csv"; a ZIP file
    holds both.
    """
    folder, slash, name = message_path.rpartition("/")
    return folder + slash + name.replace(MESSAGE_MARK, BOOK_MARK)


def read_book_lines(message_path: str) -> Iterator[str]:
    """Yield the lines of the order book file that belongs to a message file, packed or not.

    Raises:
        OSError: if it cannot be read, or breaks off.
        ProtocolError: if the path names no message file, or the book file is missing.
    """
    path = book_path_of(message_path)
    if path == message_path and not zipfile.is_zipfile(path):
        raise ProtocolError(f"a LOBSTER recording is named by its message file, whose name has {MESSAGE_MARK!r} in it")
    tried = (path, path.removesuffix(PACKED) if path.endswith(PACKED) else path + PACKED)
    for each in tried:
        try:
            yield from read_lines(each, BOOK_MARK)
            return
        except FileNotFoundError:
            continue
    raise ProtocolError(f"its order book file {tried[0]!r} is missing, and a message file alone does not tell the book")


def _unpacked(packed: IO[bytes], member: str) -> IO[bytes]:
    first = packed.read(6)
    packed.seek(0)
    for magic, name in _UNREADABLE.items():
        if first.startswith(magic):
            raise ProtocolError(f"it is packed as {name}; unpack it, or pack it by gzip, bzip2, xz or ZIP")
    if first.startswith(_GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=packed))
    if first.startswith(_BZIP2):
        return bz2.BZ2File(packed)
    if first.startswith(_XZ):
        return lzma.LZMAFile(packed)
    if first.startswith(_ZIP):
        archive = zipfile.ZipFile(packed)
        return archive.open(_member(archive, member))
    return packed


def _member(archive: zipfile.ZipFile, mark: str) -> str:
    names = [name for name in archive.namelist() if not name.endswith("/")]
    chosen = names if len(names) == 1 else [name for name in names if mark in name]
    if len(chosen) != 1:
        raise ProtocolError(f"the ZIP file holds {', '.join(names) or 'nothing'}; it must hold one recording")
    return chosen[0]
