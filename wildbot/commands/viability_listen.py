"""Listening to an exchange's public market data for a while, with the code that trades on it."""

import asyncio
import random
import signal
from collections.abc import Callable, Iterable

from actors.feed_handler import FeedHandler
from wildbot.adapters.mirror_feed import MirrorLoop
from wildbot.commands.terminal import warn
from wildbot.model.market_data import BookSnapshot, MarketEvent
from wildbot.model.status import Severity

LOOK_S = 0.25
PATIENCE_S = 20.0
"""For the first book; only then do the seconds begin to count."""


def listen(
    url: str, pairs: Iterable[str], hear: Callable[[MarketEvent], None], seconds: float, tell: Callable[[int], None]
) -> None:
    """Hand every verified event to `hear` for so many seconds after the first book, or until Ctrl-C; `tell` gets the
    seconds that are left."""
    asyncio.run(_listen(url, tuple(pairs), hear, seconds, tell))


async def _listen(
    url: str, pairs: tuple[str, ...], hear: Callable[[MarketEvent], None], seconds: float, tell: Callable[[int], None]
) -> None:
    loop = asyncio.get_running_loop()
    asked_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_end.set)
    is_listening, heard = True, asyncio.Event()

    def alert(level: Severity, key: str, text: str) -> None:
        warn(f"{level}: {text}")

    def hear_while_listening(event: MarketEvent) -> None:
        if is_listening:  # the goodbye to its books at the end is no gap
            if isinstance(event, BookSnapshot):
                heard.set()
            hear(event)

    feed_loop = MirrorLoop(loop, alert, lambda key: None)
    feed = FeedHandler(feed_loop, url, pairs, hear_while_listening, rng=random.Random(url))
    feed.start()
    until_s, counts = loop.time() + PATIENCE_S, False
    while not asked_to_end.is_set() and loop.time() < until_s and not feed_loop.failed.done():
        if heard.is_set() and not counts:
            until_s, counts = loop.time() + seconds, True
        tell(int(until_s - loop.time()))
        await asyncio.sleep(LOOK_S)
    is_listening = False
    feed.stop()
    if feed_loop.failed.done():
        feed_loop.failed.result()
