"""Several recorded markets as one: those of one recording run by one clock, each event at its own moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from wildbot.model.instrument import Instrument
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.market import Market
from wildbot.simulation.pace import Pace


class RecordedMarket(Market, Protocol):
    """A market that was recorded, and knows when."""

    @property
    def begins_ns(self) -> int | None:
        """The recording's own time of its next event; None when it is over."""

    def tie(self, shift_ns: int) -> None:
        """State by how much the exchange's time is ahead of the recording's; the first `step` puts up the first book."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One opened recording: its instruments, and how to make its market on an exchange that lists them."""

    instruments: tuple[Instrument, ...]
    market: Callable[[SimulatedExchange, Pace], RecordedMarket]


class JointMarket:
    """Recordings of several pairs on one exchange; the earliest first event of them is due at `start`'s time."""

    def __init__(self, markets: Sequence[RecordedMarket]) -> None:
        self._markets = tuple(markets)

    @property
    def begins_ns(self) -> int | None:
        """The recordings' own time of their next event; None when they are over."""
        return min((begins for market in self._markets if (begins := market.begins_ns) is not None), default=None)

    def tie(self, shift_ns: int) -> None:
        """State by how much the exchange's time is ahead of the recordings'."""
        for market in self._markets:
            market.tie(shift_ns)

    def start(self, now_ns: int) -> None:
        """Tie the recordings' common time to the exchange's and put up the first books."""
        self.tie(now_ns - (self.begins_ns or 0))
        self.step(now_ns)

    def next_due_ns(self) -> int | None:
        """Return when the next event is due; None when all tapes are over."""
        return min((due for market in self._markets if (due := market.next_due_ns()) is not None), default=None)

    def step(self, now_ns: int) -> None:
        """Apply every event due at or before `now_ns`, in order of time over all pairs."""
        while (due_ns := self.next_due_ns()) is not None and due_ns <= now_ns:
            for market in self._markets:
                market.step(due_ns)
