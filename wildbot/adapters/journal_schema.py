"""The journal's tables, and the statements that fill them from the rows of `wildbot.model.journal`.

Rules: prices, sizes and money are exact decimal text; times are UTC nanoseconds. The names of `fills`, `orders`, `leases`
    and `events` are a promise to the outside world.
Source: SQLite "PRAGMA user_version", "PRAGMA application_id", "STRICT Tables".
"""

VERSION = 2
"""1: the first. 2: the stamp names the place of the exchange too."""

APPLICATION_ID = 0x57424A31
"""Tells our file from any other program's: "WBJ1"."""

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

LIVE_STATES = "('pending', 'open', 'partially_filled', 'unknown')"
"""An order in one of these may rest at the exchange."""

WRITE_FILL = "INSERT OR IGNORE INTO fills VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
WRITE_ORDER = "INSERT OR REPLACE INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
WRITE_LEASE = "INSERT INTO leases VALUES (?,?,?,?,?)"
WRITE_EVENT = "INSERT INTO events (ts_ns, kind, pair, text) VALUES (?,?,?,?)"
WRITE_META = "INSERT OR REPLACE INTO meta VALUES (?,?)"
