"""`wildbot bench`: measurements on this machine, each with the work done, the percentiles and the versions."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from actors.bench_backtest import measure_backtest
from actors.bench_backtest_peer import measure_beside as measure_backtest_beside
from actors.bench_backtest_peer import sample_tape
from actors.bench_bus import measure_bus
from actors.bench_engine import BOOKS, MAKER, measure_engine
from actors.bench_exchange import SECTIONS, measure_exchange
from actors.bench_feed import measure_feed, replay_frames
from actors.bench_growth import growth_chart, measure_pairs, measure_soak, measure_traders, soak_chart
from actors.bench_journal import COMMITS, measure_journal
from actors.bench_report import these_versions, this_machine
from actors.bench_startup import STARTS, measure_startup
from actors.bench_wire import SECONDS, measure_wire
from actors.bench_wire_peer import measure_beside as measure_wire_beside
from actors.bench_wire_peer import why_no_peer
from actors.exchange_tapes import AUTO
from actors.spec import EXIT_FAILED, EXIT_NOT_RUNNING
from wildbot.commands.backtest_job import BacktestJob, setup_of
from wildbot.commands.backtest_request import capital_of, fees_of, parameters_of, tapes_of
from wildbot.commands.backtest_tapes import FORMATS, TapeFile, open_tape
from wildbot.commands.bench_memory import measure_memory
from wildbot.commands.instance import Instance
from wildbot.commands.terminal import JsonOption, current_home, explained, fail, new_table, output, print_json
from wildbot.settings_loading import load

app = typer.Typer(
    help="Measure this machine.\n\nExample: wildbot bench feed --json", no_args_is_help=True, add_completion=False
)

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
def bus(
    rate: Annotated[int, typer.Option("--rate", min=10, max=100_000, help="Books per second.")] = 1_000,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=600, help="How long each part lasts.")] = 5.0,
    json_output: JsonOption = False,
) -> None:
    """Books over the market socket between processes: one reader, three, and one that cannot keep up.

    Example: wildbot bench bus --json
    """
    _show_all(measure_bus(rate, seconds), as_json=json_output)


@app.command()
@explained
def wire(
    traders: Annotated[int, typer.Option("--traders", min=1, max=3, help="How many trade.")] = 1,
    rate: Annotated[int, typer.Option("--rate", min=50, max=20_000, help="Book updates per second, eight pairs.")] = 1_000,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=600, help="How long to measure.")] = SECONDS,
    in_memory: Annotated[
        bool, typer.Option("--in-memory", help="With the journal in memory: what the disk costs is the difference.")
    ] = False,
    peers: Annotated[
        bool, typer.Option("--peers", help="Beside ccxt.pro doing the same, by turns; needs the extra `judges`.")
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """From a market move to the order it causes, through the real processes, on a loopback exchange of its own.

    Example: wildbot bench wire --traders 3 --rate 5000 --json
    """
    if peers:
        if missing := why_no_peer():
            fail(missing, EXIT_FAILED)
        _show(measure_wire_beside(traders, rate, seconds), as_json=json_output)
        return
    _show(msgspec.to_builtins(measure_wire(traders, rate, seconds, in_memory=in_memory)), as_json=json_output)


@app.command()
@explained
def growth(
    seconds: Annotated[float, typer.Option("--seconds", min=0, max=600, help="Per number of traders; 0: pairs only.")] = 10,
    rate: Annotated[int, typer.Option("--rate", min=50, max=20_000, help="Book updates per second, eight pairs.")] = 1_000,
    svg: Annotated[Path | None, typer.Option("--svg", help="Draw it into this file.")] = None,
    json_output: JsonOption = False,
) -> None:
    """What more pairs and more traders cost.

    Example: wildbot bench growth --svg growth.svg --json
    """
    pairs, traders = measure_pairs(), measure_traders(rate, seconds) if seconds else []
    if svg is not None:
        svg.write_text(growth_chart(pairs, traders), encoding="utf-8")
    rows = [*pairs, *traders]
    _show_rows("growth", [msgspec.to_builtins(row) for row in rows], as_json=json_output)


@app.command()
@explained
def soak(
    minutes: Annotated[float, typer.Option("--minutes", min=0.1, max=10_000, help="How long.")] = 60.0,
    traders: Annotated[int, typer.Option("--traders", min=1, max=3, help="How many trade.")] = 3,
    rate: Annotated[int, typer.Option("--rate", min=50, max=20_000, help="Book updates per second, eight pairs.")] = 400,
    svg: Annotated[Path | None, typer.Option("--svg", help="Draw it into this file.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Memory, descriptors and latency of the real processes over time.

    Example: wildbot bench soak --minutes 60 --svg soak.svg --json
    """
    rows = list(measure_soak(traders, rate, minutes))
    if svg is not None:
        svg.write_text(soak_chart(rows), encoding="utf-8")
    _show_rows("soak", [msgspec.to_builtins(row) for row in rows], as_json=json_output)


