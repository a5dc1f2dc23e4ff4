"""The sockets of the simulated exchange: Starlette routes, WebSocket connections, uvicorn, and the clockwork behind them.

Rules: asyncio lives here and nowhere else. One thread: every turn of the clockwork and every request runs to its end before
    the next, so the pure server needs no locks. A client can break its own connection and nothing else; when the
    clockwork itself fails, the whole server ends and says so.
Owns: the listening socket, one reader and one writer task per connection.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from wildbot.adapters.venue_web import WebServer, bounded_body, until_disconnect
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_admin import AdminFace, AdminReply, is_trusted
from wildbot.venues.kraken.server_rest import BODY_BYTES_MAX, RestFace
from wildbot.venues.kraken.server_session import Session

FRAME_BYTES_MAX = 262_144
CONNECTIONS_MAX = 256
HTTP_OK = 200
REQUEST_S_MAX = 10.0
"""A client that has not finished saying what it wants after so long is let go."""

DROPPED_REPLY_S = 60.0
"""A lost REST answer leaves its client waiting; after so long the connection breaks with a gateway's error page."""

TURN_S_MIN, TURN_S_MAX = 0.005, 0.05
"""The clockwork turns when the market is due, but events that come closer together are sent as one batch."""

PUBLIC_PATHS = ("/public/v2", "/v2")
PRIVATE_PATHS = ("/private/v2", "/auth/v2")


class Clockwork(Protocol):
    """The time of the exchange and the market in it."""

    def now_ns(self) -> int:
        """The exchange's clock; never goes back."""
        ...

    def turn(self) -> None:
        """Let everything that is due happen."""
        ...

    def due_in_s(self) -> float:
        """Real seconds until the market's next action."""
        ...


