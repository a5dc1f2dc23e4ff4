"""`wildbot status` and `wildbot pairs`: the status document, for people or for programs."""

import time
from typing import Annotated

import msgspec
import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from actors.health import HEARTBEAT_AGE_MS_MAX
from actors.spec import EXIT_DONE, EXIT_FAILED
from wildbot.adapters.control_client import ControlClient
from wildbot.adapters.status_feed import StatusFeed
from wildbot.analytics.status_view import StatusView, TraderView, view_of
from wildbot.commands.terminal import (
    JsonOption,
    clean,
    current_home,
    exit_code_of,
    explained,
    fail,
    new_table,
    output,
    print_json,
)
from wildbot.trader_words import activity, why

FRESH_S = 3.0
ALERTS_SHOWN = 5
UNKNOWN = "-"


@explained
def status(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Draw it again twice a second until Ctrl-C.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Show what runs, what it holds and what it earned.

    Example: wildbot status --json
    """
    if watch and not json_output:
        _watch()
        return
    document = _ask_status()
    if json_output:
        print_json(document)
    else:
        output().print(drawn(_readable(document), 0.0))


@explained
def pairs(json_output: JsonOption = False) -> None:
    """Show the pair scanner's ranking: which pair deserves a trader, and why.

    Example: wildbot pairs
    """
    document = _ask_status()
    if json_output:
        print_json(document.get("scanner", []))
        return
    output().print(_scanner(_readable(document)))


def _ask_status() -> dict[str, object]:
    reply = ControlClient(current_home().socket("control")).call("status")
    if not reply.ok:
        fail(reply.message, exit_code_of(reply))
    return reply.result


def _readable(document: dict[str, object]) -> StatusView:
    try:
        return view_of(document)
    except msgspec.ValidationError as error:
        fail(f"the status document cannot be read: {error}", EXIT_FAILED)


def _watch() -> None:
    home = current_home()
    reply = ControlClient(home.socket("control")).call("status")
    if not reply.ok:
        fail(reply.message, exit_code_of(reply))
    feed = StatusFeed(home).start()
    console = output()

    def now() -> RenderableType:
        document, age_s = feed.latest()
        return drawn(_readable(document or reply.result), age_s if document else 0.0)

    try:
        if not console.is_terminal:
            while True:
                console.print(now(), "")
                _pause(feed)
        with Live(now(), console=console, auto_refresh=False, screen=True) as live:
            while True:
                _pause(feed)
                live.update(now(), refresh=True)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_DONE) from None
    finally:
        feed.close()


def _pause(feed: StatusFeed) -> None:
    feed.wait_change(1.0)
    time.sleep(0.3)  # a burst of events is one picture


def drawn(view: StatusView, age_s: float) -> RenderableType:
    """Return the tables of a status document; an old one is marked as unknown."""
    account = view.account
    stale = f"   STALE: {age_s:.0f} s old" if age_s > FRESH_S else ""
    head = Text(
        f"{view.mode.upper()}  {view.state}   up {view.uptime_s:.0f} s{stale}", style="bold red" if stale else "bold"
    )
    money = Text(
        f"equity {_known(account.equity)} {account.currency}   pnl {_known(account.realised_pnl)} realised,"
        f" {_known(account.unrealised_pnl)} open   fees {_known(account.fees)}   drawdown {_number(account.drawdown_pct)} %"
        f"   trades {account.trades} ({account.wins} won, {account.losses} lost)"
    )
    why = [Text(clean(reason), style="yellow") for reason in view.reasons]
    parts: list[RenderableType] = [head, *why, money, Text(), _traders(view), Text(), _actors(view)]
    for alert in view.standing[-ALERTS_SHOWN:]:
        parts.append(Text(clean(f"{alert.level}: {alert.actor}: {alert.text}"), style="yellow"))
    return Group(*parts)


def _traders(view: StatusView) -> RenderableType:
    table = new_table("pair", "state", ">position", ">bid", ">ask", ">our bid", ">our ask", ">pnl", ">age ms", "~why")
    for trader in view.traders:
        quotes = trader.quotes
        table.add_row(
            clean(trader.pair),
            clean(_doing(trader)),
            _known(trader.position),
            _known(trader.bid),
            _known(trader.ask),
            quotes.bid.price if quotes.bid else UNKNOWN,
            quotes.ask.price if quotes.ask else UNKNOWN,
            _known(trader.realised_pnl),
            _number(trader.data_age_ms, 0),
            clean(why(trader.reason, trader.strategy).line),
        )
    return table if view.traders else Text("no traders")


def _doing(trader: TraderView) -> str:
    held = trader.position or "0"
    sign = 0 if not held.strip("-0.") else -1 if held.startswith("-") else 1
    sides = {str(order.get("side")) for order in trader.open_orders}
    return activity(trader.state, trader.reason, held=sign, sides=sides).lower()


def _actors(view: StatusView) -> RenderableType:
    table = new_table("actor", "state", ">pid", ">beat ms", ">restarts", ">cpu %", ">MB", ">p50 us", ">p99 us")
    for actor in view.actors:
        numbers = (actor.heartbeat_age_ms, actor.restarts, actor.cpu_pct, actor.rss_mb, actor.p50_us, actor.p99_us)
        is_silent = actor.heartbeat_age_ms is None or actor.heartbeat_age_ms > HEARTBEAT_AGE_MS_MAX
        state = Text("silent", style="bold red") if is_silent else Text(clean(actor.state))
        table.add_row(clean(actor.name), state, str(actor.pid or UNKNOWN), *(_number(n, 0) for n in numbers))
    return table


def _scanner(view: StatusView) -> RenderableType:
    table = new_table(
        ">rank", "pair", ">score", ">spread bps", ">volatility bps", ">hurdle bps", "tradeable", "active", "~why"
    )
    for row in view.scanner:
        numbers = (row.score, row.spread_bps, row.volatility_bps, row.hurdle_bps)
        flags = ("yes" if flag else "no" for flag in (row.tradeable, row.active))
        table.add_row(str(row.rank or UNKNOWN), clean(row.pair), *map(_number, numbers), *flags, clean(row.reason))
    return table if view.scanner else Text("the scanner has no ranking yet")


def _known(text: str | None) -> str:
    return UNKNOWN if text is None else clean(text)


def _number(value: float | None, places: int = 2) -> str:
    return UNKNOWN if value is None else f"{value:.{places}f}"
