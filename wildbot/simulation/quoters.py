"""Quoting participants of a synthetic market: each keeps one bid and one ask around where it believes the price is.

Model: a quoter looks every so often, sees the public price with a small persistent error, and moves its two orders when its
    view has moved by a part of its half-spread. Between two looks its quotes are stale, and informed takers know it.
Source: Glosten and Milgrom (1985) for who loses to whom; re-quoting on a threshold is how inventory-light makers work.
"""

import math
import random

from wildbot.model.orders import Side
from wildbot.simulation.house_desk import HouseDesk

MOVE_SHARE = 0.3
"""A quoter moves when its view has moved by this part of its half-spread."""

ERROR_SHARE = 0.12
"""Standard deviation of a quoter's error, as a part of its half-spread."""

_ERROR_MEMORY = 0.9
_SIZE_SPREAD = 0.5
_REFILL_BELOW = 0.5


class _Quote:
    __slots__ = ("order_id", "size", "total")

    def __init__(self) -> None:
        self.order_id = ""
        self.size = 0
        self.total = 0


class Quoter:
    """One participant. `width` scales the market's half-spread to its own."""

    def __init__(self, desk: HouseDesk, rng: random.Random, *, size_usd: float, width: float) -> None:
        self._desk = desk
        self._rng = rng
        self._size_usd = size_usd
        self._width = width
        self._error = 0.0
        self._centre = 0.0
        self._half = 0.0
        self._quotes = {Side.BUY: _Quote(), Side.SELL: _Quote()}

    def look(self, fair_ticks: float, half_ticks: float, now_ns: int, size: float = 1.0) -> None:
        """Look at the market once and put the quotes where they belong; `size` scales what is quoted anew."""
        noise = self._rng.gauss(0.0, math.sqrt(1 - _ERROR_MEMORY**2))
        self._error = _ERROR_MEMORY * self._error + noise
        half = half_ticks * self._width
        centre = fair_ticks + self._error * ERROR_SHARE * half
        threshold = MOVE_SHARE * max(half, self._desk.step_ticks / 2)
        moved = abs(centre - self._centre) > threshold or abs(half - self._half) > threshold
        if moved:
            self._centre, self._half = centre, half
        # The side the price moves away from goes first, so that the other one finds its new place free.
        order = (Side.BUY, Side.SELL) if centre < fair_ticks else (Side.SELL, Side.BUY)
        for side in order:
            self._refresh(side, moved, size, now_ns)

    def _refresh(self, side: Side, moved: bool, size: float, now_ns: int) -> None:
        quote = self._quotes[side]
        left = self._desk.left(quote.order_id) if quote.order_id else 0
        # Rounding outward adds half a tick size on average, which a coarse grid cannot spare.
        half = max(0.0, self._half - self._desk.step_ticks / 2)
        ticks = self._desk.outward(side, self._centre - side.sign * half)
        if left == 0:
            quote.size = quote.total = self._drawn_size(ticks, size)
            quote.order_id = self._desk.rest(side, ticks, quote.size, now_ns) or ""
        elif moved:
            if left < _REFILL_BELOW * quote.size:
                quote.total += quote.size - left
            if not self._desk.move(quote.order_id, ticks, quote.total, now_ns):
                # Something rests where this quote should go: stepping aside is the only way to stop being stale.
                self._desk.cancel(quote.order_id, now_ns)

    def _drawn_size(self, ticks: int, size: float) -> int:
        return self._desk.lots_for(self._size_usd * size * self._rng.lognormvariate(0.0, _SIZE_SPREAD), ticks)
