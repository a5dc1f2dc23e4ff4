"""Draws what a strategy thought: the decisions of `wildbot backtest --decisions`, over the recording they were made on.

    python docs/strategies/draw.py decisions.jsonl --data RECORDING --format FORMAT --seconds 900 -o picture.svg

Rules: the first panel is the recording's mid, with a dot wherever the strategy changed to another action; below it, one
    panel per group of its indicators. A picture shows a stretch and nothing beyond it; it holds no recorded row.
"""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import msgspec

from wildbot.analytics.plots import HEIGHT, WIDTH, Point, Series, line_chart
from wildbot.commands.backtest_tapes import TapeFile, open_tape
from wildbot.market.quotes import mid_ticks
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot

PANELS: dict[str, tuple[tuple[str, ...], ...]] = {
    "ema": (("momentum_bps",), ("volatility_bps", "spread_bps", "hurdle_bps")),
    "momentum": (("momentum", "range"), ("volume_ratio",)),
    "buy_pressure": (("buy_pressure",), ("gradient",)),
    "intensity": (("half_spread_bps", "skew_bps"), ("inventory",)),
}
"""By an indicator that only this strategy has: the groups of its indicators that share a panel."""

MOST_KINDS = 4
"""Kinds of change that get dots of their own; the most frequent are taken, taker orders first."""

CEILING = 20.0
"""A ratio beyond it is drawn as it: one empty side must not flatten the rest."""


class Line(msgspec.Struct):
    """One line of the file."""

    ts_ns: int
    instrument: str
    indicators: dict[str, float | None]
    action: str
    reason: str


@dataclass(frozen=True)
class Stretch:
    """What is drawn of the recording, in nanoseconds."""

    from_ns: int
    until_ns: int

    def has(self, ts_ns: int) -> bool:
        return self.from_ns <= ts_ns < self.until_ns


def decisions_of(path: Path, start_s: float, seconds: float) -> tuple[list[Line], Stretch]:
    """Return the decisions of a stretch that begins `start_s` after the first."""
    decoder = msgspec.json.Decoder(Line)
    with path.open("rb") as file:
        first = decoder.decode(next(file))
        from_ns = first.ts_ns + int(start_s * NANOS_PER_SECOND)
        stretch = Stretch(from_ns, from_ns + int(seconds * NANOS_PER_SECOND))
        lines = takewhile(lambda line: line.ts_ns < stretch.until_ns, map(decoder.decode, file))
        return [line for line in lines if line.ts_ns >= from_ns and line.instrument == first.instrument], stretch


def mids_of(file: TapeFile, stretch: Stretch) -> list[Point]:
    """Return the recording's mids as (time, price)."""
    tape = open_tape(file)
    books = (event for event in tape.events if isinstance(event, BookSnapshot))
    return [
        (book.venue_ts_ns, tape.instrument.price_float(mid_ticks(book)))
        for book in takewhile(lambda book: book.venue_ts_ns < stretch.until_ns, books)
        if stretch.has(book.venue_ts_ns)
    ]


def changes(lines: list[Line], mids: list[Point]) -> Iterator[tuple[str, str, Point]]:
    """Yield (action, reason, (time, mid)) wherever the strategy changed its mind."""
    before, at, price = ("", ""), 0, mids[0][1]
    for line in lines:
        while at < len(mids) and mids[at][0] <= line.ts_ns:
            price = mids[at][1]
            at += 1
        if (line.action, line.reason) != before:
            before = line.action, line.reason
            yield line.action, line.reason, (line.ts_ns, price)


def dots(lines: list[Line], mids: list[Point]) -> list[Series]:
    """Return the most telling kinds of change as dots on the price."""
    kinds: dict[tuple[bool, str], list[Point]] = {}
    for action, reason, point in changes(lines, mids):
        if action != "rest_nothing":
            kinds.setdefault((action != "take", f"{action}: {reason}"), []).append(point)
    telling = sorted(kinds.items(), key=lambda kind: (kind[0][0], -len(kind[1])))[:MOST_KINDS]
    return [Series(name, points, is_dots=True) for (_, name), points in telling]


def indicator_panels(lines: list[Line]) -> Iterator[str]:
    """Yield one chart per group of the strategy's indicators."""
    names = lines[0].indicators
    groups = next(groups for mark, groups in PANELS.items() if mark in names)
    for group in groups:
        series = [Series(name, [point for line in lines if (point := _point(line, name))]) for name in group]
        yield line_chart(", ".join(group), series, is_time=True)


def _point(line: Line, name: str) -> Point | None:
    value = line.indicators[name]
    if value is None:
        return None
    return line.ts_ns, min(value, CEILING) if name.endswith("ratio") else value


def stacked(charts: list[str]) -> str:
    """Return the charts below one another as one picture, on white or on black as the page is."""
    height = HEIGHT * len(charts)
    placed = "".join(
        re.sub("^<svg ", f"<svg y='{HEIGHT * number}' width='{WIDTH}' height='{HEIGHT}' ", chart)
        for number, chart in enumerate(charts)
    )
    style = "<style>.p{fill:#fff}@media(prefers-color-scheme:dark){.p{fill:#0d1117}}</style>"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' height='{height}'>"
        f"{style}<rect class='p' width='100%' height='100%'/>{placed}</svg>\n"
    )


def main() -> None:
    """Draw one picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("decisions", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the recording of the backtest")
    parser.add_argument("--format", default="auto")
    parser.add_argument("--start", type=float, default=0.0, help="seconds after the first decision")
    parser.add_argument("--seconds", type=float, default=900.0)
    parser.add_argument("--title", default="mid and decisions")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given: Any = parser.parse_args()
    lines, stretch = decisions_of(given.decisions, given.start, given.seconds)
    mids = mids_of(TapeFile(given.data, given.format), stretch)
    if not lines or not mids:
        raise SystemExit("nothing was decided in this stretch of the recording")
    price = line_chart(given.title, [Series("mid", mids), *dots(lines, mids)], is_time=True)
    given.output.write_text(stacked([price, *indicator_panels(lines)]), encoding="utf-8")


if __name__ == "__main__":
    main()
