"""How far the results can be believed: the profit under every fill model, where it came from, what the price did after.

Rules: nothing is filled in: a value that is not known yet is a dash, and a sign that changes between the models is said.
Source: the `truth` section of the status document.
"""

from collections.abc import Sequence
from decimal import Decimal

from wildbot.dashboard.view.document import JsonObject, as_number, decimal, number, rows, section, text, whole
from wildbot.dashboard.view.wording import (
    NOTHING,
    cells,
    div,
    fixed,
    gain_class,
    milliseconds,
    money,
    panel,
    percent,
    span,
    table,
    tag,
)

BRACKET = (("low", "lowest model"), ("calibrated", "calibrated"), ("high", "highest model"))
SPLIT = (
    ("spread", "spread captured", 1),
    ("adverse_selection", "adverse selection", 1),
    ("inventory", "inventory drift", 1),
    ("fees", "fees", -1),
)
"""Part, its words, and how it counts: fees come as what was paid."""

UNKNOWN = "no result to judge yet: it begins with the first fills"


def verdict(truth: JsonObject) -> tuple[str, str]:
    """Return the colour class and the words on whether gain or loss can be told."""
    stable = truth.get("sign_stable")
    low, high = _bounds(truth)
    if low is None or high is None or not isinstance(stable, bool):
        return "dim", "not known yet"
    if not stable:
        return "warn", "◆ the sign depends on the fill model"
    least, most = (number(section(truth, "bracket"), f"believable_{end}") for end in ("low", "high"))
    if least is not None and most is not None and least <= 0 <= most:
        return "warn", "◆ within the error of the models"
    return ("good", "▲ a gain under every model") if low > 0 else ("bad", "▼ a loss under every model")


def truth_html(document: JsonObject, *, stale: bool, css: str = "low") -> str:
    """Return the panel: bracket, split and markouts, short."""
    truth = section(document, "truth")
    tone, words = verdict(truth)
    if None in _bounds(truth):
        body = span("dim", UNKNOWN)
    else:
        body = _bracket(truth) + div("wb-truth-pair", _split(truth), _markouts(truth))
    return panel("Truth", div(f"wb-truth {'stale' if stale else ''}", body), css=css, aside=span(tone, words))


def models_html(document: JsonObject, *, stale: bool) -> str:
    """Return every fill model's result as a table, and what really came of the orders beside the calibrated one."""
    truth = section(document, "truth")
    models = section(truth, "models")
    lines = [
        cells(
            ("wb-strong", name.replace("_", " ")),
            ("r", f"{whole(model, 'fills'):,}"),
            (f"r {gain_class(number(model, 'net_pnl'))}", money(decimal(model, "net_pnl"), sign=True)),
        )
        for name, model in ((name, section(models, name)) for name in list(models)[:8])
    ]
    drawn = table(["fill model", ">fills", ">net"], lines, empty=UNKNOWN)
    bracket = section(truth, "bracket")
    ends = [money(decimal(bracket, f"believable_{end}"), sign=True) for end in ("low", "high")]
    believable = div(
        "dim", f"believable: {ends[0]} to {ends[1]}, as often as paper was right in simulated markets (docs/truth.md)"
    )
    age = number(truth, "age_ms")
    aside = span("", f"{milliseconds(age)} old") if age is not None else ""
    body = div(
        f"wb-scroll {'stale' if stale else ''}",
        drawn,
        believable if "believable_low" in bracket and models else "",
        _twin(section(truth, "twin")),
    )
    return panel("Fill models", body, css="middle", aside=aside)


def _twin(twin: JsonObject) -> str:
    """Return reality beside the calibrated model, both over the same orders; nothing while there were none."""
    lines = [
        cells(
            ("wb-strong", label),
            ("r", f"{whole(row, 'fills'):,}"),
            ("r", percent(_hundredfold(number(row, "fill_rate")), 0)),
            ("r", fixed(number(row, "time_to_fill_s"), 1)),
            ("r", fixed(number(row, "markout_bps"), sign=True)),
        )
        for label, row in (("really", section(twin, "actual")), ("calibrated", section(twin, "queue_position")))
        if row
    ]
    headings = [f"{whole(twin, 'orders'):,} orders", ">fills", ">filled", ">wait s", ">markout bp"]
    return table(headings, lines, css="wb-twin") if lines else ""


def _hundredfold(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _bounds(truth: JsonObject) -> tuple[float | None, float | None]:
    bracket = section(truth, "bracket")
    return number(bracket, "low"), number(bracket, "high")


def _bracket(truth: JsonObject) -> str:
    """Return the range of the models on a line that holds nought, within the wider one that is to be believed."""
    bracket = section(truth, "bracket")
    low, high = _bounds(truth)
    least, most = number(bracket, "believable_low"), number(bracket, "believable_high")
    ends = [end for end in (0.0, low, high, least, most) if end is not None]
    room = max(ends) - min(ends)
    marks = ""
    if low is not None and high is not None and high >= low and room > 0:

        def place(value: float) -> float:
            return 100 * max(0.0, min(1.0, (value - min(ends)) / room))

        def band(css: str, begins: float, finishes: float, title: str) -> str:
            return div(css, style=f"left:{place(begins):.1f}%;width:{place(finishes) - place(begins):.1f}%", title=title)

        likely = number(bracket, "calibrated")
        if least is not None and most is not None and most >= least:
            marks += band("wb-fill believable", least, most, "believable: as often as paper was right in simulated markets")
        marks += band("wb-fill blue", low, high, "over the fill models")
        marks += div("wb-nought", style=f"left:{place(0.0):.1f}%", title="nought")
        marks += div("wb-likely", style=f"left:{place(likely):.1f}%", title="calibrated") if likely is not None else ""
    figures = [
        div(
            "wb-figure",
            span("", label),
            tag(
                "span",
                "",
                span(f"wb-strong {gain_class(number(bracket, name))}", money(decimal(bracket, name), sign=True))
                + _believable(decimal(bracket, f"believable_{name}")),
            ),
        )
        for name, label in BRACKET
    ]
    return div("wb-bracket", div("wb-track", marks), div("wb-bracket-figures", *figures))


def _believable(end: Decimal | None) -> str:
    """Return how far the range reaches that is to be believed, beside an end of the models' own."""
    return "" if end is None else span("dim", f" · {money(end, sign=True)}", title="believable")


def _split(truth: JsonObject) -> str:
    split = section(truth, "split")
    parts = [(label, decimal(split, name), counts) for name, label, counts in SPLIT]
    results = [(label, None if part is None else part * counts) for label, part, counts in parts]
    return _figures([(label, money(result, sign=True), gain_class(result)) for label, result in results])


def _markouts(truth: JsonObject) -> str:
    found = [
        (
            f"after {_horizon(row)}",
            f"{fixed(number(row, 'mean_bps'), sign=True)} bp",
            gain_class(number(row, "mean_bps")),
        )
        for row in rows(truth, "markouts")[:4]
    ]
    return _figures(found or [("markouts", NOTHING, "")])


def _horizon(row: JsonObject) -> str:
    seconds = as_number(row.get("horizon_s"))
    if seconds is None:
        return text(row, "horizon_s", NOTHING)
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:g} min"


def _figures(lines: Sequence[tuple[str, str, str]]) -> str:
    return div(
        "wb-truth-figures",
        *(
            div("wb-figure", span("", label), tag("span", f"wb-strong {tone}", span("", value)))
            for label, value, tone in lines
        ),
    )
