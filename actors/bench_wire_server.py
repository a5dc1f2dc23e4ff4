"""A lean loopback exchange for the wire measurement: our tape on the public socket, the real Kraken dialect behind it.

    venue = WireVenue(wire_books())
    port = await venue.serve()
    venue.end_idle()                    # what made late readers see a book; from here on only the tape moves the market
    played = await venue.play(tape, rate_per_s)

Rules: REST and the private socket are answered by the simulated exchange's own face, on an exchange in which nobody else
    trades; its order rate has no limit. A frame's bytes are ready before the run; a trigger is stamped just before it is
    written, an order when its bytes have been read, both by one clock in one thread.
Owns: the listening socket, the connections, the stamps.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from urllib.parse import parse_qsl

import msgspec
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from actors.bench_exchange_server import KEY, SECRET, UNLIMITED
from actors.bench_wire_tape import WireBook, WireFrame
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.order_rate import Tier
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_keys import ApiKey, KeyRing, TierLimits
from wildbot.venues.kraken.server_rest import RestFace, RestReply
from wildbot.venues.kraken.server_session import Session

ACCOUNT = "main"
TICK_S = 0.05
PACE_S = 0.001
_NO_LIMIT = 10**9
_HEAD_END = b"\r\n\r\n"
_TOPS, _NO_TOPS = "/0/public/Ticker", '{"error":["EService:Unavailable"]}'
"""The exchange behind the face has no market: what its tickers say would disprove the tape's books."""

_HEARTBEAT = b'{"channel":"heartbeat"}'


class _Params(msgspec.Struct, frozen=True):
    channel: str = ""
    symbol: str | list[str] = []
    limit_price: msgspec.Raw = msgspec.Raw(b"")


class _Call(msgspec.Struct, frozen=True):
    method: str = ""
    req_id: int = 0
    params: _Params = _Params()


_calls = msgspec.json.Decoder(_Call)


class Played(msgspec.Struct, frozen=True):
    """What came of a tape: nanoseconds from a trigger's send to its order's arrival; frames sent by pair; triggers that no
    order answered, and orders that no trigger explains."""

    seconds: float
    sent: dict[str, int]
    delays_ns: list[int]
    unanswered: int
    unexplained: int


class WireVenue:
    """The whole venue of one measurement."""

    def __init__(self, books: dict[str, WireBook]) -> None:
        self._books = books
        rng = random.Random(1)
        instruments = [book.instrument for book in books.values()]
        exchange = SimulatedExchange(instruments, rng=rng, tier=Tier(UNLIMITED, _NO_LIMIT, float(_NO_LIMIT), _NO_LIMIT))
        exchange.open_account(ACCOUNT)
        exchange.deposit(ACCOUNT, "USDC", 10 ** (ASSET_DECIMALS + 7), time.time_ns())
        keys = KeyRing()
        keys.add(ApiKey(ACCOUNT, KEY, SECRET, TierLimits(_NO_LIMIT, _NO_LIMIT, _NO_LIMIT)))
        self.server = KrakenServer(exchange, keys, rng)
        self.rest = RestFace(self.server)
        self.server.open(time.time_ns())
        self.listeners: list[Connection] = []
        self._waiting: dict[str, tuple[str, int]] = {}
        self._answered: list[int] = []
        self._unanswered = self._unexplained = 0
        self._has_played = False

    async def serve(self) -> int:
        """Listen on a free loopback port, return it, and keep the exchange's clock going."""
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: Connection(self), "127.0.0.1", 0)
        self._ticking = loop.create_task(self._tick())
        port: int = listening.sockets[0].getsockname()[1]
        return port

    async def _tick(self) -> None:
        turn = 0
        while True:
            self.server.tick(time.time_ns())
            if turn % round(1 / TICK_S) == 0:
                for each in self.listeners:
                    each.write(_HEARTBEAT)
            if not self._has_played and self.listeners:  # a trader that joins late needs a next update
                for book in self._books.values():
                    text = book.ordinary(time.time_ns()).text
                    for each in self.listeners:
                        each.write(text)
            turn += 1
            await asyncio.sleep(TICK_S)

    def end_idle(self) -> None:
        """Leave the books alone from now on: a tape is to be made of them."""
        self._has_played = True

    async def play(self, tape: Sequence[WireFrame], rate_per_s: int) -> Played:
        """Send a tape at this rate; return what came back, half a second after its end included."""
        framed = [(Frame(Opcode.TEXT, each.text).serialize(mask=False), each) for each in tape]
        sent = dict.fromkeys(self._books, 0)
        self._waiting.clear()
        self._answered, self._unanswered, self._unexplained = [], 0, 0
        began, number = time.perf_counter(), 0
        while number < len(framed):
            due = min(len(framed), int((time.perf_counter() - began) * rate_per_s) + 1)
            for wire, frame in framed[number:due]:
                if frame.price:
                    self._unanswered += frame.pair in self._waiting
                    self._waiting[frame.pair] = (frame.price, time.perf_counter_ns())
                for each in self.listeners:
                    each.transport.write(wire)
                sent[frame.pair] += 1
            number = due
            await asyncio.sleep(PACE_S)
        seconds = time.perf_counter() - began
        await asyncio.sleep(0.5)
        unanswered = self._unanswered + len(self._waiting)
        return Played(seconds, sent, self._answered, unanswered, self._unexplained)

    def arrived(self, price: str, at_ns: int) -> None:
        """An order for `price` arrived at `at_ns`."""
        for pair, (expected, sent_ns) in self._waiting.items():
            if float(expected) == float(price):
                self._answered.append(at_ns - sent_ns)
                del self._waiting[pair]
                return
        self._unexplained += 1

    def subscribe(self, connection: "Connection", call: _Call) -> None:
        """Answer a subscription to what the tape stands for; trades and tickers never come."""
        wanted = call.params.symbol
        for symbol in [wanted] if isinstance(wanted, str) else wanted:
            depth = ',"depth":10' if call.params.channel == "book" else ""
            connection.write(
                f'{{"method":"subscribe","req_id":{call.req_id},"success":true,"result":{{"channel":"{call.params.channel}"'
                f'{depth},"snapshot":true,"symbol":"{symbol}"}}}}'.encode()
            )
            if depth:
                connection.write(self._books[symbol].snapshot(time.time_ns()).text)
        if call.params.channel == "book" and connection not in self.listeners:
            self.listeners.append(connection)


