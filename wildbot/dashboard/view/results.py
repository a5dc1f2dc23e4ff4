"""What the journal's fills came to: by day, by pair, in total, and the curve of it. Sums are exact decimals.

Rules: a fill's profit is before its own fee, as booked; net is profit less fees. A day is a UTC day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from wildbot.dashboard.view.chart import (
    DOWN,
    FONT,
    GRID,
    NANOS_PER_MS,
    STILL,
    TOOLTIP,
    UP,
    ChartOption,
    thinned,
    time_axis,
    value_axis,
)
from wildbot.dashboard.view.document import JsonObject, decimal, text, whole
from wildbot.dashboard.view.wording import NOTHING, cells, div, gain_class, moment_of, money, panel, table

CURVE_POINTS = 400
DAYS_SHOWN = 31
NOUGHT = Decimal(0)


@dataclass(slots=True)
class Sums:
    """What some fills came to, in the quote currency."""

    fills: int = 0
    makers: int = 0
    volume: Decimal = NOUGHT
    profit: Decimal = NOUGHT
    fees: Decimal = NOUGHT

    @property
    def net(self) -> Decimal:
        """Profit after fees."""
        return self.profit - self.fees

    def add(self, fill: JsonObject) -> None:
        """Count one fill; what is missing counts as nothing."""
        self.fills += 1
        self.makers += text(fill, "liquidity") == "maker"
        self.volume += decimal(fill, "cost") or NOUGHT
        self.profit += decimal(fill, "pnl") or NOUGHT
        self.fees += decimal(fill, "fee") or NOUGHT


@dataclass(slots=True)
class Results:
    """Sums of everything, of each day and of each pair, and (ts_ns, net so far) after each fill."""

    total: Sums = field(default_factory=Sums)
    days: dict[str, Sums] = field(default_factory=dict)
    pairs: dict[str, Sums] = field(default_factory=dict)
    curve: list[tuple[int, float]] = field(default_factory=list)


def results(fills: Iterable[JsonObject]) -> Results:
    """Return what these fills came to; newest or oldest first."""
    found = Results()
    for fill in sorted(fills, key=lambda row: whole(row, "ts_ns")):
        moment = moment_of(whole(fill, "ts_ns"))
        day = f"{moment:%Y-%m-%d}" if moment is not None else NOTHING
        for sums in (
            found.total,
            found.days.setdefault(day, Sums()),
            found.pairs.setdefault(text(fill, "pair"), Sums()),
        ):
            sums.add(fill)
        found.curve.append((whole(fill, "ts_ns"), float(found.total.net)))
    return found


def sums_html(heading: str, named: Sequence[tuple[str, Sums]], *, css: str = "middle") -> str:
    """Return a table of sums."""
    lines = [
        cells(
            ("wb-strong", name),
            ("r", f"{sums.fills:,}"),
            ("r", f"{100 * sums.makers / sums.fills:.0f} %" if sums.fills else NOTHING),
            ("r", money(sums.volume)),
            (f"r {gain_class(sums.profit)}", money(sums.profit, sign=True)),
            ("r", money(sums.fees)),
            (f"r {gain_class(sums.net)}", money(sums.net, sign=True)),
        )
        for name, sums in named
    ]
    headings = ["", ">fills", ">maker", ">volume", ">profit", ">fees", ">net"]
    return panel(heading, div("wb-scroll", table(headings, lines, empty="no fill yet")), css=css)


def curve_option(curve: Sequence[tuple[int, float]]) -> ChartOption:
    """Return the net result after each fill as a stepped line."""
    shown = thinned(list(curve), CURVE_POINTS)
    color = DOWN if shown and shown[-1][1] < 0 else UP
    nought = {"yAxis": 0, "label": {"show": False}, "lineStyle": {"color": FONT["color"], "type": "dotted", "width": 1}}
    return {
        **STILL,
        "grid": {"left": 8, "right": 60, "top": 10, "bottom": 22, "outerBoundsMode": "none"},
        "tooltip": {**TOOLTIP, "trigger": "axis"},
        "xAxis": time_axis(),
        "yAxis": value_axis(),
        "series": [
            {
                "name": "net after fees",
                "type": "line",
                "step": "end",
                "data": [[ts_ns // NANOS_PER_MS, net] for ts_ns, net in shown],
                "showSymbol": False,
                "lineStyle": {"color": color, "width": 1.5},
                "itemStyle": {"color": color},
                "areaStyle": {"color": color, "opacity": 0.08},
                "markLine": {"symbol": "none", "silent": True, "data": [nought]},
            }
        ],
    }


def days_option(days: Sequence[tuple[str, Sums]]) -> ChartOption:
    """Return the net result of each of the last days as bars: up for a gain, down for a loss."""
    shown = list(days)[-DAYS_SHOWN:]
    return {
        **STILL,
        "grid": {"left": 8, "right": 60, "top": 10, "bottom": 22, "outerBoundsMode": "none"},
        "tooltip": {**TOOLTIP, "trigger": "axis"},
        "xAxis": {
            "type": "category",
            "data": [day for day, _ in shown],
            "axisLabel": FONT,
            "axisLine": {"lineStyle": {"color": GRID}},
            "axisTick": {"show": False},
        },
        "yAxis": value_axis(scale=False),
        "series": [
            {
                "name": "net after fees",
                "type": "bar",
                "barMaxWidth": 26,
                "data": [
                    {"value": float(sums.net), "itemStyle": {"color": UP if sums.net >= 0 else DOWN}} for _, sums in shown
                ],
            }
        ],
    }
