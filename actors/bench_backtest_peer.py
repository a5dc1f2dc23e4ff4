"""The same tape through our backtest and through other people's, by turns: a maker that keeps its quotes at the touch.

Rules: everybody sees the same books, as many levels as our maker is shown, and the same trades, made before the clock runs;
    everybody keeps one bid and one ask at the best prices, amends them after each book that moved those, places anew what
    filled, without fees or delays. Seconds are processor time of the replay alone. Ours is the whole live way: engine, risk
    gate, allocator, gateway, mirrored venue with a queue model, decision log; the limits on the number of orders, the
    venue's and our own, are lifted, or it would not follow.
Known limit: fills differ, for each believes in its own queue. What is compared is speed, not profit.
"""

import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from actors.bench_report import these_versions, this_machine
from actors.bench_tape_rows import RowWriter, TapeHeader, write_rows
from actors.bench_touch_maker import TOUCH_MAKER
from wildbot.adapters import garbage
from wildbot.backtest.market_tape import SHOWN_LEVELS, MarketTape, TapeRow, lobster_books
from wildbot.backtest.run import Backtest
from wildbot.backtest.setup import BacktestSetup
from wildbot.desk.order_checks import GatewayLimits
from wildbot.model.errors import InvariantError
from wildbot.model.instrument import MONEY_ONE, NANOS_PER_SECOND, FeeSchedule, Instrument, Money
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.fills import FILL_MODELS
from wildbot.simulation.lobster import parse_messages, parse_rows, stock
from wildbot.simulation.order_rate import TIERS, Tier
from wildbot.simulation.tapes import lobster_sample
from wildbot.trading.limits import EngineLimits
from wildbot.trading.rate_budget import TIER_LIMITS, TierLimit
from wildbot.trading.risk import RiskLimits

OURS = "wildbot"
ROUNDS = 3
SECONDS_MAX = 600
SAMPLE_SECONDS = 600
SEED = 7
CAPITAL = Money(10**9 * MONEY_ONE)
"""So much that no quote of the smallest size is ever short of it."""

UNLIMITED = "unlimited"
_NO_LIMIT = 10**9
_ORDERS_PER_S = 10**5


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody else's backtest: its name, the module that must be there, and the module of ours that drives it."""

    name: str
    package: str
    script: str


PEERS = (
    Peer("hftbacktest", "hftbacktest", "actors.bench_peer_hftbacktest"),
    Peer("NautilusTrader", "nautilus_trader", "actors.bench_peer_nautilus"),
)


class Played(msgspec.Struct, frozen=True):
    """One run: processor seconds, order requests, fills; `version` of what ran."""

    seconds: float
    requests: int
    fills: int
    version: str


def sample_tape(seconds: int = SAMPLE_SECONDS) -> MarketTape:
    """Return so many seconds of a generated stock, ten levels a side; the same at every call."""
    messages, books = lobster_sample(random.Random(SEED), seconds=seconds, levels=SHOWN_LEVELS)
    return lobster_books(stock("DEMO"), parse_messages(messages), parse_rows(books), 0, shown=SHOWN_LEVELS)


def python_of(peer: Peer) -> Path:
    """Return the interpreter of a peer's own environment, which need not be there; `make peers` puts it there."""
    return Path(sys.prefix) / "peers" / peer.package / "bin" / "python"


def why_no_peer(peer: Peer) -> str:
    """Return why a peer cannot be measured here, "" when it can."""
    return "" if python_of(peer).exists() else f"{peer.name} is not installed: `make peers`"


def measure_beside(tape: MarketTape, peers: Sequence[Peer] = PEERS, rounds: int = ROUNDS) -> dict[str, object]:
    """Return medians of the rounds, and how many times as long each peer took (the median of the rounds' ratios).

    Raises:
        InvariantError: when a tape holds no book, or a peer that is installed fails.
    """
    events = list(tape.events)
    header, writer = _rows_of(tape.instrument, events)
    missing = [why for peer in peers if (why := why_no_peer(peer))]
    present = [peer for peer in peers if not why_no_peer(peer)]
    played: dict[str, list[Played]] = {name: [] for name in (OURS, *(peer.name for peer in present))}
    with TemporaryDirectory() as folder:
        write_rows(Path(folder), header, writer.rows)
        for _ in range(rounds):
            played[OURS].append(play_ours(replace(tape, events=iter(events)), header.lots))
            for peer in present:
                played[peer.name].append(_play(peer, Path(folder)))
    records = {name: _record(runs, header) for name, runs in played.items()}
    for name, runs in played.items():
        ratios = [theirs.seconds / ours.seconds for theirs, ours in zip(runs, played[OURS], strict=True)]
        records[name]["times_our_seconds"] = round(statistics.median(ratios), 3)
    return {
        "name": "backtest beside",
        "rows": header.rows,
        "events": header.events,
        "rounds": rounds,
        **records,
        "missing": "; ".join(missing),
        "machine": msgspec.to_builtins(this_machine()),
        "versions": these_versions(),
    }


