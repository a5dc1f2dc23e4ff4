"""What the journal's fills amount to: each trade's profit, sums per pair and per UTC day, sessions, figures.

Rules: profit is computed by `trading.position.Position`, the same code that trades; sums are exact `Money`. A day is a UTC
    day, and a trip counts on the day it ends.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from wildbot.adapters.journal_reader import as_filled
from wildbot.commands.report_sessions import SessionRow, sessions_of
from wildbot.commands.report_statistics import Statistics, equity_curve, statistics_of
from wildbot.commands.report_truth import TruthRow, truth_rows
from wildbot.model.desk import PositionState
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Money, money_text, scaled_text
from wildbot.model.journal import EventRow, FillRow
from wildbot.trading.position import Position
from wildbot.truth.profit_ledger import Mark


class TradeRow(msgspec.Struct, frozen=True):
    """One fill as it was journalled, with the profit it realised before its fee; decimals are exact text."""

    time: str
    ts_ns: int
    trade_id: str
    order_id: str
    cl_ord_id: str
    pair: str
    side: str
    price: str
    qty: str
    fee: str
    liquidity: str
    pnl: str
    trip_net: str | None


class SumRow(msgspec.Struct, frozen=True):
    """What one pair, one day or everything came to; `net` is realised profit after all fees."""

    name: str
    fills: int
    wins: int
    losses: int
    volume: str
    realised_pnl: str
    fees: str
    net: str
    position: str | None = None


class Kept(msgspec.Struct, frozen=True):
    """What is known beside the fills: the journal's history, the mids around fills, the last mids, the twins' section."""

    events: Sequence[EventRow] = ()
    marks: Mapping[str, Mark] = {}
    mids: Mapping[str, int] = {}
    models: Mapping[str, object] = {}


NOTHING_KEPT = Kept()
NOTHING = Money(0)


class TripRow(msgspec.Struct, frozen=True):
    """One round trip, from flat to flat; `net` is after all its fees."""

    pair: str
    opened: str
    closed: str
    seconds: float
    net: str


class TradeReport(msgspec.Struct, frozen=True):
    """Everything of one journal; `curve` is the equity after each fill, `truth` where the money came from, `models` what
    the fill models made of the same orders."""

    journal: str
    sessions: list[SessionRow]
    statistics: Statistics
    truth: list[TruthRow]
    models: Mapping[str, object]
    total: SumRow
    pairs: list[SumRow]
    days: list[SumRow]
    round_trips: list[TripRow]
    trades: list[TradeRow]
    curve: list[tuple[int, str]]


class _Sum:
    """Counts while the fills pass by."""

    def __init__(self) -> None:
        self.fills = self.wins = self.losses = 0
        self.volume = self.realised = self.fees = 0

    def row(self, name: str, position: str | None = None) -> SumRow:
        return SumRow(
            name,
            self.fills,
            self.wins,
            self.losses,
            _text(self.volume),
            _text(self.realised),
            _text(self.fees),
            _text(self.realised - self.fees),
            position,
        )


def summarise(journal: Path, rows: Sequence[FillRow], kept: Kept = NOTHING_KEPT, starting: Money = NOTHING) -> TradeReport:
    """Return the report of these fills, in their order.

    Raises: JournalUnreadableError when one of them cannot be read.
    """
    positions: dict[str, Position] = {}
    total, pairs, days = _Sum(), dict[str, _Sum](), dict[str, _Sum]()
    trades: list[TradeRow] = []
    fills: list[Filled] = []
    trips: list[Money] = []
    trip_rows: list[TripRow] = []
    for row in rows:
        fill = as_filled(row)
        fills.append(fill)
        position = positions.setdefault(fill.pair, Position(PositionState(fill.pair)))
        opened_ns = position.state.opened_ns
        outcome = position.apply(fill, MONEY_DECIMALS)
        day = _time(fill.ts_ns)[:10]
        for total_of in (total, pairs.setdefault(fill.pair, _Sum()), days.setdefault(day, _Sum())):
            total_of.fills += 1
            total_of.volume += fill.cost
            total_of.realised += outcome.realised
            total_of.fees += outcome.fee
            total_of.wins += outcome.trip_closed and outcome.trip_pnl > 0
            total_of.losses += outcome.trip_closed and outcome.trip_pnl <= 0
        if outcome.trip_closed:
            trips.append(outcome.trip_pnl)
            took_s = round((fill.ts_ns - opened_ns) / NANOS_PER_SECOND, 3)
            trip_rows.append(TripRow(fill.pair, _time(opened_ns), _time(fill.ts_ns), took_s, _text(outcome.trip_pnl)))
        trades.append(
            TradeRow(
                time=_time(fill.ts_ns),
                ts_ns=fill.ts_ns,
                trade_id=row.trade_id,
                order_id=fill.order_id,
                cl_ord_id=fill.cl_ord_id,
                pair=fill.pair,
                side=fill.side,
                price=row.price,
                qty=row.qty,
                fee=row.fee,
                liquidity=fill.liquidity,
                pnl=_text(outcome.realised),
                trip_net=_text(outcome.trip_pnl) if outcome.trip_closed else None,
            )
        )
    curve = equity_curve(fills, starting)
    return TradeReport(
        journal=str(journal),
        sessions=sessions_of(kept.events, fills),
        statistics=statistics_of(fills, curve, trips, Money(total.fees), starting),
        truth=truth_rows(fills, kept.marks, kept.mids),
        models=kept.models,
        total=total.row("total"),
        pairs=[pairs[name].row(name, _size(positions[name].state.lots)) for name in sorted(pairs)],
        days=[days[name].row(name) for name in sorted(days)],
        round_trips=trip_rows,
        trades=trades,
        curve=[(ts_ns, _text(value)) for ts_ns, value in curve],
    )


def _time(ts_ns: int) -> str:
    return f"{datetime.fromtimestamp(ts_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S}"


def _text(money: int) -> str:
    return money_text(Money(money), 8)


def _size(lots: int) -> str:
    return f"{Decimal(scaled_text(lots, MONEY_DECIMALS)).normalize():f}"
