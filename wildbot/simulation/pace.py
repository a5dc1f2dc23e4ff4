"""How fast a market lives: its own time, and the exchange's time it acts at.

Rules: the exchange's clock is the time of day whatever the speed, so that clients' clocks agree with it; only the market
    lives faster or slower. Up to the tie both times are the same. At full speed whatever the market does happens at the
    exchange's present, which whoever runs the market states first.
"""

FULL_SPEED = 0.0
"""The speed that stands for "as fast as the machine manages"."""


class Pace:
    """The two times of one market, `speed` of the market's seconds to one of the exchange's."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self.present_ns = 0
        self._tied_ns: int | None = None

    def tie(self, at_ns: int) -> None:
        """Let the market run at its own speed from this time on."""
        self._tied_ns = self.present_ns = at_ns

    def exchange_ns(self, market_ns: int) -> int:
        """Return the exchange's time of a time of the market."""
        if self._tied_ns is None or self.speed == 1.0:
            return market_ns
        if self.speed == FULL_SPEED:
            return self.present_ns
        return self._tied_ns + int((market_ns - self._tied_ns) / self.speed)

    def market_ns(self, exchange_ns: int) -> int:
        """Return how far the market may have come at a time of the exchange; not to be asked at full speed."""
        if self._tied_ns is None or self.speed == 1.0:
            return exchange_ns
        return self._tied_ns + int((exchange_ns - self._tied_ns) * self.speed)
