"""The exchange's order-rate counters by its published table: what a request costs, what its age adds, what is forgotten.

Rules: the fixed part of a request is counted even when the engine refuses it, unless the counter is full or there is no
    such order; what is turned away for the shape of its fields is free. Exact decimals.
Source: Kraken "API Order Rate Limits" for costs and decay; the texts of the refusals are those of the ledger.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)
NANOS = 1_000_000_000

DECAY_PER_S = {60: Decimal("1"), 125: Decimal("2.34"), 180: Decimal("3.75")}
AGE_COSTS = {
    ("amended", "User requested"): ((5, 3), (10, 2), (15, 1)),
    ("canceled", "Order replaced"): ((5, 6), (10, 5), (15, 4), (45, 2), (90, 1)),
    ("canceled", "User requested"): ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1)),
}
"""By what happened to an order and why (an edit replaces it): (age below seconds, added cost)."""

ADDS = frozenset({"add_order", "AddOrder"})
BATCHES = frozenset({"batch_add", "AddOrderBatch"})
AMENDS = frozenset({"amend_order", "AmendOrder"})
EDITS = frozenset({"edit_order", "EditOrder"})
PRICED = ADDS | BATCHES | AMENDS | EDITS
PAIR_NAMED = ADDS | BATCHES | EDITS
"""These say which pair they are for; the others name an order."""

NO_SUCH_ORDER = frozenset({"EOrder:Unknown order", "EOrder:Invalid order"})
_FREE = NO_SUCH_ORDER | {
    "EOrder:Rate limit exceeded", "EQuery:Unknown asset pair", "EGeneral:Invalid arguments:orders",
    "EGeneral:Invalid arguments:order_id", "EGeneral:Invalid arguments:txid",
}  # fmt: skip
_SHAPE = re.compile(r"Unsupported field: '|Currency pair not supported |\w+ field must be a ")
_ENGINE = re.compile(r"E(Order|Service|General):")
_ROW = re.compile(r"orders\[(\d+)\]")


@dataclass(slots=True)
class Counter:
    """One order-rate counter."""

    value: Decimal = ZERO
    at_ns: int = 0

    def now(self, ts_ns: int, decay: Decimal) -> Decimal:
        """Return what is left of it."""
        return max(ZERO, self.value - decay * (ts_ns - self.at_ns) / NANOS)

    def add(self, cost: Decimal, ts_ns: int, decay: Decimal) -> None:
        """Count a cost."""
        self.value, self.at_ns = self.now(ts_ns, decay) + cost, ts_ns


def fixed_cost(method: str, params: Mapping[str, Any]) -> Decimal:
    """Return the fixed part of one of the PRICED requests: half of one for each order of a batch, else one."""
    if method not in BATCHES:
        return Decimal(1)
    orders = params.get("orders")
    count = len(orders) if isinstance(orders, list) else len({row[1] for name in params if (row := _ROW.match(name))})
    return Decimal(count) / 2


def is_free(error: str) -> bool:
    """Whether a refusal with this text says that nothing was counted."""
    return error in _FREE or _SHAPE.match(error) is not None


def places_an_order(line: Mapping[str, Any]) -> bool:
    """Whether a line says that a fault placed an order for the account, which is counted as one of its own."""
    failed = line.get("failed", "")
    return (
        line["action"] == "fired"
        and line["verb"] == "foreign"
        and line["arguments"]["what"] in ("fill", "order")
        and (not failed or (_ENGINE.match(failed) is not None and not is_free(failed)))
    )


def touch_cost(exec_type: str, reason: str, age_ns: int) -> int:
    """Return what the age of an order adds to the price of what happened to it."""
    return next((cost for below_s, cost in AGE_COSTS.get((exec_type, reason), ()) if age_ns < below_s * NANOS), 0)
