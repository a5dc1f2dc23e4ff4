"""How long a book takes over the market socket, from one process to one and to three, and what becomes of a slow reader.

Rules: the project's own publisher and subscriber, its own frames, real processes; the delay is from before the frame is
    made to after it is read. The slow reader works `OVERLOAD` times as long on each book as they are apart, conflating as
    a trader does: its delay is the age of what it acts on.
"""

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import zmq

from actors.bench_report import bench_report
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Publisher, Subscriber
from wildbot.model.errors import InvariantError
from wildbot.model.market_data import BookSnapshot, FeedBeat
from wildbot.protocol.bus import conflated, market_frame, read_market_frame

PAIR = "SOL/USDC"
DEPTH = 10
RATE_PER_S = 1_000
SECONDS = 5.0
OVERLOAD = 1.6
PATIENCE_MS = 60_000


class Heard(msgspec.Struct, frozen=True):
    """What one reader got: a delay for each book it acted on, and how many it skipped for newer ones."""

    delays_ns: list[int]
    skipped: int


def measure_bus(rate_per_s: int = RATE_PER_S, seconds: float = SECONDS) -> dict[str, object]:
    """Return a record for one reader, for three, and for a slow one. `lost` counts books that never came."""
    books = int(rate_per_s * seconds)
    one = _measure("bus.one_to_one", rate_per_s, books, readers=1)
    three = _measure("bus.one_to_three", rate_per_s, books, readers=3)
    slow = _measure("bus.slow_reader", rate_per_s, books, readers=1, slow_s=OVERLOAD / rate_per_s)
    return {"name": "bus", "one_to_one": one, "one_to_three": three, "slow_reader": slow}


def _measure(name: str, rate_per_s: int, books: int, *, readers: int, slow_s: float = 0.0) -> dict[str, object]:
    spawn = multiprocessing.get_context("spawn")
    with TemporaryDirectory(prefix="wb") as folder:
        home = Home(Path(folder))
        home.prepare()
        publisher = Publisher(home.socket("market"))
        pipes, children = [], []
        for _ in range(readers):
            here, there = spawn.Pipe()
            child = spawn.Process(target=_read, args=(there, str(home.socket("market")), slow_s), daemon=True)
            child.start()
            pipes.append(here)
            children.append(child)
        try:
            _await_all(publisher, pipes)
            seconds = _publish(publisher, rate_per_s, books)
            publisher.send(market_frame(_beat(last=True)))
            heard = [_answer(pipe) for pipe in pipes]
        finally:
            for child in children:
                child.terminate()
                child.join()
            publisher.close()
    samples = [delay for each in heard for delay in each.delays_ns]
    record: dict[str, object] = msgspec.to_builtins(bench_report(name, work=books, seconds=seconds, samples_ns=samples))
    skipped = sum(each.skipped for each in heard)
    return record | {"readers": readers, "skipped": skipped, "lost": books * readers - len(samples) - skipped}


def _await_all(publisher: Publisher, pipes: Sequence[Connection]) -> None:
    """Say something until every reader has heard it: a subscription takes its time."""
    until = time.monotonic() + PATIENCE_MS / 1_000
    waiting = list(pipes)
    while waiting:
        publisher.send(market_frame(_beat()))
        waiting = [pipe for pipe in waiting if not pipe.poll(0.01)]
        if time.monotonic() > until:
            raise InvariantError("a reader of the bus did not come up")
    for pipe in pipes:
        pipe.recv()


def _answer(pipe: Connection) -> Heard:
    if not pipe.poll(PATIENCE_MS / 1_000):
        raise InvariantError("a reader of the bus did not answer")
    heard: Heard = pipe.recv()
    return heard


def _publish(publisher: Publisher, rate_per_s: int, books: int) -> float:
    lots = tuple(10**9 + level for level in range(DEPTH))
    asks, bids = tuple(15_010 + level for level in range(DEPTH)), tuple(15_000 - level for level in range(DEPTH))
    began = time.perf_counter()
    for seq in range(1, books + 1):
        wait_s = began + seq / rate_per_s - time.perf_counter()
        if wait_s > 0:
            time.sleep(wait_s)
        now_ns = time.monotonic_ns()
        publisher.send(market_frame(BookSnapshot(PAIR, seq, now_ns, now_ns, bids, lots, asks, lots)))
    return time.perf_counter() - began


def _beat(*, last: bool = False) -> FeedBeat:
    return FeedBeat(0, 0, connected=not last, seqs={})


def _read(pipe: Connection, path: str, slow_s: float) -> None:
    subscriber = Subscriber(Path(path))
    poller = zmq.Poller()
    poller.register(subscriber.socket, zmq.POLLIN)
    delays_ns: list[int] = []
    skipped, has_answered = 0, False
    while poller.poll(PATIENCE_MS):
        frames = subscriber.drain()
        kept = conflated(frames)
        skipped += len(frames) - len(kept)
        for frame in kept:
            event = read_market_frame(frame)
            if isinstance(event, BookSnapshot):
                delays_ns.append(time.monotonic_ns() - event.recv_ts_ns)
                if slow_s:
                    time.sleep(slow_s)
            elif not has_answered:
                has_answered = True
                pipe.send(0)
            elif isinstance(event, FeedBeat) and not event.connected:
                pipe.send(Heard(delays_ns, skipped))
                return
