"""The verbs that steer a running WildBot: swap, pause, resume, flatten, halt, rearm.

Rules: each says what will happen, asks when it cannot be undone, sends one request, and then looks at the status until the
    effect is there. A request that was not answered has an unknown outcome, and is told as such.
"""

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
import typer

from actors.spec import EXIT_DONE, EXIT_TIMED_OUT
from wildbot.adapters.control_client import ControlClient
from wildbot.adapters.home import Home
from wildbot.adapters.status_feed import StatusFeed
from wildbot.analytics.status_view import StatusView, TraderView, view_of
from wildbot.commands.start_progress import holds
from wildbot.commands.terminal import (
    JsonOption,
    YesOption,
    confirm,
    current_home,
    exit_code_of,
    explained,
    fail,
    print_json,
    say,
)
from wildbot.settings_loading import load

EFFECT_WAIT_S = 60.0
"""Patience for the effect of a verb; what was asked for goes on after it."""

REPLY_WAIT_S = 30.0
"""Patience for the answer: a swap is answered when the old trader has left, which may take 20 s."""

Effect = Callable[[StatusView], str | None]
"""Says what happened once the status shows it, None before."""


def _upper(pair: str | None) -> str | None:
    return pair and pair.upper()


def _universe(incomplete: str) -> list[str]:
    """Complete the name of a pair, in the case it was begun in."""
    universe = load().settings.trading.universe
    return [pair.lower() if incomplete.islower() else pair for pair in universe if pair.startswith(incomplete.upper())]


def _pair_argument(help_text: str, metavar: str = "PAIR") -> Any:
    """Return the argument that names a pair: in any case, completed by Tab."""
    return typer.Argument(help=help_text, metavar=metavar, callback=_upper, autocompletion=_universe)


OptionalPair = Annotated[str | None, _pair_argument("One pair, such as BTC/USDC; none: all of them.", "[PAIR]")]


@explained
def swap(
    out: Annotated[str, _pair_argument("The pair to stop trading.", "OUT")],
    into: Annotated[str, _pair_argument("The pair to trade instead.", "IN")],
    yes: YesOption = False,
    json_output: JsonOption = False,
) -> None:
    """Trade another pair instead of one; nothing else restarts.

    Example: wildbot swap BTC/USDC SOL/USDC
    """
    will = f"{out} is withdrawn and left by the swap policy, then {into} starts with its capital"
    _steer("swap", {"out": out, "in": into}, will, _swapped(out, into), ask=True, yes=yes, as_json=json_output)


@explained
def start(
    pair: Annotated[str, _pair_argument("The pair to trade, such as BTC/USDC.")], json_output: JsonOption = False
) -> None:
    """Trade a pair: one that was stopped, one in quarantine, or one more.

    Example: wildbot start BTC/USDC
    """
    _steer("start", {"pair": pair}, f"{pair} gets a trader, and leaves quarantine", _reporting(pair), as_json=json_output)


@explained
def stop(
    pair: Annotated[str, _pair_argument("The pair to leave, such as BTC/USDC.")],
    yes: YesOption = False,
    json_output: JsonOption = False,
) -> None:
    """Stop trading a pair until it is started again.

    Example: wildbot stop BTC/USDC
    """
    will = f"{pair} is withdrawn and left by the swap policy; nothing takes its place until `wildbot start`"
    _steer("stop", {"pair": pair}, will, _gone(pair), ask=True, yes=yes, as_json=json_output)


@explained
def pause(pair: OptionalPair = None, json_output: JsonOption = False) -> None:
    """Take no new entries; exits go on.

    Example: wildbot pause BTC/USDC
    """
    _steer(
        "pause", _pair(pair), f"{_named(pair)}: no new entries, exits go on", _in_state(pair, "paused"), as_json=json_output
    )


@explained
def resume(pair: OptionalPair = None, json_output: JsonOption = False) -> None:
    """Take entries again after a pause.

    Example: wildbot resume BTC/USDC
    """
    _steer("resume", _pair(pair), f"{_named(pair)}: entries again", _not_in_state(pair, "paused"), as_json=json_output)


@explained
def flatten(pair: OptionalPair = None, yes: YesOption = False, json_output: JsonOption = False) -> None:
    """Cancel all orders and leave the position, inside the price collar; then pause.

    Example: wildbot flatten BTC/USDC --yes
    """
    will = f"{_named(pair)}: orders are cancelled, the position is sold inside the price collar, then paused"
    _steer("flatten", _pair(pair), will, _flat(pair), ask=True, yes=yes, as_json=json_output)


