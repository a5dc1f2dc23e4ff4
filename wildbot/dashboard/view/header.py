"""The first line of the cockpit: in which mode we are, what the desk does, where, what stands against it, how old that is.

Rules: a stale document says nothing about now, so its state reads UNKNOWN, whatever it claims.
"""

from collections import Counter
from dataclasses import dataclass

from wildbot.dashboard.view.document import (
    EMPTY,
    TEXT_MAX,
    JsonObject,
    is_stale,
    number,
    rows,
    section,
    text,
    trader_of,
    whole,
)
from wildbot.dashboard.view.traders import doing, why_of
from wildbot.dashboard.view.wording import age_words, date_clock, div, milliseconds, span, span_words, tag

MODES = ("sim", "paper", "live")

UNKNOWN, IDLE = "UNKNOWN", "WATCHING"

WHERE = {
    "sim": "simulated exchange, no real money",
    "paper": "Kraken's market, fills simulated, no real money",
    "live": "Kraken, real money",
}
"""Where orders go, by mode."""

_STATES = {
    "running": ("TRADING", "good"),
    "degraded": ("DEGRADED", "warn"),
    "reduce_only": ("PAUSED", "warn"),
    "starting": ("STARTING", "warn"),
    "reconciling": ("RECONCILING", "warn"),
    "stopping": ("STOPPING", "warn"),
    "halted": ("HALTED", "bad"),
}
"""The document's state to the word on the pill and its colour class."""


_WORRYING = ("unknown_orders", "foreign_orders")


@dataclass(frozen=True, slots=True)
class Header:
    """The header in words.

    `mode` is one of MODES or "unknown"; `tone` is good, warn, bad or dim; `pair` may be ""; `situation` says what the
    traders are about, `details` are (name, value) and `trouble` says what stands against trading: none of these says
    anything of a stale document.
    """

    mode: str
    pair: str
    state: str
    tone: str
    data_age: str
    is_stale: bool
    situation: str
    details: tuple[tuple[str, str], ...]
    trouble: str
    utc: str


def header(document: JsonObject | None, *, age_s: float, pair: str, now_ns: int) -> Header:
    """Return the header for the selected `pair` ("": none) of a document that arrived `age_s` seconds ago."""
    known = EMPTY if document is None else document
    stale = document is None or is_stale(age_s)
    state, tone = (UNKNOWN, "dim") if stale else desk_state(known, pair)
    return Header(
        mode=mode_of(known),
        pair=pair,
        state=state,
        tone=tone,
        data_age=("NO DATA" if document is None else f"NO DATA {age_words(age_s)}") if stale else f"{age_words(age_s)} old",
        is_stale=stale,
        situation="" if stale else situation(known, pair),
        details=() if stale else _details(known, pair),
        trouble="" if stale else trouble(known),
        utc=f"{date_clock(now_ns)} UTC",
    )


def _details(document: JsonObject, pair: str) -> tuple[tuple[str, str], ...]:
    up = ("up", span_words(number(document, "uptime_s")))
    if not pair:
        return (up,)
    return (("market data", milliseconds(number(trader_of(document, pair), "data_age_ms"))), up)


def situation(document: JsonObject, pair: str) -> str:
    """Return how many traders do what, and, when none has an order or a position, why the selected one has not."""
    traders = rows(document, "traders")
    if not traders:
        return "no trader"
    counted = Counter(doing(document, trader)[0].lower() for trader in traders)
    if len(counted) == 1:
        words = f"{len(traders)} trader{'s' if len(traders) > 1 else ''} {next(iter(counted))}"
    else:
        words = ", ".join(f"{count} {word}" for word, count in counted.most_common())
    return f"{words}: {why_of(trader_of(document, pair)).words}" if set(counted) == {IDLE.lower()} and pair else words


def trouble(document: JsonObject) -> str:
    """Return why the desk does not simply trade and what it was warned of and still holds, in one line; "" for nothing."""
    reasons = document.get("reasons")
    words = [str(reason) for reason in reasons if isinstance(reason, str)] if isinstance(reasons, list) else []
    words += [f"{whole(section(document, 'gateway'), name)} {name.replace('_', ' ')}" for name in _WORRYING if
              whole(section(document, "gateway"), name)]  # fmt: skip
    if text(document, "state") == "running" and not rows(document, "traders"):
        best = next(
            (text(row, "reason") for row in rows(document, "scanner") if text(row, "reason")), "nothing is rated yet"
        )
        words.append(f"no pair is traded: {best}")
    words += [text(alert, "text") for alert in rows(document, "standing") if text(alert, "level") != "info"]
    return " · ".join(dict.fromkeys(word for word in words if word))[:TEXT_MAX]


def mode_of(document: JsonObject) -> str:
    """Return sim, paper or live; "unknown" when the document says nothing we know."""
    mode = text(document, "mode")
    return mode if mode in MODES else "unknown"


def desk_state(document: JsonObject, pair: str) -> tuple[str, str]:
    """Return the word and the colour class of the state of the desk, seen from one pair.

    A pair's own pause shows only while the desk itself trades: a halted desk reads HALTED, one without a trader WATCHING.
    """
    word, tone = _STATES.get(text(document, "state"), (UNKNOWN, "dim"))
    if word == "TRADING" and not rows(document, "traders"):
        return IDLE, "warn"
    if word == "TRADING" and is_paused(trader_of(document, pair)):
        return "PAUSED", "warn"
    return word, tone


def is_paused(trader: JsonObject) -> bool:
    """Whether a trader row says that it takes no new entries by the owner's wish."""
    return text(trader, "state").lower() == "paused"


def header_html(head: Header) -> str:
    """Return the header as markup, with the mode's stripe across the page."""
    details = [tag("span", "wb-detail", span("", f"{name} ") + span("wb-strong", value)) for name, value in head.details]
    return div(
        f"wb-header mode-{head.mode}",
        div(f"wb-stripe mode-{head.mode}"),
        span(f"wb-badge mode-{head.mode}", head.mode.upper()),
        span("wb-pair", head.pair),
        span(f"wb-state {head.tone}", f"● {head.state}"),
        span("wb-situation", head.situation, title=head.situation),
        span("wb-where", WHERE.get(head.mode, "")),
        span("wb-nodata" if head.is_stale else "wb-detail wb-strong", head.data_age),
        *details,
        span("wb-trouble", head.trouble, title=head.trouble),
        span("wb-clock", head.utc),
    )
