"""How fast one trader thinks: a seeded walk of books through `TradingEngine`, orders acknowledged at once, in memory.

Rules: one unit of work is one book in, commands out, signals and risk included; answering the orders is not counted, nor
    is the public trade between two books.
    Every book changes the touch, so that every unit is a whole decision; in a live market many end early.
Known limit: hot caches; a process that wakes up for each book pays several times as much.
"""

import random
import time

import msgspec

from actors.bench_report import bench_report
from wildbot.engine import EngineCommand, TradingEngine
from wildbot.model.desk import CapitalLease, OrderRequest, PositionState
from wildbot.model.executions import Accepted, Amended, Canceled, OrderReport
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, FeeSchedule, Instrument, Lots, money_from_text
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import AmendOrder, NewOrder, Side
from wildbot.strategies.base import find_strategy
from wildbot.trading.limits import EngineLimits

BOOKS = 50_000
STEP_NS = 20 * NANOS_PER_MS
TIMER_EVERY = 5
SEED = 7
DEPTH = 10
MAKER = "market_maker"
WILLING: dict[str, dict[str, object]] = {MAKER: {"edge_policy": "ignore", "min_volatility_bps": 0}}
"""Parameters that let a strategy quote on the walk, where its defaults would refuse early and be measured too fast."""

SOL = Instrument(
    pair="SOL/USDC",
    base="SOL",
    quote="USDC",
    rest_key="SOLUSDC",
    price_decimals=2,
    lot_decimals=8,
    cost_decimals=6,
    tick_step=1,
    lot_step=1,
    min_lots=Lots(2_000_000),
    min_cost=money_from_text("0.5"),
)


def measure_engine(books: int = BOOKS, strategy: str = MAKER) -> dict[str, object]:
    """Return the measurement record of `books` books; `requests` counts the orders, amends and cancels that came out.

    Raises:
        ConfigurationError: when there is no such strategy.
    """
    engine = willing_engine(strategy)
    tape = _tape(books)
    samples_ns: list[int] = []
    requests = 0
    for number, book in enumerate(tape):
        now_ns = book.recv_ts_ns
        began = time.perf_counter_ns()
        commands = engine.handle(book, now_ns)
        samples_ns.append(time.perf_counter_ns() - began)
        pending = [*commands, *(engine.on_timer(now_ns) if number % TIMER_EVERY == 0 else ())]
        while pending:
            report = answer_to(pending.pop(0), now_ns)
            if report is not None:
                requests += 1
                pending += engine.handle(report, now_ns)
        engine.handle(_trade(book), now_ns)
    seconds = sum(samples_ns) / NANOS_PER_SECOND
    record = bench_report("engine", work=books, seconds=seconds, samples_ns=samples_ns)
    return {**msgspec.to_builtins(record), "strategy": strategy, "requests": requests}


def willing_engine(strategy: str) -> TradingEngine:
    """Return the engine of a trader of SOL with a lease, which trades what its strategy wants.

    Raises:
        ConfigurationError: when there is no such strategy.
    """
    engine = TradingEngine(
        pair=SOL.pair,
        epoch=1,
        instrument=SOL,
        fees=FeeSchedule(2_500, 4_000),
        position=PositionState(SOL.pair),
        strategy=find_strategy(strategy),
        parameters=WILLING.get(strategy, {}),
        limits=EngineLimits(),
    )
    engine.handle(CapitalLease(SOL.pair, 1, money_from_text("16"), 2**62), 0)
    return engine


def _tape(books: int) -> list[BookSnapshot]:
    walk = random.Random(SEED)
    bid, lots, tape = 15_000, 5 * 10**8, []
    for seq in range(1, books + 1):
        bid = max(10_000, bid + walk.choice((-1, 0, 1)))
        lots = walk.randint(1, 20) * 10**8 + seq % 2
        at_ns = NANOS_PER_SECOND + seq * STEP_NS
        deeper = tuple(walk.randint(1, 40) * 10**8 for _ in range(DEPTH - 1))
        bids, asks = tuple(bid - level for level in range(DEPTH)), tuple(bid + 10 + level for level in range(DEPTH))
        tape.append(BookSnapshot(SOL.pair, seq, at_ns, at_ns, bids, (lots, *deeper), asks, (lots, *deeper)))
    return tape


def _trade(book: BookSnapshot) -> TradePrint:
    """A taker of either side by turns who reaches a few levels deep, so that there are arrivals to fit."""
    level = book.seq // 2 % 8 % 5
    side, ticks = (Side.BUY, book.ask_ticks[level]) if book.seq % 2 else (Side.SELL, book.bid_ticks[level])
    return TradePrint(SOL.pair, book.seq, side, ticks, book.bid_lots[0] // 10, book.venue_ts_ns, book.recv_ts_ns)


def answer_to(command: EngineCommand, now_ns: int) -> OrderReport | None:
    """Return what a venue that takes everything says; None to what it never hears."""
    if not isinstance(command, OrderRequest):
        return None
    order = command.command
    if isinstance(order, NewOrder):
        return Accepted(order.cl_ord_id, "O-BENCH", now_ns)
    if isinstance(order, AmendOrder):
        return Amended(order.cl_ord_id, order.ticks, order.lots, now_ns)
    return Canceled(order.cl_ord_id, 0, "User requested", now_ns)
