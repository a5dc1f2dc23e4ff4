"""`wildbot report`: what was traded and what it came to, from the journal, while WildBot runs or not."""

import csv
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from actors.spec import EXIT_FAILED
from wildbot.adapters.home import Home
from wildbot.commands.report_page import page
from wildbot.commands.terminal import JsonOption, clean, explained, fail, new_table, output, print_json, say
from wildbot.commands.trade_report import SumRow, TradeReport, TradeRow, read_fills, summarise
from wildbot.model.errors import ProtocolError
from wildbot.settings_loading import load

TRADES_PRINTED = 20


@explained
def report(
    html: Annotated[Path | None, typer.Option("--html", help="Write a page that needs nothing else.")] = None,
    csv_folder: Annotated[Path | None, typer.Option("--csv", help="Write trades.csv, pairs.csv, days.csv here.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", "-p", help="The journal of another profile.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Report trades, pairs, days and totals from the journal.

    Example: wildbot report --html report.html --csv reports/
    """
    settings = load({"profile": profile} if profile else None).settings
    home = Home(settings.home)
    found = _read(home.data / f"{settings.profile}.sqlite")
    if html is not None:
        html.write_text(page(found), encoding="utf-8")
    if csv_folder is not None:
        csv_folder.mkdir(parents=True, exist_ok=True)
        _write_csv(csv_folder / "trades.csv", TradeRow, found.trades)
        _write_csv(csv_folder / "pairs.csv", SumRow, [*found.pairs, found.total])
        _write_csv(csv_folder / "days.csv", SumRow, found.days)
    if json_output:
        print_json(found)
        return
    _print(found)
    for written in (html, csv_folder):
        if written is not None:
            say(f"written: {written}")


def _read(journal: Path) -> TradeReport:
    if not journal.is_file():
        fail(f"nothing was traded yet: {journal} does not exist", EXIT_FAILED)
    try:
        return summarise(journal, read_fills(journal))
    except (sqlite3.Error, ProtocolError) as error:
        fail(f"{journal} cannot be read: {error}", EXIT_FAILED)


def _print(found: TradeReport) -> None:
    sums = new_table("", ">fills", ">won", ">lost", ">volume", ">realised", ">fees", ">net", ">position")
    for row in (*found.days, *found.pairs, found.total):
        numbers = (row.volume, row.realised_pnl, row.fees, row.net, row.position or "")
        sums.add_row(clean(row.name), str(row.fills), str(row.wins), str(row.losses), *numbers)
    trades = new_table("time (UTC)", "pair", "side", ">price", ">size", ">fee", "liquidity", ">profit")
    for trade in found.trades[-TRADES_PRINTED:]:
        words = (trade.time, trade.pair, trade.side, trade.price, trade.qty, trade.fee, trade.liquidity, trade.pnl)
        trades.add_row(*map(clean, words))
    output().print(sums)
    if found.trades:
        output().print("", trades)


def _write_csv(path: Path, kind: type[msgspec.Struct], rows: Sequence[msgspec.Struct]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, kind.__struct_fields__)
        writer.writeheader()
        writer.writerows(msgspec.to_builtins(row) for row in rows)
