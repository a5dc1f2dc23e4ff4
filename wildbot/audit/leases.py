"""Leases as the statuses showed them, twice a second.

Rules: an instant is compared with what was seen shortly before and after; where nothing was, nothing is known.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from wildbot.audit.facts import Facts, mapping, rows
from wildbot.audit.trail import NANOS, number

NEAR_NS = 3 * NANOS
FRESH_MS = 1_200.0
"""Two heartbeats of the allocator, and a little."""
ALLOCATOR = "balance_allocator"


@dataclass(frozen=True, slots=True)
class LeaseSeen:
    """One lease in one status."""

    ts_ns: int
    amount: Decimal
    epoch: int
    until_ns: int


class LeasesSeen:
    """All of them, by pair."""

    def __init__(self, facts: Facts) -> None:
        self._seen: dict[str, list[LeaseSeen]] = {}
        self._statuses: list[int] = []
        self._ends = [each.at_ns for each in facts.evidence.processes if each.actor == ALLOCATOR and each.what != "started"]
        for status in facts.evidence.statuses:
            if not _is_fresh(status.document):
                continue  # the allocator's row is an old one: it tells nothing of this instant
            self._statuses.append(status.seen_ns)
            for lease in rows(mapping(status.document.get("allocator")).get("leases")):
                self._seen.setdefault(str(lease["pair"]), []).append(_lease(lease, status.seen_ns))

    def near(self, pair: str, ts_ns: int) -> list[LeaseSeen]:
        """Return what was seen of a pair's leases around an instant."""
        seen = self._seen.get(pair, [])
        first = bisect_left(seen, ts_ns - NEAR_NS, key=_time_of)
        last = bisect_right(seen, ts_ns + NEAR_NS, key=_time_of)
        return seen[first:last]

    def largest_near(self, pair: str, ts_ns: int) -> Decimal | None:
        """Return the largest amount seen of a pair around an instant, or None: it may have grown while nobody looked."""
        if not self.is_watched(ts_ns):
            return None
        return max((each.amount for each in self.near(pair, ts_ns)), default=None)

    def is_watched(self, ts_ns: int) -> bool:
        """Whether a status stands shortly before an instant and one shortly after, and the allocator lived to tell."""
        if any(abs(ts_ns - end_ns) < NEAR_NS for end_ns in self._ends):
            return False
        place = bisect_left(self._statuses, ts_ns)
        before, after = self._statuses[place - 1 : place], self._statuses[place : place + 1]
        return bool(before and after) and ts_ns - before[0] < NEAR_NS // 2 and after[0] - ts_ns < NEAR_NS // 2


def _is_fresh(document: Mapping[str, object]) -> bool:
    """Whether the allocator was heard when this status was made; without a row of it nobody says otherwise."""
    ages = [row.get("heartbeat_age_ms") for row in rows(document.get("actors")) if row.get("name") == ALLOCATOR]
    return not ages or (ages[0] is not None and float(str(ages[0])) <= FRESH_MS)


def _time_of(lease: LeaseSeen) -> int:
    return lease.ts_ns


def _lease(row: Mapping[str, object], seen_ns: int) -> LeaseSeen:
    until_ns = seen_ns + int(float(str(row.get("expires_in_s", 0))) * NANOS)
    return LeaseSeen(seen_ns, number(row["amount"]), int(str(row["epoch"])), until_ns)
