"""The recorder: writes down what a market says.

    python -m actors recorder                                        what this WildBot hears, from its market socket
    python -m actors recorder --url ws://... --pairs BTC/USDC,...    any exchange that speaks Kraken's WebSocket v2

Rules: it only listens. On its own it reads with the feed handler's code, so nothing is recorded that was not verified.
    Inside WildBot it first asks the exchange what the pairs are, since the market socket says so only when it changes.
Owns: nothing but the recording folder. Source of truth for the format: `wildbot/adapters/recording.py`.
"""

import argparse
import asyncio
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from actors.feed_handler import FeedHandler
from actors.recording_desk import RecordingDesk
from actors.runtime import Runtime
from actors.spec import EXIT_DONE, EXIT_FAILED, ActorSpec
from wildbot.adapters.home import Home
from wildbot.adapters.mirror_feed import MirrorLoop
from wildbot.adapters.zmq_bus import Subscriber
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import InstrumentChanged, MarketEvent
from wildbot.model.status import Severity
from wildbot.protocol.bus import read_market_frame
from wildbot.settings_loading import load

NAME = "recorder"
MEBIBYTE = 1 << 20
LOOK_S = 0.25
FLUSH_S = 30.0


def _words(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wildbot record")
    parser.add_argument("--url", default="")
    parser.add_argument("--pairs", default="")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--cap-mb", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


class BusRecorder:
    """Records what one WildBot hears, on a given loop."""

    def __init__(self, runtime: Runtime, desk: RecordingDesk, url: str, pairs: tuple[str, ...]) -> None:
        self._runtime = runtime
        self._desk = desk
        self._market = Subscriber(runtime.home.socket("market"))
        self._teacher = FeedHandler(runtime, url, pairs, self._learn, rng=random.Random(NAME))
        runtime.watch(self._market.socket, self._hear)
        runtime.every(FLUSH_S, desk.flush)
        runtime.on_crash = desk.close
        self._teacher.start()

    def close(self) -> None:
        """Put everything on disk."""
        self._desk.close()
        self._teacher.stop()
        self._market.close()

    def _hear(self) -> None:
        frames = self._market.drain()
        self._runtime.vitals.handled(len(frames))
        for frame in frames:
            self._desk.hear(read_market_frame(frame))

    def _learn(self, event: MarketEvent) -> None:
        if isinstance(event, InstrumentChanged):
            self._desk.hear(event)
            self._runtime.state = "running"
            self._runtime.later(0, self._teacher.stop)


async def _listen(url: str, pairs: tuple[str, ...], desk: RecordingDesk, seconds: float) -> str:
    """Record until asked to end or `seconds` are over (0: never); return what broke it, if anything did."""
    loop = asyncio.get_running_loop()
    asked_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_end.set)

    def alert(level: Severity, key: str, text: str) -> None:
        sys.stderr.write(f"{level}: {text}\n")

    feed_loop = MirrorLoop(loop, alert, lambda key: None)
    feed = FeedHandler(feed_loop, url, pairs, desk.hear, rng=random.Random(NAME))
    feed.start()
    until_s = loop.time() + seconds if seconds else float("inf")
    flush_s = loop.time() + FLUSH_S
    while not asked_to_end.is_set() and loop.time() < until_s and not feed_loop.failed.done():
        if loop.time() >= flush_s:
            flush_s += FLUSH_S
            desk.flush()
        await asyncio.sleep(LOOK_S)
    desk.close()  # before the feed says goodbye to its books: that is no gap
    feed.stop()
    if feed_loop.failed.done() and (broken := feed_loop.failed.exception()) is not None:
        return f"{type(broken).__name__}: {broken}"
    return ""


def _alone(options: argparse.Namespace, root: Path, cap_bytes: int) -> int:
    pairs = tuple(name.strip() for name in options.pairs.split(",") if name.strip())
    if not pairs:
        raise ConfigurationError("--pairs is empty; name the pairs to record, such as BTC/USDC,SOL/USDC")
    desk = RecordingDesk(root, options.url, pairs=pairs, cap_bytes=cap_bytes)
    try:
        broken = asyncio.run(_listen(options.url, pairs, desk, options.seconds))
    finally:
        desk.close()
    told = {"rows": desk.rows, "pairs": sorted(desk.pairs), "folder": str(root), "gaps": desk.gaps}
    text = f"recorded {desk.rows} rows of {len(desk.pairs)} pairs into {root}, {desk.gaps} gaps"
    sys.stdout.write(f"{msgspec.json.encode(told).decode() if options.json else text}\n")
    if broken:
        sys.stderr.write(f"the recording broke off: {broken}\n")
    return EXIT_FAILED if broken or not desk.rows else EXIT_DONE


def _start(words: Sequence[str]) -> int:
    options = _words(words)
    if options.cap_mb < 0:
        raise ConfigurationError(f"--cap-mb is {options.cap_mb} but must be above 0")
    settings = load().settings
    cap_bytes = (options.cap_mb or settings.recorder.cap_mb) * MEBIBYTE
    if options.url:
        return _alone(options, options.data or Path(settings.recorder.folder), cap_bytes)
    home = Home(settings.home)
    runtime = Runtime(NAME, home, level=settings.log.level)
    url = settings.ws_url
    desk = RecordingDesk(options.data or home.data / settings.recorder.folder, url, cap_bytes=cap_bytes)
    recorder = BusRecorder(runtime, desk, url, settings.trading.universe)
    if options.seconds:
        runtime.later(options.seconds, runtime.stop)
    try:
        return runtime.run()
    finally:
        recorder.close()


ACTOR = ActorSpec(NAME, "writes down books, trades and tickers as Parquet", _start)
