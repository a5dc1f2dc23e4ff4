"""`wildbot exchange`: the simulated exchange alone, for other programs to trade against."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from actors.exchange_simulator import ExchangeOptions, run
from wildbot.model.errors import ConfigurationError
from wildbot.settings_loading import load

T = TypeVar("T")


def exchange(
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Loopback port; 0: any free one.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Same seed, same market.")] = None,
    market: Annotated[str | None, typer.Option("--market", help="synthetic or replay.")] = None,
    source: Annotated[Path | None, typer.Option("--data", help="The recording to replay.")] = None,
    pairs: Annotated[str | None, typer.Option("--pairs", help="Comma-separated, such as BTC/USDC,SOL/USDC.")] = None,
    speed: Annotated[float | None, typer.Option("--speed", help="How many times as fast as real time.")] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="starter, intermediate or pro: the rate limits.")] = None,
    fees: Annotated[str | None, typer.Option("--fees", metavar="MAKER,TAKER", help="In percent: 0.25,0.40.")] = None,
    balance: Annotated[list[str] | None, typer.Option("--balance", metavar="ASSET=AMOUNT", help="May be repeated.")] = None,
    api_key: Annotated[str | None, typer.Option("--api-key", help="The account's key.")] = None,
    api_secret: Annotated[str | None, typer.Option("--api-secret", help="Its secret, base64.")] = None,
    latency_ms: Annotated[float | None, typer.Option("--latency-ms", min=0, help="Delay of every answer.")] = None,
    ledger: Annotated[Path | None, typer.Option("--ledger", help="Write every request, order and trade here.")] = None,
) -> None:
    """Run the simulated exchange alone on a loopback port until Ctrl-C; its first line tells addresses and keys.

    Example: wildbot exchange --port 8765 --seed 7 --balance USDC=1000 --fees 0.25,0.40
    """
    settings = load({"profile": "sim"}).settings
    section = settings.exchange
    maker, taker = _fees(fees) if fees is not None else (section.maker_pct, section.taker_pct)
    raise typer.Exit(
        run(
            ExchangeOptions(
                api_key=_given(api_key, section.api_key),
                api_secret=_given(api_secret, section.api_secret),
                port=_given(port, section.port),
                seed=_given(seed, section.seed),
                market=_given(market, section.market),
                data=_given(source, Path(section.data) if section.data else None),
                pairs=tuple(name.strip() for name in pairs.split(",")) if pairs else (),
                speed=_given(speed, section.speed),
                activity=section.activity,
                tier=_given(tier, settings.kraken.tier),
                maker_pct=maker,
                taker_pct=taker,
                balances=tuple(map(_balance, balance or [f"{settings.capital.currency}={settings.capital.starting}"])),
                latency_ms=_given(latency_ms, section.latency_ms),
                ledger=ledger,
                warmup_s=section.warmup_s,
            )
        )
    )


def _given(value: T | None, default: T) -> T:
    return default if value is None else value


def _balance(text: str) -> tuple[str, str]:
    asset, separator, amount = text.partition("=")
    if not asset or not separator or not amount:
        raise ConfigurationError(f"--balance is {text!r} but must be ASSET=AMOUNT, such as USDC=1000")
    return asset, amount


def _fees(text: str) -> tuple[Decimal, Decimal]:
    try:
        maker, taker = (Decimal(part) for part in text.split(","))
    except (InvalidOperation, ValueError):
        raise ConfigurationError(f"--fees is {text!r} but must be MAKER,TAKER in percent, such as 0.25,0.40") from None
    return maker, taker
