"""Numbers over time, each row with one word: what a trader saw and why it acted, the scores of the pairs, the actors' pace.

Rules: a snapshot brings the past, documents go on from there, and a row is never older than another by less than
    `STEP_NS`. Everything is bounded, in rows and in names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wildbot.dashboard.view.chart import Line
from wildbot.dashboard.view.document import TEXT_MAX, JsonObject, as_number, section

ROWS_MAX = 900
NAMES_MAX = 40
STEP_NS = 1_000_000_000


@dataclass(slots=True)
class Track:
    """One table over time, by time in nanoseconds."""

    rows: dict[int, tuple[str, Mapping[str, float | None]]] = field(default_factory=dict)

    def add(self, ts_ns: int, word: str, numbers: Mapping[str, float | None]) -> None:
        """Go on with one row, unless the last one is younger than STEP_NS."""
        if ts_ns - next(reversed(self.rows), 0) < STEP_NS:
            return
        self.rows[ts_ns] = (word, dict(list(numbers.items())[:NAMES_MAX]))
        while len(self.rows) > ROWS_MAX:
            del self.rows[next(iter(self.rows))]

    def join(self, columns: JsonObject) -> None:
        """Take in the columns of a snapshot: {"ts_ns": [...], "words": [...], "values": {name: [...]}}."""
        told = columns.get("ts_ns")
        times = [moment for moment in told if isinstance(moment, int)] if isinstance(told, list) else []
        words, values = columns.get("words"), section(columns, "values")
        known = {name: column for name, column in list(values.items())[:NAMES_MAX] if isinstance(column, list)}
        for place, moment in enumerate(times[-ROWS_MAX:], start=max(0, len(times) - ROWS_MAX)):
            word = words[place] if isinstance(words, list) and place < len(words) else ""
            numbers = {name: as_number(column[place]) for name, column in known.items() if place < len(column)}
            self.rows.setdefault(moment, (word[:TEXT_MAX] if isinstance(word, str) else "", numbers))
        self.rows = dict(sorted(self.rows.items())[-ROWS_MAX:])

    def copy(self) -> "Track":
        """Return the rows as they are now."""
        return Track(dict(self.rows))

    def names(self) -> list[str]:
        """Return every name, in the order of its first row."""
        return list(dict.fromkeys(name for _, numbers in self.rows.values() for name in numbers))

    def line(self, name: str, label: str = "") -> Line:
        """Return one name over time, under a label."""
        return label or name, list(self.rows), [numbers.get(name) for _, numbers in self.rows.values()]

    def words(self) -> list[tuple[int, str]]:
        """Return (ts_ns, word) of each row, oldest first."""
        return [(moment, word) for moment, (word, _) in self.rows.items()]
