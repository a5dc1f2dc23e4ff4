"""A backtest's result as one HTML file that needs nothing else, and as CSV files.

Rules: every text is escaped; the figures are those of the JSON document. What was skipped of the recordings is on the page.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from pathlib import Path

from wildbot.analytics.markout import HORIZONS_S, Markout, mean_move_bps
from wildbot.analytics.plots import Series, line_chart
from wildbot.commands.backtest_job import BacktestAnswer, BacktestJob
from wildbot.commands.backtest_report import Answers, chosen_of, range_text
from wildbot.model.errors import ConfigurationError
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, Instrument

FILLS_SHOWN_MAX = 2_000
SKIPPED = ("rows", "books", "trades", "crossed", "one_sided", "gaps", "unreadable", "clock_steps", "silences")
TRIPS_SHOWN_MAX = 2_000

STYLE = """
:root { color-scheme: light dark; --line: #8884 }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line) } td.n, th.n { text-align: right }
svg { width: 100%; height: auto; margin: .5rem 0 } .warn { color: #c2410c }
"""


def write_page(path: Path, job: BacktestJob, answers: Answers, told: Mapping[str, object]) -> None:
    """Write the page. Raises: ConfigurationError when the file cannot be written."""
    try:
        path.write_text(page(job, answers, told), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--html {str(path)!r} cannot be written: {error.strerror}") from None


def page(job: BacktestJob, answers: Answers, told: Mapping[str, object]) -> str:
    """Return the page."""
    answer = chosen_of(answers)
    run = answer.run
    title = f"{job.strategy} on {', '.join(run.notes)}"
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>",
        f"<p>{_time(run.began_ns)} to {_time(run.ended_ns)} UTC, {run.events:,} events; fill model of the curves:"
        f" {escape(_name_of(answers, answer))}.</p>",
        *_curves(answers),
        "<h2>What it came to</h2>",
        _table(("", "value"), _figures(answer, told)),
        "<h2>Over the fill models</h2>",
        _table(("model", "orders", "fills", "round trips", "net", "fees"), _models(answers)),
        _sign(told),
        "<h2>Where it came from</h2>",
        _table(("part", "money"), _split(answer)),
        _table(("seconds after the fill", "mid's move in our favour, bps"), _markouts(answer)),
        "<h2>By pair and day (UTC)</h2>",
        _table(("pair", "day", "fills", "bought", "sold", "fees", "cash flow"), _days(answer)),
        "<h2>What was skipped</h2>",
        _table(("pair", *SKIPPED), _skips(answer)),
        *(f"<p class='warn'>{escape(f'{p}: {r}')}</p>" for p, notes in run.notes.items() for r in notes.remarks),
        *(f"<p class='warn'>{escape(text)}</p>" for text in ([f"halted: {run.halted}"] if run.halted else [])),
        f"<h2>Fills{_first(len(run.fills), FILLS_SHOWN_MAX)}</h2>",
        _table(FILL_COLUMNS, fill_rows(answer, FILLS_SHOWN_MAX)),
        f"<h2>Round trips, net{_first(len(run.trips), TRIPS_SHOWN_MAX)}</h2>",
        _table(("number", "net"), _trips(answer)),
        f"<p>decisions {escape(run.digest)}</p></body></html>\n",
    ]
    return "".join(parts)


def write_csv(folder: Path, answers: Answers) -> None:
    """Write equity.csv, fills.csv and trips.csv. Raises: ConfigurationError when the folder cannot be written."""
    answer = chosen_of(answers)
    equity = [(str(ts), _money(value)) for ts, value in answer.run.equity]
    sheets = (
        ("equity.csv", ("ts_ns", "equity"), equity),
        ("fills.csv", FILL_COLUMNS, fill_rows(answer)),
        ("trips.csv", ("number", "net"), _trips(answer, None)),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, head, rows in sheets:
            with (folder / name).open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([head, *rows])
    except OSError as error:
        raise ConfigurationError(f"--csv {str(folder)!r} cannot be written: {error.strerror}") from None


FILL_COLUMNS = ("time", "pair", "side", "price", "size", "fee", "liquidity")


def fill_rows(answer: BacktestAnswer, most: int | None = None) -> list[tuple[str, ...]]:
    """Return fills as texts, oldest first."""
    rules = answer.instruments
    return [_fill_row(each.fill, rules[each.fill.pair]) for each in answer.run.fills[:most]]


def _fill_row(fill: Filled, instrument: Instrument) -> tuple[str, ...]:
    price, size = instrument.price_text(fill.ticks), instrument.lots_text(fill.lots)
    return (_time(fill.ts_ns), fill.pair, fill.side.value, price, size, _money(fill.fee), fill.liquidity.value)


def _curves(answers: Answers) -> list[str]:
    equity = {name: [(float(ts), value / 10**MONEY_DECIMALS) for ts, value in a.run.equity] for name, a in answers.items()}
    falls = []
    for name, points in equity.items():
        peak, fall = float("-inf"), []
        for ts, value in points:
            peak = max(peak, value)
            fall.append((ts, (value - peak) / peak * 100 if peak > 0 else 0.0))
        falls.append(Series(name, fall))
    curves = [Series(name, points) for name, points in equity.items()]
    return [
        line_chart("equity", curves, is_time=True),
        line_chart("fall from the peak", falls, is_time=True, unit=" %"),
        line_chart("round trips, cumulated", [_cumulated(chosen_of(answers))]),
    ]


def _cumulated(answer: BacktestAnswer) -> Series:
    total, points = 0.0, [(0.0, 0.0)]
    for number, trip in enumerate(answer.run.trips, start=1):
        total += trip / 10**MONEY_DECIMALS
        points.append((float(number), total))
    return Series("net", points)


def _figures(answer: BacktestAnswer, told: Mapping[str, object]) -> list[tuple[str, str]]:
    figures = answer.performance
    sharpe = (
        "too few samples" if figures.sharpe is None else f"{figures.sharpe:.2f} ± {figures.sharpe_error or 0:.2f} a year"
    )
    win = "" if figures.win_rate_pct is None else f"{figures.win_rate_pct:.1f} %"
    return [
        ("net", f"{answer.run.split.total:+f}"),
        ("return", f"{figures.return_pct:+.4f} %"),
        ("deepest fall", f"{figures.max_drawdown_pct:.4f} %"),
        ("Sharpe", sharpe),
        ("round trips", str(figures.round_trips)),
        ("win rate", win),
        ("expectancy per round trip", "" if figures.expectancy is None else f"{figures.expectancy:+.6f}"),
        ("fees", str(answer.run.split.fees)),
        ("orders sent", str(answer.run.orders)),
        ("latency, one way", f"{told['latency_ms']} ms"),
    ]


def _models(answers: Answers) -> list[tuple[str, ...]]:
    return [
        (
            name,
            str(each.run.orders),
            str(len(each.run.fills)),
            str(each.performance.round_trips),
            f"{each.run.split.total:+f}",
            f"{each.run.split.fees:f}",
        )
        for name, each in answers.items()
    ]


def _sign(told: Mapping[str, object]) -> str:
    stable = "every fill model agrees on the sign" if told["sign_stable"] else "the fill models disagree on the sign"
    return f"<p>{range_text(told)}; {stable}.</p>"


def _split(answer: BacktestAnswer) -> list[tuple[str, str]]:
    split = answer.run.split
    parts = (
        ("spread captured", split.spread),
        ("adverse selection", split.adverse_selection),
        ("inventory", split.inventory),
    )
    return [*((name, f"{value:+f}") for name, value in parts), ("fees", f"{-split.fees:+f}"), ("net", f"{split.total:+f}")]


def _markouts(answer: BacktestAnswer) -> list[tuple[str, str]]:
    rows: list[Markout] = [each for rows in answer.run.markouts.values() for each in rows]
    means = [(seconds, mean_move_bps(rows, seconds)) for seconds in HORIZONS_S]
    return [(str(seconds), "no fill is that old" if mean is None else f"{mean:+.3f}") for seconds, mean in means]


def _days(answer: BacktestAnswer) -> list[tuple[str, ...]]:
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for each in answer.run.fills:
        fill = each.fill
        row = sums[fill.pair, _time(fill.ts_ns)[:10]]
        cost, fee = (Decimal(value).scaleb(-MONEY_DECIMALS) for value in (fill.cost, fill.fee))
        row[0] += 1
        row[1 if fill.side.sign > 0 else 2] += cost
        row[3] += fee
    return [
        (pair, day, str(count), f"{bought:f}", f"{sold:f}", f"{fees:f}", f"{sold - bought - fees:+f}")
        for (pair, day), (count, bought, sold, fees) in sorted(sums.items())
    ]


def _skips(answer: BacktestAnswer) -> list[tuple[str, ...]]:
    return [(pair, *(f"{getattr(notes, name):,}" for name in SKIPPED)) for pair, notes in answer.run.notes.items()]


def _trips(answer: BacktestAnswer, most: int | None = TRIPS_SHOWN_MAX) -> list[tuple[str, str]]:
    return [(str(number), _money(trip)) for number, trip in enumerate(answer.run.trips[:most], start=1)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    heads = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _first(count: int, most: int) -> str:
    return f": the first {most:,} of {count:,}" if count > most else ""


def _name_of(answers: Answers, answer: BacktestAnswer) -> str:
    return next(name for name, each in answers.items() if each is answer)


def _money(money: int) -> str:
    return f"{Decimal(money).scaleb(-MONEY_DECIMALS):f}"


def _time(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // 10**9, UTC):%Y-%m-%d %H:%M:%S}.{ns % 10**9 // 10**6:03d}"
