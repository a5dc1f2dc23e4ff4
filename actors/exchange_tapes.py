"""Recordings for the simulated exchange: a file's format, the instrument it is of, and its market."""

import importlib
from collections.abc import Iterable
from pathlib import Path

from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.simulation.level_tape import LevelTape
from wildbot.simulation.lobster import parse_messages, parse_rows, stock
from wildbot.simulation.recording_files import kind_of, name_of, read_book_lines, read_lines
from wildbot.simulation.replay import LobsterMarket
from wildbot.simulation.replay_joint import Recording
from wildbot.simulation.replay_levels import LevelMarket
from wildbot.simulation.tape_binance import binance_tape
from wildbot.simulation.tape_bitstamp import bitstamp_tape
from wildbot.simulation.tape_kraken import kraken_tape

AUTO, LOBSTER, KRAKEN, BINANCE, BITSTAMP, WILDBOT = "auto", "lobster", "kraken", "binance", "bitstamp", "wildbot"
FORMATS = (AUTO, LOBSTER, KRAKEN, BINANCE, BITSTAMP, WILDBOT)

BITSTAMP_SYMBOL = "BTCUSD"


def open_recording(path: Path | None, form: str, pairs: tuple[str, ...] = ()) -> Recording:
    """Open a recording and read its beginning; `pairs` chooses among those of a recording that has several.

    Raises: ConfigurationError when there is none, its format is unknown or it cannot be read.
    """
    if path is None:
        raise ConfigurationError("market is replay, so data must name a recording")
    if form not in FORMATS:
        raise ConfigurationError(f"format is {form!r} but must be one of: {', '.join(FORMATS)}")
    try:
        chosen = form if form != AUTO else format_of(path)
        if chosen == WILDBOT:
            # By name: reading Parquet costs 50 MB of memory, which no other market shall pay.
            opened = importlib.import_module("actors.exchange_recordings").open_wildbot(path, pairs)
            assert isinstance(opened, Recording)
            return opened
        if chosen == LOBSTER:
            return _lobster(path)
        return _levels(_level_tape(path, chosen))
    except (OSError, ProtocolError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the recording {str(path)!r} cannot be replayed: {error}") from None


def format_of(path: Path) -> str:
    """Return the format a recording is in, as its first lines say, whatever its name.

    Raises: ConfigurationError when they say none, or it cannot be read.
    """
    if path.is_dir():
        return WILDBOT
    check_is_whole(path)
    try:
        kind = kind_of(str(path))
    except (OSError, ProtocolError) as error:
        raise ConfigurationError(f"the recording {str(path)!r} cannot be read: {error}") from None
    if kind:
        return kind
    raise ConfigurationError(
        f"{str(path)!r} does not begin like any recording that is known ({', '.join(FORMATS[1:])}); say which it is"
    )


def check_is_whole(path: Path) -> None:
    """Raises: ConfigurationError when it is one file of a recording that is a folder."""
    if path.is_file() and path.suffix == ".parquet":
        raise ConfigurationError(f"{str(path)!r} is one file of a recording; name its folder, {str(path.parent)!r}")


def _level_tape(path: Path, form: str) -> LevelTape:
    lines = read_lines(str(path))
    if form == KRAKEN:
        return kraken_tape(lines)
    return binance_tape(lines) if form == BINANCE else bitstamp_tape(lines, BITSTAMP_SYMBOL)


def _levels(tape: LevelTape) -> Recording:
    instrument = tape.instrument()
    return Recording(
        (instrument,), lambda exchange, pace: LevelMarket(exchange, instrument, tape.events, window=tape.window, pace=pace)
    )


def _lobster(path: Path) -> Recording:
    return lobster_recording(name_of(str(path)), read_lines(str(path)), read_book_lines(str(path)))


def lobster_recording(name: str, message_lines: Iterable[str], book_lines: Iterable[str]) -> Recording:
    """Return the recording of a stock, whose symbol a file `name` begins with.

    Raises: ConfigurationError when there is no book row; ProtocolError for a first line that cannot be read.
    """
    instrument = stock(name.partition("_")[0])
    messages, rows = parse_messages(message_lines), parse_rows(book_lines)
    seed = next(rows, None)
    if seed is None:
        raise ConfigurationError(f"the recording {name!r} has an empty book file")
    next(messages, None)  # the seed row is the book right after the first message
    return Recording(
        (instrument,), lambda exchange, pace: LobsterMarket(exchange, instrument, messages, seed, rows=rows, pace=pace)
    )
