"""What every ECharts picture of the cockpit is made of: colours, axes, lines and bars; options are JSON alone.

Rules: animation is off, so a refresh moves nothing but the numbers; times are UTC; a series is thinned before it travels.
    A chart's tooltip is markup made in the browser, so no foreign text gets into an option but through `named`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

P = TypeVar("P")

UP, DOWN, LINE, AMBER, DIM, GRID = "#22c58b", "#f0525f", "#60a5fa", "#f0b13c", "#8b95a5", "#1c2330"
PALETTE = ("#60a5fa", "#f0b13c", "#a78bfa", "#22c58b", "#f472b6", "#38bdf8", "#f0525f", "#c3cad6")
"""Colours of lines that mean neither gain nor loss; the legend names each, so colour is never alone."""

LEAST = 1.0
"""Where an axis of powers of ten begins: one microsecond."""

DASHES = ("solid", "dashed", "dotted")
POINTS_SHOWN = 300
NANOS_PER_MS = 1_000_000

ChartOption = dict[str, object]
"""An ECharts option object: JSON only."""

FONT = {"color": DIM, "fontSize": 11}
STILL: ChartOption = {
    "animation": False,
    "backgroundColor": "transparent",
    "textStyle": {"fontFamily": '"Source Sans", sans-serif'},
    "useUTC": True,
}
"""What every chart starts from: our font, UTC, and a refresh that moves nothing but the numbers."""

TOOLTIP: ChartOption = {
    "backgroundColor": "#141922",
    "borderColor": GRID,
    "textStyle": {"color": "#e6e9ef", "fontSize": 11},
}
LEGEND: ChartOption = {
    "top": 0,
    "left": 4,
    "itemWidth": 16,
    "itemHeight": 8,
    "textStyle": FONT,
    "inactiveColor": "#3a4454",
    "type": "scroll",
    "pageTextStyle": FONT,
}

NAME_MAX = 48
_UNFIT = re.compile(r"[^\w /.:,+()%µ·’-]")

Line = tuple[str, Sequence[int], Sequence[float | None]]
"""One line: its name, times in nanoseconds, values; None is a gap."""


def named(text: str) -> str:
    """Return a foreign name as a chart may hold it: letters, digits and harmless signs alone, and not long."""
    return _UNFIT.sub("?", text.replace("'", "’"))[:NAME_MAX]


def value_axis(**more: object) -> ChartOption:
    """Return an axis of numbers with faint lines across the picture, at its right side."""
    return {
        "type": "value",
        "scale": True,
        "position": "right",
        "axisLabel": FONT,
        "splitLine": {"lineStyle": {"color": GRID}},
        "splitNumber": 4,
        **more,
    }


def time_axis(**more: object) -> ChartOption:
    """Return an axis of UTC time."""
    return {
        "type": "time",
        "axisLabel": {**FONT, "hideOverlap": True, "alignMinLabel": "left", "rich": {"primary": {"fontWeight": "normal"}}},
        "axisLine": {"lineStyle": {"color": GRID}},
        "splitLine": {"show": False},
        **more,
    }


def word_axis(words: Sequence[str], **more: object) -> ChartOption:
    """Return an axis of names, the first one on top."""
    return {
        "type": "category",
        "data": list(map(named, words)),
        "inverse": True,
        "axisLabel": {**FONT, "overflow": "truncate", "width": 150},
        "axisLine": {"lineStyle": {"color": GRID}},
        "axisTick": {"show": False},
        **more,
    }


def lines_option(lines: Sequence[Line], *, axis: ChartOption | None = None, zero: bool = False) -> ChartOption:
    """Return lines over time with a legend; `zero` draws a line at nought."""
    series = [_line(place, *line) for place, line in enumerate(lines)]
    if zero and series:
        nought = {"yAxis": 0, "label": {"show": False}, "lineStyle": {"color": DIM, "type": "dotted", "width": 1}}
        series[0]["markLine"] = {"symbol": "none", "silent": True, "data": [nought]}
    return {
        **STILL,
        "legend": LEGEND,
        "grid": {"left": 10, "right": 58, "top": 26, "bottom": 22, "outerBoundsMode": "none"},
        "tooltip": {**TOOLTIP, "trigger": "axis"},
        "xAxis": time_axis(),
        "yAxis": axis or value_axis(),
        "series": series,
    }


def _line(place: int, name: str, times: Sequence[int], values: Sequence[float | None]) -> ChartOption:
    color = PALETTE[place % len(PALETTE)]
    points = thinned(list(zip(times, values, strict=False)), POINTS_SHOWN)
    return {
        "name": named(name),
        "type": "line",
        "data": [[ts_ns // NANOS_PER_MS, value] for ts_ns, value in points],
        "symbol": "none",
        "lineStyle": {"color": color, "width": 1.5, "type": DASHES[place // len(PALETTE) % len(DASHES)]},
        "itemStyle": {"color": color},
    }


def spans_option(names: Sequence[str], spans: Mapping[str, tuple[float, float]]) -> ChartOption:
    """Return one bar per name from its low to its high value, on an axis of powers of ten; values must be positive.

    A name without a span keeps its place, empty.
    """
    shown = [spans.get(name) for name in names]
    lows = [None if span is None else max(span[0], LEAST) for span in shown]
    highs = [None if span is None else max(span[1], LEAST) for span in shown]
    return {
        **STILL,
        "legend": LEGEND,
        "grid": {"left": 160, "right": 22, "top": 26, "bottom": 22, "outerBoundsMode": "none"},
        "tooltip": {**TOOLTIP, "trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {
            "type": "log",
            "min": LEAST,
            "axisLabel": FONT,
            "splitLine": {"lineStyle": {"color": GRID}},
        },
        "yAxis": word_axis(names),
        "series": [
            {
                "name": "p50 µs",
                "type": "bar",
                "data": lows,
                "itemStyle": {"color": LINE},
                "barMaxWidth": 7,
                "barGap": "20%",
            },
            {"name": "p99 µs", "type": "bar", "data": highs, "itemStyle": {"color": AMBER}, "barMaxWidth": 7},
        ],
    }


def spread_lines_option(steps: Sequence[str], shares: Mapping[str, Sequence[float]]) -> ChartOption:
    """Return one filled line per name over named steps, in percent."""
    series = [
        {
            "name": named(name),
            "type": "line",
            "data": list(values),
            "symbol": "none",
            "smooth": 0.25,
            "smoothMonotone": "x",
            "lineStyle": {"color": PALETTE[place % len(PALETTE)], "width": 1.5},
            "itemStyle": {"color": PALETTE[place % len(PALETTE)]},
            "areaStyle": {"color": PALETTE[place % len(PALETTE)], "opacity": 0.07},
        }
        for place, (name, values) in enumerate(shares.items())
    ]
    return {
        **STILL,
        "legend": LEGEND,
        "grid": {"left": 16, "right": 52, "top": 26, "bottom": 24, "outerBoundsMode": "none"},
        "tooltip": {**TOOLTIP, "trigger": "axis"},
        "xAxis": {
            "type": "category",
            "data": list(steps),
            "boundaryGap": False,
            "axisLabel": {**FONT, "hideOverlap": True, "alignMinLabel": "left", "alignMaxLabel": "right"},
            "axisLine": {"lineStyle": {"color": GRID}},
            "axisTick": {"show": False},
        },
        "yAxis": value_axis(scale=False, axisLabel={**FONT, "formatter": "{value} %"}),
        "series": series,
    }


def thinned(points: Sequence[P], most: int) -> list[P]:
    """Return at most `most` points at equal steps, always with the last one."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(index * step)] for index in range(most)]
