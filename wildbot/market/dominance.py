"""Which instrument's signal is the strongest: what a strategy that trades only the best of several says of each.

Rules: a watch sees every verified book of its instrument and nothing else, so whoever holds the same books says the same.
    The order of signals is that of their dominance; the score breaks ties, then the name, so that it is total.
See: `StrategySpec.contest`, the strategy's own watch; `desk/entry_slot.py`, which lets one instrument enter at a time.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from wildbot.model.market_data import BookSnapshot
from wildbot.model.orders import Side


class EntrySignal(msgspec.Struct, frozen=True):
    """One instrument asks to be entered. `dominance` is the percentage of its stronger side; `score` the strategy's own
    measure on the same scale."""

    side: Side
    dominance: float
    score: float


class SignalWatch(Protocol):
    """The signal of one instrument."""

    def on_book(self, book: BookSnapshot) -> None:
        """Take in a two-sided, verified book."""

    def on_gap(self) -> None:
        """The book was invalid: what comes next does not follow from what came before."""

    @property
    def dominance(self) -> float | None:
        """The percentage of the stronger side (50..100); None before the first book."""

    @property
    def signal(self) -> EntrySignal | None:
        """The signal of the last book; None when there is none."""


class Contest(msgspec.Struct, frozen=True):
    """What a strategy of which one instrument may enter at a time needs: a watch per instrument, and how many entries a
    day all instruments together may have."""

    make_watch: Callable[[], SignalWatch]
    entries_per_day: int


def strongest_first(signals: Iterable[tuple[str, EntrySignal]]) -> list[tuple[str, EntrySignal]]:
    """Return (pair, signal)s, the one to execute first."""
    return sorted(signals, key=lambda each: (-each[1].dominance, -each[1].score, each[0]))
