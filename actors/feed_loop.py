"""The supervisor's loop as its guest, the feed handler, sees it: alerts go to the supervisor's own board."""

from collections.abc import Callable

from actors.feed_handler import HasFileno
from actors.runtime import Runtime
from wildbot.model.status import Severity


class FeedLoop:
    """What `FeedHandler` asks of its loop."""

    """The loop as the feed handler sees it: alerts go to this supervisor's own board."""

    def __init__(self, runtime: Runtime, alert: Callable[[Severity, str, str], None], clear: Callable[[str], None]) -> None:
        self._runtime = runtime
        self.alert = alert
        self.clear = clear
        self.every = runtime.every
        self.later = runtime.later
        self.now_ns = runtime.now_ns

    def watch(self, source: HasFileno, callback: Callable[[], None]) -> None:
        """Call back while `source` has something to read."""
        self._runtime.watch(source, callback)

    def unwatch(self, source: HasFileno) -> None:
        """Forget a source."""
        self._runtime.unwatch(source)
