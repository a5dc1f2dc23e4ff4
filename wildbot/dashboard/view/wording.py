"""Numbers and times in words: signs, thousands, ages, prices, escaped text and the small pieces of markup.

Rules: every foreign string passes `escaped` on its way into markup, and nothing else in the view makes markup safe.
"""

from datetime import UTC, datetime
from decimal import Decimal
from html import escape

NOTHING = "–"
"""Shown where there is no number; never a zero."""

SMALL_ACCOUNT = Decimal(1000)
"""Below this much money four decimals matter; above, two do."""


def escaped(value: object) -> str:
    """Return any value as text that markup cannot break out of."""
    return escape(str(value), quote=True)


def money(value: Decimal | None, *, sign: bool = False) -> str:
    """Return a sum with thousands separators: two decimals, four when it is small; `sign` also marks gains."""
    if value is None:
        return NOTHING
    places = 2 if abs(value) >= SMALL_ACCOUNT else 4
    return f"{value:{'+' if sign and value else ''},.{places}f}".replace("-", "−")


def exact(value: Decimal | None) -> str:
    """Return a price or a size with every digit it came with, thousands separated."""
    return NOTHING if value is None else f"{value:,f}".replace("-", "−")


def fixed(value: float | None, places: int = 2, *, sign: bool = False) -> str:
    """Return a signal with a fixed number of decimals; -0.00 reads 0.00."""
    if value is None:
        return NOTHING
    rounded = round(value, places) + 0.0
    return f"{rounded:{'+' if sign and rounded else ''},.{places}f}".replace("-", "−")


def percent(value: float | None, places: int = 2, *, sign: bool = False) -> str:
    """Return a percentage."""
    return NOTHING if value is None else f"{fixed(value, places, sign=sign)} %"


def gain_class(value: Decimal | float | None) -> str:
    """Return the colour class of a profit: "up", "down", or "" for none."""
    if not value:
        return ""
    return "up" if value > 0 else "down"


def side_word(side: str) -> str:
    """Return a side with its arrow, so that colour is never the only carrier."""
    return {"buy": "▲ buy", "sell": "▼ sell"}.get(side, side)


def side_class(side: str) -> str:
    """Return the colour class of a side."""
    return {"buy": "up", "sell": "down"}.get(side, "")


def span_words(seconds: float | None) -> str:
    """Return a duration as h:mm:ss, with days in front when there are any."""
    if seconds is None or seconds < 0:
        return NOTHING
    days, rest = divmod(int(seconds), 86_400)
    hours, rest = divmod(rest, 3_600)
    clock = f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock


def age_words(seconds: float | None) -> str:
    """Return an age: "0.4 s", "13 s", "5 min", "3 h"."""
    if seconds is None or seconds < 0:
        return NOTHING
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.0f} h"


def milliseconds(value: float | None) -> str:
    """Return an age given in milliseconds."""
    if value is None:
        return NOTHING
    return f"{value:.0f} ms" if value < 1_000 else age_words(value / 1_000)


def microseconds(value: float | None) -> str:
    """Return a latency given in microseconds."""
    if value is None:
        return NOTHING
    if value < 1_000:
        return f"{value:.0f} µs"
    return f"{value / 1_000:.1f} ms" if value < 10_000 else f"{value / 1_000:.0f} ms"


def clock(ts_ns: float | None, *, milliseconds_too: bool = False) -> str:
    """Return the UTC time of day of a nanosecond time."""
    moment = moment_of(ts_ns)
    if moment is None:
        return NOTHING
    return f"{moment:%H:%M:%S}" + (f".{moment.microsecond // 1000:03d}" if milliseconds_too else "")


def date_clock(ts_ns: float | None) -> str:
    """Return date and time in UTC of a nanosecond time."""
    moment = moment_of(ts_ns)
    return NOTHING if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def moment_of(ts_ns: float | None) -> datetime | None:
    """Return a nanosecond time as UTC, None when it is no time a calendar has."""
    if not ts_ns or ts_ns < 0:
        return None
    try:
        return datetime.fromtimestamp(ts_ns / 1e9, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def tag(name: str, css: str, inner: str, *, style: str = "", title: str = "") -> str:
    """Return one element; `inner` is markup already, `css`, `style` are ours, `title` is any text."""
    styled = f' style="{style}"' if style else ""
    titled = f' title="{escaped(title)}"' if title else ""
    return f'<{name} class="{css}"{styled}{titled}>{inner}</{name}>'


def div(css: str, *inner: str, style: str = "", title: str = "") -> str:
    """Return a block around pieces of markup."""
    return tag("div", css, "".join(inner), style=style, title=title)


def span(css: str, value: object, *, style: str = "", title: str = "") -> str:
    """Return foreign text, escaped, in a span."""
    return tag("span", css, escaped(value), style=style, title=title)


def panel(heading: str, body: str, *, css: str = "", aside: str = "") -> str:
    """Return a panel: a small heading (plain text) with a remark (markup) at its right, and the body (markup)."""
    return div(f"wb-panel {css}", div("wb-heading", span("", heading), tag("span", "wb-aside", aside)), body)


def table(headings: list[str], lines: list[str], *, css: str = "", empty: str = "nothing yet") -> str:
    """Return a table of ready `tr` lines; headings that start with ">" are right-aligned."""
    head = "".join(
        tag("th", "r" if heading.startswith(">") else "", escaped(heading.removeprefix(">"))) for heading in headings
    )
    body = "".join(lines) or f'<tr><td class="wb-empty" colspan="{len(headings)}">{escaped(empty)}</td></tr>'
    return f'<table class="wb-table {css}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def cells(*contents: tuple[str, object], title: str = "", last: str = "") -> str:
    """Return one table line from (class, foreign text) pairs, escaped; `last` is a ready cell that follows them."""
    titled = f' title="{escaped(title)}"' if title else ""
    return f"<tr{titled}>" + "".join(tag("td", name, escaped(value)) for name, value in contents) + last + "</tr>"


def why_cell(reason: str) -> str:
    """Return a cell for foreign words that may need two lines; all of them stand in its title."""
    return tag("td", "wb-why", div("", span("", reason)), title=reason)
