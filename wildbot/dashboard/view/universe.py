"""The whole universe as the scanner rates it: a table with every number and its age, and a map of movement against cost."""

from wildbot.dashboard.view.chart import AMBER, DIM, FONT, LINE, STILL, TOOLTIP, ChartOption, named, value_axis
from wildbot.dashboard.view.document import JsonObject, number, rows, section, text, whole
from wildbot.dashboard.view.scanner import spark_shape
from wildbot.dashboard.view.wording import NOTHING, div, escaped, fixed, milliseconds, panel, span, table, tag

PAIRS_MAX = 40


def ranked(document: JsonObject) -> list[JsonObject]:
    """Return the rated pairs by rank, at most PAIRS_MAX."""
    return sorted(rows(document, "scanner"), key=lambda row: number(row, "rank") or 1e9)[:PAIRS_MAX]


def standing(row: JsonObject) -> tuple[str, str]:
    """Return the colour class and the word of what a pair is to us."""
    if row.get("active") is True:
        return "good", "● traded"
    return ("", "○ tradeable") if row.get("tradeable") is True else ("warn", "✕ not traded")


def universe_html(document: JsonObject, *, stale: bool) -> str:
    """Return the table of all pairs as markup."""
    found = ranked(document)
    best = max((number(row, "score") or 0.0 for row in found), default=0.0)
    sparks = section(document, "sparks")
    headings = ["#", "pair", "", "score", ">spread bp", ">volatility bp", ">hurdle bp", "5 min", ">age", "why"]
    lines = [_line(row, best, sparks) for row in found]
    body = div(
        f"wb-scroll {'stale' if stale else ''}", table(headings, lines, css="wb-scanner wide", empty="no pair rated yet")
    )
    traded = sum(row.get("active") is True for row in found)
    return panel("Pair scanner", body, css="universe", aside=span("", f"{traded} of {len(found)} traded"))


def _line(row: JsonObject, best: float, sparks: JsonObject) -> str:
    score, pair = number(row, "score"), text(row, "pair")
    share = max(0.0, min(1.0, (score or 0.0) / best)) if best > 0 else 0.0
    tone, word = standing(row)
    shape = spark_shape(sparks.get(pair))
    meter = div("wb-meter", div("wb-fill blue", style=f"left:0;width:{share * 100:.0f}%"))
    contents = [
        ("dim", escaped(whole(row, "rank") or NOTHING)),
        ("wb-strong", escaped(pair)),
        (tone, escaped(word)),
        ("wb-score", meter + span("", fixed(score, 1))),
        ("r", escaped(fixed(number(row, "spread_bps")))),
        ("r", escaped(fixed(number(row, "volatility_bps"), 1))),
        ("r", escaped(fixed(number(row, "hurdle_bps"), 1))),
        ("", div("wb-spark", style=f"clip-path:{shape}") if shape else div("wb-spark none")),
        ("r dim", escaped(milliseconds(number(row, "data_age_ms")))),
        ("whole", escaped(text(row, "reason"))),
    ]
    css = "active" if row.get("active") is True else ""
    return tag("tr", css, "".join(tag("td", name, markup) for name, markup in contents), title=text(row, "reason"))


def offers_option(document: JsonObject) -> ChartOption:
    """Return a map of the pairs: spread across, volatility up; a filled mark is traded, an open one is not."""
    groups = (("traded", True, LINE, "circle"), ("not traded", False, DIM, "circle"))
    series: list[ChartOption] = []
    for name, active, color, symbol in groups:
        points = [
            {"name": named(text(row, "pair")), "value": [spread, volatility]}
            for row in ranked(document)
            if (row.get("active") is True) is active
            and (spread := number(row, "spread_bps")) is not None
            and (volatility := number(row, "volatility_bps")) is not None
        ]
        label = {"show": True, "formatter": "{b}", "position": "right", "color": color, "fontSize": 11}
        series.append(
            {
                "name": name,
                "type": "scatter",
                "data": points,
                "symbol": symbol,
                "symbolSize": 10,
                "itemStyle": {"color": color if active else "transparent", "borderColor": color, "borderWidth": 1.5},
                "label": label,
                "labelLayout": {"moveOverlap": "shiftY"},
            }
        )
    axis: ChartOption = {"nameLocation": "middle", "nameTextStyle": FONT, "scale": False}
    return {
        **STILL,
        "color": [LINE, AMBER],
        "grid": {"left": 44, "right": 70, "top": 12, "bottom": 40, "outerBoundsMode": "none"},
        "tooltip": TOOLTIP,
        "xAxis": value_axis(name="spread, bp", nameGap=24, position="bottom", **axis),
        "yAxis": value_axis(position="left", name="volatility, bp", nameGap=30, **axis),
        "series": series,
    }
