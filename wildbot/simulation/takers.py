"""Takers of a synthetic market: a self-exciting stream without information, and informed ones who see the latent price.

Model: uninformed buys and sells are a two-sided Hawkes process with exponential kernel, sampled by thinning; sizes are
    log-normal with a Pareto tail; most take no more than the touch shows. Informed takers buy whenever the latent price
    stands beyond the best ask, up to it, and the mirror image.
Source: Bacry, Mastromatteo, Muzy, "Hawkes processes in finance" (2015); Ogata (1981) for the sampling; Gopikrishnan et al.
    (2000) for the tail of sizes.
"""

import math
import random

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import Side
from wildbot.simulation.house_desk import HouseDesk

SELF_EXCITEMENT = 0.45
CROSS_EXCITEMENT = 0.1
DECAY_PER_S = 0.8
"""Each trade calls forth so many of its own and of the other side on average, with this rate of forgetting."""

INFORMED_SHARE = 0.45
"""How often an informed taker is there when the book is wrong at a look."""

INFORMED_EDGE = 0.15
"""By how much of the half-spread the book must be wrong to be worth taking."""

_SIZE_SPREAD = 1.0
_TAIL_SHARE = 0.03
_TAIL_POWER = 1.5
_TAIL_MAX = 40.0
_MARKET_SHARE = 0.4
_SWEEP_SHARE = 0.12


class HawkesTimes:
    """When the next uninformed order comes, and of which side. `rate_per_s` is the mean rate of both sides together."""

    def __init__(self, rng: random.Random, rate_per_s: float, now_ns: int) -> None:
        self._rng = rng
        self._base = rate_per_s / 2 * (1 - SELF_EXCITEMENT - CROSS_EXCITEMENT)
        self._excited = {Side.BUY: 0.0, Side.SELL: 0.0}
        self._at_ns = now_ns

    def next(self, activity: float) -> tuple[int, Side]:
        """Draw the next arrival (time in ns, side). `activity` scales the base rate until then."""
        while True:
            bound = 2 * self._base * activity + sum(self._excited.values())
            wait_s = self._rng.expovariate(bound)
            self._at_ns += max(1, int(wait_s * NANOS_PER_SECOND))
            decay = math.exp(-DECAY_PER_S * wait_s)
            for side in self._excited:
                self._excited[side] *= decay
            draw = self._rng.random() * bound
            for side, excited in self._excited.items():
                draw -= self._base * activity + excited
                if draw < 0:
                    self._excited[side] += SELF_EXCITEMENT * DECAY_PER_S
                    self._excited[side.opposite] += CROSS_EXCITEMENT * DECAY_PER_S
                    return self._at_ns, side

    def skip(self, by_ns: int) -> None:
        """Move the process on in time without arrivals."""
        self._at_ns += by_ns


class Takers:
    """The takers of one pair."""

    def __init__(self, desk: HouseDesk, rng: random.Random, trade_usd: float) -> None:
        self._desk = desk
        self._rng = rng
        self._trade_usd = trade_usd

    def trade(self, side: Side, half_ticks: float, now_ns: int) -> None:
        """Send one uninformed order."""
        best = self._opposite_best(side)
        if best is None:
            return
        lots = self._desk.lots_for(self._drawn_usd(), best)
        if self._rng.random() < _SWEEP_SHARE:
            reach = best + side.sign * half_ticks * 2
            self._desk.take(side, lots, self._desk.outward(side, reach), now_ns)
            return
        lots = min(lots, self._desk.touch_lots(side.opposite))
        self._desk.take(side, lots, 0 if self._rng.random() < _MARKET_SHARE else best, now_ns)

    def exploit(self, fair_ticks: float, half_ticks: float, now_ns: int) -> None:
        """Let an informed taker look once, and act when the book is wrong."""
        for side in (Side.BUY, Side.SELL):
            best = self._opposite_best(side)
            limit = fair_ticks - side.sign * INFORMED_EDGE * half_ticks
            if best is None or side.sign * (limit - best) <= 0 or self._rng.random() > INFORMED_SHARE:
                continue
            lots = self._desk.lots_for(2 * self._drawn_usd(), best)
            self._desk.take(side, lots, self._desk.outward(side, limit), now_ns)

    def _opposite_best(self, side: Side) -> int | None:
        bid, ask = self._desk.best()
        return ask if side is Side.BUY else bid

    def _drawn_usd(self) -> float:
        usd = self._trade_usd * self._rng.lognormvariate(0.0, _SIZE_SPREAD)
        if self._rng.random() < _TAIL_SHARE:
            usd *= min(_TAIL_MAX, (1.0 - self._rng.random()) ** (-1 / _TAIL_POWER))
        return usd
