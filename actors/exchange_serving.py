"""Serving the simulated exchange until it is told to stop, with its heartbeat."""

import asyncio
import signal
import socket
from collections.abc import Callable

from wildbot.adapters.venue_server import VenueServer

HEARTBEAT_S = 0.5


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
