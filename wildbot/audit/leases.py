"""Leases as the statuses showed them, twice a second.

Rules: an instant is compared with what was seen shortly before and after; where nothing was, nothing is known. A status
    repeats what the allocator said last: it tells of the instant when that was said, not of the one when it was shown.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from wildbot.audit.facts import Facts, mapping, rows
from wildbot.audit.trail import NANOS, number

NEAR_NS = 3 * NANOS
NANOS_PER_MS = 1_000_000
FRESH_MS = 1_200.0
"""Two heartbeats of the allocator, and a little."""
ALLOCATOR = "balance_allocator"
TELLERS = (ALLOCATOR, "supervisor")
"""Who must live for leases to be seen, beside the pair's own trader: as one of them ends, leases come and go between two
statuses."""


@dataclass(frozen=True, slots=True)
class LeaseSeen:
    """One lease in one status."""

    ts_ns: int
    """When the allocator said so."""
    amount: Decimal
    epoch: int
    until_ns: int


class LeasesSeen:
    """All of them, by pair."""

    def __init__(self, facts: Facts) -> None:
        self._clock_moved_ns = facts.clock_moved_ns
        self._seen: dict[str, list[LeaseSeen]] = {}
        self._statuses: list[int] = []
        self._ends = [each for each in facts.evidence.processes if each.what != "started"]
        for status in facts.evidence.statuses:
            age_ms = _age_ms(status.document)
            if age_ms is None or age_ms > FRESH_MS:
                continue  # the allocator's row is an old one: it tells nothing of this instant
            said_ns = status.seen_ns - int(age_ms * NANOS_PER_MS)
            self._statuses.append(said_ns)
            for lease in rows(mapping(status.document.get("allocator")).get("leases")):
                self._seen.setdefault(str(lease["pair"]), []).append(_lease(lease, said_ns, status.seen_ns))
        self._statuses.sort()
        for seen in self._seen.values():
            seen.sort(key=_time_of)

    def near(self, pair: str, ts_ns: int) -> list[LeaseSeen]:
        """Return what was seen of a pair's leases around an instant."""
        seen = self._seen.get(pair, [])
        first = bisect_left(seen, ts_ns - NEAR_NS, key=_time_of)
        last = bisect_right(seen, ts_ns + NEAR_NS, key=_time_of)
        return seen[first:last]

    def largest_near(self, pair: str, ts_ns: int) -> Decimal | None:
        """Return the largest amount seen of a pair around an instant, or None: it may have grown while nobody looked."""
        if not self.is_watched(pair, ts_ns):
            return None
        return max((each.amount for each in self.near(pair, ts_ns)), default=None)

    def is_watched(self, pair: str, ts_ns: int) -> bool:
        """Whether a status stands shortly before an instant and one shortly after, and all lived to tell of this pair.

        `ts_ns` is the exchange's time.
        """
        if ts_ns >= self._clock_moved_ns:
            return False
        trader = pair.replace("/", "-")
        for end in self._ends:
            concerns = end.actor in TELLERS or trader in f"{end.actor} {end.detail}".replace("/", "-")
            if concerns and abs(ts_ns - end.at_ns) < NEAR_NS:
                return False
        place = bisect_left(self._statuses, ts_ns)
        before, after = self._statuses[place - 1 : place], self._statuses[place : place + 1]
        return bool(before and after) and ts_ns - before[0] < NEAR_NS // 2 and after[0] - ts_ns < NEAR_NS // 2


def _age_ms(document: Mapping[str, object]) -> float | None:
    """Return how old the allocator's word is in a status, None when it was never heard; without a row of it, it is new."""
    ages = [row.get("heartbeat_age_ms") for row in rows(document.get("actors")) if row.get("name") == ALLOCATOR]
    if not ages:
        return 0.0
    return None if ages[0] is None else float(str(ages[0]))


def _time_of(lease: LeaseSeen) -> int:
    return lease.ts_ns


def _lease(row: Mapping[str, object], said_ns: int, seen_ns: int) -> LeaseSeen:
    until_ns = seen_ns + int(float(str(row.get("expires_in_s", 0))) * NANOS)
    return LeaseSeen(said_ns, number(row["amount"]), int(str(row["epoch"])), until_ns)
