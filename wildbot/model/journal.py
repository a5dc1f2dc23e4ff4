"""The rows of the journal's tables, as they go in and come out.

Rules: prices, sizes and money are exact decimal text; times are UTC nanoseconds. Fields stand in the order of the
    table's columns, and their names are a promise to the outside world.
"""

from typing import NamedTuple


class FillRow(NamedTuple):
    """One execution; `trade_id` is the exchange's unique id, `pair_trade_id` its number in the pair's public sequence."""

    trade_id: str
    order_id: str
    cl_ord_id: str
    pair: str
    side: str
    price: str
    qty: str
    cost: str
    fee: str
    fee_asset: str
    liquidity: str
    pnl: str
    reason: str
    pair_trade_id: int
    ts_ns: int
    epoch: int


class OrderRow(NamedTuple):
    """One order as it stands; `reason` is how it ended, `strategy_reason` why it was placed."""

    cl_ord_id: str
    order_id: str
    pair: str
    side: str
    type: str
    price: str
    qty: str
    filled_qty: str
    state: str
    reason: str
    purpose: str
    time_in_force: str
    post_only: int
    strategy_reason: str
    created_ns: int
    updated_ns: int
    epoch: int


class LeaseRow(NamedTuple):
    """One lease in force."""

    pair: str
    epoch: int
    amount: str
    expires_ns: int
    version: int


class EventRow(NamedTuple):
    """One line of history."""

    ts_ns: int
    kind: str
    pair: str
    text: str
