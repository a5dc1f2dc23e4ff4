"""`wildbot bench`: measurements on this machine, each with the work done, the percentiles and the versions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from actors.bench_engine import BOOKS, measure_engine
from actors.bench_exchange import SECTIONS, measure_exchange
from actors.bench_feed import measure_feed, replay_frames
from actors.bench_startup import STARTS, measure_startup
from actors.spec import EXIT_FAILED, EXIT_NOT_RUNNING
from wildbot.commands.bench_memory import measure_memory
from wildbot.commands.instance import Instance
from wildbot.commands.terminal import JsonOption, current_home, explained, fail, new_table, output, print_json
from wildbot.settings_loading import load

app = typer.Typer(help="Measure this machine. Example: wildbot bench feed --json", no_args_is_help=True)

HEAD = ("name", "work", "seconds", "rate_per_s", "p50_us", "p99_us", "p999_us")


@app.command()
@explained
def feed(
    frames: Annotated[Path | None, typer.Option("--frames", help="Put these recorded frames through it instead.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=600, help="How long to work.")] = 3.0,
    json_output: JsonOption = False,
) -> None:
    """Frames in, verified books out; or, with --frames, what the feed makes of recorded frames.

    Example: wildbot bench feed --frames recorded.ndjson --json
    """
    if frames is None:
        _show(msgspec.to_builtins(measure_feed(seconds=seconds)), as_json=json_output)
        return
    if not frames.is_file():
        fail(f"{frames} does not exist", EXIT_FAILED)
    _show(replay_frames(frames), as_json=json_output)


@app.command()
@explained
def engine(
    books: Annotated[int, typer.Option("--books", min=100, help="How many books to think about.")] = BOOKS,
    json_output: JsonOption = False,
) -> None:
    """One trader's mind: a book in, order commands out.

    Example: wildbot bench engine --json
    """
    _show(measure_engine(books), as_json=json_output)


@app.command()
@explained
def exchange(
    section: Annotated[str | None, typer.Option("--section", help=f"Only one of: {', '.join(SECTIONS)}.")] = None,
    tape: Annotated[
        Path | None, typer.Option("--tape", help="A LOBSTER message file to replay instead of a sample.")
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """The simulated exchange: matching core, signed orders end to end, market data to four clients, replay.

    Example: wildbot bench exchange --section core --json
    """
    if section is not None and section not in SECTIONS:
        fail(f"--section is {section!r} but must be one of: {', '.join(SECTIONS)}", EXIT_FAILED)
    measured = measure_exchange(SECTIONS if section is None else (section,), tape)
    if json_output:
        print_json(measured)
        return
    for record in measured.values():
        if isinstance(record, dict):
            _show(record, as_json=False)


@app.command()
@explained
def startup(
    starts: Annotated[int, typer.Option("--starts", min=1, max=1000, help="How many starts.")] = STARTS,
    json_output: JsonOption = False,
) -> None:
    """A trader process: from its start to its first word to the order gateway.

    Example: wildbot bench startup --json
    """
    _show(msgspec.to_builtins(measure_startup(load().settings, starts)), as_json=json_output)


@app.command()
@explained
def memory(json_output: JsonOption = False) -> None:
    """Memory of every process of the running WildBot, and of all together.

    Example: wildbot bench memory --json
    """
    home = current_home()
    processes = Instance(home).processes()
    if not processes:
        fail(f"WildBot does not run in {home.root}", EXIT_NOT_RUNNING)
    _show(msgspec.to_builtins(measure_memory(processes)), as_json=json_output)


def _show(record: Mapping[str, object], *, as_json: bool) -> None:
    """Print a record: what every measurement has in one line, then what only this one has."""
    if as_json:
        print_json(record)
        return
    table = new_table("", ">value")
    for name in (*(name for name in HEAD if name in record), *(name for name in record if name not in HEAD)):
        value = record[name]
        for part, number in value.items() if isinstance(value, dict) else (("", value),):
            table.add_row(f"{name} {part}".strip(), str(number))
    output().print(table)
