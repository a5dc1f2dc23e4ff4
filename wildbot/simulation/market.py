"""What drives a simulated exchange: a market that acts on it, in its own time."""

from typing import Protocol


class Market(Protocol):
    """The participants of a market, as one actor on the exchange. Whoever runs it calls `step` when `next_due_ns` comes."""

    def start(self, now_ns: int) -> None:
        """Seed the books; from now on the market is ready to trade."""

    def next_due_ns(self) -> int | None:
        """Return the virtual time of the next action; None when the tape is over."""

    def step(self, now_ns: int) -> None:
        """Do everything that is due at or before `now_ns`, through the exchange's own methods."""