@app.command()
@explained
def engine(
    books: Annotated[int, typer.Option("--books", min=100, help="How many books to think about.")] = BOOKS,
    strategy: Annotated[str, typer.Option("--strategy", help="Whose mind it is.")] = MAKER,
    json_output: JsonOption = False,
) -> None:
    """One trader's mind: a book in, order commands out.

    Example: wildbot bench engine --strategy order_flow_imbalance --json
    """
    _show(measure_engine(books, strategy), as_json=json_output)


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
    _show_all(measure_exchange(SECTIONS if section is None else (section,), tape), as_json=json_output)


@app.command()
@explained
def backtest(
    data: Annotated[Path | None, typer.Option("--data", help="A recording; with --peers a sample when none.")] = None,
    form: Annotated[str, typer.Option("--format", help=f"One of: {', '.join(FORMATS)}.")] = AUTO,
    instrument: Annotated[str, typer.Option("--instrument", help="What it is of, where it holds several.")] = "",
    assignment: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter.")] = None,
    capital: Annotated[str, typer.Option("--capital", help="In the quote currency.")] = "10000",
    peers: Annotated[
        bool,
        typer.Option("--peers", help="Quotes at the touch, beside other backtests by turns; `make peers` brings them."),
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """A recording through book, signals, market maker and queue-aware fills in virtual time, on one core.

    Example: wildbot bench backtest --data recordings/BTC-USDC --json
    """
    if peers:
        tape = sample_tape() if data is None else open_tape(TapeFile(data, form, instrument))
        _show(measure_backtest_beside(tape), as_json=json_output)
        return
    if data is None:
        fail("say which recording with --data; only with --peers a sample is made", EXIT_FAILED)
    settings = load().settings
    tapes = tapes_of([data], form, [instrument] if instrument else [])
    job = BacktestJob(
        tapes=tapes,
        strategy=MAKER,
        parameters=parameters_of(settings, MAKER, assignment or []),
        model="queue_position",
        fees=fees_of("", settings, tapes),
        capital=capital_of(capital, settings),
        settings=settings,
    )
    _show(measure_backtest(setup_of(job), [open_tape(each) for each in tapes]), as_json=json_output)


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
def journal(
    commits: Annotated[int, typer.Option("--commits", min=10, max=1_000_000, help="How many, at each setting.")] = COMMITS,
    json_output: JsonOption = False,
) -> None:
    """What durability costs on the disk of this home: an intent per commit, at each setting of SQLite.

    Example: wildbot bench journal --json
    """
    home = current_home()
    home.prepare()
    _show_all(measure_journal(home.data, commits), as_json=json_output)


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


def _show_rows(name: str, rows: list[dict[str, object]], *, as_json: bool) -> None:
    """Print rows, those of one shape together in one table."""
    if as_json:
        print_json({"name": name, "rows": rows, "machine": this_machine(), "versions": these_versions()})
        return
    for shape, alike in itertools.groupby(rows, key=tuple):
        table = new_table(*(f">{column}" for column in shape))
        for row in alike:
            table.add_row(*(str(value) for value in row.values()))
        output().print(table)


def _show_all(measured: Mapping[str, object], *, as_json: bool) -> None:
    """Print a measurement of several parts, each part as a record of its own."""
    if as_json:
        print_json(measured)
        return
    for record in measured.values():
        if isinstance(record, dict):
            _show(record, as_json=False)


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
