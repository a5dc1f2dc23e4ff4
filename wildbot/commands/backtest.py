"""`wildbot backtest`: a strategy over recordings in virtual time, and what its result owes to the fill model."""

from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from actors.exchange_tapes import AUTO
from wildbot.commands.backtest_job import BacktestAnswer, BacktestJob, run_job
from wildbot.commands.backtest_page import write_page
from wildbot.commands.backtest_report import bracket_of, document, print_result
from wildbot.commands.backtest_request import capital_of, fees_of, measured_of, parameters_of, tapes_of
from wildbot.commands.backtest_sheets import write_csv
from wildbot.commands.backtest_tapes import FORMATS
from wildbot.commands.output_paths import check_file, check_folder
from wildbot.commands.terminal import JsonOption, explained, output, print_json
from wildbot.commands.workers import worker_processes
from wildbot.model.errors import ConfigurationError
from wildbot.settings_loading import load
from wildbot.simulation.fills import FILL_MODELS

ALL = "all"
CALIBRATED = "queue_position"


@explained
def backtest(
    data: Annotated[list[Path], typer.Option("--data", help="A recording; may be repeated.")],
    form: Annotated[str, typer.Option("--format", help=f"One of: {', '.join(FORMATS)}.")] = AUTO,
    instrument: Annotated[list[str] | None, typer.Option("--instrument", help="What it is of; one per --data.")] = None,
    strategy: Annotated[str, typer.Option("--strategy", help="market_maker, momentum_burst, ...")] = "market_maker",
    assignment: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 7,
    fills: Annotated[str, typer.Option("--fills", help=f"{', '.join(FILL_MODELS)} or all.")] = ALL,
    latency_ms: Annotated[float, typer.Option("--latency-ms", min=0, help="One way, order and answer.")] = 0.0,
    feed_latency_ms: Annotated[float, typer.Option("--feed-latency-ms", min=0, help="Market data's way to us.")] = 0.0,
    latency: Annotated[
        Path | None, typer.Option("--latency", help="JSON of measured delays in ns: feed, order, report; drawn from.")
    ] = None,
    fees: Annotated[str, typer.Option("--fees", metavar="MAKER,TAKER", help="In percent; else the settings'.")] = "",
    capital: Annotated[str, typer.Option("--capital", help="In the quote currency; else the settings'.")] = "",
    short: Annotated[bool, typer.Option("--allow-short", help="Sell what is not owned (borrowed, free).")] = False,
    decisions: Annotated[Path | None, typer.Option("--decisions", help="Write each decision here, one JSON line.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the result here as one page.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write equity, fills and round trips into this folder.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Run a strategy over recordings: the live engine in virtual time.

    Example: wildbot backtest --data AAPL_2012-06-21_message_1.csv.gz --strategy momentum_burst --capital 10000
    """
    settings = load().settings
    models = list(FILL_MODELS) if fills == ALL else [fills]
    if fills != ALL and fills not in FILL_MODELS:
        raise ConfigurationError(f"--fills is {fills!r} but must be one of: {', '.join(FILL_MODELS)}, {ALL}")
    check_file("--html", html)  # said now, not after the run
    check_folder("--csv", csv)
    tapes = tapes_of(data, form, instrument or [])
    job = BacktestJob(
        tapes=tapes,
        strategy=strategy,
        parameters=parameters_of(settings, strategy, assignment or []),
        model=CALIBRATED,
        fees=fees_of(fees, settings, tapes),
        capital=capital_of(capital, settings),
        settings=settings,
        seed=seed,
        latency_ms=latency_ms,
        feed_latency_ms=feed_latency_ms,
        measured_ns=measured_of(latency),
        allow_short=short,
    )
    answers = _run_all(job, models, decisions, quiet=json_output)
    told = document(job, answers, bracket_of(answers))
    if html is not None:
        write_page(html, job, answers, told)
    if csv is not None:
        write_csv(csv, answers)
    if json_output:
        print_json(told)
    else:
        print_result(job, answers, told)


def _run_all(job: BacktestJob, models: list[str], decisions: Path | None, *, quiet: bool) -> dict[str, BacktestAnswer]:
    """Run one job per fill model, on as many cores as there are; decisions are those of the calibrated (or only) model."""
    chosen = CALIBRATED if CALIBRATED in models else models[0]
    others = [model for model in models if model != chosen]
    answers: dict[str, BacktestAnswer] = {}
    workers = worker_processes(2) if others else nullcontext()
    with _progress(quiet=quiet) as tell, workers as pool:
        waiting = {pool.submit(run_job, replace(job, model=model)): model for model in others} if pool else {}
        with _lines_to(decisions) as write:
            answers[chosen] = run_job(replace(job, model=chosen), write, tell)
        for done in as_completed(waiting):
            answers[waiting[done]] = done.result()
    return {model: answers[model] for model in models}


@contextmanager
def _lines_to(path: Path | None) -> Iterator[Callable[[bytes], None] | None]:
    if path is None:
        yield None
        return
    try:
        with path.open("wb") as file:
            yield lambda line: file.writelines((line, b"\n"))
    except OSError as error:
        raise ConfigurationError(f"--decisions {str(path)!r} cannot be written: {error.strerror}") from None


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    if quiet or not output().is_terminal:
        yield None
        return
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), transient=True) as bar:
        task = bar.add_task("reading")
        yield lambda events: bar.update(task, description=f"{events:,} events")
