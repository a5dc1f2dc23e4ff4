"""The evidence, read once: what the rules look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wildbot.audit.evidence import Evidence
from wildbot.audit.trail import Trail, read_trail

Row = Mapping[str, object]
MILLISECOND = 1_000_000
CLOCK_FAULT = "clock.offset"
NEVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Facts:
    """`orders` and `fills` are the journal's rows by their ids; a fill that stands there twice is in `fills` once.

    Before `clock_moved_ns` the exchange's times are those of this machine: a fault may have moved its clock since.
    """

    evidence: Evidence
    trail: Trail
    orders: Mapping[str, Row]
    fills: Mapping[str, Row]
    fills_by_time: Sequence[Row]
    clock_moved_ns: int

    def row_of(self, cl_ord_id: str) -> Row | None:
        """Return the journal's row of an order."""
        return self.orders.get(cl_ord_id)

    def is_before_ledger(self, fill: Row) -> bool:
        """Whether a fill is older than the ledger; the journal keeps an exchange's times to the microsecond only."""
        return int(str(fill["ts_ns"])) < self.trail.from_ns // MILLISECOND * MILLISECOND


def read_facts(evidence: Evidence) -> Facts:
    """Read the ledger and index the journal."""
    journal = evidence.journal
    fills = {str(row["trade_id"]): row for row in journal.fills}
    trail = read_trail(evidence.ledger, evidence.account)
    return Facts(
        evidence,
        trail,
        {str(row["cl_ord_id"]): row for row in journal.orders},
        fills,
        sorted(fills.values(), key=by_time),
        min((each.ts_ns for each in trail.of("fault") if each.line.get("verb") == CLOCK_FAULT), default=NEVER),
    )


def by_time(fill: Row) -> tuple[int, int]:
    """Sort key of a fill's row: its time, then its number in the pair's public trades."""
    return int(str(fill["ts_ns"])), int(str(fill["pair_trade_id"]))


def rows(value: object) -> Sequence[Row]:
    """Return the list of rows inside a status or line; nothing for anything else."""
    return value if isinstance(value, list | tuple) else ()


def mapping(value: object) -> Row:
    """Return the object inside a status or line; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}
