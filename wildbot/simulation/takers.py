"""Takers of a synthetic market: a self-exciting stream without information, and informed ones who see the latent price.

Model: uninformed buys and sells are a two-sided Hawkes process with exponential kernel, sampled by thinning; sizes are
    log-normal with a Pareto tail; most take no more than the touch shows. A share of that stream knows better: it takes
    the side of the gap between the latent price and what the public believes. Besides, snipers buy whenever the latent
    price stands beyond the best ask, up to it, and the mirror image.
Source: Bacry, Mastromatteo, Muzy, "Hawkes processes in finance" (2015); Ogata (1981) for the sampling; Gopikrishnan et al.
    (2000) for the tail of sizes; Glosten and Milgrom (1985) for a stream in which some know better.
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

INFORMED_SHARE = 0.35
"""Share of the stream that knows which way the latent price lies."""

IMPACT_SHARE = 0.15
"""By which part of the half-spread the public moves its belief at a trade, since it cannot tell who knew."""

SNIPE_CHANCE = 0.45
"""How often a sniper is there when the book is wrong at a look."""

SNIPE_EDGE = 0.15
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

    def next(self, activity: float, sells: float = 0.5) -> tuple[int, Side]:
        """Draw the next arrival (time in ns, side). `activity` scales the base rate until then, of which sellers are the
        share `sells`."""
        bases = {Side.BUY: 2 * self._base * activity * (1 - sells), Side.SELL: 2 * self._base * activity * sells}
        while True:
            bound = 2 * self._base * activity + sum(self._excited.values())
            wait_s = self._rng.expovariate(bound)
            self._at_ns += max(1, int(wait_s * NANOS_PER_SECOND))
            decay = math.exp(-DECAY_PER_S * wait_s)
            for side in self._excited:
                self._excited[side] *= decay
            draw = self._rng.random() * bound
            for side, excited in self._excited.items():
                draw -= bases[side] + excited
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

    def trade(self, side: Side, half_ticks: float, now_ns: int) -> bool:
        """Send one order of the stream; False when there was nothing to take."""
        best = self._opposite_best(side)
        if best is None:
            return False
        lots = self._desk.lots_for(self._drawn_usd(), best)
        if self._rng.random() < _SWEEP_SHARE:
            reach = best + side.sign * half_ticks * 2
            self._desk.take(side, lots, self._desk.outward(side, reach), now_ns)
            return True
        lots = min(lots, self._desk.touch_lots(side.opposite))
        self._desk.take(side, lots, 0 if self._rng.random() < _MARKET_SHARE else best, now_ns)
        return True

    def exploit(self, fair_ticks: float, half_ticks: float, now_ns: int, haste: float = 1.0) -> Side | None:
        """Let a sniper look once, and act when the book is wrong; return the side it took, if any. `haste` scales how
        often one is there."""
        for side in (Side.BUY, Side.SELL):
            best = self._opposite_best(side)
            limit = fair_ticks - side.sign * SNIPE_EDGE * half_ticks
            if best is None or side.sign * (limit - best) <= 0 or self._rng.random() > SNIPE_CHANCE * haste:
                continue
            lots = self._desk.lots_for(2 * self._drawn_usd(), best)
            self._desk.take(side, lots, self._desk.outward(side, limit), now_ns)
            return side
        return None

    def _opposite_best(self, side: Side) -> int | None:
        bid, ask = self._desk.best()
        return ask if side is Side.BUY else bid

    def _drawn_usd(self) -> float:
        usd = self._trade_usd * self._rng.lognormvariate(0.0, _SIZE_SPREAD)
        if self._rng.random() < _TAIL_SHARE:
            usd *= min(_TAIL_MAX, (1.0 - self._rng.random()) ** (-1 / _TAIL_POWER))
        return usd
