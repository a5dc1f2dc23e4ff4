"""The asyncio loop of the exchange's server as the feed handler sees it, so that it can live there unchanged.

Rules: whatever a callback raises ends the feed and is kept in `failed`; whoever serves must look at it.
Source: `loop.add_reader` takes any descriptor, so also the one that a `WebSocketLink` has for its whole life.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from wildbot.adapters.venue_clock import time_of_day_ns
from wildbot.model.status import Severity


class HasFileno(Protocol):
    """Anything a loop can wait for."""

    def fileno(self) -> int: ...


class MirrorLoop:
    """What `actors.feed_handler.FeedHandler` asks of its loop, on an asyncio loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        alert: Callable[[Severity, str, str], None],
        clear: Callable[[str], None],
    ) -> None:
        """`alert` and `clear` get the feed's conditions: (level, key, text) when one begins, its key when it ends."""
        self.alert = alert
        self.clear = clear
        self.failed: asyncio.Future[None] = loop.create_future()
        self._loop = loop

    def now_ns(self) -> int:
        """Return UTC now in nanoseconds."""
        return time_of_day_ns()

    def watch(self, source: HasFileno, callback: Callable[[], None]) -> None:
        """Call back while `source` has something to read."""
        self._loop.add_reader(source.fileno(), self._guarded, callback)

    def unwatch(self, source: HasFileno) -> None:
        """Forget a source."""
        self._loop.remove_reader(source.fileno())

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back once."""
        self._loop.call_later(seconds, self._guarded, callback)

    def every(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back again and again, for as long as nothing has failed."""

        def turn() -> None:
            callback()
            self.later(seconds, turn)

        self.later(seconds, turn)

    def _guarded(self, callback: Callable[[], None]) -> None:
        if self.failed.done():
            return
        try:
            callback()
        except Exception as error:  # asyncio would log it and go on with a broken feed
            self.failed.set_exception(error)
