"""The price chart: 5-second candles, our fills as triangles, the last price and our resting quotes as lines.

Rules: a category axis makes every candle as wide as the next; animation is off, so a refresh moves nothing but prices.
    One triangle stands for all fills of a candle and side: the parts of an order would else hide the candle.
"""

from collections.abc import Sequence
from decimal import Decimal

from wildbot.dashboard.view.chart import AMBER, DOWN, FONT, GRID, LINE, STILL, TOOLTIP, UP, ChartOption, value_axis
from wildbot.dashboard.view.document import JsonObject, decimal, number, section, text
from wildbot.dashboard.view.wording import clock, exact

CANDLE_NS = 5_000_000_000
CANDLES_SHOWN = 120
"""Ten minutes."""


def price_option(candles: Sequence[Sequence[float]], fills: Sequence[JsonObject], trader: JsonObject) -> ChartOption:
    """Return the chart of one pair.

    `candles`: (ts_ns, open, high, low, close, ...), oldest first; `fills`: trade rows of this pair, any order;
    `trader`: its status row, for the last price and our quotes.
    """
    shown = list(candles)[-CANDLES_SHOWN:]
    times = [clock(candle[0]) for candle in shown]
    place = {bucket(candle[0]): index for index, candle in enumerate(shown)}
    return {
        **STILL,
        "grid": {"left": 8, "right": 62, "top": 10, "bottom": 22, "outerBoundsMode": "none"},
        "tooltip": {
            **TOOLTIP,
            "trigger": "axis",
            "axisPointer": {"type": "cross", "label": {"backgroundColor": GRID}},
        },
        "xAxis": {
            "type": "category",
            "data": times,
            "axisLabel": {**FONT, "alignMinLabel": "left", "alignMaxLabel": "right"},
            "axisLine": {"lineStyle": {"color": GRID}},
            "axisTick": {"show": False},
        },
        "yAxis": value_axis(splitNumber=6),
        "series": [
            {
                "name": "price",
                "type": "candlestick",
                "data": [[o, c, low, high] for _, o, high, low, c in (candle[:5] for candle in shown)],
                "itemStyle": {"color": UP, "color0": DOWN, "borderColor": UP, "borderColor0": DOWN},
                "barMaxWidth": 12,
                "markLine": _lines(trader),
            },
            _triangles("our buys", "buy", fills, place),
            _triangles("our sells", "sell", fills, place),
        ],
    }


def bucket(ts_ns: float) -> int:
    """Return the number of the candle a time falls into."""
    return int(ts_ns // CANDLE_NS)


def _triangles(name: str, side: str, fills: Sequence[JsonObject], place: dict[int, int]) -> ChartOption:
    at: dict[int, list[tuple[float, float]]] = {}
    for fill in fills:
        ts_ns, price, size = number(fill, "ts_ns"), number(fill, "price"), number(fill, "qty")
        if text(fill, "side") == side and ts_ns is not None and price is not None and bucket(ts_ns) in place:
            at.setdefault(place[bucket(ts_ns)], []).append((price, size or 0.0))
    bought = side == "buy"
    return {
        "name": name,
        "type": "scatter",
        "data": [_marker(candle, parts, bought=bought) for candle, parts in at.items()],
        "symbol": "triangle",
        "symbolSize": 10,
        "symbolRotate": 0 if bought else 180,
        # Below a buy and above a sell, so that the candle itself stays readable.
        "symbolOffset": [0, 9 if bought else -9],
        "itemStyle": {"color": UP if bought else DOWN, "borderColor": "#0b0e13", "borderWidth": 1},
        "z": 5,
    }


def _marker(candle: int, parts: Sequence[tuple[float, float]], *, bought: bool) -> ChartOption:
    """Return one triangle at the average price of its (price, size) parts; several are counted beside it."""
    size = sum(part for _, part in parts)
    price = sum(price * part for price, part in parts) / size if size else parts[-1][0]
    count: ChartOption = {
        "show": len(parts) > 1,
        "formatter": f"{len(parts)}×",
        "position": "bottom" if bought else "top",
        "color": UP if bought else DOWN,
        "fontSize": 9,
        "distance": 1,
    }
    return {"value": [candle, float(f"{price:.10g}")], "label": count}


def _lines(trader: JsonObject) -> ChartOption:
    quotes = section(trader, "quotes")
    marks = [
        _line(decimal(trader, "mark"), LINE, "dashed", label=True),
        _line(decimal(section(quotes, "bid"), "price"), AMBER, "dotted"),
        _line(decimal(section(quotes, "ask"), "price"), AMBER, "dotted"),
    ]
    return {"symbol": "none", "silent": True, "data": [mark for mark in marks if mark is not None]}


def _line(price: Decimal | None, color: str, dash: str, *, label: bool = False) -> ChartOption | None:
    if price is None:
        return None
    sign: ChartOption = {
        "show": label,
        "position": "end",
        "formatter": exact(price),
        "color": "#0b0e13",
        "textBorderWidth": 0,
        "backgroundColor": color,
        "padding": [3, 5],
        "borderRadius": 2,
    }
    return {"yAxis": float(price), "lineStyle": {"color": color, "type": dash, "width": 1}, "label": sign}
