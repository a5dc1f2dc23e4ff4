"""The same work by ccxt.pro's WebSocket path on the same venue, by turns with ours: a quote kept at the best bid.

Rules: one process of its own, as its users run it: it watches all books and moves a resting order when the best bid of a
    traded pair moves. Its rate limiter is off, or it would not keep up. Both systems are up all the time and the tape is
    played to one of them after the other, so that what else the machine does falls on both.
Known limit: it verifies no checksum and keeps no journal; what is compared is the way from market to order.
"""

import asyncio
import contextlib
import importlib
import importlib.util
import itertools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from actors.bench_exchange_server import KEY, SECRET
from actors.bench_report import bench_report
from actors.bench_wire import FOREIGN, PAIRS, TRIGGERS_PER_S, WARM_SECONDS, running_system
from actors.bench_wire_process import WireRun, venue_process
from actors.bench_wire_tape import wire_books
from wildbot.model.errors import InvariantError

PEER = "ccxt.pro"
ROUNDS = 5
READY = "ready"
BOOK_DEPTH = 10
NOTIONAL = 50


def why_no_peer() -> str:
    """Return why the peer cannot be measured here, "" when it can."""
    return "" if importlib.util.find_spec("ccxt") else "ccxt is not installed: it is in the extra `judges`"


def measure_beside(traders: int, rate_per_s: int, seconds: float) -> dict[str, object]:
    """Return the records of both, wire to wire, and the ratio of their medians (median of the rounds')."""
    pairs = PAIRS[:traders]
    with (
        venue_process() as ours,
        venue_process() as theirs,
        running_system(ours.port, traders),
        running_peer(theirs.port, pairs),
    ):
        delays: dict[str, list[int]] = {"wildbot": [], PEER: []}
        ratios = []
        for venue in (ours, theirs):
            venue.play(_run(pairs, rate_per_s, WARM_SECONDS))
        for _ in range(ROUNDS):
            played = {
                name: venue.play(_run(pairs, rate_per_s, seconds / ROUNDS)).delays_ns
                for name, venue in (("wildbot", ours), (PEER, theirs))
            }
            for name, found in played.items():
                delays[name] += found
            if all(played.values()):
                ratios.append(statistics.median(played["wildbot"]) / statistics.median(played[PEER]))
    if not ratios:
        raise InvariantError("in no round did orders of both arrive")
    records: dict[str, object] = {
        name: msgspec.to_builtins(bench_report(f"wire {name}", work=len(found), seconds=seconds, samples_ns=found))
        for name, found in delays.items()
    }
    return {"name": "wire beside", **records, "ratio": round(statistics.median(ratios), 3)}


def _run(pairs: tuple[str, ...], rate_per_s: int, seconds: float) -> WireRun:
    return WireRun(pairs, int(rate_per_s * seconds), int(TRIGGERS_PER_S * seconds) * len(pairs), rate_per_s)


@contextlib.contextmanager
def running_peer(port: int, pairs: tuple[str, ...]) -> Iterator[None]:
    """Start the peer, wait until its orders rest, and end it. Raises: InvariantError when it does not come up."""
    process = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-m", "actors.bench_wire_peer", str(port), json.dumps(pairs)],
        env={name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        if process.stdout.readline().decode().strip() != READY:
            raise InvariantError(f"{PEER} did not come up on the measured venue")
        yield
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


async def _trade(port: int, pairs: tuple[str, ...]) -> None:
    pro: Any = importlib.import_module("ccxt.pro")
    address = f"127.0.0.1:{port}"
    api = {
        "public": f"http://{address}",
        "private": f"http://{address}",
        "ws": {"publicV2": f"ws://{address}/v2", "privateV2": f"ws://{address}/auth/v2"},
    }
    client = pro.kraken({"apiKey": KEY, "secret": SECRET, "urls": {"api": api}, "enableRateLimit": False})
    client.nonce = itertools.count(client.milliseconds()).__next__
    await client.load_markets()
    orders: dict[str, str] = {}
    bids: dict[str, float] = {}

    async def follow(pair: str) -> None:
        while True:
            bid = (await client.watch_order_book(pair, BOOK_DEPTH))["bids"][0][0]
            if pair not in pairs or bid == bids.get(pair):
                continue
            bids[pair] = bid
            size = float(client.amount_to_precision(pair, NOTIONAL / bid))
            if pair in orders:
                await client.edit_order_ws(orders[pair], pair, "limit", "buy", size, bid)
                continue
            orders[pair] = (await client.create_order_ws(pair, "limit", "buy", size, bid))["id"]
            if len(orders) == len(pairs):
                print(READY, flush=True)  # noqa: T201 - this is how its starter hears of it

    await asyncio.gather(*(follow(pair) for pair in wire_books()))


if __name__ == "__main__":
    asyncio.run(_trade(int(sys.argv[1]), tuple(json.loads(sys.argv[2]))))
