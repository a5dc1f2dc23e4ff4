"""Our trades: the cockpit's last fills, the second page's full table, its filter and its CSV."""

import csv
import io
from collections.abc import Sequence

from wildbot.dashboard.view.document import JsonObject, decimal, number, text, whole
from wildbot.dashboard.view.wording import (
    cells,
    clock,
    date_clock,
    div,
    exact,
    gain_class,
    money,
    panel,
    side_class,
    side_word,
    span,
    table,
    why_cell,
)
from wildbot.trader_words import why

LAST_SHOWN = 20

COLUMNS = ("time_utc", "ts_ns", "pair", "side", "price", "qty", "fee", "liquidity", "pnl", "reason")

ALL = "all"


def newest_first(trades: Sequence[JsonObject]) -> list[JsonObject]:
    """Return trades by falling time."""
    return sorted(trades, key=lambda row: whole(row, "ts_ns"), reverse=True)


def chosen(trades: Sequence[JsonObject], *, pair: str = ALL, side: str = ALL, liquidity: str = ALL) -> list[JsonObject]:
    """Return the trades that match every filter; ALL matches anything."""
    wanted = [(name, value) for name, value in (("pair", pair), ("side", side), ("liquidity", liquidity)) if value != ALL]
    return [row for row in trades if all(text(row, name) == value for name, value in wanted)]


def fills_html(trades: Sequence[JsonObject], *, stale: bool) -> str:
    """Return the cockpit's table of last fills as markup, newest first."""
    shown = newest_first(trades)[:LAST_SHOWN]
    headings = ["time", "pair", "side", ">price", ">size", ">fee", ">pnl", "as", "why"]
    lines = [_line(row, clock(number(row, "ts_ns"))) for row in shown]
    body = div(f"wb-scroll {'stale' if stale else ''}", table(headings, lines, empty="no fill yet"))
    return panel("Last fills", body, css="middle", aside=span("", f"last {len(shown)}"))


def trades_html(trades: Sequence[JsonObject], *, begins: int, total: int, note: str = "") -> str:
    """Return one page of a table as markup, in the order given; `begins`: how many of `total` came before."""
    headings = ["time (UTC)", "pair", "side", ">price", ">size", ">fee", ">pnl", "as", "why"]
    lines = [_line(row, date_clock(number(row, "ts_ns"))) for row in trades]
    body = div("wb-scroll", table(headings, lines, empty="no trade matches"))
    where = f"{begins + 1}–{begins + len(trades)} of {total:,}" if trades else f"{total:,} match"
    return panel("Fills, newest first", body, css="under", aside=span("warn" if note else "", note or where))


def _line(row: JsonObject, time: str) -> str:
    side, pnl = text(row, "side"), decimal(row, "pnl")
    return cells(
        ("dim", time),
        ("", text(row, "pair")),
        (side_class(side), side_word(side)),
        ("r", exact(decimal(row, "price"))),
        ("r", exact(decimal(row, "qty"))),
        ("r", money(decimal(row, "fee"))),
        (f"r {gain_class(pnl)}", money(pnl, sign=True)),
        ("dim", text(row, "liquidity")),
        last=why_cell(why(text(row, "reason")).line),
    )


def trades_csv(trades: Sequence[JsonObject]) -> str:
    """Return the trades as CSV with COLUMNS, newest first, numbers exactly as they came.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in newest_first(trades):
        writer.writerow([date_clock(number(row, "ts_ns")), *(_harmless(text(row, name)) for name in COLUMNS[1:])])
    return out.getvalue()


def _harmless(value: str) -> str:
    is_formula = value[:1] in {"=", "+", "-", "@", "\t", "\r"} and decimal({"": value}, "") is None
    return f"'{value}" if is_formula else value