@explained
def halt(yes: YesOption = False, json_output: JsonOption = False) -> None:
    """Cancel everything and refuse every order until `wildbot rearm`.

    It outlasts a restart.

    Example: wildbot halt --yes
    """
    will = "every order is cancelled and none is sent until `wildbot rearm`; positions stay"
    _steer("halt", {}, will, _whole_state("halted"), ask=True, yes=yes, as_json=json_output)


@explained
def rearm(yes: YesOption = False, json_output: JsonOption = False) -> None:
    """Trade again after a halt.

    Example: wildbot rearm
    """
    _steer("rearm", {}, "trading is allowed again", _rearmed, ask=True, yes=yes, as_json=json_output)


def _steer(
    verb: str,
    args: Mapping[str, object],
    will: str,
    effect: Effect,
    *,
    ask: bool = False,
    yes: bool = False,
    as_json: bool = False,
) -> None:
    home = current_home()
    if not as_json:
        say(will)
    if ask:
        confirm(f"{verb}: go on?", yes=yes or as_json)
    began = time.monotonic()
    reply = ControlClient(home.socket("control")).call(verb, args, REPLY_WAIT_S)
    happened = _wait_for(home, effect, EFFECT_WAIT_S) if reply.ok else None
    seconds = round(time.monotonic() - began, 2)
    code = exit_code_of(reply) if not reply.ok else EXIT_TIMED_OUT if happened is None else EXIT_DONE
    if as_json:
        error = None if reply.ok else {"code": reply.code, "message": reply.message}
        print_json({"ok": reply.ok, "result": reply.result, "error": error, "effect": happened, "seconds": seconds})
        raise typer.Exit(code)
    if not reply.ok:
        fail(f"{verb} was not done: {reply.message}", code)
    if happened is None:
        fail(f"{verb} was accepted, but no effect showed within {EFFECT_WAIT_S:g} s: see `wildbot status`", code)
    say(f"{happened} ({seconds:g} s)", "green")


def _wait_for(home: Home, effect: Effect, timeout_s: float) -> str | None:
    feed = StatusFeed(home).start()
    deadline = time.monotonic() + timeout_s
    try:
        while (left_s := deadline - time.monotonic()) > 0:
            document, _ = feed.latest()
            try:
                happened = effect(view_of(document)) if document is not None else None
            except msgspec.ValidationError:
                happened = None
            if happened is not None:
                return happened
            feed.wait_change(min(left_s, 1.0))
    finally:
        feed.close()
    return None


def _swapped(out: str, into: str) -> Effect:
    def effect(status: StatusView) -> str | None:
        gone = all(trader.pair != out for trader in status.traders)
        arrived = any(trader.pair == into and (trader.is_quoting or holds(trader.position)) for trader in status.traders)
        return f"{out} is flat and gone, {into} quotes" if gone and arrived else None

    return effect


def _reporting(pair: str) -> Effect:
    def effect(status: StatusView) -> str | None:
        speaks = any(trader.pair == pair and trader.strategy for trader in status.traders)
        return f"{pair} is traded" if speaks else None

    return effect


def _gone(pair: str) -> Effect:
    return lambda status: None if any(trader.pair == pair for trader in status.traders) else f"{pair} is not traded"


def _flat(pair: str | None) -> Effect:
    def effect(status: StatusView) -> str | None:
        concerned = _concerned(status, pair)
        is_flat = all(not holds(trader.position) and not trader.open_orders for trader in concerned)
        return f"{_named(pair)}: flat, nothing rests" if is_flat else None

    return effect


def _in_state(pair: str | None, state: str) -> Effect:
    def effect(status: StatusView) -> str | None:
        there = all(trader.state == state for trader in _concerned(status, pair))
        return f"{_named(pair)}: {state}" if there else None

    return effect


def _not_in_state(pair: str | None, state: str) -> Effect:
    def effect(status: StatusView) -> str | None:
        concerned = _concerned(status, pair)
        if any(trader.state == state for trader in concerned):
            return None
        return ", ".join(f"{trader.pair}: {trader.state}" for trader in concerned) or "no trader runs"

    return effect


def _whole_state(state: str) -> Effect:
    return lambda status: f"the state is {state}" if status.state == state else None


def _rearmed(status: StatusView) -> str | None:
    return None if status.state == "halted" else f"the state is {status.state}"


def _concerned(status: StatusView, pair: str | None) -> list[TraderView]:
    return [trader for trader in status.traders if pair in (None, trader.pair)]


def _pair(pair: str | None) -> dict[str, object]:
    return {} if pair is None else {"pair": pair}


def _named(pair: str | None) -> str:
    return pair or "all pairs"
