"""`wildbot truth`: is paper to be believed? The same strategy really in a market, and on paper beside it, many times."""

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from wildbot.analytics.believable import MARGIN_BPS
from wildbot.backtest.live_market import MarketPlan
from wildbot.backtest.truth import TruthPlan
from wildbot.backtest.truth_verdict import Verdict, verdict_of
from wildbot.commands.backtest_request import stated_capital
from wildbot.commands.terminal import JsonOption, explained, new_table, output, print_json, say
from wildbot.commands.truth_document import around_section, section_of, write_pictures, write_section
from wildbot.commands.truth_run import TRAIN_FROM, TruthFile, TruthResult, run_truth
from wildbot.commands.workers import worker_processes
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import money_from_text
from wildbot.simulation.fills import FILL_MODELS
from wildbot.simulation.scenarios import SCENARIOS
from wildbot.simulation.venue_pairs import UNIVERSE
from wildbot.strategies.base import find_strategy

WEATHERS = ("calm", "busy", "trend", "thin")
EAGER = ("min_volatility_bps=0", "edge_policy=ignore", "max_spread_bps=50", "ema_window=10")
"""A maker that quotes in every weather, so that there is something to compare."""

ALL = "all"
SECONDS, STRATEGY, CAPITAL = 90, "market_maker", "100"


@explained
def truth(
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Judged markets of each scenario.")] = 200,
    first: Annotated[int, typer.Option("--first-seed", min=1, help="The first of them.")] = 1,
    train: Annotated[int, typer.Option("--train", min=1, help="Other markets of each scenario, to learn from.")] = 25,
    pair: Annotated[str, typer.Option("--pair", help="Whose market: its rules and shape.")] = "AVAX/USDC",
    scenario: Annotated[list[str] | None, typer.Option("--scenario", help="May be repeated; else four.")] = None,
    seconds: Annotated[int, typer.Option("--seconds", min=10, help="How long each market lasts.")] = SECONDS,
    draws: Annotated[int, typer.Option("--draws", min=1, help="Papers per model, each with other delays.")] = 3,
    strategy: Annotated[str, typer.Option("--strategy", help="Which of the strategies.")] = STRATEGY,
    assignment: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Its settings.")] = None,
    capital: Annotated[str, typer.Option("--capital", help="In the quote currency.")] = CAPITAL,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Processes; 0: one per core.")] = 0,
    keep: Annotated[Path | None, typer.Option("--keep", help="Go on where this file ends.")] = None,
    document: Annotated[Path | None, typer.Option("--document", help="Put figures and plots into this document.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Compare real fills and profits in simulated markets with what paper says of the same markets.

    Example: wildbot truth --seeds 20 --train 5 --pair SOL/USDC
    """
    names = tuple(scenario or WEATHERS)
    for option, values, known in (("--scenario", names, SCENARIOS), ("--pair", (pair,), UNIVERSE)):
        for value in values:
            if value not in known:
                raise ConfigurationError(f"{option} is {value!r} but must be one of: {', '.join(known)}")
    if first + seeds > TRAIN_FROM:
        raise ConfigurationError(f"--first-seed + --seeds is {first + seeds} and must be at most {TRAIN_FROM}")
    if document is not None:
        around_section(document, pair)  # said now, not after half an hour
    plan = TruthPlan(
        market=MarketPlan(pair=pair, scenario=names[0], seed=0, seconds=seconds),
        strategy=strategy,
        parameters=_parameters(strategy, assignment or (EAGER if strategy == STRATEGY else ())),
        capital=money_from_text(str(stated_capital(capital))),
        draws=draws,
    )
    settings = " ".join(f"{key}={value}" for key, value in plan.parameters.items())
    words = (
        f"{pair}, {seconds} s, {len(FILL_MODELS)} models, {draws} draws, {strategy} {settings}, capital {capital},"
        f" {train} training seeds, {' '.join(names)}"
    )
    kept = TruthFile(keep, words)
    judged, learned = range(first, first + seeds), range(TRAIN_FROM, TRAIN_FROM + train)
    hidden = json_output or not output().is_terminal
    with (
        worker_processes(workers) as pool,
        Progress(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), transient=True, disable=hidden) as bar,
    ):
        task = bar.add_task("markets", total=len(names) * (seeds + 2 * train))
        result = run_truth(plan, names, judged, learned, pool, kept, lambda done: bar.update(task, completed=done))
    verdicts = {name: verdict_of([run for run in result.runs if run.scenario == name], result.margin) for name in names}
    verdicts[ALL] = verdict_of(result.runs, result.margin)
    if document is not None:
        differing = (
            *_unless(1, "--first-seed", first),
            *(word for name in scenario or () for word in ("--scenario", name)),
            *_unless(SECONDS, "--seconds", seconds),
            *_unless(STRATEGY, "--strategy", strategy),
            *(word for each in assignment or () for word in ("--set", each)),
            *_unless(CAPITAL, "--capital", capital),
        )
        always = f"wildbot truth --seeds {seeds} --train {train} --draws {draws} --pair {pair}"
        command = " ".join((always, *map(shlex.quote, (*differing, "--document", str(document)))))
        pictures = write_pictures(document.parent / "images", pair, result.runs)
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        write_section(document, pair, section_of(command, day, words, result, verdicts, pictures))
    if json_output:
        print_json({"test": words, "fit": result.fit, "margin": result.margin, "verdicts": verdicts})
    else:
        _print(words, result, verdicts)


def _unless(usual: object, option: str, value: object) -> tuple[str, ...]:
    """Return the words of an option that is not as it is when nobody says it."""
    return () if value == usual else (option, str(value))


def _parameters(strategy: str, assignments: list[str] | tuple[str, ...]) -> dict[str, object]:
    parameters: dict[str, object] = {}
    for each in assignments:
        key, equals, value = each.partition("=")
        if not equals:
            raise ConfigurationError(f"--set {each!r} is not of the form KEY=VALUE")
        parameters[key.strip()] = value.strip()
    find_strategy(strategy).configure(parameters)
    return parameters


def _print(words: str, result: TruthResult, verdicts: dict[str, Verdict]) -> None:
    say(words)
    table = new_table(
        "scenario", ">runs", ">fills", ">inside", ">widened", ">width", ">error", ">net", ">inside", ">believable",
        ">width bps", ">error bps", ">one sign", ">right",
    )  # fmt: skip
    for name, each in verdicts.items():
        table.add_row(
            name,
            str(each.runs),
            f"{each.real_fills:.2f}",
            f"{each.fills_inside:.1%}",
            f"{each.fills_inside_widened:.1%}",
            f"{each.fills_width:.2f}",
            f"{each.fills_error:.2f}",
            f"{each.real_pnl:+.4f}",
            f"{each.pnl_inside:.1%}",
            f"{each.pnl_believable:.1%}",
            f"{each.pnl_width_bps:.1f}",
            f"{each.pnl_error_bps:.1f}",
            str(each.stable_runs),
            "-" if each.stable_right is None else f"{each.stable_right:.1%}",
        )
    output().print(table)
    fit, margin = result.fit, result.margin
    say(f"power of the queue model {fit.power:.2f} ({fit.low:.2f} to {fit.high:.2f}) from {fit.trades} trades")
    say(
        f"a margin of {margin.fills} fills and {margin.pnl_bps:.1f} bps of turnover is what {margin.runs} other runs teach;"
        f" believable ranges reach {MARGIN_BPS} bps further than the models"
    )
