"""The equity curve: the account's worth over the run, against what it started with."""

from collections.abc import Sequence

from wildbot.dashboard.view.chart import (
    AMBER,
    DOWN,
    NANOS_PER_MS,
    STILL,
    TOOLTIP,
    UP,
    ChartOption,
    thinned,
    time_axis,
    value_axis,
)

POINTS_SHOWN = 600


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
        "grid": {"left": 8, "right": 56, "top": 10, "bottom": 22, "outerBoundsMode": "none"},
        "tooltip": {**TOOLTIP, "trigger": "axis"},
        "xAxis": time_axis(),
        "yAxis": value_axis(),
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
