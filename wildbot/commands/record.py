"""`wildbot record` and `wildbot import-recording`: the market on disk.

The work is done by an actor that takes this process's place: only it loads what Parquet needs.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from wildbot.commands.terminal import JsonOption, explained
from wildbot.model.errors import ConfigurationError


@explained
def record(
    url: Annotated[
        str,
        typer.Option(
            "--url", metavar="WSURL", help="Any public WebSocket v2 of Kraken's kind; without it, this WildBot's."
        ),
    ] = "",
    pairs: Annotated[
        str, typer.Option("--pairs", help="Comma-separated, such as BTC/USDC,SOL/USDC; needed with --url.")
    ] = "",
    data: Annotated[Path | None, typer.Option("--data", help="The folder; one below it for each pair.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0, help="Stop after so long; 0: at Ctrl-C.")] = 0.0,
    cap_mb: Annotated[
        int, typer.Option("--cap-mb", min=0, help="Delete the oldest hours beyond this size; 0: as recorder.cap_mb says.")
    ] = 0,
    json_output: JsonOption = False,
) -> None:
    """Write down books, trades and tickers, verified, as Parquet files.

    A file is an hour of one pair.

    Replay them with: wildbot exchange --market replay --data FOLDER --format wildbot

    Example: wildbot record --url ws://127.0.0.1:8765/public/v2 --pairs BTC/USDC,SOL/USDC --seconds 60
    """
    if url and (not url.startswith(("ws://", "wss://")) or not url.partition("://")[2].strip("/")):
        raise ConfigurationError(f"--url is {url!r} but must begin with ws:// or wss:// and name a host")
    words = ["--url", url] if url else []
    words += ["--pairs", pairs] if pairs else []
    words += ["--data", str(data)] if data is not None else []
    _become("recorder", [*words, "--seconds", str(seconds), "--cap-mb", str(cap_mb)], json_output)


@explained
def import_recording(
    paths: Annotated[
        list[Path], typer.Argument(help="A recording, for LOBSTER the message file; or the pieces of one, in order.")
    ],
    form: Annotated[
        str, typer.Option("--format", help="lobster, kraken, binance or bitstamp; auto: by the first lines.")
    ] = "auto",
    instrument: Annotated[
        str, typer.Option("--instrument", help="What it is of, where the recording does not say (Bitstamp).")
    ] = "",
    data: Annotated[Path, typer.Option("--data", help="The folder; one below it for each pair.")] = Path("recordings"),
    depth: Annotated[int, typer.Option("--depth", min=1, help="Levels per side.")] = 10,
    json_output: JsonOption = False,
) -> None:
    """Turn a recording of another kind into WildBot's own format.

    Kinds: LOBSTER, Binance, Bitstamp, Kraken; plain or packed by gzip, bzip2, xz or ZIP.

    Example: wildbot import-recording AMZN_2012-06-21_34200000_57600000_message_5.csv.gz --data recordings
    """
    words = ["--instrument", instrument] if instrument else []
    words += ["--format", form, "--data", str(data), "--depth", str(depth), "--", *map(str, paths)]
    _become("recording_import", words, json_output)


def _become(actor: str, words: list[str], json_output: bool) -> None:
    sys.stdout.flush()
    told = ["--json"] if json_output else []
    os.execv(sys.executable, [sys.executable, "-m", "actors", actor, *told, *words])  # noqa: S606 - our own words
