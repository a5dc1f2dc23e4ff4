"""A trade report as one HTML file that needs nothing else: no script, no font, no address.

Rules: every text of the journal is escaped; the pictures are inline SVG of the equity after each fill and its drawdown.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import msgspec

from wildbot.analytics.plots import Series, line_chart
from wildbot.commands.report_sessions import SessionRow
from wildbot.commands.report_truth import TruthRow
from wildbot.commands.trade_report import SumRow, TradeReport, TradeRow, TripRow

ROWS_SHOWN_MAX = 5_000
"""More would make a page no browser likes; the CSV files have them all."""

STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem; background: #0f1216; color: #d8dee6 }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin-top: 2rem; color: #9fb0c3 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th { text-align: left; color: #8296ab; font-weight: 500 } th, td { padding: .2rem .6rem; border-bottom: 1px solid #222a33 }
.up { color: #4cc38a } .down { color: #ff6369 } .scroll { overflow-x: auto }
svg { width: 100%; height: auto; background: #12161c; border: 1px solid #222a33; margin: .3rem 0 }
"""

SESSION_HEADINGS = ("start (UTC)", "end", "exit", "mode", "strategy", "pairs", "starts", "fills", "equity change")
SUM_HEADINGS = ("", "fills", "won", "lost", "volume", "realised", "fees", "net", "position")
SPLIT_HEADINGS = (
    "", "fills", "spread", "adverse selection", "inventory", "fees", "change", "bps after 1 s", "5 s", "30 s", "300 s",
)  # fmt: skip
MODEL_HEADINGS = ("fill model", "fills", "net result")
TRIP_HEADINGS = ("pair", "opened (UTC)", "closed", "seconds", "net")
TRADE_HEADINGS = ("time (UTC)", "pair", "side", "price", "size", "fee", "liquidity", "profit", "round trip")


def page(report: TradeReport) -> str:
    """Return the page."""
    total = report.total
    trades, trips = report.trades[-ROWS_SHOWN_MAX:], report.round_trips[-ROWS_SHOWN_MAX:]
    return "".join(
        (
            "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
            "<meta name='viewport' content='width=device-width'><title>WildBot report</title>",
            f"<style>{STYLE}</style></head><body><h1>WildBot: {total.fills} fills, net {_signed(total.net)}</h1>",
            f"<p>Realised {_signed(total.realised_pnl)}, fees {escape(total.fees)}, {total.wins} round trips won,"
            f" {total.losses} lost; open positions are not in these. Journal: {escape(report.journal)}</p>",
            *_curves(report.curve),
            "<h2>Sessions</h2>",
            _table(SESSION_HEADINGS, map(_session_cells, report.sessions)),
            "<h2>Statistics</h2>",
            _table(("figure", "value"), _figures(report)),
            "<h2>Where the money came from</h2>",
            "<p>change = spread + adverse selection + inventory - fees, exactly, what is left valued at the last mid.</p>",
            _table(SPLIT_HEADINGS, map(_split_cells, report.truth)),
            *_models(report.models),
            "<h2>Pairs</h2>",
            _table(SUM_HEADINGS, map(_sum_cells, [*report.pairs, total])),
            "<h2>Days (UTC)</h2>",
            _table(SUM_HEADINGS, map(_sum_cells, report.days)),
            "<h2>Round trips</h2>",
            _cut(len(trips), len(report.round_trips)),
            _table(TRIP_HEADINGS, map(_trip_cells, trips)),
            "<h2>Trades</h2>",
            _cut(len(trades), len(report.trades)),
            _table(TRADE_HEADINGS, map(_trade_cells, trades)),
            "</body></html>\n",
        )
    )


def _curves(curve: Sequence[tuple[int, str]]) -> list[str]:
    points = [(float(ts_ns), float(value)) for ts_ns, value in curve]
    peak, falls = 0.0, list[tuple[float, float]]()
    for ts_ns, value in points:
        peak = max(peak, value)
        falls.append((ts_ns, (value / peak - 1) * 100 if peak > 0 else 0.0))
    return [
        line_chart("Equity after each fill", [Series("equity", points)], is_time=True),
        line_chart("Drawdown", [Series("below the peak", falls)], is_time=True, unit=" %"),
    ]


