"""What a recording held and what of it could not be used: counts, and sentences for whoever reads the result.

Rules: times never go back: a row that is older than one before it is held at the latest time, and counted. Nothing is
    bridged in silence: how long there was no book, and how long nothing at all was recorded, is told.
"""

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND

SILENCE_NS = 60 * NANOS_PER_SECOND
"""A time without a row that is told: as long as a quiet market's, and longer than a live feed is trusted."""
STEP_NS = 31 * 86_400 * NANOS_PER_SECOND
"""A time without a row that no recording has: its clock is broken from there on."""
MISMATCHES_TOLD = 0.02
"""Share of a recording's executions off the best price from which on its files are doubted."""


class TapeNotes(msgspec.Struct):
    """What a recording held. `rows` counts recorded lines or level changes; the rest what could not be used; `remarks` are
    sentences about it. `clock_steps` are steps back of the clock, `held` the rows held until it had caught up; `mismatched`
    executions at a price that was not the best one; `void_ns` is how long there was no book to trade on, `silent_ns` how
    long nothing was recorded, in `silences` of more than SILENCE_NS."""

    rows: int = 0
    books: int = 0
    trades: int = 0
    crossed: int = 0
    one_sided: int = 0
    gaps: int = 0
    unreadable: int = 0
    clock_steps: int = 0
    held: int = 0
    silences: int = 0
    executions: int = 0
    mismatched: int = 0
    void_ns: int = 0
    silent_ns: int = 0
    longest_ns: int = 0
    longest_from_ns: int = 0
    began_ns: int = 0
    ended_ns: int = 0
    remarks: list[str] = []

    @property
    def skipped(self) -> int:
        """How many books could not be traded on, gaps, and steps back of the recording's clock."""
        return self.crossed + self.one_sided + self.gaps + self.unreadable + self.clock_steps + len(self.remarks)

    @property
    def counts(self) -> dict[str, int]:
        """How much of what kind could not be used."""
        kinds = ("crossed", "one_sided", "gaps", "unreadable", "clock_steps", "silences")
        return {kind: getattr(self, kind) for kind in kinds}

    def told(self, pair: str) -> list[str]:
        """Return in sentences what could not be used."""
        counted = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in self.counts.items() if count)
        return [f"{pair}: {each}" for each in ([f"skipped {counted}"] if counted else []) + self.remarks]

    def silence(self, since_ns: int, until_ns: int) -> None:
        """Nothing was recorded between these times."""
        self.silences += 1
        self.silent_ns += until_ns - since_ns
        if until_ns - since_ns > self.longest_ns:
            self.longest_ns, self.longest_from_ns = until_ns - since_ns, since_ns

    def conclude(self) -> None:
        """Say in sentences what the counts do not; once, when everything was read."""
        span_ns = self.ended_ns - self.began_ns
        if self.silences:
            self.remarks.append(
                f"nothing was recorded for {_seconds(self.silent_ns)} of {_seconds(span_ns)},"
                f" the longest time for {_seconds(self.longest_ns)} from"
                f" {_seconds(self.longest_from_ns - self.began_ns)} after its beginning on"
            )
        if self.void_ns:
            self.remarks.append(f"there was no book to trade on for {_seconds(self.void_ns)} of {_seconds(span_ns)}")
        if self.clock_steps:
            times = "once" if self.clock_steps == 1 else f"{self.clock_steps} times"
            self.remarks.append(f"the clock went back {times}; {self.held} rows were held until it had caught up")
        if self.mismatched > MISMATCHES_TOLD * self.executions:
            self.remarks.append(
                f"{self.mismatched} of {self.executions} executions were not at the best price of the book before:"
                " lines are missing, or the two files do not belong together"
            )


class TapeClock:
    """The time of a recording, which never goes back."""

    __slots__ = ("_notes", "_seen_ns", "now_ns")

    def __init__(self, notes: TapeNotes) -> None:
        self._notes = notes
        self._seen_ns = 0
        self.now_ns = 0

    def at(self, ts_ns: int) -> int:
        """Return the time at which a row counts that says `ts_ns`. Raises: ProtocolError when it is absurdly late."""
        notes = self._notes
        if ts_ns < self._seen_ns:
            notes.clock_steps += 1
        self._seen_ns = ts_ns
        if ts_ns < self.now_ns:
            notes.held += 1
            return self.now_ns
        if not self.now_ns:
            notes.began_ns = ts_ns
        elif ts_ns - self.now_ns > SILENCE_NS:
            if ts_ns - self.now_ns > STEP_NS:
                days = (ts_ns - self.now_ns) // (86_400 * NANOS_PER_SECOND)
                raise ProtocolError(f"the clock goes {days:,} days ahead at once")
            notes.silence(self.now_ns, ts_ns)
        self.now_ns = notes.ended_ns = ts_ns
        return ts_ns


def _seconds(ns: int) -> str:
    return f"{ns / NANOS_PER_SECOND:,.1f} s"
