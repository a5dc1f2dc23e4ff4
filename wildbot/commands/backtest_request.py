"""What is asked of a backtest or a sweep, from words on the command line to checked values."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from wildbot.commands.account_rates import stated_rates
from wildbot.commands.backtest_tapes import TapeFile, open_tape
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.instrument import FeeSchedule, money_from_text
from wildbot.settings import Settings
from wildbot.strategies.base import check_stop

DIRECTIONS = ("feed", "order", "report")


def tapes_of(paths: list[Path], form: str, instruments: list[str]) -> tuple[TapeFile, ...]:
    """Return the recordings of `--data`, each with its format and instrument. Raises: ConfigurationError."""
    if instruments and len(instruments) != len(paths):
        raise ConfigurationError(f"--instrument is given {len(instruments)} times for {len(paths)} recordings")
    names = instruments or [""] * len(paths)
    files: list[TapeFile] = []
    pairs: set[str] = set()
    for path, name in zip(paths, names, strict=True):
        opened = open_tape(TapeFile(path, form, name))  # a recording that cannot be read is told before anything runs
        pair = opened.instrument.pair
        if pair in pairs:
            raise ConfigurationError(f"--data {str(path)!r} is of {pair}, as one before it; import pieces of one together")
        pairs.add(pair)
        is_stock = opened.instrument.lot_decimals == 0
        files.append(TapeFile(path, form, name, is_stock=is_stock))
    return tuple(files)


def parameters_of(settings: Settings, strategy: str, assignments: list[str]) -> dict[str, object]:
    """Return the strategy's settings with `--set` on top. Raises: ConfigurationError for a bad one."""
    parameters = settings.strategy_parameters(strategy)
    for each in assignments:
        key, equals, value = each.partition("=")
        if not equals:
            raise ConfigurationError(f"--set {each!r} is not of the form KEY=VALUE")
        parameters[key.strip()] = value.strip()
    check_stop(strategy, parameters, settings.risk.exit_collar_pct)
    return parameters


def fees_of(text: str, settings: Settings, tapes: tuple[TapeFile, ...]) -> FeeSchedule:
    """Return the rates of `--fees`, or the settings'. Raises: ConfigurationError."""
    if text:
        return stated_rates(text)
    if all(tape.is_stock for tape in tapes):
        return FeeSchedule(0, 0)  # a stock broker's commission is not Kraken's; say --fees to have one
    return settings.exchange.rates


def capital_of(text: str, settings: Settings) -> Decimal:
    """Return the money to start with, in the quote currency. Raises: ConfigurationError as `stated_capital`."""
    return stated_capital(text) if text else settings.capital.starting


def stated_capital(text: str) -> Decimal:
    """Return the money of `--capital`. Raises: ConfigurationError unless it is above 0 and an account can hold it."""
    try:
        capital = Decimal(text)
    except InvalidOperation:
        raise ConfigurationError(f"--capital: {text!r} is no number") from None
    if not capital.is_finite() or capital <= 0:
        raise ConfigurationError(f"--capital is {capital} and must be a finite number above 0")
    try:
        for each in (capital, 10 * capital):  # as large may one order be
            money_from_text(str(each))
    except ProtocolError as error:
        raise ConfigurationError(f"--capital is {text} and cannot be held exactly: {error}") from None
    return capital


def measured_of(path: Path | None) -> dict[str, tuple[int, ...]]:
    """Return measured delays by direction from a JSON file: {"feed": [ns, ...], "order": [...], "report": [...]}.

    Raises: ConfigurationError when it is no such file.
    """
    if path is None:
        return {}
    try:
        measured = msgspec.json.decode(path.read_bytes(), type=dict[str, tuple[int, ...]])
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigurationError(f"--latency {str(path)!r} holds no measured delays: {error}") from None
    unknown = sorted(set(measured) - set(DIRECTIONS))
    if unknown or not measured:
        raise ConfigurationError(f"--latency {str(path)!r} has {unknown or 'nothing'}; it tells: {', '.join(DIRECTIONS)}")
    for direction, delays in measured.items():
        if not delays or min(delays) < 0:
            raise ConfigurationError(f"--latency {str(path)!r}: {direction} needs delays of 0 ns or more")
    return measured
