"""The simulated exchange over real sockets, on the wall clock."""

import asyncio
import json
import socket
import threading
import time

import requests
from websockets.sync.client import ClientConnection, connect

from tests.venues.builders_kraken_server import BTC, KEY, SECRET, Venue
from wildbot.adapters.venue_server import VenueServer, listen
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_session import Session
from wildbot.venues.kraken.signing import sign

WAIT_S = 10


class WallClockwork:
    """The venue's clock follows the machine's; another participant moves one order each turn."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._anchor = time.monotonic_ns()
        self.turns = 0

    def now_ns(self) -> int:
        self._venue.now_ns = max(self._venue.now_ns, 1_750_000_000 * 10**9 + time.monotonic_ns() - self._anchor)
        return self._venue.now_ns

    def turn(self) -> None:
        self.turns += 1
        self.now_ns()
        self._venue.house(BTC, Side.BUY, 5_999_000 + self.turns * 7 % 900, 1_000 + self.turns)

    def due_in_s(self) -> float:
        return 0.0


class Running:
    """A server in a thread."""

    def __init__(self, venue: Venue, send_buffer: int = 0, request_s_max: float = 10.0) -> None:
        self._request_s_max = request_s_max
        self.listener = listen("127.0.0.1", 0)
        if send_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self.port = self.listener.getsockname()[1]
        self._venue = venue
        self._ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        self.thread.start()
        assert self._ready.wait(WAIT_S)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.server = VenueServer(
            self._venue.server,
            self._venue.rest,
            self._venue.admin,
            WallClockwork(self._venue),
            request_s_max=self._request_s_max,
        )
        self._ready.set()
        await self.server.serve(self.listener)

    def sessions(self) -> list[Session]:
        return list(self._venue.server.stream.sessions.values())

    def http(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def open(self, path: str) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.port}{path}", open_timeout=WAIT_S, compression=None)

    def private(self, endpoint: str, nonce: int, **fields: str) -> requests.Response:
        prepared = requests.Request(
            "POST", self.http(f"/0/private/{endpoint}"), data={"nonce": str(nonce), **fields}
        ).prepare()
        assert isinstance(prepared.body, str)
        path = f"/0/private/{endpoint}"
        prepared.headers["API-Key"] = KEY
        prepared.headers["API-Sign"] = sign(path, str(nonce), prepared.body.encode(), SECRET)
        with requests.Session() as session:
            return session.send(prepared, timeout=WAIT_S)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self.server.stop)
        self.thread.join(WAIT_S)
        assert not self.thread.is_alive()


def ask(client: ClientConnection, method: str, **params: object) -> dict[str, object]:
    """Send a request; return its reply, whatever else comes first."""
    client.send(json.dumps({"method": method, "params": params, "req_id": 9}))
    while (frame := json.loads(client.recv(timeout=WAIT_S))).get("req_id") != 9:
        pass
    return frame
