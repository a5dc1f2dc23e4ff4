"""What the synthetic coins are worth: a latent price per pair, which only informed participants know.

Model: log price = own walk + one walk common to all pairs, both with rare jumps; the step size follows the pair's regime.
    Regimes (quiet, calm, busy) switch at exponential times; a jump makes a pair busy.
Source: common factor as in any one-factor model of returns; jumps as in Merton (1976); regimes as in Hamilton (1989).
"""

import math
import random
from enum import StrEnum

from wildbot.model.instrument import NANOS_PER_SECOND

COMMON_SHARE = 0.5
"""Share of a pair's variance that it has in common with the other pairs."""

OWN_JUMPS_PER_S = 1 / 900
COMMON_JUMPS_PER_S = 1 / 2700
JUMP_SIGMAS = 8.0
"""A jump is about as large as this many seconds' standard deviations, exponentially distributed above half of it."""

_GRID_NS = 250_000_000


class Regime(StrEnum):
    """How lively a pair is just now."""

    QUIET = "quiet"
    CALM = "calm"
    BUSY = "busy"


_MEAN_SECONDS = {Regime.QUIET: 90.0, Regime.CALM: 180.0, Regime.BUSY: 35.0}
_BUSY_AFTER_CALM = 0.4
ACTIVITY = {Regime.QUIET: 0.65, Regime.CALM: 1.0, Regime.BUSY: 2.5}
VOLATILITY = {Regime.QUIET: 0.75, Regime.CALM: 1.0, Regime.BUSY: 1.9}


class CommonFactor:
    """The walk that all pairs share, in units of one second's standard deviation."""

    def __init__(self, rng: random.Random, now_ns: int) -> None:
        self._rng = rng
        self._at_ns = now_ns
        self._value = 0.0
        self.jumps = 0

    def value(self, now_ns: int) -> float:
        """Return the walk at a time; times never go back."""
        step_s = _GRID_NS / NANOS_PER_SECOND
        while self._at_ns + _GRID_NS <= now_ns:
            self._at_ns += _GRID_NS
            self._value += self._rng.gauss(0.0, math.sqrt(step_s))
            if self._rng.random() < COMMON_JUMPS_PER_S * step_s:
                self._value += jump(self._rng)
                self.jumps += 1
        return self._value


class Fundamental:
    """One pair's latent price, in ticks, and its regime."""

    def __init__(
        self, start_ticks: float, volatility_bps: float, *, common: CommonFactor, rng: random.Random, now_ns: int
    ) -> None:
        self.ticks = start_ticks
        self.regime = Regime.CALM
        self._sigma = volatility_bps / 10_000
        self._common = common
        self._common_value = common.value(now_ns)
        self._common_jumps = common.jumps
        self._rng = rng
        self._at_ns = now_ns
        self._regime_end_ns = self._drawn_end(now_ns)

    @property
    def activity(self) -> float:
        """How much faster than usual participants act now."""
        return ACTIVITY[self.regime]

    def advance(self, now_ns: int) -> None:
        """Let the price walk up to a time."""
        elapsed_s = (now_ns - self._at_ns) / NANOS_PER_SECOND
        self._at_ns = now_ns
        if now_ns >= self._regime_end_ns:
            self._switch(self._following(), now_ns)
        common = self._common.value(now_ns)
        own = self._rng.gauss(0.0, math.sqrt(elapsed_s))
        jumped = self._common.jumps != self._common_jumps
        if self._rng.random() < OWN_JUMPS_PER_S * elapsed_s:
            own += jump(self._rng)
            jumped = True
        step = math.sqrt(COMMON_SHARE) * (common - self._common_value) + math.sqrt(1 - COMMON_SHARE) * own
        self._common_value, self._common_jumps = common, self._common.jumps
        self.ticks *= math.exp(self._sigma * VOLATILITY[self.regime] * step)
        if jumped:
            self._switch(Regime.BUSY, now_ns)

    def _following(self) -> Regime:
        if self.regime is not Regime.CALM:
            return Regime.CALM
        return Regime.BUSY if self._rng.random() < _BUSY_AFTER_CALM else Regime.QUIET

    def _switch(self, regime: Regime, now_ns: int) -> None:
        self.regime = regime
        self._regime_end_ns = self._drawn_end(now_ns)

    def _drawn_end(self, now_ns: int) -> int:
        return now_ns + int(self._rng.expovariate(1 / _MEAN_SECONDS[self.regime]) * NANOS_PER_SECOND)


def jump(rng: random.Random) -> float:
    """Draw a jump in units of one second's standard deviation, up or down."""
    size = JUMP_SIGMAS * (0.5 + rng.expovariate(2.0))
    return size if rng.random() < 0.5 else -size
