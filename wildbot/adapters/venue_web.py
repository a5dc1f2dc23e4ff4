"""uvicorn as the simulated exchange needs it: without its signal handlers, and with a firm hand for odd connections."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.requests import Request


class WebServer(uvicorn.Server):
    """The process decides what TERM means. Clients that connect and do not finish asking are let go, and a fault may break
    a connection off."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asking: dict[int, float] = {}

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    def drop_slow(self, seconds: float) -> None:
        """Break off HTTP connections that have not finished the head of their first request after so long."""
        now = asyncio.get_running_loop().time()
        since: dict[int, float] = {}
        for connection in self.server_state.connections:
            if getattr(connection, "cycle", self) is not None:
                continue
            since[id(connection)] = self._asking.get(id(connection), now)
            if now - since[id(connection)] > seconds and isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()
        self._asking = since

    def break_off(self, client: tuple[str, int]) -> None:
        """Cut the WebSocket connection of one client, without a closing frame."""
        for connection in self.server_state.connections:
            if getattr(connection, "client", None) == client and isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()


async def bounded_body(request: Request, size_max: int) -> bytes | None:
    """Return the body, or None when it is larger than allowed."""
    parts: list[bytes] = []
    size = 0
    stream: AsyncIterator[bytes] = request.stream()
    async for part in stream:
        size += len(part)
        if size > size_max:
            return None
        parts.append(part)
    return b"".join(parts)


async def until_disconnect(request: Request) -> None:
    """Return when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
