"""The private stream as the order router knows it: one conversation per connection, news in the desk's words.

Rules: an unreadable frame, a hole in the numbering, a refused subscription or five seconds without any word end the
    connection; the router then decides when to come back, with a new token.
"""

from collections.abc import Callable

from wildbot.desk.gateway_commands import GatewayCommand
from wildbot.desk.order_router import OrderRouter
from wildbot.desk.venue_queries import (
    CancelAnswered,
    DeadManArmed,
    OpenOrdersStated,
    StreamLost,
    StreamNews,
    StreamVerified,
    SystemStated,
)
from wildbot.model.errors import ProtocolError
from wildbot.model.executions import OrderReport
from wildbot.model.instrument import Instrument
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, OrderCommand
from wildbot.venues.kraken import private_stream as kraken
from wildbot.venues.kraken.market_feed import Link
from wildbot.venues.kraken.private_stream import SILENCE_NS_MAX, KrakenPrivateStream


class DeskStream:
    """One conversation after the other on one link; call `pump` when the link has news.

    `ready_ns` is when the last command's frame was ready to be written.
    """

    def __init__(
        self,
        link: Link,
        router: OrderRouter,
        now_ns: Callable[[], int],
        answered: Callable[[int], None] = lambda nanos: None,
    ) -> None:
        """Prepare. `answered` hears how long the venue took to acknowledge each order command, in nanoseconds."""
        self._link = link
        self._router = router
        self._now_ns = now_ns
        self._answered = answered
        self._token = ""
        self._talk: KrakenPrivateStream | None = None
        self._heard_ns = 0
        self.ready_ns = 0

    def open(self, token: str, instruments: dict[str, Instrument]) -> None:
        """Connect; news follow through `pump`."""
        self._token = token
        self._talk = KrakenPrivateStream(instruments)
        self._talk.answered = self._answered
        self._heard_ns = self._now_ns()
        self._link.connect()

    def drop(self) -> None:
        """End the connection."""
        self._talk = None
        self._link.close()

    def send(self, command: OrderCommand, deadline_ns: int) -> str:
        """Send a command; return "" when it is on its way, else why nothing of it left."""
        talk, now_ns = self._talk, self._now_ns()
        if talk is None or not self._link.is_open:
            return "the private stream is not connected"
        match command:
            case NewOrder():
                frame = talk.place(command, deadline_ns, now_ns)
            case AmendOrder():
                frame = talk.amend(command, deadline_ns, now_ns)
            case CancelOrder():
                frame = talk.cancel(command, now_ns)
        self.ready_ns = self._now_ns()
        return "" if self._link.send(frame) else "the private stream takes nothing"

    def arm_timer(self, timeout_s: int) -> None:
        """Arm the dead man's switch; without a connection the router asks again."""
        if self._talk is not None:
            self._link.send(self._talk.arm_timer(timeout_s, self._now_ns()))

    def pump(self) -> list[GatewayCommand]:
        """Do what can be done without waiting; return what the router made of the news."""
        talk = self._talk
        if talk is None:
            return []
        news, now_ns = self._link.pump(), self._now_ns()
        if news.opened:
            for frame in talk.opened(self._token, now_ns):
                self._link.send(frame)
        if news.opened or news.frames:
            self._heard_ns = now_ns
        batch: list[GatewayCommand] = []
        for frame in news.frames:
            batch += self._receive(talk, frame, now_ns)
        if news.closed is not None:
            batch += self._router.on_stream(StreamLost(news.closed), now_ns)
        elif self._link.is_open and now_ns - self._heard_ns > SILENCE_NS_MAX:
            batch += self._router.on_stream(StreamLost("no word for five seconds"), now_ns)
        return batch

    def _receive(self, talk: KrakenPrivateStream, frame: bytes, now_ns: int) -> list[GatewayCommand]:
        router = self._router
        try:
            heard = talk.receive(frame, now_ns)
        except ProtocolError as error:
            return router.on_stream(StreamLost(str(error)), now_ns)
        batch: list[GatewayCommand] = []
        for each in heard:
            news = desk_news(each)
            if isinstance(news, StreamNews):
                batch += router.on_stream(news, now_ns)
            elif news is not None:
                batch += router.on_report(news, now_ns)
        return batch


def desk_news(heard: kraken.StreamNews) -> StreamNews | OrderReport | None:
    """Return one piece of news for the order router; None when it concerns nobody."""
    match heard:
        case kraken.Verified():
            return StreamVerified(heard.rate_max)
        case kraken.SequenceBroken():
            return StreamLost(f"{heard.channel} jumped from {heard.expected - 1} to {heard.got}")
        case kraken.SubscriptionRefused():
            return StreamLost(f"subscription refused: {heard.error}")
        case kraken.OpenOrders():
            return OpenOrdersStated(heard.orders)
        case kraken.CancelTaken():
            return CancelAnswered(heard.cl_ord_id)
        case kraken.TimerSet():
            return None if heard.error else DeadManArmed(heard.asked_ns, heard.timeout_s)
        case kraken.EngineState():
            return SystemStated(heard.system)
        case _:
            return heard
