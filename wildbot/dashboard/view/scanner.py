"""The pair scanner's table: score as a bar, what the pair offers, what it costs, and why it is or is not traded."""

import math
from dataclasses import dataclass

from wildbot.dashboard.view.document import JsonObject, as_number, number, rows, section, text
from wildbot.dashboard.view.wording import div, escaped, fixed, panel, span, table, tag, why_cell

ROWS_MAX = 8
SPARK_POINTS_MAX = 60
_STROKE_PCT = 7.0
"""Thickness of a sparkline in percent of its height."""


@dataclass(frozen=True, slots=True)
class ScannerRow:
    """One pair; `share` is its score as a part of the best one's, 0..1; `shape` is the sparkline's outline or empty."""

    pair: str
    score: str
    share: float
    spread: str
    volatility: str
    reason: str
    active: bool
    tradeable: bool
    shape: str


def scanner_rows(document: JsonObject) -> list[ScannerRow]:
    """Return the pairs by rank, at most ROWS_MAX."""
    ranked = sorted(rows(document, "scanner"), key=lambda row: number(row, "rank") or 1e9)[:ROWS_MAX]
    best = max((number(row, "score") or 0.0 for row in ranked), default=0.0)
    sparks = section(document, "sparks")
    return [_row(row, best, sparks) for row in ranked]


def _row(row: JsonObject, best: float, sparks: JsonObject) -> ScannerRow:
    score, pair = number(row, "score"), text(row, "pair")
    return ScannerRow(
        pair=pair,
        score=fixed(score, 1),
        share=max(0.0, min(1.0, (score or 0.0) / best)) if best > 0 else 0.0,
        spread=fixed(number(row, "spread_bps")),
        volatility=fixed(number(row, "volatility_bps"), 1),
        reason=text(row, "reason"),
        active=row.get("active") is True,
        tradeable=row.get("tradeable") is True,
        shape=spark_shape(sparks.get(pair)),
    )


def spark_shape(values: object) -> str:
    """Return a line through the values as a CSS polygon: there along the top edge, back along the bottom edge.

    A polygon needs neither an image nor a script, so it neither blinks nor loads. Fewer than two
    different numbers give "".
    """
    found = values[-SPARK_POINTS_MAX:] if isinstance(values, list) else []
    points = [number for value in found if (number := as_number(value)) is not None]
    if len(points) < 2:
        return ""
    low, high = min(points), max(points)
    room, height = 100 - _STROKE_PCT, high - low
    if height == 0 or math.isinf(height):
        return ""
    heights = [room * ((high - point) / height) for point in points]
    steps = [100 * index / (len(points) - 1) for index in range(len(points))]
    above = [f"{x:.1f}% {y:.1f}%" for x, y in zip(steps, heights, strict=True)]
    below = [f"{x:.1f}% {y + _STROKE_PCT:.1f}%" for x, y in zip(reversed(steps), reversed(heights), strict=True)]
    return f"polygon({','.join(above + below)})"


def scanner_html(document: JsonObject, *, stale: bool) -> str:
    """Return the scanner table as markup."""
    lines = [_line(row) for row in scanner_rows(document)]
    headings = ["pair", "score", ">spread bp", ">vol bp", "5 min", "why"]
    body = div(f"wb-scroll {'stale' if stale else ''}", table(headings, lines, css="wb-scanner", empty="no pair rated yet"))
    return panel("Pair scanner", body, css="middle", aside=span("", "● traded"))


def _line(row: ScannerRow) -> str:
    meter = div("wb-meter", div("wb-fill blue", style=f"left:0;width:{row.share * 100:.0f}%"))
    spark = div("wb-spark", style=f"clip-path:{row.shape}") if row.shape else div("wb-spark none")
    contents = [
        ("wb-strong", escaped(f"{'● ' if row.active else ''}{row.pair}")),
        ("wb-score", meter + span("", row.score)),
        ("r", escaped(row.spread)),
        ("r", escaped(row.volatility)),
        ("", spark),
    ]
    css = f"{'active' if row.active else ''} {'' if row.tradeable else 'dim'}"
    return tag("tr", css, "".join(tag("td", name, markup) for name, markup in contents) + why_cell(row.reason))
