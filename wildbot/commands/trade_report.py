"""What the journal's fills amount to: each trade's profit, and sums per pair and per UTC day.

Rules: profit is computed by `trading.position.Position`, the same code that trades; sums are exact `Money`. A day is a UTC
    day, and a trip counts on the day it ends.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from wildbot.model.desk import PositionState
from wildbot.model.errors import ProtocolError
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, Liquidity, Money, money_text, parse_scaled, scaled_text
from wildbot.model.orders import Side
from wildbot.trading.position import Position

FILLS = """
    SELECT trade_id, order_id, cl_ord_id, pair, side, price, qty, cost, fee, fee_asset, liquidity, ts_ns, epoch
    FROM fills ORDER BY ts_ns, trade_id
"""
"""Oldest fill first. `cost` is what the exchange booked: price x size by its own rounding, which is not ours to repeat."""


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


class TradeReport(msgspec.Struct, frozen=True):
    """Everything of one journal; `curve` is the net realised profit after each fill."""

    journal: str
    total: SumRow
    pairs: list[SumRow]
    days: list[SumRow]
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


def read_fills(journal: Path) -> list[dict[str, object]]:
    """Return the journal's fills, oldest first; it may be in use. Raises: sqlite3.Error when it is no journal."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=5.0)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(FILLS)]


def summarise(journal: Path, fills: Iterable[dict[str, object]]) -> TradeReport:
    """Return the report of these fills, in their order. Raises: ProtocolError when one of them cannot be read."""
    positions: dict[str, Position] = {}
    total, pairs, days = _Sum(), dict[str, _Sum](), dict[str, _Sum]()
    trades: list[TradeRow] = []
    curve: list[tuple[int, str]] = []
    for fill, row in _filled(fills):
        outcome = positions.setdefault(fill.pair, Position(PositionState(fill.pair))).apply(fill, MONEY_DECIMALS)
        moment = datetime.fromtimestamp(fill.ts_ns / 1e9, UTC)
        for total_of in (total, pairs.setdefault(fill.pair, _Sum()), days.setdefault(f"{moment:%Y-%m-%d}", _Sum())):
            total_of.fills += 1
            total_of.volume += fill.cost
            total_of.realised += outcome.realised
            total_of.fees += outcome.fee
            total_of.wins += outcome.trip_closed and outcome.trip_pnl > 0
            total_of.losses += outcome.trip_closed and outcome.trip_pnl <= 0
        curve.append((fill.ts_ns, _text(total.realised - total.fees)))
        trades.append(
            TradeRow(
                time=f"{moment:%Y-%m-%d %H:%M:%S}",
                ts_ns=fill.ts_ns,
                trade_id=str(row["trade_id"]),
                order_id=fill.order_id,
                cl_ord_id=fill.cl_ord_id,
                pair=fill.pair,
                side=fill.side,
                price=str(row["price"]),
                qty=str(row["qty"]),
                fee=str(row["fee"]),
                liquidity=fill.liquidity,
                pnl=_text(outcome.realised),
                trip_net=_text(outcome.trip_pnl) if outcome.trip_closed else None,
            )
        )
    return TradeReport(
        journal=str(journal),
        total=total.row("total"),
        pairs=[pairs[name].row(name, _size(positions[name].state.lots)) for name in sorted(pairs)],
        days=[days[name].row(name) for name in sorted(days)],
        trades=trades,
        curve=curve,
    )


def _filled(rows: Iterable[dict[str, object]]) -> Iterator[tuple[Filled, dict[str, object]]]:
    """Read journal rows on one common scale, 10**-MONEY_DECIMALS, since the rules of a past pair may have changed."""
    for row in rows:
        try:
            fill = Filled(
                cl_ord_id=str(row["cl_ord_id"]),
                order_id=str(row["order_id"]),
                exec_id=str(row["trade_id"]),
                trade_id=0,
                pair=str(row["pair"]),
                side=Side(str(row["side"])),
                ticks=parse_scaled(str(row["price"]), MONEY_DECIMALS),
                lots=parse_scaled(str(row["qty"]), MONEY_DECIMALS),
                cost=Money(parse_scaled(str(row["cost"]), MONEY_DECIMALS)),
                fee=Money(parse_scaled(str(row["fee"]), MONEY_DECIMALS)),
                fee_asset=str(row["fee_asset"]),
                liquidity=Liquidity(str(row["liquidity"])),
                ts_ns=int(str(row["ts_ns"])),
            )
        except ValueError as error:
            raise ProtocolError(f"fill {row['trade_id']} of the journal cannot be read: {error}") from None
        yield fill, row


def _text(money: int) -> str:
    return money_text(Money(money), 8)


def _size(lots: int) -> str:
    return f"{Decimal(scaled_text(lots, MONEY_DECIMALS)).normalize():f}"
