"""Recordings on disk as tapes for a backtest: format, instrument, and the clock of the place they were made at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from actors.exchange_tapes import (
    AUTO,
    BINANCE,
    BITSTAMP_SYMBOL,
    FORMATS,
    KRAKEN,
    LOBSTER,
    WILDBOT,
    check_is_whole,
    format_of,
)
from wildbot.adapters.recording import instrument_of, pair_folders
from wildbot.adapters.recording_columns import read_columns
from wildbot.adapters.recording_folders import recorded_days
from wildbot.backtest.market_tape import NEVER_NS, SHOWN_LEVELS, MarketTape, TapeRow, cut, level_books, lobster_books
from wildbot.backtest.recorded_tape import recorded_books
from wildbot.backtest.tape_notes import TapeNotes
from wildbot.commands.backtest_sessions import of_instrument, sessions_on
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument
from wildbot.model.market_data import SessionHours
from wildbot.simulation.level_tape import LevelTape
from wildbot.simulation.lobster import parse_messages, parse_rows, stock
from wildbot.simulation.recording_files import name_of, read_book_lines, read_lines
from wildbot.simulation.tape_binance import binance_tape
from wildbot.simulation.tape_bitstamp import bitstamp_tape
from wildbot.simulation.tape_kraken import kraken_tape
from wildbot.venues.kraken.server_names import pair_altname

__all__ = ["FORMATS", "TapeFile", "open_tape"]

_EXCHANGE_PLACE = ZoneInfo("America/New_York")
_CALENDAR = "XNYS"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class TapeFile:
    """One recording, or the part of it from `begin_ns` up to `end_ns`. `form` is one of FORMATS; `instrument` "" takes what
    the recording says; `is_stock`: it is traded in whole pieces, in sessions, by a broker's rates. `continued` are files
    that go on where `path` ends, in order; `levels` of a side are shown at most."""

    path: Path
    form: str = AUTO
    instrument: str = ""
    begin_ns: int = 0
    end_ns: int = NEVER_NS
    is_stock: bool = False
    continued: tuple[Path, ...] = ()
    levels: int = SHOWN_LEVELS


def open_tape(file: TapeFile) -> MarketTape:
    """Open a recording and read its beginning.

    Raises:
        ConfigurationError: when it is not there, its format is unknown, it cannot be read, or it is of another instrument.
    """
    if file.form not in FORMATS:
        raise ConfigurationError(f"format is {file.form!r} but must be one of: {', '.join(FORMATS)}")
    form = file.form
    if form == AUTO:
        form = format_of(file.path)
    if file.continued and form in (WILDBOT, LOBSTER):
        raise ConfigurationError(f"a recording of the kind {form} is one; {str(file.continued[0])!r} cannot continue it")
    try:
        if form == WILDBOT:
            tape = _recorded(file)
        elif form == LOBSTER:
            tape = _lobster(file.path, file.levels)
        else:
            tape = level_books(_levels(file, form), shown=file.levels)
    except (OSError, ProtocolError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the recording {str(file.path)!r} cannot be read: {error}") from None
    recorded = tape.instrument
    names = (recorded.pair, recorded.base, recorded.rest_key, recorded.base + recorded.quote)
    if file.instrument and file.instrument.upper() not in names:
        raise ConfigurationError(f"the recording {str(file.path)!r} is of {recorded.pair}, not {file.instrument}")
    tape.events = _as_far_as_it_goes(tape.events, tape.notes)
    return tape if (file.begin_ns, file.end_ns) == (0, NEVER_NS) else cut(tape, file.begin_ns, file.end_ns)


def _as_far_as_it_goes(events: Iterator[TapeRow], notes: TapeNotes) -> Iterator[TapeRow]:
    """Yield what can be read; where a recording breaks off, its notes say so."""
    try:
        yield from events
    except (OSError, ProtocolError, UnicodeDecodeError) as error:
        notes.remarks.append(f"ends after {notes.rows} rows, the rest cannot be read: {error}")
    finally:
        notes.conclude()


def _recorded(file: TapeFile) -> MarketTape:
    """Return all files of one pair below a folder, one after the other."""
    check_is_whole(file.path)
    found = {instrument_of(folder).pair: folder for folder in pair_folders(file.path)}
    wanted = file.instrument.upper()
    names = [pair for pair in found if wanted in ("", pair, pair.split("/")[0], pair.replace("/", ""))]
    if not found:
        raise ConfigurationError(f"{str(file.path)!r} holds no recording of WildBot")
    if len(names) != 1:
        asked = f"{file.instrument!r} names {len(names)} of them" if wanted else "say which with --instrument"
        raise ConfigurationError(f"{str(file.path)!r} holds recordings of {', '.join(found)}; {asked}")
    folder, notes = found[names[0]], TapeNotes()
    instrument = instrument_of(folder)
    if instrument.rest_key == instrument.pair:  # what a recorder hears does not tell the REST name
        instrument = msgspec.structs.replace(instrument, rest_key=pair_altname(instrument))
    tape = recorded_books(instrument, read_columns(folder, notes.remarks.append), notes)
    if instrument.lot_decimals == 0 and instrument.quote == "USD":  # a stock
        tape.sessions = _sessions(instrument, *recorded_days(folder, _EXCHANGE_PLACE))
    return tape


def _levels(file: TapeFile, form: str) -> LevelTape:
    lines = chain.from_iterable(read_lines(str(path)) for path in (file.path, *file.continued))
    if form == KRAKEN:
        return kraken_tape(lines)
    return binance_tape(lines) if form == BINANCE else bitstamp_tape(lines, file.instrument or BITSTAMP_SYMBOL)


def _lobster(path: Path, levels: int) -> MarketTape:
    name = name_of(str(path))
    symbol, day = name.partition("_")[0], _DATE.search(name)
    if day is None:
        raise ConfigurationError(f"the name {name!r} does not tell the recorded day (YYYY-MM-DD)")
    midnight = datetime.fromisoformat(day.group()).replace(tzinfo=_EXCHANGE_PLACE)
    midnight_ns = int(midnight.timestamp()) * NANOS_PER_SECOND
    rows = parse_rows(read_book_lines(str(path)))
    tape = lobster_books(stock(symbol), parse_messages(read_lines(str(path))), rows, midnight_ns, shown=levels)
    tape.sessions = _sessions(tape.instrument, midnight.date(), midnight.date())
    return tape


def _sessions(instrument: Instrument, first: date, last: date) -> tuple[SessionHours, ...]:
    return of_instrument(sessions_on(_CALENDAR, first, (last - first).days + 1), instrument.pair)
