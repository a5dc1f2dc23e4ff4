"""A loop whose clock the test moves, and a scripted exchange on a real socket, for the feed handler."""

import json
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection

from tests.adapters.builders_websocket import WAIT_S, serving
from tests.venues.builders_market_frames import a_snapshot, an_ack, an_instrument_frame
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import Severity

Callback = Callable[[], None]


class HandMovedLoop:
    """The runtime as the feed handler knows it; time stands still until `advance`."""

    def __init__(self) -> None:
        self.clock_ns = 1_767_571_200 * NANOS_PER_SECOND
        self.alerts: list[tuple[Severity, str, str]] = []
        self.cleared: list[str] = []
        self.timers: list[tuple[int, Callback]] = []
        self._periodic: list[tuple[int, Callback]] = []
        self._sources: dict[int, Callback] = {}

    def now_ns(self) -> int:
        return self.clock_ns

    def watch(self, source: object, callback: Callback) -> None:
        self._sources[source.fileno()] = callback  # type: ignore[attr-defined]

    def unwatch(self, source: object) -> None:
        del self._sources[source.fileno()]  # type: ignore[attr-defined]

    def every(self, seconds: float, callback: Callback) -> None:
        self._periodic.append((int(seconds * NANOS_PER_SECOND), callback))

    def later(self, seconds: float, callback: Callback) -> None:
        self.timers.append((self.clock_ns + int(seconds * NANOS_PER_SECOND), callback))

    def alert(self, level: Severity, key: str, text: str) -> None:
        self.alerts.append((level, key, text))

    def clear(self, key: str) -> None:
        self.cleared.append(key)

    def advance(self, seconds: float) -> None:
        """Let time pass in steps of the shortest period, firing what falls due."""
        end_ns = self.clock_ns + int(seconds * NANOS_PER_SECOND)
        while self.clock_ns < end_ns:
            for period_ns, callback in self._periodic:
                self.clock_ns += period_ns
                callback()
            due = [timer for timer in self.timers if timer[0] <= self.clock_ns]
            self.timers = [timer for timer in self.timers if timer[0] > self.clock_ns]
            for _, callback in due:
                callback()

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Handle what the sockets bring until the condition holds; the clock does not move."""
        while not condition():
            readable, _, _ = select.select(list(self._sources), [], [], WAIT_S)
            assert readable, "nothing came, and the condition does not hold"
            for descriptor in readable:
                self._sources[descriptor]()


class ScriptedExchange:
    """Answers subscriptions like Kraken: status, instruments, acknowledgements, snapshots. The test may say more."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.requests: list[dict[str, object]] = []
        self.heard = threading.Condition()
        self.is_mute = False

    def serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        try:
            connection.send('{"channel":"status","type":"update","data":[{"system":"online"}]}')
            for message in connection:
                self._answer(connection, json.loads(message))
        except ConnectionClosed:
            pass

    def say(self, frame: bytes) -> None:
        """Send one more frame on the latest connection."""
        self.connections[-1].send(frame.decode())

    def _answer(self, connection: ServerConnection, request: dict[str, dict[str, object]]) -> None:
        with self.heard:
            self.requests.append(request)
            self.heard.notify_all()
        if self.is_mute or request["method"] != "subscribe":
            return
        channel = str(request["params"]["channel"])
        pairs = request["params"].get("symbol", [])
        assert isinstance(pairs, list)
        for pair in pairs:
            connection.send(an_ack(channel, pair).decode())
            if channel == "book":
                connection.send(a_snapshot(pair).decode())
        if channel == "instrument":
            frame = b'{"method":"subscribe","result":{"channel":"instrument","snapshot":true},"success":true}'
            connection.send(frame.decode())
            connection.send(an_instrument_frame("BTC/USDC", "ETH/USDC", "SOL/USDC").decode())

    def wait_for_request(self, method: str, pair: str) -> None:
        """Wait until the exchange has heard this request about the pair's book."""

        def was_heard() -> bool:
            return any(
                request["method"] == method
                and request["params"]["channel"] == "book"  # type: ignore[index]
                and pair in request["params"]["symbol"]  # type: ignore[index]
                for request in self.requests
                if "params" in request and "symbol" in request["params"]  # type: ignore[operator]
            )

        with self.heard:
            assert self.heard.wait_for(was_heard, WAIT_S), f"no {method} of {pair} was heard"


@contextmanager
def an_exchange() -> Iterator[tuple[ScriptedExchange, str]]:
    """A scripted exchange and its address."""
    exchange = ScriptedExchange()
    with serving(exchange.serve) as url:
        yield exchange, url
