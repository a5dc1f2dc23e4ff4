"""What the selected trader sees and why it acts: its indicators as bars, its reason in words, its open orders.

Rules: an indicator is drawn by its name alone (GAUGES); one that is not listed is still shown, as a plain number.
"""

from dataclasses import dataclass

from wildbot.dashboard.view.document import JsonObject, as_number, decimal, number, rows, section, text
from wildbot.dashboard.view.wording import (
    NOTHING,
    cells,
    div,
    exact,
    fixed,
    milliseconds,
    panel,
    side_class,
    side_word,
    span,
    table,
)
from wildbot.trader_words import why

ORDERS_SHOWN = 4
PLAIN_SHOWN = 8
"""Most plain numbers shown; a strategy with more shows its first ones."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """How an indicator is drawn: `full` is the value of a full bar, `centre` where the bar starts; `signed` bars grow to
    both sides of it, in green and red."""

    label: str
    unit: str
    full: float
    signed: bool = False
    centre: float = 0.0
    places: int = 2


GAUGES: dict[str, Gauge] = {
    "momentum_bps": Gauge("momentum", "bp", 10.0, signed=True),
    "inventory_ratio": Gauge("inventory", "", 1.0, signed=True),
    "volatility_bps": Gauge("volatility", "bp", 50.0),
    "spread_bps": Gauge("spread", "bp", 15.0),
    "hold_fraction": Gauge("held", "of limit", 1.0),
    "momentum": Gauge("momentum", "", 0.002, signed=True, places=5),
    "volume_ratio": Gauge("volume", "x mean", 3.0),
    "buy_pressure": Gauge("buy pressure", "", 1.0, signed=True, centre=0.5),
    "dominance": Gauge("dominance", "%", 100.0, places=0),
    "gradient": Gauge("gradient", "", 0.1, signed=True, places=4),
    "footprint": Gauge("footprint", "", 1.0, signed=True),
    "depth_ratio": Gauge("depth ratio", "", 3.0),
}

_LABELS = {
    "hurdle_bps": "hurdle bp",
    "exit_target_bps": "exit target bp",
    "ema": "EMA",
    "range": "range",
    "cooldown_left": "cooldown left",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One drawn indicator: `start` and `length` of its bar in percent of the track, and the colour class."""

    label: str
    value: str
    start: float
    length: float
    tone: str
    signed: bool = False


def bars(indicators: JsonObject) -> list[Bar]:
    """Return the indicators that have a gauge, in the order of GAUGES."""
    return [_bar(gauge, number(indicators, name)) for name, gauge in GAUGES.items() if name in indicators]


def _bar(gauge: Gauge, value: float | None) -> Bar:
    words = f"{fixed(value, gauge.places, sign=gauge.signed and not gauge.centre)} {gauge.unit}".strip()
    if value is None:
        return Bar(gauge.label, NOTHING, 50.0 if gauge.signed else 0.0, 0.0, "", gauge.signed)
    if not gauge.signed:
        return Bar(gauge.label, words, 0.0, 100 * max(0.0, min(1.0, value / gauge.full)), "blue")
    reach = (value - gauge.centre) / (gauge.full - gauge.centre)
    length = 50 * min(1.0, abs(reach))
    return Bar(gauge.label, words, 50.0 - (length if reach < 0 else 0.0), length, "up" if reach > 0 else "down", True)


def plain(indicators: JsonObject) -> list[tuple[str, str]]:
    """Return (label, value) of the indicators that have no gauge, as their strategy ordered them."""
    names = [name for name in indicators if name not in GAUGES][:PLAIN_SHOWN]
    return [(_LABELS.get(name, name.replace("_", " ")), _figure(indicators[name])) for name in names]


def _figure(value: object) -> str:
    read = as_number(value)
    return NOTHING if read is None else f"{read:,.7g}".replace("-", "−")


def strategy_html(trader: JsonObject, *, stale: bool, css: str = "tall") -> str:
    """Return the strategy panel of one trader as markup."""
    indicators = section(trader, "indicators")
    drawn = div("wb-gauges", *(_bar_html(bar) for bar in bars(indicators)))
    figures = div(
        "wb-figures", *(div("wb-figure", span("", name), span("wb-strong", value)) for name, value in plain(indicators))
    )
    told = why(text(trader, "reason", NOTHING), text(trader, "strategy"))
    reason = div(
        "wb-reason", span("wb-label", "why"), span("wb-strong", told.words), span("dim", told.detail), title=told.line
    )
    body = div(f"wb-strategy {'stale' if stale else ''}", drawn, figures, reason, _orders_html(trader))
    return panel("Strategy", body, css=css, aside=span("", text(trader, "strategy", NOTHING)))


def _bar_html(bar: Bar) -> str:
    track = "wb-track signed" if bar.signed else "wb-track"
    filled = div(f"wb-fill {bar.tone}", style=f"left:{bar.start:.1f}%;width:{bar.length:.1f}%")
    return div(
        "wb-gauge",
        span("", bar.label),
        span("wb-strong", bar.value),
        div(track, filled),
    )


def _orders_html(trader: JsonObject) -> str:
    lines = [
        cells(
            (side_class(side := text(row, "side")), side_word(side)),
            ("r", exact(decimal(row, "qty"))),
            ("r", exact(decimal(row, "price"))),
            ("r dim", text(row, "state")),
            ("r dim", milliseconds(number(row, "age_ms"))),
        )
        for row in rows(trader, "open_orders")[:ORDERS_SHOWN]
    ]
    return table(["order", ">size", ">price", ">state", ">age"], lines, css="wb-orders", empty="no order rests")
