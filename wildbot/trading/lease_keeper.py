"""The trader's side of its lease: ask, renew, and never use what has expired.

Owns: the lease in force and why there is none.
"""

from wildbot.model.desk import CapitalLease, LeaseRefused, LeaseRequest
from wildbot.model.instrument import NANOS_PER_SECOND, Money

RENEW_NS = 2 * NANOS_PER_SECOND


class LeaseKeeper:
    """One pair's capital, as far as this trader start knows."""

    __slots__ = ("_asked_ns", "_epoch", "_lease", "_pair", "refusal")

    def __init__(self, pair: str, epoch: int) -> None:
        self._pair = pair
        self._epoch = epoch
        self._asked_ns = -RENEW_NS
        self._lease: CapitalLease | None = None
        self.refusal = ""

    def renewal(self, needed: Money, now_ns: int) -> LeaseRequest | None:
        """Return the request that is due, if one is."""
        if now_ns - self._asked_ns < RENEW_NS:
            return None
        self._asked_ns = now_ns
        return LeaseRequest(self._pair, self._epoch, needed)

    def granted(self, lease: CapitalLease) -> bool:
        """Take a lease; one of another pair or epoch is ignored. Return whether the sum at work changed."""
        if lease.pair != self._pair or lease.epoch != self._epoch:
            return False
        changed = self._lease is None or self._lease.amount != lease.amount
        self._lease = lease
        self.refusal = ""
        return changed

    def refused(self, refusal: LeaseRefused) -> bool:
        """Take a refusal: what was granted before simply runs out. Return whether its reason is new."""
        if refusal.pair != self._pair or refusal.epoch != self._epoch or refusal.reason == self.refusal:
            return False
        self.refusal = refusal.reason
        return True

    def amount(self, now_ns: int) -> Money:
        """Return what may be at work now; 0 when nothing is granted or it has run out."""
        lease = self._lease
        return lease.amount if lease is not None and now_ns < lease.expires_ns else Money(0)
