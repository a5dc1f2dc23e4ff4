"""The equity curve: the account's worth over the run, against what it started with."""

from collections.abc import Sequence

from wildbot.dashboard.view.price_chart import AMBER, DOWN, FONT, GRID, STILL, UP, ChartOption

POINTS_SHOWN = 600
NANOS_PER_MS = 1_000_000


def equity_option(points: Sequence[Sequence[float]], starting: float | None) -> ChartOption:
    """Return the chart of (ts_ns, equity) points, oldest first; green while the last one is not below the start."""
    shown = thinned(points, POINTS_SHOWN)
    base = starting if starting is not None else (shown[0][1] if shown else 0.0)
    color = DOWN if shown and shown[-1][1] < base else UP
    start: ChartOption = {
        "yAxis": base,
        "label": {"show": False},
        "lineStyle": {"color": AMBER, "type": "dotted", "width": 1},
    }
    return {
        **STILL,
        "useUTC": True,
        "grid": {"left": 8, "right": 56, "top": 10, "bottom": 22, "outerBoundsMode": "none"},
        "tooltip": {
            "trigger": "axis",
            "backgroundColor": "#141922",
            "borderColor": GRID,
            "textStyle": {"color": "#e6e9ef"},
        },
        "xAxis": {
            "type": "time",
            "axisLabel": {**FONT, "hideOverlap": True, "alignMinLabel": "left"},
            "axisLine": {"lineStyle": {"color": GRID}},
            "splitLine": {"show": False},
        },
        "yAxis": {
            "scale": True,
            "position": "right",
            "axisLabel": FONT,
            "splitLine": {"lineStyle": {"color": GRID}},
            "splitNumber": 4,
        },
        "series": [
            {
                "name": "equity",
                "type": "line",
                "data": [[int(point[0]) // NANOS_PER_MS, point[1]] for point in shown],
                "showSymbol": False,
                "lineStyle": {"color": color, "width": 1.5},
                "itemStyle": {"color": color},
                "areaStyle": {"color": color, "opacity": 0.08, "origin": "start"},
                "markLine": {"symbol": "none", "silent": True, "data": [start]},
            }
        ],
    }


def thinned(points: Sequence[Sequence[float]], most: int) -> list[Sequence[float]]:
    """Return at most `most` points at equal steps, always with the last one."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(index * step)] for index in range(most)]
