"""`wildbot sweep`: many parameters over recordings, and how much of the best result is luck."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from actors.exchange_tapes import AUTO
from actors.spec import EXIT_FAILED
from wildbot.commands.backtest_job import BacktestJob
from wildbot.commands.backtest_request import capital_of, fees_of, parameters_of, tapes_of
from wildbot.commands.backtest_tapes import FORMATS
from wildbot.commands.output_paths import check_file
from wildbot.commands.sweep_memory import SweepMemory
from wildbot.commands.sweep_outcome import Bracket
from wildbot.commands.sweep_run import SCORES, SweepResult, Try, run_sweep
from wildbot.commands.sweep_search import GridSearch, ParzenSearch, space_of
from wildbot.commands.terminal import JsonOption, explained, fail, new_table, output, print_json, say
from wildbot.commands.workers import WorkersLostError, cluster, worker_processes
from wildbot.model.errors import ConfigurationError
from wildbot.settings_loading import load
from wildbot.simulation.fills import FILL_MODELS

SHOWN = 20
HARDLY_LUCK = 0.95


@explained
def sweep(
    data: Annotated[list[Path], typer.Option("--data", help="A recording; may be repeated.")],
    form: Annotated[str, typer.Option("--format", help=f"One of: {', '.join(FORMATS)}.")] = AUTO,
    instrument: Annotated[list[str] | None, typer.Option("--instrument", help="What it is of; one per --data.")] = None,
    strategy: Annotated[str, typer.Option("--strategy", help="market_maker, momentum_burst, ...")] = "market_maker",
    assignment: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="For every run.")] = None,
    grid: Annotated[list[str] | None, typer.Option("--grid", metavar="KEY=V1,V2", help="Values to try.")] = None,
    ranges: Annotated[list[str] | None, typer.Option("--range", metavar="KEY=LOW:HIGH", help="With --trials.")] = None,
    trials: Annotated[int, typer.Option("--trials", min=0, help="So many points of a seeded search; 0: the grid.")] = 0,
    by: Annotated[str, typer.Option("--by", help="net_pnl or sharpe.")] = "net_pnl",
    split: Annotated[float, typer.Option("--split", min=0, max=0.95, help="Share of time to search; 0: all.")] = 0.7,
    fills: Annotated[str, typer.Option("--fills", help=f"One of: {', '.join(FILL_MODELS)}.")] = "queue_position",
    seed: Annotated[int, typer.Option("--seed", min=0)] = 7,
    latency_ms: Annotated[float, typer.Option("--latency-ms", min=0, help="One way, order and answer.")] = 0.0,
    fees: Annotated[str, typer.Option("--fees", metavar="MAKER,TAKER", help="In percent; else the settings'.")] = "",
    capital: Annotated[str, typer.Option("--capital", help="In the quote currency; else the settings'.")] = "",
    short: Annotated[bool, typer.Option("--allow-short", help="Sell what is not owned (borrowed, free).")] = False,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Processes; 0: one per core.")] = 0,
    scheduler: Annotated[str, typer.Option("--scheduler", metavar="ADDRESS", help="A Dask scheduler, tcp://...")] = "",
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write all tries here.")] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Keep each try here; the same words again go on where it stopped.")
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Try many parameters on the first part of recordings, the best on the rest.

    Example: wildbot sweep --data recordings/BTC-USDC --grid ema_window=10,20,40 --grid skew_factor=0.5,1 --split 0.7
    """
    settings = load().settings
    for option, value, known in (("--by", by, SCORES), ("--fills", fills, tuple(FILL_MODELS))):
        if value not in known:
            raise ConfigurationError(f"{option} is {value!r} but must be one of: {', '.join(known)}")
    check_file("--csv", csv_file)  # said now, not after the last try
    space = space_of(grid or [], ranges or [])
    search = ParzenSearch(space, trials, seed) if trials else GridSearch(space)
    tapes = tapes_of(data, form, instrument or [])
    job = BacktestJob(
        tapes=tapes,
        strategy=strategy,
        parameters=parameters_of(settings, strategy, assignment or []),
        model=fills,
        fees=fees_of(fees, settings, tapes),
        capital=capital_of(capital, settings),
        settings=settings,
        seed=seed,
        latency_ms=latency_ms,
        allow_short=short,
    )
    memory = SweepMemory(resume)
    hands = cluster(scheduler) if scheduler else worker_processes(workers)
    try:
        with hands as pool, _bar(search.size, quiet=json_output) as bar:
            result = run_sweep(
                job,
                search,
                pool,
                score=by,
                split=split,
                progress=lambda done: bar.update(bar.task_ids[0], completed=done),
                memory=memory,
            )
    except KeyboardInterrupt:
        fail(f"interrupted; {_how_to_go_on(resume, memory)}", EXIT_FAILED)
    except WorkersLostError as error:
        raise WorkersLostError(f"{error}; {_how_to_go_on(resume, memory)}") from None
    if all(each.seen.refusal for each in result.tries):
        raise ConfigurationError(f"all {len(result.tries)} points were refused; the first: {result.tries[0].seen.refusal}")
    if csv_file is not None:
        _write_csv(csv_file, result)
    if json_output:
        print_json(_document(result))
    else:
        _print(result)


