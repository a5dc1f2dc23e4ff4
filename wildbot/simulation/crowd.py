"""The crowd behind the best quotes of a synthetic market: limit orders that come and go at all distances.

Model: an order arrives on each side at constant rate, at a distance that is partly power-law near the touch and partly even
    over the depth of the book; each resting order is cancelled at a rate of its own that depends on its distance, so the
    number of orders hovers around its target. Near orders are cancelled sooner than far ones, and orders that the price
    has left behind as soon as near ones. Both processes are sampled together, by thinning.
Source: Cont, Stoikov, Talreja, "A stochastic model for order book dynamics" (2010); power-law placement as in Bouchaud,
    Mezard, Potters (2002).
"""

import random

from wildbot.model.orders import Side
from wildbot.simulation.house_desk import HouseDesk

ORDERS_PER_SIDE = 110
LEVELS_MIN = 34
"""Below so many levels nobody of the crowd leaves a side."""

DEPTH_UNITS = 42
"""How far the crowd's orders reach, in units of its distance."""

FAR_CANCEL = 0.3
"""Rate of a far order's cancellation, as a part of a near one's."""

INSIDE_SHARE = 0.03
EVEN_SHARE = 0.57
POWER = 1.2

NEAR_UNITS = DEPTH_UNITS / 4
_NEAR_PART: float = INSIDE_SHARE + EVEN_SHARE / 4 + (1 - INSIDE_SHARE - EVEN_SHARE) * (1 - (1 + NEAR_UNITS) ** -POWER)
MEAN_LIVES: float = _NEAR_PART + (1 - _NEAR_PART) / FAR_CANCEL
"""Mean life of an order, in mean lives of a near one."""

_STALE_SHARE = 0.45
_PULL_CHANCE = 0.6
_SIZE_SPREAD = 0.9
_ORDERS_PER_SIDE_MAX = 4 * ORDERS_PER_SIDE


class Crowd:
    """The crowd's orders on one pair. `unit_ticks` is its distance unit."""

    def __init__(self, desk: HouseDesk, rng: random.Random, level_usd: float) -> None:
        self._desk = desk
        self._rng = rng
        self._level_usd = level_usd
        self._orders: dict[Side, list[tuple[str, int]]] = {Side.BUY: [], Side.SELL: []}

    def rate(self, orders_per_s: float, depth: float) -> float:
        """Return how often `act` has to be called per second, when half of `orders_per_s` are arrivals at depth 1."""
        return orders_per_s / 2 * (depth + self._cancels_per_arrival())

    def seed(self, centre: float, half_ticks: float, unit_ticks: float, now_ns: int) -> None:
        """Fill both sides."""
        for side in (Side.BUY, Side.SELL):
            for _ in range(ORDERS_PER_SIDE):
                self._arrive(side, centre, half_ticks, unit_ticks, 1.0, now_ns)

    def act(
        self, centre: float, half_ticks: float, unit_ticks: float, now_ns: int, *, depth: float = 1.0, size: float = 1.0
    ) -> None:
        """Let one order come, or look at one that may go."""
        if self._rng.random() * (depth + self._cancels_per_arrival()) < depth:
            side = Side.BUY if self._rng.random() < 0.5 else Side.SELL
            if len(self._orders[side]) < _ORDERS_PER_SIDE_MAX:
                self._arrive(side, centre, half_ticks, unit_ticks, size, now_ns)
            return
        bids, asks = self._orders[Side.BUY], self._orders[Side.SELL]
        index = self._rng.randrange(len(bids) + len(asks))
        side = Side.BUY if index < len(bids) else Side.SELL
        if self._desk.levels(side) >= LEVELS_MIN * depth:
            self._consider(side, index if side is Side.BUY else index - len(bids), centre, unit_ticks, now_ns)

    def pull_stale(self, centre: float, half_ticks: float, now_ns: int) -> None:
        """Let most of those go whose price has become too good to leave standing."""
        for side, orders in self._orders.items():
            limit = centre - side.sign * _STALE_SHARE * half_ticks
            if side is Side.BUY:
                stale = [index for index, (_, ticks) in enumerate(orders) if ticks > limit]
            else:
                stale = [index for index, (_, ticks) in enumerate(orders) if ticks < limit]
            for index in reversed(stale):
                if self._rng.random() < _PULL_CHANCE:
                    self._leave(orders, index, now_ns)

    def _cancels_per_arrival(self) -> float:
        """Candidates for a cancel per arrival at depth 1: each order at the near rate, MEAN_LIVES / ORDERS_PER_SIDE of
        the arrivals on its side."""
        return (len(self._orders[Side.BUY]) + len(self._orders[Side.SELL])) / 2 * MEAN_LIVES / ORDERS_PER_SIDE

    def _arrive(self, side: Side, centre: float, half_ticks: float, unit_ticks: float, size: float, now_ns: int) -> None:
        price = self._drawn_price(side, centre, half_ticks, unit_ticks)
        ticks = self._desk.outward(side, price)
        lots = self._desk.lots_for(self._level_usd * size * self._rng.lognormvariate(0.0, _SIZE_SPREAD), ticks)
        order_id = self._desk.rest(side, ticks, lots, now_ns)
        if order_id is not None:
            self._orders[side].append((order_id, ticks))

    def _drawn_price(self, side: Side, centre: float, half_ticks: float, unit_ticks: float) -> float:
        draw = self._rng.random()
        if draw < INSIDE_SHARE:
            return centre - side.sign * half_ticks * self._rng.uniform(0.5, 1.0)
        if draw < INSIDE_SHARE + EVEN_SHARE:
            distance = unit_ticks * DEPTH_UNITS * self._rng.random()
        else:
            # Inverse of the survival function (1 + x) ** -power; 1 - random() is never 0.
            distance = unit_ticks * min(DEPTH_UNITS, (1.0 - self._rng.random()) ** (-1 / POWER) - 1.0)
        return centre - side.sign * (half_ticks + distance)

    def _consider(self, side: Side, index: int, centre: float, unit_ticks: float, now_ns: int) -> None:
        orders = self._orders[side]
        order_id, ticks = orders[index]
        units = side.sign * (centre - ticks) / unit_ticks
        far = NEAR_UNITS < units <= 2 * DEPTH_UNITS
        if not far or not self._desk.left(order_id) or self._rng.random() < FAR_CANCEL:
            self._leave(orders, index, now_ns)

    def _leave(self, orders: list[tuple[str, int]], index: int, now_ns: int) -> None:
        order_id, _ = orders[index]
        orders[index] = orders[-1]
        orders.pop()
        if self._desk.left(order_id):
            self._desk.cancel(order_id, now_ns)
