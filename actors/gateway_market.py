"""What the order gateway sees of the market: read when an order is to be judged, and now and then.

Rules: the gateway believes what was published before it judges, and is not woken for each book, thousands of which it
    would never use while they take the processor from an order's way. A frame nobody can read is counted and dropped.
Owns: the subscription.
"""

from actors.runtime import Runtime
from wildbot.adapters.zmq_bus import DRAIN_MAX, Subscriber
from wildbot.desk.order_router import OrderRouter
from wildbot.model.errors import ProtocolError
from wildbot.protocol.bus import conflated, read_market_frame

LOOK_S = 0.02
"""Well below any age that matters, so that little waits to be read when an order comes."""


class GatewayMarket:
    """Tells the router of the market."""

    def __init__(self, runtime: Runtime, router: OrderRouter) -> None:
        self._runtime = runtime
        self._router = router
        self._subscriber = Subscriber(runtime.home.socket("market"))
        runtime.every(LOOK_S, self.hear)

    def hear(self) -> None:
        """Take in everything that was published so far; of a backlog only each pair's newest book."""
        is_more = True
        while is_more:
            frames = self._subscriber.drain()
            is_more = len(frames) == DRAIN_MAX
            for frame in conflated(frames):
                try:
                    self._router.on_market(read_market_frame(frame), self._runtime.now_ns())
                except ProtocolError as error:
                    self._runtime.dropped(error)

    def close(self) -> None:
        """Give the socket back."""
        self._subscriber.close()
