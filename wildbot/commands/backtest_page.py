"""A backtest's result as one HTML file that needs nothing else.

Rules: every text is escaped; the figures are those of the JSON document. What was skipped of the recordings is on the page.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape
from pathlib import Path

from wildbot.analytics.markout import HORIZONS_S, Markout, mean_move_bps
from wildbot.analytics.plots import Series, line_chart
from wildbot.commands.backtest_job import BacktestAnswer, BacktestJob
from wildbot.commands.backtest_report import Answers, chosen_of, name_of, range_text, sign_text
from wildbot.commands.backtest_sheets import decimal_text, fill_rows, time_text, trip_row
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import MONEY_DECIMALS

FILLS_SHOWN_MAX = 2_000
READ = ("rows", "books", "trades", "crossed", "one_sided", "gaps", "unreadable", "clock_steps", "silences")
TRIPS_SHOWN_MAX = 2_000

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #7b8794 }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: .3rem } h2 { font-size: 1.05rem; margin: 2.2rem 0 .5rem } p { margin: .3rem 0 }
.lead { font-size: 1.1rem; font-weight: 600 } .soft { color: var(--soft) } .warn { color: #c2410c }
.scroll { overflow-x: auto; margin-bottom: 1.2rem }
.scroll svg { display: block; min-width: 40rem; width: 100%; height: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th { font-weight: 500; color: var(--soft); text-align: left } th, td { padding: .2rem 1.4rem .2rem 0; white-space: nowrap }
.terms td { white-space: normal }
tr { border-bottom: 1px solid var(--line) } .n { text-align: right }
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
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>",
        f"<p class='soft'>{time_text(run.began_ns)} to {time_text(run.ended_ns)} UTC, {run.events:,} events.</p>",
        f"<p class='lead'>{escape(range_text(told))}.</p><p>{escape(sign_text(told))}.</p>",
        *(f"<p class='warn'>{escape(text)}</p>" for text in ([f"halted: {run.halted}"] if run.halted else [])),
        *(f"<div class='scroll'>{chart}</div>" for chart in _curves(answers) if chart),
        f"<h2>What it came to, by {escape(name_of(answers, answer))}</h2>",
        _table(("", ">value"), _figures(answer)),
        "<h2>Over the fill models</h2>",
        _table(("model", ">orders", ">fills", ">round trips", ">net", ">fees", ">deepest fall"), _models(answers)),
        "<h2>Where it came from</h2>",
        _table(("pair", ">spread captured", ">adverse selection", ">inventory", ">fees", ">net"), _splits(answer)),
        _table(("seconds after the fill", ">fills that old", ">mid's move in our favour, bps"), _markouts(answer)),
        "<h2>By pair and day (UTC)</h2>",
        _table(("pair", "day", ">fills", ">bought", ">sold", ">fees", ">cash flow"), _days(answer)),
        "<h2>How it was run</h2>",
        f"<div class='terms'>{_table(('', '>value'), _terms(job))}</div>",
        "<h2>What was read, and what of it was skipped</h2>",
        _table(("pair", *(f">{name.replace('_', ' ')}" for name in READ)), _reads(answer)),
        *(f"<p class='warn'>{escape(f'{p}: {r}')}</p>" for p, notes in run.notes.items() for r in notes.remarks),
        f"<h2>Fills{_first(len(run.fills), FILLS_SHOWN_MAX)}</h2>",
        _table(("time", "pair", "side", ">price", ">size", ">fee", "liquidity"), fill_rows(answer, FILLS_SHOWN_MAX)),
        f"<h2>Round trips{_first(len(run.trips), TRIPS_SHOWN_MAX)}</h2>",
        _table(("pair", "opened", "closed", ">seconds", ">net"), map(trip_row, run.trips[:TRIPS_SHOWN_MAX])),
        f"<p class='soft'>decisions {escape(run.digest)}</p></body></html>\n",
    ]
    return "".join(parts)


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
        line_chart("round trips, cumulated", [_cumulated(answers)], is_time=True),
    ]


def _cumulated(answers: Answers) -> Series:
    answer = chosen_of(answers)
    total, points = 0.0, [(float(answer.run.began_ns), 0.0)]
    for trip in answer.run.trips:
        points.append((float(trip.closed_ns), total))
        total += trip.net / 10**MONEY_DECIMALS
        points.append((float(trip.closed_ns), total))
    return Series(name_of(answers, answer), points)


def _figures(answer: BacktestAnswer) -> list[tuple[str, str]]:
    figures = answer.performance
    sharpe = (
        "too few samples" if figures.sharpe is None else f"{figures.sharpe:.2f} ± {figures.sharpe_error or 0:.2f} a year"
    )
    win = "no round trip" if figures.win_rate_pct is None else f"{figures.win_rate_pct:.1f} %"
    return [
        ("net", _signed(answer.run.split.total)),
        ("return", f"{figures.return_pct:+.4f} %"),
        ("deepest fall", f"{figures.max_drawdown_pct:.4f} %"),
        ("Sharpe", sharpe),
        ("round trips", str(figures.round_trips)),
        ("win rate", win),
        ("expectancy per round trip", win if figures.expectancy is None else f"{figures.expectancy:+.6f}"),
        ("fees", decimal_text(answer.run.split.fees)),
        ("orders sent", str(answer.run.orders)),
        *((f"left of {pair}, lots", str(lots)) for pair, lots in answer.run.left_lots.items()),
    ]


def _terms(job: BacktestJob) -> list[tuple[str, str]]:
    measured = ", ".join(job.measured_ns)
    return [
        ("capital", str(job.capital)),
        ("fees", f"maker {job.fees.maker_ppm / 10_000:g} %, taker {job.fees.taker_ppm / 10_000:g} %"),
        ("latency of an order and its answer, one way", f"{job.latency_ms:g} ms"),
        ("latency of market data", f"{job.feed_latency_ms:g} ms"),
        *([("measured latency", measured)] if measured else []),
        ("may sell what it does not own", "yes" if job.allow_short else "no"),
        ("seed", str(job.seed)),
        *((str(key), str(value) or "none") for key, value in sorted(job.parameters.items())),
    ]


def _models(answers: Answers) -> list[tuple[str, ...]]:
    return [
        (
            name,
            str(each.run.orders),
            str(len(each.run.fills)),
            str(each.performance.round_trips),
            _signed(each.run.split.total),
            decimal_text(each.run.split.fees),
            f"{each.performance.max_drawdown_pct:.4f} %",
        )
        for name, each in answers.items()
    ]


def _splits(answer: BacktestAnswer) -> list[tuple[str, ...]]:
    splits = [*answer.run.splits.items(), *([("all", answer.run.split)] if len(answer.run.splits) > 1 else [])]
    return [
        (pair, *map(_signed, (each.spread, each.adverse_selection, each.inventory, -each.fees, each.total)))
        for pair, each in splits
    ]


def _markouts(answer: BacktestAnswer) -> list[tuple[str, ...]]:
    rows: list[Markout] = [each for rows in answer.run.markouts.values() for each in rows]
    old = [sum(each.reached > at for each in rows) for at in range(len(HORIZONS_S))]
    means = [mean_move_bps(rows, seconds) for seconds in HORIZONS_S]
    return [
        (str(seconds), str(count), "unknown" if mean is None else f"{mean:+.3f}")
        for seconds, count, mean in zip(HORIZONS_S, old, means, strict=True)
    ]


def _days(answer: BacktestAnswer) -> list[tuple[str, ...]]:
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for each in answer.run.fills:
        fill = each.fill
        row = sums[fill.pair, time_text(fill.ts_ns)[:10]]
        cost, fee = (Decimal(value).scaleb(-MONEY_DECIMALS) for value in (fill.cost, fill.fee))
        row[0] += 1
        row[1 if fill.side.sign > 0 else 2] += cost
        row[3] += fee
    return [
        (pair, day, str(count), *map(decimal_text, (bought, sold, fees)), _signed(sold - bought - fees))
        for (pair, day), (count, bought, sold, fees) in sorted(sums.items())
    ]


def _reads(answer: BacktestAnswer) -> list[tuple[str, ...]]:
    return [(pair, *(f"{getattr(notes, name):,}" for name in READ)) for pair, notes in answer.run.notes.items()]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a column whose name starts with ">" is right-aligned."""
    kinds = [" class='n'" if text.startswith(">") else "" for text in head]
    heads = "".join(f"<th{kind}>{escape(text.removeprefix('>'))}</th>" for kind, text in zip(kinds, head, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{escape(cell)}</td>' for kind, cell in zip(kinds, row, strict=True))}</tr>"
        for row in rows
    )
    body = body or f"<tr><td class='soft' colspan='{len(head)}'>none</td></tr>"
    return f"<div class='scroll'><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"


def _first(count: int, most: int) -> str:
    return f": the first {most:,} of {count:,}" if count > most else ""


def _signed(value: Decimal) -> str:
    return ("+" if value > 0 else "") + decimal_text(value)
