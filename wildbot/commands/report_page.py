"""A trade report as one HTML file that needs nothing else: no script, no font, no address.

Rules: every text of the journal is escaped; the picture is an inline SVG of the net realised profit after each fill.
"""

from collections.abc import Iterable, Sequence
from html import escape

from wildbot.commands.trade_report import SumRow, TradeReport, TradeRow

WIDTH, HEIGHT = 960, 220
TRADES_SHOWN_MAX = 5_000
"""More would make a page no browser likes; the CSV files have them all."""

STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; background: #0f1216; color: #d8dee6 }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin-top: 2rem; color: #9fb0c3 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th { text-align: left; color: #8296ab; font-weight: 500 } th, td { padding: .2rem .6rem; border-bottom: 1px solid #222a33 }
td.n, th.n { text-align: right } .up { color: #4cc38a } .down { color: #ff6369 }
svg { width: 100%; height: auto; background: #12161c; border: 1px solid #222a33 }
"""

SUM_HEADINGS = ("", "fills", "won", "lost", "volume", "realised", "fees", "net", "position")
TRADE_HEADINGS = ("time (UTC)", "pair", "side", "price", "size", "fee", "liquidity", "profit", "round trip")


def page(report: TradeReport) -> str:
    """Return the page."""
    total = report.total
    shown = report.trades[-TRADES_SHOWN_MAX:]
    left_out = len(report.trades) - len(shown)
    note = f"<p>The last {len(shown)} of {len(report.trades)} fills.</p>" if left_out else ""
    return "".join(
        (
            "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>WildBot report</title>",
            f"<style>{STYLE}</style></head><body><h1>WildBot: {total.fills} fills, net {_signed(total.net)}</h1>",
            f"<p>Realised {_signed(total.realised_pnl)}, fees {escape(total.fees)}, {total.wins} round trips won,"
            f" {total.losses} lost. Open positions are not in it. Journal: {escape(report.journal)}</p>",
            _curve([float(value) for _, value in report.curve]),
            "<h2>Pairs</h2>",
            _table(SUM_HEADINGS, map(_sum_cells, [*report.pairs, total])),
            "<h2>Days (UTC)</h2>",
            _table(SUM_HEADINGS, map(_sum_cells, report.days)),
            "<h2>Trades</h2>",
            note,
            _table(TRADE_HEADINGS, map(_trade_cells, shown)),
            "</body></html>\n",
        )
    )


def _curve(values: Sequence[float]) -> str:
    if len(values) < 2:
        return ""
    low, high = min(*values, 0.0), max(*values, 0.0)
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return round(HEIGHT - 10 - (value - low) / span * (HEIGHT - 20), 1)

    step = WIDTH / (len(values) - 1)
    points = " ".join(f"{round(index * step, 1)},{y(value)}" for index, value in enumerate(values))
    return (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='net realised profit after each fill'>"
        f"<line x1='0' x2='{WIDTH}' y1='{y(0.0)}' y2='{y(0.0)}' stroke='#3a4654' stroke-dasharray='4'/>"
        f"<polyline points='{points}' fill='none' stroke='#5aa9ff' stroke-width='1.5'/></svg>"
    )


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _sum_cells(row: SumRow) -> list[str]:
    counts = (str(row.fills), str(row.wins), str(row.losses))
    return [
        escape(row.name),
        *counts,
        escape(row.volume),
        _signed(row.realised_pnl),
        escape(row.fees),
        _signed(row.net),
        escape(row.position or ""),
    ]


def _trade_cells(row: TradeRow) -> list[str]:
    plain = (row.time, row.pair, row.side, row.price, row.qty, row.fee, row.liquidity)
    return [*map(escape, plain), _signed(row.pnl), _signed(row.trip_net) if row.trip_net is not None else ""]


def _signed(text: str) -> str:
    value = float(text)
    css = "up" if value > 0 else "down" if value < 0 else ""
    return f"<span class='{css}'>{escape(text)}</span>"
