"""The venue of the wire measurement in a process of its own, and the pipe to it.

with venue_process() as venue:      # `venue.port` is where it listens
    played = venue.play(WireRun(triggered=("SOL/USDC",), updates=10_000, triggers=150, rate_per_s=1_000))
"""

import asyncio
import contextlib
import multiprocessing
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

import msgspec

from actors.bench_wire_server import Played, WireVenue
from actors.bench_wire_tape import WireBook, WireFrame, wire_books, wire_tape
from wildbot.adapters import garbage
from wildbot.model.instrument import NANOS_PER_SECOND


class WireRun(msgspec.Struct, frozen=True):
    """What to play: so many updates of all pairs, of which the triggers, by turns, on the pairs `triggered`."""

    triggered: tuple[str, ...]
    updates: int
    triggers: int
    rate_per_s: int


class VenueProcess:
    """The venue, seen from the process that measures."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.port: int = pipe.recv()

    def play(self, run: WireRun) -> Played:
        """Make a tape and send it; wait for what comes of it."""
        self._pipe.send(run)
        played: Played = self._pipe.recv()
        return played


@contextlib.contextmanager
def venue_process() -> Iterator[VenueProcess]:
    """Run a venue in a process of its own; end it."""
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_run, args=(there,), daemon=True)
    child.start()
    there.close()
    try:
        yield VenueProcess(here)
    finally:
        here.close()
        child.join(5)
        if child.is_alive():
            child.kill()
            child.join()


def _run(pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_obey(pipe))


async def _obey(pipe: Connection) -> None:
    books = wire_books()
    venue, loop = WireVenue(books), asyncio.get_running_loop()
    pipe.send(await venue.serve())
    with contextlib.suppress(EOFError):
        while True:
            run: WireRun = await loop.run_in_executor(None, pipe.recv)
            venue.end_idle()
            # In a thread: a venue that says nothing for two seconds is left by the feed handler.
            tape = await loop.run_in_executor(None, _tape, books, run)
            garbage.settle()
            pipe.send(await venue.play(tape, run.rate_per_s))


def _tape(books: dict[str, WireBook], run: WireRun) -> list[WireFrame]:
    return wire_tape(
        books,
        run.triggered,
        updates=run.updates,
        triggers=run.triggers,
        began_ns=time.time_ns(),
        step_ns=NANOS_PER_SECOND // run.rate_per_s,
    )
