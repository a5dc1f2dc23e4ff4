"""The journal on virtual time: committed rows that survive every crash of the gateway, and a disk that may refuse.

Rules: a batch is there whole or not at all; a fill that is there stays as it is; as `adapters.journal` does it.
"""

from collections.abc import Callable

from wildbot.desk.records import JournalBatch, JournalContents
from wildbot.model.errors import WildBotError
from wildbot.model.journal import EventRow, FillRow, LeaseRow, OrderRow
from wildbot.trading.order_state import LIVE_STATES

LIVE = frozenset(state.value for state in LIVE_STATES)


class JournalRefusedError(WildBotError):
    """The disk took nothing."""


class VirtualJournal:
    """The tables in memory; `fault` is why nothing can be written now, `true_ns` tells the true time of a commit."""

    def __init__(self, true_ns: Callable[[], int]) -> None:
        self.fault = ""
        self._true_ns = true_ns
        self._order_times: dict[str, tuple[int, int]] = {}
        self._event_times: list[int] = []
        self.fills: dict[str, FillRow] = {}
        self.orders: dict[str, OrderRow] = {}
        self.leases: tuple[LeaseRow, ...] = ()
        self.events: list[EventRow] = []
        self.meta: dict[str, str] = {}

    def write(self, batch: JournalBatch) -> None:
        """Commit one batch. Raises: JournalRefusedError."""
        if self.fault:
            raise JournalRefusedError(self.fault)
        for fill in batch.fills:
            self.fills.setdefault(fill.trade_id, fill)
        now_ns = self._true_ns()
        for order in batch.orders:
            first_ns, _ = self._order_times.get(order.cl_ord_id, (now_ns, now_ns))
            self._order_times[order.cl_ord_id] = first_ns, now_ns
            self.orders[order.cl_ord_id] = order
        if batch.leases is not None:
            self.leases = batch.leases
        self.events += batch.events
        self._event_times += [now_ns] * len(batch.events)
        self.meta |= batch.meta

    def contents(self, closed_max: int) -> JournalContents:
        """Return what a gateway reads when it starts."""
        fills = sorted(self.fills.values(), key=lambda row: (row.ts_ns, row.pair_trade_id))
        live = [row for row in self.orders.values() if row.state in LIVE]
        closed = [row for row in self.orders.values() if row.state not in LIVE]
        closed.sort(key=lambda row: -row.created_ns)
        return JournalContents(fills, [*live, *closed[:closed_max]], self.leases, dict(self.meta))

    def tables(self) -> dict[str, list[dict[str, object]]]:
        """Return the rows as mappings from column to value, by table; our own times are those of the true clock."""
        return {
            "fills": [row._asdict() for row in self.fills.values()],
            "orders": [self._true_order(row)._asdict() for row in self.orders.values()],
            "leases": [row._asdict() for row in self.leases],
            "events": [
                {"id": number, **row._replace(ts_ns=at_ns)._asdict()}
                for number, (row, at_ns) in enumerate(zip(self.events, self._event_times, strict=True), 1)
            ],
        }

    def _true_order(self, row: OrderRow) -> OrderRow:
        first_ns, last_ns = self._order_times[row.cl_ord_id]
        return row._replace(created_ns=first_ns, updated_ns=last_ns)
