"""The journal on virtual time: committed rows that survive every crash of the gateway, and a disk that may refuse.

Rules: a batch is there whole or not at all; a fill that is there stays as it is; as `adapters.journal` does it.
"""

from collections.abc import Callable, Iterable, Mapping

from wildbot.model.errors import JournalError
from wildbot.model.journal import EventRow, FillRow, LeaseRow, OrderRow
from wildbot.trading.order_state import LIVE_STATES

LIVE = frozenset(state.value for state in LIVE_STATES)


class VirtualJournal:
    """The tables in memory; `fault` is why nothing can be written now, `true_ns` tells the true time of a commit."""

    def __init__(self, true_ns: Callable[[], int]) -> None:
        self.fault = ""
        self._true_ns = true_ns
        self._order_times: dict[str, tuple[int, int]] = {}
        self._event_times: list[int] = []
        self.fill_rows: dict[str, FillRow] = {}
        self.order_rows: dict[str, OrderRow] = {}
        self.lease_rows: tuple[LeaseRow, ...] = ()
        self.event_rows: list[EventRow] = []
        self.values: dict[str, str] = {}

    def write(
        self,
        *,
        fills: Iterable[FillRow] = (),
        orders: Iterable[OrderRow] = (),
        leases: Iterable[LeaseRow] | None = None,
        events: Iterable[EventRow] = (),
        meta: Mapping[str, str] | None = None,
    ) -> None:
        """Commit one batch. Raises: JournalError."""
        if self.fault:
            raise JournalError(self.fault)
        for fill in fills:
            self.fill_rows.setdefault(fill.trade_id, fill)
        now_ns = self._true_ns()
        for order in orders:
            first_ns, _ = self._order_times.get(order.cl_ord_id, (now_ns, now_ns))
            self._order_times[order.cl_ord_id] = first_ns, now_ns
            self.order_rows[order.cl_ord_id] = order
        if leases is not None:
            self.lease_rows = tuple(leases)
        for event in events:
            self.event_rows.append(event)
            self._event_times.append(now_ns)
        self.values |= meta or {}

    def fills(self) -> list[FillRow]:
        """Return all fills, oldest first."""
        return sorted(self.fill_rows.values(), key=lambda row: (row.ts_ns, row.pair_trade_id))

    def orders(self, *, closed_max: int) -> list[OrderRow]:
        """Return every order that is not closed, and the last `closed_max` closed ones."""
        live = [row for row in self.order_rows.values() if row.state in LIVE]
        closed = [row for row in self.order_rows.values() if row.state not in LIVE]
        closed.sort(key=lambda row: -row.created_ns)
        return [*live, *closed[:closed_max]]

    def leases(self) -> tuple[LeaseRow, ...]:
        """Return the leases that were in force last."""
        return self.lease_rows

    def meta(self) -> dict[str, str]:
        """Return the values by name."""
        return dict(self.values)

    def tables(self) -> dict[str, list[dict[str, object]]]:
        """Return the rows as mappings from column to value, by table; our own times are those of the true clock."""
        return {
            "fills": [row._asdict() for row in self.fill_rows.values()],
            "orders": [self._true_order(row)._asdict() for row in self.order_rows.values()],
            "leases": [row._asdict() for row in self.lease_rows],
            "events": [
                {"id": number, **row._replace(ts_ns=at_ns)._asdict()}
                for number, (row, at_ns) in enumerate(zip(self.event_rows, self._event_times, strict=True), 1)
            ],
        }

    def _true_order(self, row: OrderRow) -> OrderRow:
        first_ns, last_ns = self._order_times[row.cl_ord_id]
        return row._replace(created_ns=first_ns, updated_ns=last_ns)
