"""The crowd behind the best quotes of a synthetic market: limit orders that come and go at all distances.

Model: orders arrive at constant rate, at a distance that is partly power-law near the touch and partly even over the depth
    of the book; each order is cancelled at a constant rate of its own, so a side's size hovers around its target. Near
    orders are cancelled sooner than far ones; orders that the price has left behind always.
Source: Cont, Stoikov, Talreja, "A stochastic model for order book dynamics" (2010); power-law placement as in Bouchaud,
    Mezard, Potters (2002).
"""

import random

from wildbot.model.orders import Side
from wildbot.simulation.house_desk import HouseDesk

ORDERS_PER_SIDE = 110
LEVELS_MIN = 34
"""Below so many levels a side only gets new orders."""

DEPTH_UNITS = 42
"""How far the crowd's orders reach, in units of its distance."""

_FAR_SHARE = 0.6
_INSIDE_SHARE = 0.03
_STALE_SHARE = 0.45
_PULL_CHANCE = 0.6
_POWER = 1.2
_FAR_CANCEL = 0.3
_SIZE_SPREAD = 0.9
_ORDERS_PER_SIDE_MAX = 4 * ORDERS_PER_SIDE


class Crowd:
    """The crowd's orders on one pair. `unit_ticks` is its distance unit."""

    def __init__(self, desk: HouseDesk, rng: random.Random, level_usd: float) -> None:
        self._desk = desk
        self._rng = rng
        self._level_usd = level_usd
        self._orders: dict[Side, list[tuple[str, int]]] = {Side.BUY: [], Side.SELL: []}

    def seed(self, centre: float, half_ticks: float, unit_ticks: float, now_ns: int) -> None:
        """Fill both sides."""
        for side in (Side.BUY, Side.SELL):
            for _ in range(ORDERS_PER_SIDE):
                self._arrive(side, centre, half_ticks, unit_ticks, now_ns)

    def act(self, centre: float, half_ticks: float, unit_ticks: float, now_ns: int) -> None:
        """Let one order come or go."""
        side = Side.BUY if self._rng.random() < 0.5 else Side.SELL
        orders = self._orders[side]
        count = len(orders)
        if count < _ORDERS_PER_SIDE_MAX and (
            self._desk.levels(side) < LEVELS_MIN or self._rng.random() < ORDERS_PER_SIDE / (ORDERS_PER_SIDE + count)
        ):
            self._arrive(side, centre, half_ticks, unit_ticks, now_ns)
        else:
            self._leave(side, centre, half_ticks, unit_ticks, now_ns)

    def pull_stale(self, centre: float, half_ticks: float, now_ns: int) -> None:
        """Let most of those go whose price has become too good to leave standing."""
        for side, orders in self._orders.items():
            limit = centre - side.sign * _STALE_SHARE * half_ticks
            stale = [index for index, (_, ticks) in enumerate(orders) if side.sign * (ticks - limit) > 0]
            for index in reversed(stale):
                if self._rng.random() < _PULL_CHANCE:
                    order_id, _ = orders[index]
                    orders[index] = orders[-1]
                    orders.pop()
                    if self._desk.left(order_id):
                        self._desk.cancel(order_id, now_ns)

    def _arrive(self, side: Side, centre: float, half_ticks: float, unit_ticks: float, now_ns: int) -> None:
        price = self._drawn_price(side, centre, half_ticks, unit_ticks)
        ticks = self._desk.outward(side, price)
        lots = self._desk.lots_for(self._level_usd * self._rng.lognormvariate(0.0, _SIZE_SPREAD), ticks)
        order_id = self._desk.rest(side, ticks, lots, now_ns)
        if order_id is not None:
            self._orders[side].append((order_id, ticks))

    def _drawn_price(self, side: Side, centre: float, half_ticks: float, unit_ticks: float) -> float:
        draw = self._rng.random()
        if draw < _INSIDE_SHARE:
            return centre - side.sign * half_ticks * self._rng.uniform(0.5, 1.0)
        if draw < _FAR_SHARE:
            distance = unit_ticks * DEPTH_UNITS * self._rng.random()
        else:
            # Inverse of the survival function (1 + x) ** -power; 1 - random() is never 0.
            distance = unit_ticks * min(DEPTH_UNITS, (1.0 - self._rng.random()) ** (-1 / _POWER) - 1.0)
        return centre - side.sign * (half_ticks + distance)

    def _leave(self, side: Side, centre: float, half_ticks: float, unit_ticks: float, now_ns: int) -> None:
        orders = self._orders[side]
        while orders:
            index = self._rng.randrange(len(orders))
            order_id, ticks = orders[index]
            units = side.sign * (centre - ticks) / unit_ticks
            far = units > DEPTH_UNITS / 4
            if far and units <= 2 * DEPTH_UNITS and self._desk.left(order_id) and self._rng.random() > _FAR_CANCEL:
                return
            orders[index] = orders[-1]
            orders.pop()
            if self._desk.left(order_id):
                self._desk.cancel(order_id, now_ns)
                return
