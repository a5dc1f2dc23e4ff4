"""`wildbot report`: what was traded and what it came to, from the journal, while WildBot runs or not."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from actors.spec import EXIT_FAILED
from actors.truth_files import marks_file, read_marks, twin_record
from wildbot.adapters.home import Home
from wildbot.adapters.journal_reader import JournalReader, JournalUnreadableError, as_filled
from wildbot.analytics.truth_rows import truth_row
from wildbot.commands.report_page import page
from wildbot.commands.report_sessions import SessionRow
from wildbot.commands.report_truth import TruthRow
from wildbot.commands.terminal import JsonOption, clean, explained, fail, new_table, output, print_json, say
from wildbot.commands.trade_report import Kept, SumRow, TradeReport, TradeRow, TripRow, summarise
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import money_from_text
from wildbot.model.journal import FillRow
from wildbot.settings import Settings
from wildbot.settings_loading import load
from wildbot.truth.profit_ledger import Mark
from wildbot.truth.truth_desk import TruthDesk, TwinRecord

TRADES_PRINTED = 20


@explained
def report(
    html: Annotated[Path | None, typer.Option("--html", help="Write a page that needs nothing else.")] = None,
    csv_folder: Annotated[Path | None, typer.Option("--csv", help="Write every table as a CSV file here.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", "-p", help="The journal of another profile.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Report sessions, statistics, trades and where the money came from.

    Out of the journal, by pair and by day, while WildBot runs or not.

    Example: wildbot report --html report.html --csv reports/
    """
    settings = load({"profile": profile} if profile else None).settings
    found = _read(Home(settings.home), settings)
    if html is not None:
        html.write_text(page(found), encoding="utf-8")
    if csv_folder is not None:
        csv_folder.mkdir(parents=True, exist_ok=True)
        _write_csv(csv_folder / "trades.csv", TradeRow, found.trades)
        _write_csv(csv_folder / "round_trips.csv", TripRow, found.round_trips)
        _write_csv(csv_folder / "pairs.csv", SumRow, [*found.pairs, found.total])
        _write_csv(csv_folder / "days.csv", SumRow, found.days)
        _write_csv(csv_folder / "sessions.csv", SessionRow, found.sessions)
        _write_csv(csv_folder / "statistics.csv", type(found.statistics), [found.statistics])
        _write_csv(csv_folder / "profit_split.csv", TruthRow, found.truth)
    if json_output:
        print_json(found)
        return
    _print(found)
    for written in (html, csv_folder):
        if written is not None:
            say(f"written: {written}")


def _read(home: Home, settings: Settings) -> TradeReport:
    profile = settings.profile.value
    journal = home.data / f"{profile}.sqlite"
    reader = JournalReader(journal)
    try:
        rows, events = reader.fills()[::-1], reader.events()
        if not rows and not events:
            fail(f"nothing was traded yet: {journal} holds no fill and no session", EXIT_FAILED)
        marks, record = read_marks(marks_file(home, profile)), _record(home, profile)
        kept = Kept(events, marks, record.mids, _models(rows, marks, record))
        return summarise(journal, rows, kept, money_from_text(str(settings.capital.starting)))
    except JournalUnreadableError as error:
        fail(f"{error} (in {home.data})", EXIT_FAILED)


def _record(home: Home, profile: str) -> TwinRecord:
    try:
        return twin_record(home, profile).load() or TwinRecord()
    except ConfigurationError:
        return TwinRecord()  # the truth desk begins such a file anew too


def _models(rows: list[FillRow], marks: dict[str, Mark], record: TwinRecord) -> dict[str, object]:
    """Return what the truth desk would say now, by its own code."""
    desk = TruthDesk(record, marks, window=0, shows_own=False)
    fills = [as_filled(row) for row in rows]
    desk.catch_up(fills)
    for pair, mid in ({fill.pair: 2 * fill.ticks for fill in fills} | record.mids).items():
        desk.ledger.on_mid(pair, mid, 0)
    return truth_row(desk.status(record.ts_ns), record.ts_ns)


def _print(found: TradeReport) -> None:
    runs = new_table("session (UTC)", "end", "exit", "mode", "strategy", "pairs", ">fills", ">equity change")
    for session in found.sessions:
        told = (session.start, session.end, session.exit, session.mode, session.strategy, session.pairs)
        runs.add_row(*map(clean, told), str(session.fills), session.equity_change)
    output().print(runs, "")
    if not found.trades:
        say("nothing was traded in these sessions")
        return
    sums = new_table("", ">fills", ">won", ">lost", ">volume", ">realised", ">fees", ">net", ">position")
    for row in (*found.days, *found.pairs, found.total):
        numbers = (row.volume, row.realised_pnl, row.fees, row.net, row.position or "")
        sums.add_row(clean(row.name), str(row.fills), str(row.wins), str(row.losses), *numbers)
    parts = new_table(
        "", ">spread", ">adverse selection", ">inventory", ">fees", ">change", ">bps 1 s", ">5 s", ">30 s", ">300 s"
    )
    for part in found.truth:
        means = (part.markout_1s, part.markout_5s, part.markout_30s, part.markout_300s)
        told_means = ("" if mean is None else f"{mean:+.2f}" for mean in means)
        gains = (f"{float(value):+.6f}" for value in (part.spread, part.adverse_selection, part.inventory))
        sums_told = (f"{float(part.fees):.6f}", f"{float(part.change):+.6f}")
        parts.add_row(clean(part.name), *gains, *sums_told, *told_means)
    figures = new_table("figure", ">value")
    for name, value in msgspec.to_builtins(found.statistics).items():
        figures.add_row(name, "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value))
    trades = new_table("time (UTC)", "pair", "side", ">price", ">size", ">fee", "liquidity", ">profit")
    for trade in found.trades[-TRADES_PRINTED:]:
        words = (trade.time, trade.pair, trade.side, trade.price, trade.qty, trade.fee, trade.liquidity, trade.pnl)
        trades.add_row(*map(clean, words))
    output().print(sums, "", parts, "", figures, "", trades)


def _write_csv(path: Path, kind: type[msgspec.Struct], rows: Sequence[msgspec.Struct]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, kind.__struct_fields__)
        writer.writeheader()
        writer.writerows(msgspec.to_builtins(row) for row in rows)
