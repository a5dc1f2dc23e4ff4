"""The figures of a truth test as Markdown, in the part of a document that is theirs.

Rules: a document has one part for each pair, between `<!-- truth PAIR -->` and `<!-- end -->`; what stands in it is
    replaced whole, all else is left as it is. Pictures lie in the document's folder `images`.
"""

from collections.abc import Mapping
from pathlib import Path

from wildbot.analytics.believable import MARGIN_BPS
from wildbot.backtest.truth_plot import fills_chart, pnl_chart
from wildbot.backtest.truth_verdict import GOAL, Margin, TruthRun, Verdict, verdict_of
from wildbot.commands.truth_run import TruthResult
from wildbot.model.errors import ConfigurationError

HEADINGS = (
    "| scenario | markets | without fills | fills | inside | widened | width | error"
    " | net | inside | believable | width, bps | error, bps | one sign | right |"
)
RULE = "|---|" + "--:|" * 14
END = "<!-- end -->"


def write_section(document: Path, pair: str, text: str) -> None:
    """Replace the part of `pair` in a document. Raises: ConfigurationError when the document has none."""
    before, after = around_section(document, pair)
    document.write_text(f"{before}{text}{after}", encoding="utf-8")


def around_section(document: Path, pair: str) -> tuple[str, str]:
    """Return what stands before and after the part of `pair`. Raises: ConfigurationError when the document has none."""
    begin = f"<!-- truth {pair} -->"
    try:
        before, found, after = document.read_text(encoding="utf-8").partition(begin)
    except OSError as error:
        raise ConfigurationError(f"--document {str(document)!r} cannot be read: {error.strerror}") from None
    _, ended, rest = after.partition(END)
    if not found or not ended:
        raise ConfigurationError(f"--document {str(document)!r} has no part between {begin!r} and {END!r}")
    return f"{before}{begin}\n", f"{END}{rest}"


def write_pictures(folder: Path, pair: str, runs: list[TruthRun]) -> tuple[str, str]:
    """Write both pictures of a test; return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = pair.partition("/")[0].lower()
    names = f"truth-{stem}-pnl.svg", f"truth-{stem}-fills.svg"
    for name, chart in zip(names, (pnl_chart, fills_chart), strict=True):
        (folder / name).write_text(chart(runs) + "\n", encoding="utf-8")
    return names


def section_of(
    command: str, day: str, words: str, result: TruthResult, verdicts: Mapping[str, Verdict], pictures: tuple[str, str]
) -> str:
    """Return a test as Markdown. `verdicts` by scenario, the whole last; `day` is when it was run."""
    seeds = sorted({run.seed for run in result.runs})
    margin, fit, whole = result.margin, result.fit, list(verdicts.values())[-1]
    traded = [run for run in result.runs if run.real.fills]
    lines = [
        f"`{command}`, run on {day}, seeds {seeds[0]} to {seeds[-1]}: {words}.",
        "",
        HEADINGS,
        RULE,
        *(_row(name, each) for name, each in verdicts.items()),
        "",
        f"Inside their bracket are {_percent(whole.fills_inside)} of the real fill counts and {_percent(whole.pnl_inside)}"
        f" of the real profits; the goal of {_percent(GOAL)} is {_reached(whole.fills_inside)} for fills,"
        f" {_reached(whole.pnl_inside)} for profits. {_margin_text(margin, whole)} The believable range (one paper per"
        f" model, {MARGIN_BPS} bps of turnover further on both sides) holds {_percent(whole.pnl_believable)} of the"
        f" profits: {_reached(whole.pnl_believable)}.",
        "",
        f"{_traded_text(traded, margin)} The calibrated model is off by {whole.fills_bias:+.2f} fills and"
        f" {whole.pnl_bias:+.4f} a market in the mean. The fitted power is {fit.power:.2f}; {fit.low:.2f} to"
        f" {fit.high:.2f} fit as well ({fit.orders} orders, {fit.trades} trades).",
        "",
        *(line for name in pictures for line in (f"![Each market and its paper bracket](images/{name})", "")),
    ]
    return "\n".join(lines)


def _row(name: str, each: Verdict) -> str:
    cells = (
        name,
        str(each.runs),
        str(each.idle_runs),
        f"{each.real_fills:.2f}",
        _percent(each.fills_inside),
        _percent(each.fills_inside_widened),
        f"{each.fills_width:.2f}",
        f"{each.fills_error:.2f}",
        f"{each.real_pnl:+.3f}",
        _percent(each.pnl_inside),
        _percent(each.pnl_believable),
        f"{each.pnl_width_bps:.1f}",
        f"{each.pnl_error_bps:.1f}",
        str(each.stable_runs),
        "-" if each.stable_right is None else _percent(each.stable_right),
    )
    return f"| {' | '.join(cells)} |"


def _traded_text(traded: list[TruthRun], margin: Margin) -> str:
    if not traded:
        return "In none of the markets was there a real fill."
    said = verdict_of(traded, margin)
    return (
        f"Of the {said.runs} markets with a real fill, fills are inside in {_percent(said.fills_inside)}, profits in"
        f" {_percent(said.pnl_inside)}, believable in {_percent(said.pnl_believable)}."
    )


def _margin_text(margin: Margin, whole: Verdict) -> str:
    if not margin.fills and not margin.pnl_bps:
        return f"The {margin.runs} training markets teach no margin."
    return (
        f"The margin that the {margin.runs} training markets teach is {margin.fills} fills and {margin.pnl_bps:.1f} bps;"
        f" with it {_percent(whole.fills_inside_widened)} and {_percent(whole.pnl_inside_widened)} are inside."
    )


def _reached(share: float) -> str:
    return "reached" if share >= GOAL else "not reached"


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")
