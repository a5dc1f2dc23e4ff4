"""`wildbot exchange`: the simulated exchange alone, for other programs to trade against."""

import math
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from actors.exchange_accounts import parse_account, parse_balance
from actors.exchange_market import SPEED_MAX_WORD
from actors.exchange_simulator import ExchangeOptions, run
from wildbot.commands.account_rates import stated_rates
from wildbot.commands.terminal import JsonOption, explained
from wildbot.model.errors import ConfigurationError
from wildbot.settings_loading import load
from wildbot.simulation.pace import FULL_SPEED
from wildbot.venues.kraken.server_unconfirmed import assume

T = TypeVar("T")


@explained
def exchange(
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Loopback port; 0: any free one.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Same seed, same market.")] = None,
    market: Annotated[str | None, typer.Option("--market", help="synthetic or replay.")] = None,
    source: Annotated[list[Path] | None, typer.Option("--data", help="A recording to replay; may be repeated.")] = None,
    form: Annotated[str | None, typer.Option("--format", help="lobster, kraken, binance, bitstamp or wildbot.")] = None,
    scenario: Annotated[
        str | None, typer.Option("--scenario", help="normal, calm, busy, trend, crash, thin or dead.")
    ] = None,
    pairs: Annotated[str | None, typer.Option("--pairs", help="Comma-separated, such as BTC/USDC,SOL/USDC.")] = None,
    speed: Annotated[str | None, typer.Option("--speed", help="How many times as fast as real time, or max.")] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="starter, intermediate or pro: the rate limits.")] = None,
    fees: Annotated[str | None, typer.Option("--fees", metavar="MAKER,TAKER", help="In percent: 0.25,0.40.")] = None,
    balance: Annotated[list[str] | None, typer.Option("--balance", metavar="ASSET=AMOUNT", help="May be repeated.")] = None,
    account: Annotated[
        list[str] | None,
        typer.Option("--account", metavar="NAME:KEY:SECRET:ASSET=AMOUNT,..", help="One more account; may be repeated."),
    ] = None,
    key_info: Annotated[
        list[str] | None,
        typer.Option(
            "--key-info",
            metavar="KEY:NAME=VALUE",
            help="permissions, ip_allowlist (lists with commas), nonce_window or valid_until of a key; may be repeated.",
        ),
    ] = None,
    assumption: Annotated[
        list[str] | None,
        typer.Option("--assume", metavar="NAME=VALUE", help="What Kraken does where sources are silent; may be repeated."),
    ] = None,
    api_key: Annotated[str | None, typer.Option("--api-key", help="The account's key.")] = None,
    api_secret: Annotated[str | None, typer.Option("--api-secret", help="Its secret, base64.")] = None,
    latency_ms: Annotated[float | None, typer.Option("--latency-ms", min=0, help="Delay of every answer.")] = None,
    ledger: Annotated[Path | None, typer.Option("--ledger", help="Write every request, order and trade here.")] = None,
    mirror: Annotated[
        str, typer.Option("--mirror", metavar="WSURL", help="Mirror this exchange's public market, as paper trading does.")
    ] = "",
    fill_model: Annotated[
        str | None, typer.Option("--fill-model", help="How a mirror fills: back_of_queue, queue_position or touch.")
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Run the simulated exchange alone on a loopback port until Ctrl-C.

    Its first line tells addresses and keys, with --json as a document.

    Without --fees the rates follow each account's 30-day volume. With --mirror the market is another exchange's public
    feed: nobody's order moves it, and resting orders fill by an estimate of their place in its queues.

    Example: wildbot exchange --port 8765 --seed 7 --balance USDC=1000 --fees 0.25,0.40
    """
    settings = load({"profile": "sim"}).settings
    section = settings.exchange
    mirrored = settings.trading.universe if mirror else ()
    raise typer.Exit(
        run(
            ExchangeOptions(
                api_key=_given(api_key, section.api_key),
                api_secret=_given(api_secret, section.api_secret),
                port=_given(port, section.port),
                seed=_given(seed, section.seed),
                market=_given(market, section.market),
                data=tuple(source or map(Path, section.data)),
                sample_if_missing=section.sample_if_missing,
                pairs=tuple(name.strip() for name in pairs.split(",")) if pairs else mirrored,
                format=_given(form, section.format),
                scenario=_given(scenario, section.scenario),
                speed=_speed(_given(speed, str(section.speed))),
                activity=section.activity,
                tier=_given(tier, settings.kraken.tier),
                fees=stated_rates(fees) if fees is not None else None,
                balances=tuple(
                    parse_balance("--balance", text)
                    for text in balance or [f"{settings.capital.currency}={settings.capital.starting}"]
                ),
                accounts=tuple(map(parse_account, account or ())),
                key_info=tuple(key_info or ()),
                assume=assume(assumption or ()),
                latency_ms=_given(latency_ms, section.latency_ms),
                ledger=ledger,
                warmup_s=section.warmup_s,
                mirror=mirror,
                fill_model=_given(fill_model, section.fill_model),
                queue_power=section.queue_power,
                tells_json=json_output,
            )
        )
    )


def _given(value: T | None, default: T) -> T:
    return default if value is None else value


def _speed(text: str) -> float:
    if text == SPEED_MAX_WORD:
        return FULL_SPEED
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed <= 1_000:
        raise ConfigurationError(f"--speed is {text!r} but must be above 0 and at most 1000, or {SPEED_MAX_WORD}")
    return speed
