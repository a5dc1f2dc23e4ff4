"""Recordings for the simulated exchange: a file's format, the instrument it is of, and its market."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.instrument import Instrument
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.level_tape import LevelTape
from wildbot.simulation.lobster import BookRow, parse_messages, parse_rows, stock
from wildbot.simulation.lobster_files import MESSAGE_MARK, book_path_of, read_lines
from wildbot.simulation.market import Market
from wildbot.simulation.pace import Pace
from wildbot.simulation.replay import LobsterMarket
from wildbot.simulation.replay_levels import LevelMarket
from wildbot.simulation.tape_binance import binance_tape
from wildbot.simulation.tape_bitstamp import bitstamp_tape
from wildbot.simulation.tape_kraken import kraken_tape

AUTO, LOBSTER, KRAKEN, BINANCE, BITSTAMP = "auto", "lobster", "kraken", "binance", "bitstamp"
FORMATS = (AUTO, LOBSTER, KRAKEN, BINANCE, BITSTAMP)

BITSTAMP_SYMBOL = "BTCUSD"


@dataclass(frozen=True, slots=True)
class Recording:
    """One opened recording: its instrument, and how to make its market on an exchange that lists it."""

    instrument: Instrument
    market: Callable[[SimulatedExchange, Pace], Market]


def open_recording(path: Path | None, form: str) -> Recording:
    """Open a recording and read its beginning.

    Raises: ConfigurationError when there is none, its format is unknown or it cannot be read.
    """
    if path is None:
        raise ConfigurationError("market is replay, so data must name a recording")
    if form not in FORMATS:
        raise ConfigurationError(f"format is {form!r} but must be one of: {', '.join(FORMATS)}")
    try:
        chosen = format_of(path.name) if form == AUTO else form
        if chosen == LOBSTER:
            return _lobster(path)
        return _levels(_level_tape(path, chosen))
    except (OSError, ProtocolError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the recording {str(path)!r} cannot be replayed: {error}") from None


def format_of(name: str) -> str:
    """Return the format a file name speaks of.

    Raises: ConfigurationError when it speaks of none.
    """
    words = name.lower()
    if MESSAGE_MARK in words:
        return LOBSTER
    for form in (BINANCE, BITSTAMP):
        if form in words:
            return form
    if ".ndjson" in words or KRAKEN in words:
        return KRAKEN
    raise ConfigurationError(f"the name {name!r} does not tell the format; say one of: {', '.join(FORMATS[1:])}")


def _level_tape(path: Path, form: str) -> LevelTape:
    lines = read_lines(str(path))
    if form == KRAKEN:
        return kraken_tape(lines)
    return binance_tape(lines) if form == BINANCE else bitstamp_tape(lines, BITSTAMP_SYMBOL)


def _levels(tape: LevelTape) -> Recording:
    instrument = tape.instrument()
    return Recording(
        instrument, lambda exchange, pace: LevelMarket(exchange, instrument, tape.events, window=tape.window, pace=pace)
    )


def _lobster(path: Path) -> Recording:
    instrument = stock(path.name.partition("_")[0])
    messages = parse_messages(read_lines(str(path)))
    rows = parse_rows(read_lines(book_path_of(str(path))))
    seed = _first_row(rows, path)
    next(messages, None)  # the seed row is the book right after the first message
    return Recording(
        instrument, lambda exchange, pace: LobsterMarket(exchange, instrument, messages, seed, rows=rows, pace=pace)
    )


def _first_row(rows: Iterator[BookRow], path: Path) -> BookRow:
    row = next(rows, None)
    if row is None:
        raise ConfigurationError(f"the recording {str(path)!r} has an empty book file")
    return row