def play_ours(tape: MarketTape, lots: int) -> Played:
    """Play a tape once through the whole live way, with quotes of `lots` at the touch."""
    TIERS[UNLIMITED] = Tier(UNLIMITED, _NO_LIMIT, float(_NO_LIMIT), _NO_LIMIT)
    TIER_LIMITS[UNLIMITED] = TierLimit(float(_NO_LIMIT), float(_NO_LIMIT))
    risk = RiskLimits(max_orders_per_s=_ORDERS_PER_S, allow_short=True, max_entry_spread_bps=float(_NO_LIMIT))
    setup = BacktestSetup(
        strategy=TOUCH_MAKER,
        parameters={"lots": lots},
        model=FILL_MODELS["queue_position"],
        fees=FeeSchedule(0, 0),
        capital=CAPITAL,
        limits=EngineLimits(risk=risk, stale_order_ns=0, fill_cooldown_ns=0, tier=UNLIMITED),
        gateway_limits=GatewayLimits(
            order_notional_max=CAPITAL, orders_per_s=_ORDERS_PER_S, daily_turnover_max=CAPITAL, allow_short=True
        ),
        tier=UNLIMITED,
    )
    backtest = Backtest(setup, [tape])
    with garbage.settled():  # as every backtest runs
        began_ns = time.process_time_ns()
        run = backtest.run()
        seconds = (time.process_time_ns() - began_ns) / NANOS_PER_SECOND
    if run.halted:
        raise InvariantError(f"our own run was halted: {run.halted}")
    return Played(seconds, run.orders, len(run.fills), these_versions().get(OURS, ""))


def _rows_of(instrument: Instrument, events: Sequence[TapeRow]) -> tuple[TapeHeader, RowWriter]:
    writer, highest = RowWriter(), 0
    for event in events:
        if isinstance(event, BookSnapshot):
            highest = max(highest, event.ask_ticks[0])
            bids, asks = (
                zip(event.bid_ticks, event.bid_lots, strict=True),
                zip(event.ask_ticks, event.ask_lots, strict=True),
            )
            writer.book(dict(bids), dict(asks), event.recv_ts_ns)
        elif isinstance(event, TradePrint):
            writer.trade(is_buy=event.side is Side.BUY, ticks=event.ticks, lots=event.lots, ts_ns=event.recv_ts_ns)
        else:
            writer.book({}, {}, event.recv_ts_ns)
    if not highest:
        raise InvariantError("the recording holds no book, so there is nothing to quote at")
    header = writer.header(
        price_decimals=instrument.price_decimals,
        lot_decimals=instrument.lot_decimals,
        tick_step=instrument.tick_step,
        lots=2 * instrument.min_order_lots(highest),
    )
    return header, writer


def _play(peer: Peer, folder: Path) -> Played:
    root = str(Path(__file__).resolve().parents[1])
    ran = subprocess.run(  # noqa: S603 - our own words
        [str(python_of(peer)), "-m", peer.script, str(folder)],
        env=os.environ | {"PYTHONPATH": root},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    last = next(itertools.islice(reversed(ran.stdout.splitlines()), 1), "")
    if ran.returncode or not last.startswith("{"):
        told = " ".join(ran.stderr.split()[-40:])
        raise InvariantError(f"{peer.name} ended with {ran.returncode} on the measured tape: {told}")
    return msgspec.convert(json.loads(last), Played)


def _record(runs: Sequence[Played], header: TapeHeader) -> dict[str, object]:
    seconds = statistics.median(run.seconds for run in runs)
    return {
        "seconds": round(seconds, 4),
        "rows_per_s": round(header.rows / seconds) if seconds else 0,
        "events_per_s": round(header.events / seconds) if seconds else 0,
        "requests": runs[-1].requests,
        "fills": runs[-1].fills,
        "version": runs[-1].version,
    }
