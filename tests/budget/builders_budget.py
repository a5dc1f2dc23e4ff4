"""Work as counts: what one tick costs in calls, bytes and messages, the same on a busy machine as on an idle one."""

import random
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from actors.bench_engine import SOL, answer_to, willing_engine
from tests.trading.builders_trading import MS, ONE, START
from wildbot.engine import TradingEngine
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Side

WARM, COUNTED = 400, 400


@dataclass
class Driven:
    """An engine on a seeded walk on which every book changes the touch; its orders are acknowledged at once."""

    engine: TradingEngine
    walk: random.Random = field(default_factory=lambda: random.Random(7))
    seq: int = 0
    bid: int = 15_000
    requests: int = 0

    def next_book(self) -> BookSnapshot:
        walk, self.seq = self.walk, self.seq + 1
        self.bid = max(10_000, self.bid + walk.choice((-1, 0, 1)))
        at_ns, lots = START + self.seq * 100 * MS, (walk.randint(1, 20) * ONE + self.seq % 2, *(ONE,) * 9)
        bids, asks = (tuple(self.bid + sign * level + gap for level in range(10)) for sign, gap in ((-1, 0), (1, 10)))
        return BookSnapshot(SOL.pair, self.seq, at_ns, at_ns, bids, lots, asks, lots)

    def settle(self, book: BookSnapshot, commands: object) -> None:
        """Everything around the counted step: answers, a public trade, now and then the timer."""
        now_ns = book.recv_ts_ns
        pending = list(commands)  # type: ignore[call-overload]
        pending += self.engine.on_timer(now_ns) if self.seq % 5 == 0 else ()
        while pending:
            report = answer_to(pending.pop(), now_ns)
            if report is not None:
                self.requests += 1
                pending += self.engine.handle(report, now_ns)
        side, level = (
            (Side.BUY, book.ask_ticks[self.seq % 5]) if self.seq % 2 else (Side.SELL, book.bid_ticks[self.seq % 5])
        )
        self.engine.handle(TradePrint(SOL.pair, self.seq, side, level, ONE, now_ns, now_ns), now_ns)


def driven(strategy: str) -> Driven:
    """A trader of SOL/USDC with a lease, warmed up."""
    run = Driven(willing_engine(strategy))
    for _ in range(WARM):
        book = run.next_book()
        run.settle(book, run.engine.handle(book, book.recv_ts_ns))
    return run


def engine_work(strategy: str) -> dict[str, float]:
    """Per book: calls of Python and C functions, the most bytes it had in hand, blocks it kept, requests in a thousand."""
    run = driven(strategy)
    calls, peaks = 0, []
    run.requests = 0
    for _ in range(COUNTED):
        book = run.next_book()
        counted, commands = calls_in(lambda book=book: run.engine.handle(book, book.recv_ts_ns))  # type: ignore[misc]
        calls += counted
        run.settle(book, commands)
    requests = run.requests
    for _ in range(COUNTED // 4):
        book = run.next_book()
        peak, commands = peak_in(lambda book=book: run.engine.handle(book, book.recv_ts_ns))  # type: ignore[misc]
        peaks.append(peak)
        run.settle(book, commands)
    return {
        "calls": calls / COUNTED,
        "bytes": sorted(peaks)[len(peaks) // 2],
        "kept_blocks": _kept(run),
        "requests": requests / COUNTED * 1_000,
    }


def calls_in(act: Callable[[], object]) -> tuple[int, object]:
    """How many functions one action calls, of Python and of C, itself not counted; and what it returned."""
    count = 0

    def seen(frame: FrameType, event: str, what: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        returned = act()
    finally:
        sys.setprofile(None)
    return count - 2, returned  # the action itself, and taking the counter off again


def peak_in(act: Callable[[], object]) -> tuple[int, object]:
    """The most bytes one action had allocated at once, beyond what there was before it."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        returned = act()
        return tracemalloc.get_traced_memory()[1] - before, returned
    finally:
        tracemalloc.stop()


def _kept(run: Driven) -> float:
    """Blocks per book that stay, over so many that anything bounded is full."""
    books = [run.next_book() for _ in range(4 * COUNTED)]
    half = len(books) // 2
    counts = []
    for part in (books[:half], books[half:]):
        for book in part:
            run.seq = book.seq
            run.settle(book, run.engine.handle(book, book.recv_ts_ns))
        counts.append(sys.getallocatedblocks())
    return (counts[1] - counts[0]) / half
