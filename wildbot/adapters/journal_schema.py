"""The journal's tables, and the rows that go in and out.

Rules: prices, sizes and money are exact decimal text; times are UTC nanoseconds. The names of `fills`, `orders`, `leases`
    and `events` are a promise to the outside world.
Source: SQLite "PRAGMA user_version", "STRICT Tables".
"""

from typing import NamedTuple

VERSION = 1

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE fills (
    trade_id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL, cl_ord_id TEXT NOT NULL, pair TEXT NOT NULL, side TEXT NOT NULL,
    price TEXT NOT NULL, qty TEXT NOT NULL, cost TEXT NOT NULL, fee TEXT NOT NULL, fee_asset TEXT NOT NULL,
    liquidity TEXT NOT NULL, pnl TEXT NOT NULL, reason TEXT NOT NULL, pair_trade_id INTEGER NOT NULL,
    ts_ns INTEGER NOT NULL, epoch INTEGER NOT NULL
) STRICT;
CREATE INDEX fills_by_time ON fills (ts_ns);
CREATE TABLE orders (
    cl_ord_id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL, pair TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL,
    price TEXT NOT NULL, qty TEXT NOT NULL, filled_qty TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    purpose TEXT NOT NULL, time_in_force TEXT NOT NULL, post_only INTEGER NOT NULL, strategy_reason TEXT NOT NULL,
    created_ns INTEGER NOT NULL, updated_ns INTEGER NOT NULL, epoch INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_by_state ON orders (state);
CREATE TABLE leases (
    pair TEXT PRIMARY KEY, epoch INTEGER NOT NULL, amount TEXT NOT NULL, expires_ns INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE TABLE events (
    id INTEGER PRIMARY KEY, ts_ns INTEGER NOT NULL, kind TEXT NOT NULL, pair TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
"""

WRITE_FILL = "INSERT OR IGNORE INTO fills VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
WRITE_ORDER = "INSERT OR REPLACE INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
WRITE_LEASE = "INSERT INTO leases VALUES (?,?,?,?,?)"
WRITE_EVENT = "INSERT INTO events (ts_ns, kind, pair, text) VALUES (?,?,?,?)"
WRITE_META = "INSERT OR REPLACE INTO meta VALUES (?,?)"


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
