"""Where a LOBSTER recording lies: its lines, and the book file beside a message file.

Rules: the only file of the simulation that reads files, and only those it is named.
"""

import fileinput
import zlib
from collections.abc import Iterator

MESSAGE_MARK = "_message_"
BOOK_MARK = "_orderbook_"


def read_lines(path: str) -> Iterator[str]:
    """Yield the lines of a text file, or of a gzip-compressed one when its name ends in ".gz".

    Raises:
        OSError: if it cannot be read, or breaks off.
    """
    with fileinput.hook_compressed(path, "r", encoding="ascii") as lines:
        try:
            yield from lines
        except (EOFError, zlib.error) as error:
            raise OSError(f"the compressed file breaks off: {error}") from None


def book_path_of(message_path: str) -> str:
    """Return the path of the order book file that belongs to a message file, whether it exists or not.

    "AAPL_2012-06-21_34200000_57600000_message_1.csv" gives "AAPL_2012-06-21_34200000_57600000_orderbook_1.csv".
    """
    folder, slash, name = message_path.rpartition("/")
    return folder + slash + name.replace(MESSAGE_MARK, BOOK_MARK)
