"""How fast the simulated exchange is: its matching core, signed orders over a socket, market data to many, and replay.

Rules: `core` and `replay` run in this process; `signed_ws` and `fanout` talk over loopback to a real exchange process, so
    on a machine of two cores clients and server share them. Events are taken out after every operation, as a server does.
"""

import itertools
import random
import time
from pathlib import Path

import msgspec

from actors.bench_exchange_clients import LOST_S, PAIR, measure_fanout, measure_orders
from actors.bench_exchange_server import exchange_process
from actors.bench_report import bench_report
from actors.exchange_tapes import LOBSTER, open_recording
from wildbot.model.exchange import (
    ASSET_DECIMALS,
    AmendPlaced,
    CancelPlaced,
    Kind,
    Placed,
    PlaceOrder,
    Tif,
)
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.lobster import parse_messages, parse_rows, stock
from wildbot.simulation.market import Market
from wildbot.simulation.order_rate import Tier
from wildbot.simulation.pace import Pace
from wildbot.simulation.replay import LobsterMarket
from wildbot.simulation.tapes import lobster_sample
from wildbot.simulation.venue_pairs import UNIVERSE

SECTIONS = ("core", "signed_ws", "fanout", "replay")
OPERATIONS = 30_000
ORDERS = 5_000
FANOUT_S = 8.0
FANOUT_ACTIVITY = 2.5
"""With the busy scenario: a hundred book events a second and more on every pair."""

SAMPLE_SECONDS = 300
MORNING = 85_000
"""Messages of the recorded morning that the replay is judged by."""

SEED = 7
_MID = 6_800_000
_RESTING_MAX = 400


def measure_exchange(sections: tuple[str, ...] = SECTIONS, tape: Path | None = None) -> dict[str, object]:
    """Return one measurement record per section; `tape` is a LOBSTER message file for `replay`, else a sample is made."""
    measured: dict[str, object] = {"name": "exchange"}
    if "core" in sections:
        measured["core"] = _core(OPERATIONS)
    if "signed_ws" in sections:
        measured["signed_ws"] = _signed_ws(ORDERS)
    if "fanout" in sections:
        measured["fanout"] = _fanout(FANOUT_S)
    if "replay" in sections:
        measured["replay"] = _replay(tape)
    return measured


def _core(operations: int) -> dict[str, object]:
    """A client's orders, amends, cancels and takers on one deep book, all checks, accounts and events included."""
    rng = random.Random(SEED)
    unlimited = Tier("unlimited", 10**9, 1e9, 10**9)
    exchange = SimulatedExchange([UNIVERSE[PAIR].instrument], rng=rng, tier=unlimited)
    for account in ("alice", "bob"):
        exchange.open_account(account)
        exchange.deposit(account, "USDC", 10 ** (ASSET_DECIMALS + 10), 0)
        exchange.deposit(account, "BTC", 10 ** (ASSET_DECIMALS + 6), 0)
    resting: list[str] = []
    samples: list[int] = []
    began = time.perf_counter()
    for number in range(operations):
        now_ns = number * NANOS_PER_MS
        draw = rng.random()
        side = Side.BUY if rng.random() < 0.5 else Side.SELL
        price = _MID - side.sign * rng.randint(1, 200)
        index = rng.randrange(len(resting)) if resting else 0
        started = time.perf_counter_ns()
        if draw < 0.05:
            exchange.place(
                PlaceOrder(account="bob", pair=PAIR, side=side, kind=Kind.MARKET, lots=150_000, tif=Tif.IOC), now_ns
            )
        elif len(resting) >= _RESTING_MAX or (resting and draw < 0.35):
            exchange.cancel(CancelPlaced(account="alice", order_id=resting[index]), now_ns)
            resting[index] = resting[-1]
            resting.pop()
        elif resting and draw < 0.55:
            exchange.amend(AmendPlaced(account="alice", order_id=resting[index], lots=rng.randint(50_000, 90_000)), now_ns)
        else:
            reply = exchange.place(
                PlaceOrder(account="alice", pair=PAIR, side=side, kind=Kind.LIMIT, lots=100_000, ticks=price), now_ns
            )
            if isinstance(reply, Placed):
                resting.append(reply.order_id)
        exchange.drain()
        samples.append(time.perf_counter_ns() - started)
    seconds = time.perf_counter() - began
    return _record("exchange.core", operations, seconds, samples)


def _signed_ws(orders: int) -> dict[str, object]:
    with exchange_process(scenario="normal", activity=1.0, pairs=(PAIR,)) as address:
        run = measure_orders(address, orders)
    return _record("exchange.signed_ws", orders, run.seconds, run.samples_ns) | {"refused": run.refused}


def _fanout(seconds: float) -> dict[str, object]:
    with exchange_process(scenario="busy", activity=FANOUT_ACTIVITY) as address:
        run = measure_fanout(address, seconds)
    return _record("exchange.fanout", sum(run.updates), run.seconds, run.delays_ns) | {
        "clients": len(run.updates),
        "pairs": len(UNIVERSE),
        "slowest_pair_per_s": round(run.slowest_pair_per_s, 1),
        "last_delay_ms": round(run.last_delay_ns / NANOS_PER_MS, 1),
        "fell_behind": run.last_delay_ns > LOST_S * NANOS_PER_SECOND,
    }


def _replay(tape: Path | None) -> dict[str, object]:
    market: Market
    if tape is not None:
        recording = open_recording(tape, LOBSTER)
        exchange = SimulatedExchange(recording.instruments, rng=random.Random(SEED))
        market = recording.market(exchange, Pace())
    else:
        exchange, market = _sample_market()
    market.start(0)
    exchange.drain()
    messages, samples = 0, []
    began = time.perf_counter()
    while (due_ns := market.next_due_ns()) is not None:
        started = time.perf_counter_ns()
        market.step(due_ns)
        exchange.drain()
        samples.append(time.perf_counter_ns() - started)
    seconds = time.perf_counter() - began
    if isinstance(market, LobsterMarket):
        messages = market.counts.applied
    record = _record("exchange.replay", messages, seconds, samples)
    return record | {"tape": tape.name if tape else "sample", "morning_s": round(MORNING * seconds / max(1, messages), 2)}


def _sample_market() -> tuple[SimulatedExchange, Market]:
    lines, book = lobster_sample(random.Random(SEED), seconds=SAMPLE_SECONDS, levels=5)
    rows = parse_rows(book)
    seed = next(rows)
    exchange = SimulatedExchange([stock("DEMO")], rng=random.Random(SEED))
    messages = itertools.islice(parse_messages(lines), 1, None)  # the seed row is the book right after the first
    return exchange, LobsterMarket(exchange, stock("DEMO"), messages, seed, rows=rows)


def _record(name: str, work: int, seconds: float, samples_ns: list[int]) -> dict[str, object]:
    record: dict[str, object] = msgspec.to_builtins(bench_report(name, work=work, seconds=seconds, samples_ns=samples_ns))
    return record