class PortInUseError(Exception):
    """The address is taken; the text says so in one sentence."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises: PortInUseError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise PortInUseError(f"{host}:{port} cannot be opened ({error.strerror}): is another exchange running?") from None
    # Accepted sockets inherit it; without it a small reply waits 40 ms for the acknowledgement of the one before.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class VenueServer:
    """Serves one simulated exchange until `stop`; `on_work` hears how many ns each request and act took."""

    def __init__(
        self,
        server: KrakenServer,
        rest: RestFace,
        admin: AdminFace,
        clockwork: Clockwork,
        *,
        request_s_max: float = REQUEST_S_MAX,
    ) -> None:
        self._server = server
        self._request_s_max = request_s_max
        self._rest = rest
        self._admin = admin
        self._clockwork = clockwork
        self.on_work: Callable[[int], None] = lambda nanos: None
        self._stopping = asyncio.Event()
        self._web: WebServer | None = None
        self.app = Starlette(
            routes=[
                *(WebSocketRoute(path, self._public_socket) for path in PUBLIC_PATHS),
                *(WebSocketRoute(path, self._private_socket) for path in PRIVATE_PATHS),
                Route("/0/public/{endpoint}", self._get, methods=["GET"]),
                Route("/0/private/{endpoint}", self._post, methods=["POST"]),
                Route("/admin/ledger", self._ledger, methods=["GET"]),
                Route("/admin/orders", self._scripted_orders, methods=["POST"]),
                Route("/admin/faults", self._faults, methods=["POST"]),
                Route("/admin/faults", self._armed, methods=["GET"]),
            ]
        )

    def stop(self) -> None:
        """End serving; to be called in the loop's own thread."""
        self._stopping.set()

    async def serve(self, listener: socket.socket) -> None:
        """Serve until `stop`, then close every connection within two seconds. Raises what broke the clockwork."""
        config = uvicorn.Config(
            self.app,
            ws="websockets-sansio",
            loop="asyncio",
            http="h11",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="error",
            ws_max_size=FRAME_BYTES_MAX,
            ws_per_message_deflate=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_graceful_shutdown=1,
        )
        web = self._web = WebServer(config)
        serving = asyncio.create_task(web.serve(sockets=[listener]))
        ticking = asyncio.create_task(self._tick())
        stopping = asyncio.create_task(self._stopping.wait())
        done, _ = await asyncio.wait({serving, ticking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        ticking.cancel()
        stopping.cancel()
        self._server.close_all()
        await asyncio.sleep(0)  # the writers wake up and say goodbye
        web.should_exit = True
        await asyncio.gather(serving, ticking, stopping, return_exceptions=True)
        for task in done & {serving, ticking}:
            task.result()

    # --- time -------------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            self._turn()
            if self._web is not None:
                self._web.drop_slow(self._request_s_max)
            await asyncio.sleep(min(TURN_S_MAX, max(TURN_S_MIN, self._clockwork.due_in_s())))

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        began_ns = time.perf_counter_ns()
        yield
        self.on_work(time.perf_counter_ns() - began_ns)

    def _turn(self) -> None:
        with self._working() if self._clockwork.due_in_s() <= 0 else contextlib.nullcontext():
            self._clockwork.turn()
            now_ns = self._clockwork.now_ns()
            self._server.publish(now_ns)
            self._server.tick(now_ns)
            self._server.publish(now_ns)

    # --- WebSocket --------------------------------------------------------------------------------------------------

    async def _public_socket(self, websocket: WebSocket) -> None:
        await self._socket(websocket, private=False)

    async def _private_socket(self, websocket: WebSocket) -> None:
        await self._socket(websocket, private=True)

    async def _socket(self, websocket: WebSocket, *, private: bool) -> None:
        await websocket.accept()
        session = self._server.connect(private=private, now_ns=self._clockwork.now_ns())
        something = asyncio.Event()
        something.set()
        reader = asyncio.create_task(self._read(websocket, session))
        writer = asyncio.create_task(_write(websocket, session, something))

        def wake() -> None:
            something.set()
            if session.too_slow:
                reader.cancel()  # the writer is stuck in the client's full buffer: end without it
            elif session.abrupt and self._web is not None and websocket.client is not None:
                self._web.break_off((websocket.client.host, websocket.client.port))
                reader.cancel()

        session.wake = wake
        try:
            await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._server.disconnect(session, self._clockwork.now_ns())
            reader.cancel()
            writer.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)
        if not reader.cancelled() and (error := reader.exception()) is not None:
            raise error  # our own mistake: it costs this connection, and the log says so

    async def _read(self, websocket: WebSocket, session: Session) -> None:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                text = message["bytes"].decode("utf-8", errors="replace")
            with self._working():
                self._server.receive(session, text, self._clockwork.now_ns())
            if self._server.latency_ns:
                asyncio.get_running_loop().call_later(self._server.latency_ns / NANOS_PER_SECOND, self._turn)

    # --- REST -------------------------------------------------------------------------------------------------------

    async def _get(self, request: Request) -> Response:
        with self._working():
            reply = self._rest.get(request.scope["path"], dict(request.query_params), self._clockwork.now_ns())
        return Response(reply.body, media_type="application/json")

    async def _post(self, request: Request) -> Response:
        body = await self._body(request)
        if body is None:
            return PlainTextResponse("request too large or too slow", status_code=413, headers={"Connection": "close"})
        if self._server.latency_ns:
            await asyncio.sleep(self._server.latency_ns / NANOS_PER_SECOND)
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self._working():
            reply = self._rest.post(request.scope["path"], headers, body, self._clockwork.now_ns())
        if reply.waiting:
            known = asyncio.Event()
            reply.wake = known.set
            await known.wait()
        if reply.delay_ns:
            await asyncio.sleep(reply.delay_ns / NANOS_PER_SECOND)
        if reply.dropped:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(until_disconnect(request), DROPPED_REPLY_S)
            return Response("<html><body>520</body></html>", status_code=520, media_type="text/html")
        media_type = "application/json" if reply.status == HTTP_OK else "text/html"
        return Response(reply.body, status_code=reply.status, media_type=media_type)

    async def _body(self, request: Request) -> bytes | None:
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(bounded_body(request, BODY_BYTES_MAX), self._request_s_max)
        return None

    # --- admin ------------------------------------------------------------------------------------------------------

    async def _ledger(self, request: Request) -> Response:
        if not is_trusted(_headers(request)):
            return _forbidden()
        self._server.publish(self._clockwork.now_ns())
        return _admin_response(self._admin.ledger(request.query_params.get("since", "")))

    async def _scripted_orders(self, request: Request) -> Response:
        return await self._admin_post(request, self._admin.orders)

    async def _armed(self, request: Request) -> Response:
        if not is_trusted(_headers(request)):
            return _forbidden()
        return _admin_response(self._admin.armed())

    async def _faults(self, request: Request) -> Response:
        return await self._admin_post(request, self._admin.faults)

    async def _admin_post(self, request: Request, handle: Callable[[bytes, int], AdminReply]) -> Response:
        if not is_trusted(_headers(request)):
            return _forbidden()
        body = await self._body(request)
        if body is None:
            return PlainTextResponse("request too large or too slow", status_code=413, headers={"Connection": "close"})
        return _admin_response(handle(body, self._clockwork.now_ns()))


async def _write(websocket: WebSocket, session: Session, something: asyncio.Event) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the client went while we wrote
        while True:
            await something.wait()
            something.clear()
            while session.outbox:
                await websocket.send({"type": "websocket.send", "text": session.outbox.popleft()})
            if session.close_code is not None:
                await websocket.close(session.close_code)
                return


def _headers(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _admin_response(reply: AdminReply) -> Response:
    media_type = "application/x-ndjson" if reply.lines else "application/json"
    return Response(reply.body, status_code=reply.status, media_type=media_type)


def _forbidden() -> Response:
    return PlainTextResponse("only this machine's own tools may use this address", status_code=403)