@contextmanager
def _bar(total: int, *, quiet: bool) -> Iterator[Progress]:
    hidden = quiet or not output().is_terminal
    with Progress(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), transient=True, disable=hidden) as bar:
        bar.add_task("tries", total=total)
        yield bar


def _how_to_go_on(resume: Path | None, memory: SweepMemory) -> str:
    if resume is None:
        return "no try was kept, --resume FILE keeps them"
    return f"{memory.size} tries are kept in {resume}, and the same words go on from there"


def _print(result: SweepResult) -> None:
    keys = list(result.tries[0].point) if result.tries else []
    table = new_table(
        *keys, ">net", ">fees", ">fills", ">Sharpe", ">deepest fall", ">net unseen", ">Sharpe unseen", ">over the models"
    )
    for each in [one for one in result.tries if not one.seen.refusal][:SHOWN]:
        seen, unseen = each.seen, each.unseen
        table.add_row(
            *each.point.values(),
            f"{seen.net_pnl:+.6f}",
            f"{seen.fees:.6f}",
            str(seen.fills),
            _number(seen.sharpe),
            f"{seen.max_drawdown_pct:.2f} %",
            "" if unseen is None else f"{unseen.net_pnl:+.6f}" if not unseen.refusal else unseen.refusal,
            "" if unseen is None else _number(unseen.sharpe),
            _range(each.bracket),
        )
    output().print(table)
    refused = [each for each in result.tries if each.seen.refusal]
    if refused:
        say(f"{len(refused)} of {len(result.tries)} points were refused; the first: {refused[0].seen.refusal}", "yellow")
    for sentence in result.skipped:
        say(sentence, "yellow")
    say(verdict(result))


def _range(over: Bracket | None) -> str:
    if over is None:
        return ""
    return f"{over.low:+.4f} to {over.high:+.4f}{'' if over.sign_stable else ', sign unknown'}"


def verdict(result: SweepResult) -> str:
    """Return in one sentence what the best of these tries is worth."""
    count = len(result.tries)
    if result.deflated is None:
        return f"{count} tries; the best has too few samples or never traded, so nothing can be said of luck"
    chance = f"deflated Sharpe ratio {result.deflated:.3f}: the probability that the best of {count} tries is not luck"
    return chance if result.deflated >= HARDLY_LUCK else f"{chance}; below {HARDLY_LUCK} it proves nothing"


def _document(result: SweepResult) -> dict[str, object]:
    return {
        "tries": [{"parameters": each.point, **_row(each)} for each in result.tries],
        "count": len(result.tries),
        "deflated_sharpe": result.deflated,
        "luckiest_ratio": result.luck,
        "split_ns": result.split_ns,
        "skipped": result.skipped,
        "verdict": verdict(result),
    }


UNTOLD = ("moments", "skipped")
"""Of an outcome: what is told once for all of them, or not at all."""


def _row(each: Try) -> dict[str, object]:
    rows = {"seen": each.seen, "unseen": each.unseen, "bracket": each.bracket}
    return {
        name: None if outcome is None else {k: v for k, v in msgspec.to_builtins(outcome).items() if k not in UNTOLD}
        for name, outcome in rows.items()
    }


def _write_csv(path: Path, result: SweepResult) -> None:
    keys = list(result.tries[0].point) if result.tries else []
    columns = ("net_pnl", "fees", "fills", "round_trips", "sharpe", "max_drawdown_pct", "refusal")
    try:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*keys, *columns, *(f"unseen_{name}" for name in columns), "low", "high", "sign_stable"])
            for each in result.tries:
                parts = [getattr(each.seen, name) for name in columns]
                parts += [getattr(each.unseen, name) if each.unseen is not None else "" for name in columns]
                over = each.bracket
                parts += ["", "", ""] if over is None else [over.low, over.high, over.sign_stable]
                writer.writerow([*each.point.values(), *parts])
    except OSError as error:
        raise ConfigurationError(f"--csv {str(path)!r} cannot be written: {error.strerror}") from None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
