"""The private streams' messages: execution reports and balances.

Rules: one report per message, so that a client can route by it; the fields of each kind of report are those that were
    seen live, in that order. A trade that completes its order still says `partially_filled`; `filled` follows.
Source: Kraken `executions` and `balances` channels, recorded messages.
Known limit: `fee_usd_equiv` takes the quote currency for dollars.
"""

from collections.abc import Iterable, Mapping
from typing import assert_never

import msgspec

from wildbot.model.exchange import ExecType, Execution, Kind, LedgerEntry, OrderEvent, OrderStatus, OrderView
from wildbot.model.instrument import Instrument, Liquidity, Money, money_text
from wildbot.venues.kraken.server_names import precision
from wildbot.venues.kraken.server_text import (
    asset_text,
    average_ticks,
    cost_text,
    fee_in_quote,
    fee_text,
    lots_number,
    number,
    price_number,
    timestamp,
)
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

Report = dict[str, object]

SNAPSHOT_TRADES_MAX = 50
ACK_WARNINGS = (
    "cancel_reason is deprecated, use reason",
    "stop_price is deprecated, use triggers.price",
    "trigger is deprecated use triggers.reference",
    "triggered_price is deprecated use triggers.last_price",
)
TRIGGERED = (Kind.STOP_LOSS, Kind.STOP_LOSS_LIMIT, Kind.TAKE_PROFIT, Kind.TAKE_PROFIT_LIMIT)
SHORT_STATUSES = frozenset(
    {
        ExecType.NEW,
        ExecType.TRADE,
        ExecType.FILLED,
        ExecType.CANCELED,
        ExecType.EXPIRED,
        ExecType.AMENDED,
        ExecType.RESTATED,
    }
)
"""What a subscriber with `order_status: false` still hears."""


def execution_report(instrument: Instrument, event: OrderEvent, assume: Unconfirmed = DEFAULTS) -> Report:
    """Return the report of one order event."""
    match event.exec_type:
        case ExecType.PENDING_NEW:
            return _described(instrument, event.order, "pending_new", OrderStatus.PENDING_NEW, event.ts_ns)
        case ExecType.NEW | ExecType.STATUS:
            return _short(event)
        case ExecType.TRADE:
            assert event.execution is not None, event
            return _trade(instrument, event.execution, event.order)
        case ExecType.FILLED:
            if assume.filled_event == "full":
                described = _described(instrument, event.order, "filled", event.order.status, event.ts_ns)
                return described | _sums(instrument, event.order.filled_lots, event.order.cost)
            return _final(instrument, event, "")
        case ExecType.CANCELED | ExecType.EXPIRED:
            return _final(instrument, event, event.order.reason)
        case ExecType.AMENDED:
            return _amended(instrument, event, event.order.reason or "User requested")
        case ExecType.RESTATED:
            return _amended(instrument, event, event.order.reason)
        case _:
            assert_never(event.exec_type)


def open_order_report(instrument: Instrument, order: OrderView) -> Report:
    """Return a resting order as the snapshot shows it."""
    report = _described(instrument, order, "new", order.status, order.opened_ns)
    report["cum_qty"] = lots_number(instrument, order.filled_lots)
    report["avg_price"] = price_number(instrument, average_ticks(instrument, order.cost, order.filled_lots))
    return report


def snapshot_trade_report(instrument: Instrument, execution: Execution) -> Report:
    """Return a past execution as the snapshot shows it: without sums, and always `filled`."""
    return _trade(instrument, execution, None)


def _dollars(instrument: Instrument, owed: OrderView | Execution) -> msgspec.Raw:
    """Return a fee in dollars: with the pair's cost decimals when it is quoted in dollars, else with those of a dollar."""
    lots = owed.lots if isinstance(owed, Execution) else owed.filled_lots
    fee = fee_in_quote(instrument, owed.fee, in_base=_in_base(instrument, owed), cost=owed.cost, lots=lots)
    return number(cost_text(instrument, fee) if instrument.quote == "USD" else money_text(fee, precision("USD")))


def _in_base(instrument: Instrument, owed: OrderView | Execution) -> bool:
    return owed.fee_asset == instrument.base if isinstance(owed, Execution) else owed.fee_in_base


def _ids(order: OrderView | Execution) -> Report:
    return {"cl_ord_id": order.cl_ord_id} if order.cl_ord_id else {"order_userref": order.userref}


def _post_only(order: OrderView) -> Report:
    return {"post_only": True} if order.post_only else {}


def _described(instrument: Instrument, order: OrderView, exec_type: str, status: OrderStatus, ts_ns: int) -> Report:
    report: Report = {
        "order_id": order.order_id,
        "symbol": order.pair,
        "order_qty": lots_number(instrument, order.lots),
        "cum_cost": number(cost_text(instrument, order.cost)),
        "time_in_force": order.tif.upper(),
        "exec_type": exec_type,
        "side": order.side,
        "order_type": order.kind,
        **_ids(order),
        "limit_price_type": "static",
    }
    if order.kind in TRIGGERED:
        report["triggers"] = {
            "price": price_number(instrument, order.trigger_ticks),
            "price_type": "static",
            "reference": "last",
            "status": "triggered" if order.triggered else "untriggered",
        }
    if order.ticks:
        report["limit_price"] = price_number(instrument, order.ticks)
    report["stop_price"] = price_number(instrument, order.trigger_ticks)
    if order.kind in TRIGGERED:
        report["trigger"] = "last"
    report |= {
        **_post_only(order),
        "order_status": status,
        "fee_usd_equiv": _dollars(instrument, order),
        "fee_ccy_pref": "fcib" if order.fee_in_base else "fciq",
        "timestamp": timestamp(ts_ns),
    }
    return report


