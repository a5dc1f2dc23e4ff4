"""What the order gateway sees of the market: read when an order is to be judged, and now and then.

Rules: the gateway believes what was published before it judges, and is not woken for each book, thousands of which it
    would never use while they take the processor from an order's way. On that way only the newest book of the order's
    pair is decoded, and the newest of all, which says that the feed is alive. A frame nobody can read is counted and
    dropped.
Owns: the subscription, the newest book of each pair that nobody has needed yet.
"""

from actors.runtime import Runtime
from wildbot.adapters.zmq_bus import DRAIN_MAX, Subscriber
from wildbot.desk.order_router import OrderRouter
from wildbot.model.errors import ProtocolError
from wildbot.protocol.bus import book_topic, frame_topic, market_topic, read_market_frame

LOOK_S = 0.02
"""Well below any age that matters, so that little waits to be read when an order comes."""


class GatewayMarket:
    """Tells the router of the market."""

    def __init__(self, runtime: Runtime, router: OrderRouter) -> None:
        self._runtime = runtime
        self._router = router
        self._subscriber = Subscriber(runtime.home.socket("market"))
        self._books: dict[bytes, bytes] = {}
        runtime.every(LOOK_S, self.hear)

    def hear(self) -> None:
        """Take in everything that was published so far; of books only each pair's newest."""
        self._drain()
        for frame in self._books.values():
            self._believe(frame)
        self._books.clear()

    def hear_of(self, pair: str) -> None:
        """Take in what concerns an order of `pair`: all that was published so far but other pairs' books."""
        self._drain()
        books = self._books
        frame = books.pop(market_topic(pair), None)
        if frame is not None:
            self._believe(frame)
        if books:
            self._believe(books.popitem()[1])

    def _drain(self) -> None:
        books, is_more = self._books, True
        while is_more:
            frames = self._subscriber.drain()
            is_more = len(frames) == DRAIN_MAX
            for frame in frames:
                topic = book_topic(frame)
                waiting = books.pop(topic or frame_topic(frame), None)
                if topic:
                    books[topic] = frame  # behind all others, since it is the newest
                    continue
                if waiting is not None:
                    self._believe(waiting)  # what is said of a pair beside its books stands behind them
                self._believe(frame)

    def _believe(self, frame: bytes) -> None:
        try:
            self._router.on_market(read_market_frame(frame), self._runtime.now_ns())
        except ProtocolError as error:
            self._runtime.dropped(error)

    def close(self) -> None:
        """Give the socket back."""
        self._subscriber.close()
