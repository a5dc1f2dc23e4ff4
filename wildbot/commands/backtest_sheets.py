"""A backtest's result as CSV files: enough to compute every figure again.

Rules: money and prices are exact decimals, times UTC nanoseconds beside readable ones.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from wildbot.analytics.markout import HORIZONS_S, Markout
from wildbot.backtest.round_trips import RoundTrip
from wildbot.commands.backtest_job import BacktestAnswer
from wildbot.commands.backtest_report import Answers, chosen_of
from wildbot.model.errors import ConfigurationError
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, Instrument

FILL_COLUMNS = ("time", "pair", "side", "price", "size", "fee", "liquidity")
TRIP_COLUMNS = ("pair", "opened", "closed", "seconds", "net")
_MARKOUT_COLUMNS = ("ts_ns", "cost", "mid", *(f"bps_{seconds}s" for seconds in HORIZONS_S))


def write_csv(folder: Path, answers: Answers) -> None:
    """Write equity.csv, fills.csv and trips.csv; each fill with its cost as the venue booked it, the mid at it, and the
    mid's move in our favour after it, empty where the recording ended before.

    Raises: ConfigurationError when the folder cannot be written.
    """
    answer = chosen_of(answers)
    sheets = (
        ("equity.csv", ("ts_ns", "equity"), [(str(ts), exact_money(value)) for ts, value in answer.run.equity]),
        ("fills.csv", (*FILL_COLUMNS, *_MARKOUT_COLUMNS), list(_marked_fills(answer))),
        ("trips.csv", TRIP_COLUMNS, [trip_row(each) for each in answer.run.trips]),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, head, rows in sheets:
            with (folder / name).open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([head, *rows])
    except OSError as error:
        raise ConfigurationError(f"--csv {str(folder)!r} cannot be written: {error.strerror}") from None


def fill_rows(answer: BacktestAnswer, most: int | None = None) -> list[tuple[str, ...]]:
    """Return fills as texts, oldest first."""
    rules = answer.instruments
    return [_fill_row(each.fill, rules[each.fill.pair]) for each in answer.run.fills[:most]]


def trip_row(trip: RoundTrip) -> tuple[str, ...]:
    """Return a round trip as texts."""
    seconds = (trip.closed_ns - trip.opened_ns) / 10**9
    return (trip.pair, time_text(trip.opened_ns), time_text(trip.closed_ns), f"{seconds:.3f}", exact_money(trip.net))


def exact_money(money: int) -> str:
    """Return money as decimal text, no zero behind the last digit but two decimals at least."""
    return decimal_text(Decimal(money).scaleb(-MONEY_DECIMALS))


def decimal_text(value: Decimal) -> str:
    """Return every digit of a sum, no zero behind the last but two decimals at least."""
    whole, _, part = f"{value:f}".partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


def time_text(ns: int) -> str:
    """Return a time as UTC text to the millisecond."""
    return f"{datetime.fromtimestamp(ns // 10**9, UTC):%Y-%m-%d %H:%M:%S}.{ns % 10**9 // 10**6:03d}"


def _marked_fills(answer: BacktestAnswer) -> Iterator[tuple[str, ...]]:
    marks = {pair: iter(rows) for pair, rows in answer.run.markouts.items()}
    for each, row in zip(answer.run.fills, fill_rows(answer), strict=True):
        yield *row, *_mark_row(next(marks[each.fill.pair]), answer.instruments[each.fill.pair])


def _mark_row(mark: Markout, instrument: Instrument) -> tuple[str, ...]:
    mid = Decimal(mark.double_mid * 5).scaleb(-instrument.price_decimals - 1)
    moves = [f"{mark.move_bps(seconds):.6f}" if mark.reached > at else "" for at, seconds in enumerate(HORIZONS_S)]
    return (str(mark.fill.ts_ns), exact_money(mark.fill.cost), f"{mid:f}", *moves)


def _fill_row(fill: Filled, instrument: Instrument) -> tuple[str, ...]:
    price, size = instrument.price_text(fill.ticks), instrument.lots_text(fill.lots)
    return (time_text(fill.ts_ns), fill.pair, fill.side.value, price, size, exact_money(fill.fee), fill.liquidity.value)