def _short(event: OrderEvent) -> Report:
    return {
        "timestamp": timestamp(event.ts_ns),
        "order_status": event.order.status,
        "exec_type": event.exec_type,
        **_post_only(event.order),
        **_ids(event.order),
        "order_id": event.order.order_id,
    }


def _trade(instrument: Instrument, execution: Execution, order: OrderView | None) -> Report:
    fee = number(fee_text(instrument, execution.fee, in_base=_in_base(instrument, execution)))
    report: Report = {
        "order_id": execution.order_id,
        **_ids(execution),
        "exec_id": execution.exec_id,
        "exec_type": "trade",
        "trade_id": execution.trade_id,
        "symbol": execution.pair,
        "side": execution.side,
        "last_qty": lots_number(instrument, execution.lots),
        "last_price": price_number(instrument, execution.ticks),
        "liquidity_ind": "m" if execution.liquidity is Liquidity.MAKER else "t",
        "cost": number(cost_text(instrument, execution.cost)),
        "order_status": "filled" if order is None else "partially_filled",
        "order_type": execution.kind,
        "timestamp": timestamp(execution.ts_ns),
    }
    if order is not None:
        report |= _sums(instrument, order.filled_lots, order.cost)
    report |= {"fee_usd_equiv": _dollars(instrument, execution), "fees": [{"asset": execution.fee_asset, "qty": fee}]}
    return report


def _sums(instrument: Instrument, filled_lots: int, cost: Money) -> Report:
    return {
        "cum_qty": lots_number(instrument, filled_lots),
        "cum_cost": number(cost_text(instrument, cost)),
        "avg_price": price_number(instrument, average_ticks(instrument, cost, filled_lots)),
    }


def _final(instrument: Instrument, event: OrderEvent, reason: str) -> Report:
    order = event.order
    return {
        "timestamp": timestamp(event.ts_ns),
        "order_status": order.status,
        "exec_type": event.exec_type,
        "cum_qty": lots_number(instrument, order.filled_lots),
        "cum_cost": number(cost_text(instrument, order.cost)),
        "fee_usd_equiv": _dollars(instrument, order),
        "avg_price": price_number(instrument, average_ticks(instrument, order.cost, order.filled_lots)),
        **_ids(order),
        **_post_only(order),
        **({"cancel_reason": reason, "reason": reason} if reason else {}),
        "order_id": order.order_id,
    }


def _amended(instrument: Instrument, event: OrderEvent, reason: str) -> Report:
    order = event.order
    return {
        "order_id": order.order_id,
        **_ids(order),
        "timestamp": timestamp(event.ts_ns),
        "exec_type": event.exec_type,
        "order_status": order.status,
        "cum_qty": lots_number(instrument, order.filled_lots),
        "reason": reason,
        "amended": event.exec_type is ExecType.AMENDED,
        "order_qty": lots_number(instrument, order.lots),
        **({"limit_price": price_number(instrument, order.ticks)} if order.ticks else {}),
        "limit_price_type": "static",
    }


def balance_rows(balances: Mapping[str, int]) -> list[Report]:
    """Return the balances snapshot's rows: totals, not reduced by open orders."""
    rows: list[Report] = []
    for asset, units in sorted(balances.items()):
        balance = number(asset_text(units, precision(asset)))
        wallet = {"type": "spot", "id": "main", "balance": balance}
        rows.append({"asset": asset, "asset_class": "currency", "balance": balance, "wallets": [wallet]})
    return rows


def ledger_row(entry: LedgerEntry) -> Report:
    """Return one balance change as the stream shows it."""
    decimals = precision(entry.asset)
    return {
        "ledger_id": entry.ledger_id,
        "ref_id": entry.ref_id,
        "timestamp": timestamp(entry.ts_ns),
        "type": entry.kind,
        "asset": entry.asset,
        "asset_class": "currency",
        "category": entry.kind,
        "wallet_type": "spot",
        "wallet_id": "main",
        "amount": number(asset_text(entry.change, decimals)),
        "fee": number(asset_text(entry.fee, decimals)),
        "balance": number(asset_text(entry.balance, decimals)),
    }


def executions_snapshot(
    instruments: Mapping[str, Instrument], orders: Iterable[OrderView], executions: Iterable[Execution]
) -> list[Report]:
    """Return the snapshot's reports: open orders first, then past executions, each newest first."""
    reports = [open_order_report(instruments[order.pair], order) for order in orders]
    reports += [snapshot_trade_report(instruments[each.pair], each) for each in executions]
    return reports
