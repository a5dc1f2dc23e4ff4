"""A trader's mind over time: its indicators in families that share an axis, and the reasons it gave."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from wildbot.dashboard.view.chart import (
    FONT,
    GRID,
    LINE,
    NANOS_PER_MS,
    STILL,
    TOOLTIP,
    ChartOption,
    Line,
    lines_option,
    thinned,
    time_axis,
    word_axis,
)
from wildbot.dashboard.view.tracks import STEP_NS, Track
from wildbot.dashboard.view.wording import NOTHING, div, fixed, panel, span
from wildbot.trader_words import why

PRICE, BPS, PERCENT, RATIO = "price", "basis points", "percent", "ratios"
FAMILIES = (PRICE, BPS, PERCENT, RATIO)
PERCENTAGES = frozenset({"dominance"})
NEAR_THE_MID = 0.2
"""A number within this share of the mid is a price."""

REASONS_SHOWN = 8
MARKS_SHOWN = 400
LASTS_NS_MAX = 10 * STEP_NS
UNSAID = "no reason given"


def family_of(name: str, value: float | None, mid: float | None) -> str:
    """Return which axis an indicator belongs to, by its name and by how near its value is to the mid."""
    if name.endswith("_bps"):
        return BPS
    if name in PERCENTAGES:
        return PERCENT
    if name == "mid" or (value and mid and abs(value / mid - 1) < NEAR_THE_MID):
        return PRICE
    return RATIO


def families(track: Track) -> dict[str, list[Line]]:
    """Return the indicators of each family as lines, those that ever had a value."""
    found: dict[str, list[Line]] = {family: [] for family in FAMILIES}
    mid = _last(track.line("mid"))
    for name in track.names():
        line = track.line(name, name.removesuffix("_bps").replace("_", " "))
        value = _last(line)
        if value is not None:
            found[family_of(name, value, mid)].append(line)
    return found


def _last(line: Line) -> float | None:
    return next((value for value in reversed(line[2]) if value is not None), None)


def family_option(lines: list[Line], family: str) -> ChartOption:
    """Return the chart of one family."""
    return lines_option(lines, zero=family != PRICE)


@dataclass(frozen=True, slots=True)
class Share:
    """One reason: its code and the part of the time it was given, in percent."""

    code: str
    percent: float


def reason_shares(track: Track) -> list[Share]:
    """Return the reasons by falling share of the time kept, at most REASONS_SHOWN.

    A row holds until the next one, but no longer than LASTS_NS_MAX: what was said in a longer silence is not known.
    """
    words = track.words()
    moments = [moment for moment, _ in words]
    lasts = [min(later - earlier, LASTS_NS_MAX) for earlier, later in pairwise(moments)] + [STEP_NS]
    held: Counter[str] = Counter()
    for (_, word), nanos in zip(words, lasts, strict=False):
        held[word or UNSAID] += nanos
    return [Share(code, 100 * nanos / held.total()) for code, nanos in held.most_common(REASONS_SHOWN)]


def reasons_html(track: Track, *, strategy: str, stale: bool) -> str:
    """Return the shares as bars, in the words of a strategy."""
    shares = reason_shares(track)
    lines = [
        div(
            "wb-gauge wide",
            span("", why(share.code, strategy).words, title=share.code),
            span("wb-strong", f"{fixed(share.percent, 0)} %"),
            div("wb-track", div("wb-fill blue", style=f"left:0;width:{share.percent:.1f}%")),
        )
        for share in shares
    ]
    moments = list(track.rows)
    minutes = f"last {fixed((moments[-1] - moments[0]) / 60e9, 0)} min" if len(moments) > 1 else NOTHING
    body = div(f"wb-gauges {'stale' if stale else ''}", *(lines or [span("dim", "no trader has said anything yet")]))
    return panel("Why: reasons by share of time", body, css="tall", aside=span("", minutes))


def reason_option(track: Track, strategy: str) -> ChartOption:
    """Return when which reason was given: one mark per row, the most frequent reason on top."""
    codes = [share.code for share in reason_shares(track)]
    place = {code: index for index, code in enumerate(codes)}
    marks = [
        [moment // NANOS_PER_MS, place[word or UNSAID]]
        for moment, word in thinned(track.words(), MARKS_SHOWN)
        if (word or UNSAID) in place
    ]
    return {
        **STILL,
        "grid": {"left": 150, "right": 16, "top": 6, "bottom": 22, "outerBoundsMode": "none"},
        "tooltip": TOOLTIP,
        "xAxis": time_axis(),
        "yAxis": word_axis(
            [why(code, strategy).words for code in codes],
            splitLine={"show": True, "lineStyle": {"color": GRID}},
            axisLabel={**FONT, "overflow": "break", "width": 136, "lineHeight": 13},
        ),
        "series": [
            {
                "name": "reason",
                "type": "scatter",
                "symbol": "rect",
                "symbolSize": [5, 11],
                "data": marks,
                "itemStyle": {"color": LINE},
            }
        ],
    }
