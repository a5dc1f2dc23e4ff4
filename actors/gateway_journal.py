"""The order gateway's rows on their way to disk: one transaction a batch, and nothing forgotten that failed.

Rules: what could not be written stays in front of what comes next, so that a fill whose row failed is written as soon as
    the disk takes rows again; orders that depended on it have not left meanwhile.
Owns: the rows that are not on disk yet; how long the last commit took.
"""

from collections.abc import Callable, Mapping, Sequence

from wildbot.adapters import failpoints
from wildbot.adapters.journal import Journal, JournalError
from wildbot.desk.gateway_commands import GatewayCommand
from wildbot.desk.intents import CLOSED_KEPT_MAX
from wildbot.desk.records import JournalBatch, JournalContents, journal_batch
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument

AGAIN_NS = 5 * NANOS_PER_SECOND
"""A locked journal holds the loop up for two seconds at each try, so tries are rare."""


class GatewayJournal:
    """Write batches; after a failure `catch_up` now and then."""

    def __init__(self, journal: Journal, now_ns: Callable[[], int]) -> None:
        self._journal = journal
        self._now_ns = now_ns
        self._unwritten = JournalBatch()
        self._tried_ns = 0
        self.took_ns = 0

    def write(self, batch: Sequence[GatewayCommand], instruments: Mapping[str, Instrument]) -> None:
        """Put the rows of a batch on disk. Raises: JournalError, and keeps them."""
        rows = journal_batch(batch, instruments).after(self._unwritten)
        if not rows:
            return
        if rows.fills:
            failpoints.reach("gw.fill_seen")
        self._tried_ns = self._now_ns()
        try:
            self._journal.write(
                fills=rows.fills, orders=rows.orders, leases=rows.leases, events=rows.events, meta=dict(rows.meta)
            )
        except JournalError:
            self._unwritten = rows
            raise
        finally:
            self.took_ns = max(0, self._now_ns() - self._tried_ns)
        self._unwritten = JournalBatch()
        if rows.fills:
            failpoints.reach("gw.fill_committed")

    def catch_up(self, *, at_once: bool = False) -> bool:
        """Write what is left, when it is time to or `at_once`; return whether everything is on disk now."""
        if not self._unwritten:
            return True
        if not at_once and abs(self._now_ns() - self._tried_ns) < AGAIN_NS:
            return False
        try:
            self.write((), {})
        except JournalError:
            return False
        return True

    def contents(self) -> JournalContents:
        """Return what the journal remembers, for the start."""
        journal = self._journal
        return JournalContents(
            journal.fills(), journal.orders(closed_max=CLOSED_KEPT_MAX), journal.leases(), journal.meta()
        )
