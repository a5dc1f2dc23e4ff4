"""`wildbot viability`: before trading, whether this account can win on these pairs at all.

Rules: what is seen comes from an exchange's public market data or from recordings, through the readers that trade and
    backtest; what it costs is the account's own. The exit code is 0 whatever the answer: a "no" is a result.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from actors.exchange_tapes import AUTO
from actors.spec import EXIT_NOT_RUNNING
from wildbot.adapters.home import Home
from wildbot.analytics.edge_meter import EdgeMeter
from wildbot.analytics.viability import Answer, Terms, Viability, judge
from wildbot.commands.account_rates import account_rates, stated_rates
from wildbot.commands.backtest_tapes import FORMATS, TapeFile, open_tape
from wildbot.commands.terminal import JsonOption, clean, explained, fail, new_table, output, print_json, say
from wildbot.commands.viability_listen import listen
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.instrument import FeeSchedule, Instrument, Money, money_from_text
from wildbot.model.market_data import InstrumentChanged, MarketEvent
from wildbot.settings import Settings
from wildbot.settings_loading import load
from wildbot.strategies.base import find_strategy

UNKNOWN = "-"
STYLES = {Answer.YES: "green", Answer.NO: "red", Answer.UNKNOWN: "yellow"}
Seen = dict[str, tuple[Instrument, EdgeMeter]]
"""By pair."""


@explained
def viability(
    data: Annotated[
        list[Path] | None, typer.Option("--data", help="A recording instead of the live market; may be repeated.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help=f"One of: {', '.join(FORMATS)}.")] = AUTO,
    instrument: Annotated[list[str] | None, typer.Option("--instrument", help="What it is of; one per --data.")] = None,
    url: Annotated[
        str, typer.Option("--url", metavar="WSURL", help="Any public WebSocket v2 of Kraken's kind; else the settings'.")
    ] = "",
    pairs: Annotated[str, typer.Option("--pairs", help="Comma-separated; else the universe.")] = "",
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=86_400, help="How long to listen.")] = 300.0,
    fees: Annotated[str, typer.Option("--fees", metavar="MAKER,TAKER", help="In percent; else the account's own.")] = "",
    capital: Annotated[str, typer.Option("--capital", help="In the quote currency; else the settings'.")] = "",
    json_output: JsonOption = False,
) -> None:
    """Say whether this account can win on each pair.

    Fees, spread, movement, smallest order, and what was seen to pay.

    Example: wildbot viability --seconds 300
    """
    settings = load().settings
    stated = stated_rates(fees) if fees else None
    amount = _money(capital or str(settings.capital.starting))
    horizon_s = float(settings.scanner.horizon_seconds)
    if data:
        seen = _read(data, form, instrument or [], horizon_s, quiet=json_output)
        rates = dict.fromkeys(seen, stated or settings.exchange.rates)
    else:
        names = [name.strip() for name in pairs.split(",") if name.strip()] or list(settings.trading.universe)
        rates = _rates(settings, names, stated, is_foreign=bool(url))
        seen = _listen(url or settings.ws_url, names, seconds, horizon_s, quiet=json_output)
    verdicts = [_judge(settings, each, rates.get(pair), amount, horizon_s) for pair, each in sorted(seen.items())]
    if json_output:
        print_json(verdicts)
    else:
        _show(verdicts)


def _rates(
    settings: Settings, pairs: Sequence[str], stated: FeeSchedule | None, *, is_foreign: bool
) -> dict[str, FeeSchedule]:
    if stated is not None:
        return dict.fromkeys(pairs, stated)
    if is_foreign:
        raise ConfigurationError("--url needs --fees MAKER,TAKER: this account's rates elsewhere are not known")
    return account_rates(settings, Home(settings.home), pairs)


def _read(paths: list[Path], form: str, names: list[str], horizon_s: float, *, quiet: bool) -> Seen:
    if names and len(names) != len(paths):
        raise ConfigurationError(f"--instrument is given {len(names)} times for {len(paths)} recordings")
    seen: Seen = {}
    for path, name in zip(paths, names or [""] * len(paths), strict=True):
        tape = open_tape(TapeFile(path, form, name))
        _, meter = seen.setdefault(tape.instrument.pair, (tape.instrument, EdgeMeter(horizon_s)))
        with _progress(quiet=quiet) as tell:
            try:
                for number, event in enumerate(tape.events):
                    meter.on_event(event)
                    if number % 10_000 == 0:
                        tell(f"{path.name}: {number:,} events")
            except (ProtocolError, UnicodeDecodeError, OSError, EOFError) as error:
                raise ConfigurationError(f"the recording {str(path)!r} breaks off: {error}") from None
    return seen


def _listen(url: str, pairs: Sequence[str], seconds: float, horizon_s: float, *, quiet: bool) -> Seen:
    instruments: dict[str, Instrument] = {}
    meters = {pair: EdgeMeter(horizon_s) for pair in pairs}

    def hear(event: MarketEvent) -> None:
        if isinstance(event, InstrumentChanged):
            instruments[event.instrument.pair] = event.instrument
        elif (meter := meters.get(getattr(event, "pair", ""))) is not None:
            meter.on_event(event)

    with _progress(quiet=quiet) as tell:
        listen(url, pairs, hear, seconds, lambda left: tell(f"listening to {len(instruments)} pairs, {left} s left"))
    if not instruments:
        fail(f"{url} said nothing about {', '.join(pairs)}: start WildBot, or name --url or --data", EXIT_NOT_RUNNING)
    return {pair: (instrument, meters[pair]) for pair, instrument in instruments.items() if pair in meters}


def _judge(
    settings: Settings, seen: tuple[Instrument, EdgeMeter], fees: FeeSchedule | None, capital: Money, horizon_s: float
) -> Viability:
    instrument, meter = seen
    if fees is None:
        raise ConfigurationError(f"the account's rates on {instrument.pair} are not known; state them with --fees")
    traders = settings.trading.max_traders
    least = Money(0)
    if meter.book is not None:
        name = settings.trading.strategy
        strategy = find_strategy(name).make(settings.strategy_parameters(name), instrument)
        least = strategy.least_needed(instrument, fees, meter.book.ask_ticks[0])
    lease = Money(capital // traders)
    return judge(instrument, meter, Terms(fees=fees, lease=lease, traders=traders, horizon_s=horizon_s, least_lease=least))


def _money(text: str) -> Money:
    try:
        amount = money_from_text(text)
    except ProtocolError:
        amount = Money(0)
    if amount <= 0:
        raise ConfigurationError(f"--capital is {text!r} but must be an amount above 0")
    return amount


def _show(verdicts: list[Viability]) -> None:
    columns = (
        "pair", "can win?", ">fees bps", ">spread p10", ">p50", ">p90", ">sigma bps", ">reach bps", ">order/lease",
        ">win rate needed", ">capital needed",
    )  # fmt: skip
    table = new_table(*columns)
    for each in verdicts:
        spread = each.spread_bps
        table.add_row(
            clean(each.pair),
            each.answer,
            f"{each.hurdle_bps:.1f}",
            *(_number(value) for value in ((spread.p10, spread.p50, spread.p90) if spread else (None,) * 3)),
            _number(each.sigma_bps),
            _number(each.reach_bps),
            UNKNOWN if each.order_share is None else f"{each.order_share:.0%}",
            _win_rate(each),
            UNKNOWN if each.capital_needed is None else f"{float(each.capital_needed):.2f}",
        )
    output().print(table)
    say()
    for each in verdicts:
        say(f"{each.pair}: {each.answer}. {each.reason}", STYLES[each.answer])


def _win_rate(each: Viability) -> str:
    if each.sigma_bps is None:
        return UNKNOWN
    return "none is enough" if each.break_even_win_rate is None else f"{each.break_even_win_rate:.0%}"


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.1f}"


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    if quiet or not output().is_terminal:
        yield lambda text: None
        return
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), transient=True) as bar:
        task = bar.add_task("listening")
        yield lambda text: bar.update(task, description=text)
