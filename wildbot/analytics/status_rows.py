"""Single rows of the status document: traders, scanner, leases, actors, trades, alerts, books.

Rules: prices, sizes and money become exact decimal text here, by their instrument; ages, rates and percentages stay
    numbers, and what is not finite becomes null.
"""

import math
from collections.abc import Iterable, Mapping

import msgspec

from wildbot.analytics.account_sheet import unrealised
from wildbot.market.pair_score import PairScore
from wildbot.model.desk import CapitalLease, PositionState
from wildbot.model.instrument import (
    MONEY_DECIMALS,
    NANOS_PER_MS,
    NANOS_PER_SECOND,
    Instrument,
    Money,
    money_text,
    scaled_text,
)
from wildbot.model.market_data import BookSnapshot
from wildbot.model.status import Alert, AllocatorStatus, GatewayStatus, Heartbeat, Quote, TradeRecord, TraderStatus

Row = dict[str, object]
DEPTH_SHOWN = 10
NUMBER_DECIMALS = 6


class TraderView(msgspec.Struct, frozen=True):
    """What the supervisor knows of one trader: shown even while the trader itself is silent."""

    pair: str
    epoch: int
    state: str
    pid: int
    reason: str = ""


def number(value: float | None) -> float | None:
    """Return a number as JSON may hold it: finite and rounded, else None."""
    return None if value is None or not math.isfinite(value) else round(value, NUMBER_DECIMALS)


def mid_text(book: BookSnapshot, instrument: Instrument) -> str:
    """Return the mid as exact text, with one decimal more than the pair's prices."""
    return scaled_text((book.bid_ticks[0] + book.ask_ticks[0]) * 5, instrument.price_decimals + 1)


