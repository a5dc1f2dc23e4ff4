"""The order gateway's rows on their way to the journal: one transaction a batch, and nothing forgotten that failed.

Rules: what could not be written stays in front of what comes next, so that a fill whose row failed is written as soon as
    the disk takes rows again; orders that depended on it have not left meanwhile.
Owns: the rows that are not on disk yet; how long the last commit took.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from wildbot.desk.gateway_commands import GatewayCommand
from wildbot.desk.intents import CLOSED_KEPT_MAX
from wildbot.desk.records import JournalBatch, JournalContents, journal_batch
from wildbot.model.errors import JournalError
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument
from wildbot.model.journal import EventRow, FillRow, LeaseRow, OrderRow

AGAIN_NS = 5 * NANOS_PER_SECOND
"""A locked journal holds the loop up for two seconds at each try, so tries are rare."""


class JournalStore(Protocol):
    """Where rows are kept: whole batches or nothing. `write` raises JournalError."""

    def write(
        self,
        *,
        fills: Collection[FillRow] = (),
        orders: Collection[OrderRow] = (),
        leases: Collection[LeaseRow] | None = None,
        events: Collection[EventRow] = (),
        meta: Mapping[str, str] | None = None,
    ) -> None:
        """Put one batch on disk; `leases` replaces all leases in force."""

    def fills(self) -> Iterable[FillRow]:
        """Return all fills, oldest first."""

    def orders(self, *, closed_max: int) -> Iterable[OrderRow]:
        """Return every order that is not closed, and the last `closed_max` closed ones."""

    def leases(self) -> Iterable[LeaseRow]:
        """Return the leases that were in force last."""

    def meta(self) -> dict[str, str]:
        """Return the values by name."""


class JournalKeeper:
    """Write batches; after a failure `catch_up` now and then.

    `reach` hears how far a batch with fills has come; `committed` sees each batch as soon as it is on disk.
    """

    def __init__(
        self,
        store: JournalStore,
        now_ns: Callable[[], int],
        reach: Callable[[str], None],
        committed: Callable[[JournalBatch], None] = lambda rows: None,
    ) -> None:
        self._store = store
        self._now_ns = now_ns
        self._reach = reach
        self._committed = committed
        self._unwritten = JournalBatch()
        self._tried_ns = 0
        self.took_ns = 0

    def write(self, batch: Sequence[GatewayCommand], instruments: Mapping[str, Instrument]) -> None:
        """Put the rows of a batch on disk, behind those that failed. Raises: JournalError, and keeps them all.

        A batch without rows asks nothing of the disk: the news that a write failed must not be the next try.
        """
        rows = journal_batch(batch, instruments)
        if rows:
            self._commit(rows.after(self._unwritten))

    def _commit(self, rows: JournalBatch) -> None:
        if rows.fills:
            self._reach("gw.fill_seen")
        self._tried_ns = self._now_ns()
        try:
            self._store.write(fills=rows.fills, orders=rows.orders, leases=rows.leases, events=rows.events, meta=rows.meta)
        except JournalError:
            self._unwritten = rows
            raise
        finally:
            self.took_ns = max(0, self._now_ns() - self._tried_ns)
        self._unwritten = JournalBatch()
        self._committed(rows)
        if rows.fills:
            self._reach("gw.fill_committed")

    def catch_up(self, *, at_once: bool = False) -> bool:
        """Write what is left, when it is time to or `at_once`; return whether everything is on disk now."""
        if not self._unwritten:
            return True
        if not at_once and abs(self._now_ns() - self._tried_ns) < AGAIN_NS:
            return False
        try:
            self._commit(self._unwritten)
        except JournalError:
            return False
        return True

    def contents(self) -> JournalContents:
        """Return what the journal remembers, for the start."""
        store = self._store
        return JournalContents(store.fills(), store.orders(closed_max=CLOSED_KEPT_MAX), store.leases(), store.meta())
