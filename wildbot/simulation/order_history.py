"""What an account has done: its closed orders, their amendments, its executions, its ledger and its 30-day volume.

Known limit: the oldest entries are forgotten beyond the named maxima, as at the real exchange after some time.
"""

from collections import deque

from wildbot.model.exchange import Amendment, Execution, LedgerEntry, OrderView
from wildbot.model.instrument import NANOS_PER_SECOND, Money

CLOSED_ORDERS_MAX = 20_000
EXECUTIONS_MAX = 50_000
ENTRIES_MAX = 100_000
AMENDMENTS_MAX = 1_000
"""Amendments remembered per order; the original stays."""

VOLUME_DAYS = 30

_NANOS_PER_DAY = 86_400 * NANOS_PER_SECOND


class OrderHistory:
    """The past of one account, in the order it happened."""

    def __init__(self) -> None:
        self._closed: dict[str, OrderView] = {}
        self._by_client: dict[str, list[str]] = {}
        self._amendments: dict[str, list[Amendment]] = {}
        self._entries: deque[LedgerEntry] = deque(maxlen=ENTRIES_MAX)
        self._executions: deque[Execution] = deque(maxlen=EXECUTIONS_MAX)
        self._day_costs: deque[tuple[int, int]] = deque(maxlen=VOLUME_DAYS + 1)

    def add_closed(self, order: OrderView) -> None:
        """Remember an order that will never change again."""
        if len(self._closed) >= CLOSED_ORDERS_MAX:
            self._forget(next(iter(self._closed)))
        self._closed[order.order_id] = order
        if order.cl_ord_id:
            self._by_client.setdefault(order.cl_ord_id, []).append(order.order_id)

    def add_execution(self, execution: Execution) -> None:
        """Remember a trade; times must not go back by a whole day."""
        self._executions.append(execution)
        day = execution.ts_ns // _NANOS_PER_DAY
        if self._day_costs and self._day_costs[-1][0] >= day:
            last_day, cost = self._day_costs.pop()
            self._day_costs.append((last_day, cost + execution.cost))
        else:
            self._day_costs.append((day, execution.cost))

    def add_entry(self, entry: LedgerEntry) -> None:
        """Remember one change of a balance."""
        self._entries.append(entry)

    def add_amendment(self, order_id: str, original: Amendment, amendment: Amendment) -> None:
        """Remember how an order was changed; `original` is how it stood before its first change."""
        known = self._amendments.setdefault(order_id, [original])
        if len(known) >= AMENDMENTS_MAX:
            del known[1]
        known.append(amendment)

    def amendments(self, order_id: str) -> list[Amendment]:
        """Return how an order stood, the original first; empty when it was never changed."""
        return list(self._amendments.get(order_id, ()))

    def entries(self) -> list[LedgerEntry]:
        """Return the changes of balances, newest first."""
        return list(reversed(self._entries))

    def closed(self, order_id: str) -> OrderView | None:
        """Return a closed order by its id."""
        return self._closed.get(order_id)

    def closed_by_client(self, cl_ord_id: str) -> list[OrderView]:
        """Return the closed orders of a client order id, newest first."""
        return [self._closed[order_id] for order_id in reversed(self._by_client.get(cl_ord_id, []))]

    def all_closed(self) -> list[OrderView]:
        """Return the closed orders, newest first."""
        return list(reversed(self._closed.values()))

    def executions(self) -> list[Execution]:
        """Return the executions, newest first."""
        return list(reversed(self._executions))

    def volume(self, now_ns: int) -> Money:
        """Return the summed cost of the last 30 calendar days (UTC)."""
        first_day = now_ns // _NANOS_PER_DAY - VOLUME_DAYS
        return Money(sum(cost for day, cost in self._day_costs if day > first_day))

    def _forget(self, order_id: str) -> None:
        order = self._closed.pop(order_id)
        self._amendments.pop(order_id, None)
        if order.cl_ord_id:
            remaining = self._by_client[order.cl_ord_id]
            remaining.remove(order_id)
            if not remaining:
                del self._by_client[order.cl_ord_id]
