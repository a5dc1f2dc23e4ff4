"""The first line of the cockpit: in which mode we are, what the desk does, and how old all of this is.

Rules: a stale document says nothing about now, so its state reads UNKNOWN, whatever it claims.
"""

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
from wildbot.dashboard.view.wording import NOTHING, age_words, date_clock, div, milliseconds, span, span_words, tag

MODES = ("sim", "paper", "live")

UNKNOWN = "UNKNOWN"

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

    `mode` is one of MODES or "unknown"; `tone` is good, warn, bad or dim; `pair` may be ""; `details` are (name, value)
    and `trouble` says what stands against trading: neither says anything of a stale document.
    """

    mode: str
    pair: str
    state: str
    tone: str
    data_age: str
    is_stale: bool
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
        details=() if stale else _details(known, pair),
        trouble="" if stale else trouble(known),
        utc=f"{date_clock(now_ns)} UTC",
    )


def _details(document: JsonObject, pair: str) -> tuple[tuple[str, str], ...]:
    up = ("up", span_words(number(document, "uptime_s")))
    if not pair:
        return (up,)
    trader = trader_of(document, pair)
    return (
        ("market data", milliseconds(number(trader, "data_age_ms"))),
        ("strategy", text(trader, "strategy", NOTHING)),
        ("epoch", text(trader, "epoch", NOTHING)),
        up,
    )


def trouble(document: JsonObject) -> str:
    """Return why the desk does not simply trade and what it was warned of and still holds, in one line; "" for nothing."""
    reasons = document.get("reasons")
    words = [str(reason) for reason in reasons if isinstance(reason, str)] if isinstance(reasons, list) else []
    words += [f"{whole(section(document, 'gateway'), name)} {name.replace('_', ' ')}" for name in _WORRYING if
              whole(section(document, "gateway"), name)]  # fmt: skip
    words += [text(alert, "text") for alert in rows(document, "standing") if text(alert, "level") != "info"]
    return " · ".join(dict.fromkeys(word for word in words if word))[:TEXT_MAX]


def mode_of(document: JsonObject) -> str:
    """Return sim, paper or live; "unknown" when the document says nothing we know."""
    mode = text(document, "mode")
    return mode if mode in MODES else "unknown"


def desk_state(document: JsonObject, pair: str) -> tuple[str, str]:
    """Return the word and the colour class of the state of the desk, seen from one pair.

    A pair's own pause shows only while the desk itself trades: a halted desk reads HALTED.
    """
    word, tone = _STATES.get(text(document, "state"), (UNKNOWN, "dim"))
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
        span("wb-nodata" if head.is_stale else "wb-detail wb-strong", head.data_age),
        *details,
        span("wb-trouble", head.trouble, title=head.trouble),
        span("wb-clock", head.utc),
    )
