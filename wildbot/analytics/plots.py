"""Line charts as SVG text: no script, no font, no address, readable on a light and on a dark page.

Rules: every text is escaped. A series with more points than the picture has columns is thinned to the lowest and highest of
    each column, so that no peak is lost. Axes carry round numbers; a time axis carries UTC times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import floor, log10

WIDTH, HEIGHT = 960, 260
LEFT, RIGHT, TOP, BOTTOM = 78, 14, 26, 26
COLOURS = ("#3b82f6", "#d97706", "#059669", "#dc2626", "#7c3aed")
INK = "#7b8794"
TICKS = 5
COLUMNS = 600
LINE_WIDTH = 1.5
NESTING = 1.2
"""By how much a line is wider than the one drawn upon it, so that one that is the same shows beside it."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One line (or dots): its name in the legend and its points by rising x."""

    name: str
    points: Sequence[Point]
    is_dots: bool = False


def line_chart(title: str, series: Sequence[Series], *, is_time: bool = False, unit: str = "") -> str:
    """Return an SVG element; "" when there is nothing to draw. `is_time`: x counts nanoseconds since 1970, UTC."""
    shown = [each for each in series if each.points]
    if not shown or all(len(each.points) < 2 for each in shown):
        return ""
    xs = [x for each in shown for x, _ in each.points]
    ys = [y for each in shown for _, y in each.points]
    low, high = _padded(min(ys), max(ys))
    frame = _Frame(min(xs), max(xs), low, high)
    body = [frame.y_axis(unit), frame.x_axis(is_time=is_time)]
    for number, each in enumerate(shown):
        width = LINE_WIDTH + NESTING * (len(shown) - 1 - number)
        body.append(frame.draw(each, COLOURS[number % len(COLOURS)], width))
        body.append(_legend(number, len(shown), each.name))
    label = escape(title, quote=True)
    return (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{label}' xmlns='http://www.w3.org/2000/svg'"
        f" font-family='system-ui, sans-serif' font-size='11' fill='{INK}'>"
        f"<text x='{LEFT}' y='15' font-size='13' font-weight='600'>{label}</text>{''.join(body)}</svg>"
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        span = (self.right - self.left) or 1.0
        return round(LEFT + (value - self.left) / span * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM), 1)

    def y_axis(self, unit: str) -> str:
        lines = []
        for value in _round_numbers(self.low, self.high):
            y = self.y(value)
            lines.append(
                f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y}' y2='{y}' stroke='{INK}' stroke-opacity='.25'/>"
                f"<text x='{LEFT - 6}' y='{y + 4}' text-anchor='end'>{value:.6g}{escape(unit)}</text>"
            )
        return "".join(lines)

    def x_axis(self, *, is_time: bool) -> str:
        labels = []
        for step in range(TICKS):
            value = self.left + (self.right - self.left) * step / (TICKS - 1)
            anchor = "start" if step == 0 else "end" if step == TICKS - 1 else "middle"
            text = f"{datetime.fromtimestamp(value / 1e9, UTC):%m-%d %H:%M:%S}" if is_time else f"{value:.6g}"
            labels.append(f"<text x='{self.x(value)}' y='{HEIGHT - 8}' text-anchor='{anchor}'>{text}</text>")
        return "".join(labels)

    def draw(self, series: Series, colour: str, width: float) -> str:
        points = _thinned(series.points)
        if series.is_dots:
            dots = (f"<circle cx='{self.x(x)}' cy='{self.y(y)}' r='2.5'/>" for x, y in points)
            return f"<g fill='{colour}' fill-opacity='.8'>{''.join(dots)}</g>"
        path = " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)
        return f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width:g}'/>"


def _legend(number: int, count: int, name: str) -> str:
    x = WIDTH - RIGHT - 150 * (count - number)
    colour = COLOURS[number % len(COLOURS)]
    return f"<rect x='{x}' y='8' width='10' height='10' fill='{colour}'/><text x='{x + 15}' y='17'>{escape(name)}</text>"


def _padded(low: float, high: float) -> tuple[float, float]:
    pad = (high - low) * 0.05 or abs(high) * 0.01 or 1.0
    return low - pad, high + pad


def _round_numbers(low: float, high: float) -> list[float]:
    rough = (high - low) / TICKS
    magnitude = 10.0 ** floor(log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough)
    first = floor(low / step) + 1
    return [index * step for index in range(first, floor(high / step) + 1)]


def _thinned(points: Sequence[Point]) -> list[Point]:
    if len(points) <= 2 * COLUMNS:
        return list(points)
    size = -(-len(points) // COLUMNS)
    kept: list[Point] = []
    for start in range(0, len(points), size):
        part = points[start : start + size]
        kept += sorted({min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])})
    return kept