def _figures(report: TradeReport) -> Iterable[Sequence[str]]:
    for name, value in msgspec.to_builtins(report.statistics).items():
        shown = "unknown" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
        yield escape(name.replace("_", " ")), escape(shown)


def _models(section: Mapping[str, object]) -> Iterable[str]:
    """The fill models beside reality, where the truth desk has seen any order."""
    models = section.get("models")
    if not isinstance(models, Mapping) or not models:
        return
    stable = "The sign is the same under all of them" if section.get("sign_stable") else "The sign depends on the model"
    yield "<h2>What paper would have said of the same orders</h2>"
    yield f"<p>{stable}. {escape(_range_text(section))}</p>"
    yield _table(
        MODEL_HEADINGS,
        ((escape(str(name)), escape(str(row["fills"])), _signed(str(row["net_pnl"]))) for name, row in models.items()),
    )
    twin = section.get("twin")
    if isinstance(twin, Mapping) and twin:
        yield f"<p>{escape(_twin_text(twin))}</p>"


def _range_text(section: Mapping[str, object]) -> str:
    bracket = section.get("bracket")
    if not isinstance(bracket, Mapping) or "believable_low" not in bracket:
        return ""
    over = f"Range over the models {bracket['low']} to {bracket['high']}"
    return f"{over}; believable range {bracket['believable_low']} to {bracket['believable_high']} (docs/truth.md)."


def _twin_text(twin: Mapping[str, object]) -> str:
    """Say how reality and the calibrated model differ, in one sentence."""
    real, model = twin.get("actual"), twin.get("queue_position")
    if not isinstance(real, Mapping) or not isinstance(model, Mapping):
        return ""
    told = ", ".join(f"{name.replace('_', ' ')} {real[name]} / {model[name]}" for name in real)
    power = twin.get("power")
    fitted = ""
    if isinstance(power, Mapping):
        fitted = f"; the queue power that suits them best is {power['fitted']} ({power['low']} to {power['high']} as good)"
    return f"{twin.get('orders')} orders, really / by the calibrated model: {told}{fitted}."


def _cut(shown: int, whole: int) -> str:
    return f"<p>The last {shown} of {whole}.</p>" if shown < whole else ""


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    return f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _session_cells(row: SessionRow) -> list[str]:
    plain = (row.start, row.end, row.exit, row.mode, row.strategy, row.pairs, str(row.starts), str(row.fills))
    return [*map(escape, plain), _signed(row.equity_change)]


def _split_cells(row: TruthRow) -> list[str]:
    parts = (row.spread, row.adverse_selection, row.inventory)
    means = (row.markout_1s, row.markout_5s, row.markout_30s, row.markout_300s)
    unmarked = f" ({row.unmarked} unwatched)" if row.unmarked else ""
    return [
        escape(row.name),
        f"{row.fills}{unmarked}",
        *(_signed(_short(part)) for part in parts),
        _short(row.fees),
        _signed(_short(row.change)),
        *("" if mean is None else _signed(f"{mean:+.2f}") for mean in means),
    ]


def _short(text: str) -> str:
    return f"{float(text):.8f}"


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


def _trip_cells(row: TripRow) -> list[str]:
    return [*map(escape, (row.pair, row.opened, row.closed, f"{row.seconds:g}")), _signed(row.net)]


def _trade_cells(row: TradeRow) -> list[str]:
    plain = (row.time, row.pair, row.side, row.price, row.qty, row.fee, row.liquidity)
    return [*map(escape, plain), _signed(row.pnl), _signed(row.trip_net) if row.trip_net is not None else ""]


def _signed(text: str) -> str:
    value = float(text)
    css = "up" if value > 0 else "down" if value < 0 else ""
    return f"<span class='{css}'>{escape(text)}</span>"