class Connection(asyncio.Protocol):
    """One client: HTTP, until it asks for a WebSocket."""

    transport: asyncio.Transport

    def __init__(self, venue: WireVenue) -> None:
        self._venue = venue
        self._received = b""
        self._protocol: ServerProtocol | None = None
        self._session: Session | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        if self._session is not None:
            self._venue.server.disconnect(self._session, time.time_ns())
        with contextlib.suppress(ValueError):
            self._venue.listeners.remove(self)

    def write(self, text: bytes) -> None:
        """Send one text frame."""
        self.transport.write(Frame(Opcode.TEXT, text).serialize(mask=False))

    def data_received(self, data: bytes) -> None:
        """Bytes came: this is when an order in them arrived."""
        at_ns = time.perf_counter_ns()
        if self._protocol is not None:
            self._protocol.receive_data(data)
            self._hear(self._protocol, at_ns)
            return
        self._received += data
        while _HEAD_END in self._received and self._protocol is None:
            head, _, rest = self._received.partition(_HEAD_END)
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            if headers.get("upgrade", "").lower() == "websocket":
                self._become_websocket()
                return
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            self._received = rest[length:]
            self._answer(lines[0].split(" "), headers, rest[:length])

    def _answer(self, words: list[str], headers: dict[str, str], body: bytes) -> None:
        path, _, query = words[1].partition("?")
        rest, now_ns = self._venue.rest, time.time_ns()
        if path == _TOPS:
            reply = RestReply(_NO_TOPS)
        elif words[0] == "GET":
            reply = rest.get(path, dict(parse_qsl(query)), now_ns)
        else:
            reply = rest.post(path, headers, body, now_ns)
        text = reply.body.encode()
        head = f"HTTP/1.1 {reply.status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        self.transport.write(head.encode() + text)

    def _become_websocket(self) -> None:
        protocol = self._protocol = ServerProtocol()
        protocol.receive_data(self._received)
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        self.transport.write(b"".join(protocol.data_to_send()))
        private = request.path.startswith(("/private", "/auth"))
        self._session = self._venue.server.connect(private=private, now_ns=time.time_ns())
        self._session.wake = self._flush_soon
        self._flush()

    def _hear(self, protocol: ServerProtocol, at_ns: int) -> None:
        session = self._session
        assert session is not None
        for event in protocol.events_received():
            if not isinstance(event, Frame) or event.opcode is not Opcode.TEXT:
                continue
            call = _calls.decode(event.data)
            if call.method in ("add_order", "amend_order", "edit_order") and bytes(call.params.limit_price):
                self._venue.arrived(bytes(call.params.limit_price).decode(), at_ns)
            if call.method == "subscribe" and call.params.channel in ("book", "trade", "ticker"):
                self._venue.subscribe(self, call)
            else:
                self._venue.server.receive(session, bytes(event.data).decode(), time.time_ns())
                self._flush()
        self.transport.write(b"".join(protocol.data_to_send()))

    def _flush_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        session = self._session
        while session is not None and session.outbox:
            self.write(session.outbox.popleft().encode())
