"""What the synthetic coins are worth: a latent price per pair, and what the public believes of it.

Model: d log(latent) = sigma x m(regime) x (sqrt(c) dC + sqrt(1 - c) dO) + drift, where C is one walk common to all pairs
    and O the pair's own, both with rare jumps. C is public at once; O is private: informed participants see it, the public
    closes the gap to it with time constant LEARN_SECONDS, and at each trade by what the trade gives away. Regimes (quiet,
    calm, busy) switch at exponential times; a jump makes a pair busy.
Source: common factor as in any one-factor model of returns; jumps as in Merton (1976); regimes as in Hamilton (1989);
    learning from trades as in Kyle (1985) and Glosten and Milgrom (1985).
"""

import math
import random
from enum import StrEnum

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.simulation.scenarios import NORMAL, Script

COMMON_SHARE = 0.5
"""Share of a pair's variance that it has in common with the other pairs."""

LEARN_SECONDS = 4.0
"""How long private news stays private: the gap shrinks by 1/e in this time by itself."""

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
    """The walk that all pairs share, in units of one second's standard deviation; `drift` is the scripted part of it."""

    def __init__(self, rng: random.Random, now_ns: int, script: Script | None = None) -> None:
        self._rng = rng
        self._at_ns = now_ns
        self._script = script or Script(NORMAL, now_ns)
        self._value = 0.0
        self.drift = 0.0
        self.jumps = 0

    def value(self, now_ns: int) -> float:
        """Return the walk at a time; times never go back."""
        step_s = _GRID_NS / NANOS_PER_SECOND
        while self._at_ns + _GRID_NS <= now_ns:
            self._at_ns += _GRID_NS
            conditions = self._script.at(self._at_ns)
            self.drift += conditions.drift * step_s
            self._value += self._rng.gauss(0.0, math.sqrt(step_s))
            if self._rng.random() < COMMON_JUMPS_PER_S * conditions.jumps * step_s:
                self._value += jump(self._rng)
                self.jumps += 1
        return self._value


class Fundamental:
    """One pair's latent price (`ticks`), what the public takes it for (`public_ticks`), and its regime."""

    def __init__(
        self,
        start_ticks: float,
        volatility_bps: float,
        *,
        common: CommonFactor,
        rng: random.Random,
        now_ns: int,
        script: Script | None = None,
    ) -> None:
        self.ticks = start_ticks
        self.gap = 0.0
        self.regime = Regime.CALM
        self._sigma = volatility_bps / 10_000
        self._common = common
        self._common_value = common.value(now_ns)
        self._common_drift = common.drift
        self._common_jumps = common.jumps
        self._script = script or Script(NORMAL, now_ns)
        self._rng = rng
        self._at_ns = now_ns
        self._regime_end_ns = self._drawn_end(now_ns)

    @property
    def activity(self) -> float:
        """How much faster than usual participants act now."""
        return ACTIVITY[self.regime]

    @property
    def public_ticks(self) -> float:
        """The price as everybody sees it; `gap` is log(latent / public)."""
        return self.ticks * math.exp(-self.gap)

    def advance(self, now_ns: int) -> None:
        """Let the price walk up to a time."""
        elapsed_s = (now_ns - self._at_ns) / NANOS_PER_SECOND
        self._at_ns = now_ns
        if now_ns >= self._regime_end_ns:
            self._switch(self._following(), now_ns)
        conditions = self._script.at(now_ns)
        common = self._common.value(now_ns)
        own = self._rng.gauss(0.0, math.sqrt(elapsed_s))
        jumped = self._common.jumps != self._common_jumps
        if self._rng.random() < OWN_JUMPS_PER_S * conditions.jumps * elapsed_s:
            own += jump(self._rng)
            jumped = True
        scale = self._sigma * VOLATILITY[self.regime] * conditions.volatility
        private = scale * math.sqrt(1 - COMMON_SHARE) * own
        public = scale * math.sqrt(COMMON_SHARE) * (common - self._common_value)
        public += self._sigma * (self._common.drift - self._common_drift)
        self._common_value, self._common_drift, self._common_jumps = common, self._common.drift, self._common.jumps
        self.gap = self.gap * math.exp(-elapsed_s / LEARN_SECONDS) + private
        self.ticks *= math.exp(public + private)
        if jumped:
            self._switch(Regime.BUSY, now_ns)

    def hear(self, step: float) -> None:
        """Let the public's belief move by a relative step: somebody traded, and may have known something."""
        self.gap -= step

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
