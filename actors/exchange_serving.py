"""Serving the simulated exchange until it is told to stop, with its heartbeat; and where it is, as the first line said."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable

import msgspec

from wildbot.adapters.venue_server import VenueServer

HEARTBEAT_S = 0.5


def announce(listener: socket.socket, api_key: str, api_secret: str, *, as_json: bool) -> None:
    """Say on standard output where the exchange is and with which key it may be used, for people or for programs."""
    host, port = listener.getsockname()[:2]
    at = f"{host}:{port}"
    urls = {"rest": f"http://{at}", "public_ws": f"ws://{at}/public/v2", "private_ws": f"ws://{at}/private/v2"}
    if as_json:
        text = msgspec.json.encode(urls | {"port": port, "api_key": api_key, "api_secret": api_secret}).decode()
    else:
        text = (
            f"simulated exchange: REST {urls['rest']}/0/, public {urls['public_ws']}, private {urls['private_ws']},"
            f" key {api_key}, secret {api_secret}"
        )
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def serve(venue: VenueServer, listener: socket.socket, heartbeat: Callable[[], None] | None) -> None:
    """Serve until TERM or INT; `heartbeat` is called twice a second. Raises what broke the server."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, venue.stop)
    beating = asyncio.create_task(_beat(heartbeat)) if heartbeat else None
    try:
        await venue.serve(listener)
    finally:
        if beating is not None:
            beating.cancel()


async def _beat(heartbeat: Callable[[], None]) -> None:
    while True:
        heartbeat()
        await asyncio.sleep(HEARTBEAT_S)