def average_cost_text(position: PositionState, instrument: Instrument) -> str | None:
    """Return the average entry price with two decimals more than the pair's prices; None when flat."""
    if position.lots == 0:
        return None
    decimals = instrument.price_decimals + 2
    shift = decimals + instrument.lot_decimals - MONEY_DECIMALS
    scaled = position.basis * 10**shift if shift >= 0 else position.basis // 10**-shift
    return scaled_text(scaled // position.lots, decimals)


def trader_row(
    view: TraderView,
    status: TraderStatus | None,
    position: PositionState,
    instrument: Instrument | None,
    book: BookSnapshot | None,
    now_ns: int,
) -> Row:
    """Return one trader's row; what is not known yet is null."""
    row: Row = {"pair": view.pair, "state": view.state, "pid": view.pid or None, "epoch": view.epoch, "reason": view.reason}
    profit = unrealised(position, instrument, book)
    net = Money(position.realised - position.fees)
    lease = status.lease if status is not None else Money(0)
    row |= {
        "strategy": status.strategy if status is not None else "",
        "realised_pnl": money_text(net),
        "unrealised_pnl": None if profit is None else money_text(profit),
        "fees": money_text(position.fees),
        "equity": None if profit is None else money_text(Money(lease + profit)),
        "lease": money_text(lease),
        "wins": position.wins,
        "losses": position.losses,
        "position": None if instrument is None else instrument.lots_text(position.lots),
        "avg_cost": None if instrument is None else average_cost_text(position, instrument),
        "mark": None if instrument is None or book is None else mid_text(book, instrument),
        "bid": None if instrument is None or book is None else instrument.price_text(book.bid_ticks[0]),
        "ask": None if instrument is None or book is None else instrument.price_text(book.ask_ticks[0]),
        "spread_bps": None if book is None else _spread_bps(book),
        "data_age_ms": None if book is None else number((now_ns - book.recv_ts_ns) / NANOS_PER_MS),
        "quotes": {"bid": None, "ask": None},
        "open_orders": [],
        "indicators": {},
    }
    if status is not None and instrument is not None:
        row["quotes"] = {"bid": _quote(status.orders, "buy", instrument), "ask": _quote(status.orders, "sell", instrument)}
        row["open_orders"] = [_order_row(order, instrument) for order in status.orders]
        row["indicators"] = {name: number(value) for name, value in status.indicators.items()}
        row["reason"] = view.reason or status.reason
    return row


def _spread_bps(book: BookSnapshot) -> float | None:
    bid, ask = book.bid_ticks[0], book.ask_ticks[0]
    return number((ask - bid) / (ask + bid) * 20_000)


def _quote(orders: Iterable[Quote], side: str, instrument: Instrument) -> Row | None:
    """Return our best resting order on one side."""
    mine = [order for order in orders if order.side == side and order.lots > order.filled_lots]
    if not mine:
        return None
    best = max(mine, key=lambda order: order.ticks if side == "buy" else -order.ticks)
    return {"price": instrument.price_text(best.ticks), "qty": instrument.lots_text(best.lots - best.filled_lots)}


def _order_row(order: Quote, instrument: Instrument) -> Row:
    return {
        "cl_ord_id": order.cl_ord_id,
        "side": order.side,
        "price": instrument.price_text(order.ticks),
        "qty": instrument.lots_text(order.lots),
        "filled_qty": instrument.lots_text(order.filled_lots),
        "state": order.state,
        "age_ms": number(order.age_ms),
    }


def scanner_row(score: PairScore, *, active: bool) -> Row:
    """Return one pair's row of the scanner table."""
    return {
        "pair": score.pair,
        "rank": score.rank,
        "score": number(score.score),
        "spread_bps": number(score.spread_bps),
        "volatility_bps": number(score.volatility_bps),
        "hurdle_bps": number(score.hurdle_bps),
        "tradeable": score.tradeable,
        "reason": score.reason,
        "active": active,
        "data_age_ms": number(score.data_age_ms),
    }


def lease_row(lease: CapitalLease, now_ns: int) -> Row:
    """Return one lease; `expires_in_s` is negative once it is frozen."""
    left_s = number((lease.expires_ns - now_ns) / NANOS_PER_SECOND)
    return {"pair": lease.pair, "epoch": lease.epoch, "amount": money_text(lease.amount), "expires_in_s": left_s}


def allocator_row(row: AllocatorStatus | None, now_ns: int) -> Row:
    """Return the allocator's part of the document."""
    if row is None:
        return {"capital": None, "granted": None, "free": None, "leases": []}
    return {
        "capital": money_text(row.capital),
        "granted": money_text(row.granted),
        "locked": money_text(row.locked),
        "free": money_text(Money(max(0, row.capital - row.granted - row.locked))),
        "leases": [lease_row(lease, now_ns) for lease in row.leases],
        "refused": dict(row.refused),
    }


def gateway_row(row: GatewayStatus | None, now_ns: int) -> Row:
    """Return the order gateway's part of the document."""
    if row is None:
        return {"state": "unknown"}
    return {
        "state": row.state,
        "reason": row.reason,
        "open_orders": row.open_orders,
        "unknown_orders": row.unknown_orders,
        "foreign_orders": row.foreign_orders,
        "budget_used": {pair: number(used) for pair, used in row.budget_used.items()},
        "requests": dict(row.requests),
        "age_ms": number((now_ns - row.ts_ns) / NANOS_PER_MS),
    }


def actor_row(beat: Heartbeat, heard_ns: int, restarts: int, hops: Mapping[str, Row], now_ns: int) -> Row:
    """Return one process's row by its last heartbeat, with the hops that end in it."""
    return {
        "name": beat.actor,
        "pid": beat.pid,
        "state": beat.state,
        "heartbeat_age_ms": number((now_ns - heard_ns) / NANOS_PER_MS),
        "restarts": restarts,
        "cpu_pct": number(beat.cpu_pct),
        "rss_mb": number(beat.rss_mb),
        "messages_per_s": number(beat.messages_per_s),
        "p50_us": number(beat.p50_us),
        "p99_us": number(beat.p99_us),
        "loop_lag_ms": number(beat.loop_lag_ms),
        "hops": hops,
    }


def trade_row(trade: TradeRecord, instrument: Instrument) -> Row:
    """Return one booked fill."""
    return {
        "ts_ns": trade.ts_ns,
        "pair": trade.pair,
        "side": trade.side,
        "price": instrument.price_text(trade.ticks),
        "qty": instrument.lots_text(trade.lots),
        "fee": money_text(trade.fee),
        "liquidity": trade.liquidity,
        "pnl": money_text(trade.pnl),
        "reason": trade.reason,
        "exec_id": trade.exec_id,
        "epoch": trade.epoch,
    }


def alert_row(alert: Alert) -> Row:
    """Return one thing the owner was told."""
    return {"ts_ns": alert.ts_ns, "level": alert.level.value, "actor": alert.actor, "key": alert.key, "text": alert.text}


def book_row(book: BookSnapshot, instrument: Instrument) -> Row:
    """Return the top of a book as [price, size] rows, best first."""
    return {
        "bids": _levels(book.bid_ticks, book.bid_lots, instrument),
        "asks": _levels(book.ask_ticks, book.ask_lots, instrument),
    }


def _levels(ticks: tuple[int, ...], lots: tuple[int, ...], instrument: Instrument) -> list[list[str]]:
    pairs = list(zip(ticks, lots, strict=True))[:DEPTH_SHOWN]
    return [[instrument.price_text(price), instrument.lots_text(size)] for price, size in pairs]


def by_pair(positions: Iterable[PositionState]) -> Mapping[str, PositionState]:
    """Return positions by their pair."""
    return {position.pair: position for position in positions}
