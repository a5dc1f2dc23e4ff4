"""Named weathers of the synthetic market: what multiplies each pair's shape, and when.

Rules: a scenario is data: phases of fixed length that follow one another for ever, the same in every run. Before the doors
    open the market is `normal`, so that the past a client sees is an ordinary one and the story begins when it can watch.
"""

import msgspec

from wildbot.model.errors import InvariantError
from wildbot.model.instrument import NANOS_PER_SECOND

FOREVER_S = 1e9


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What multiplies a pair's shape; 1 is the shape itself.

    `orders`: how fast the crowd and the quoters act; `trades`: how often takers come; `volatility`: the latent price's
    step; `spread`: what quoters ask for; `depth`: how many orders rest; `size`: how large they are; `jumps`: how often the
    latent price jumps. `drift` is what the latent prices do by script, in one second's standard deviations per second (of
    the pair's ordinary volatility); `sells` is the share of uninformed takers that sell.
    """

    orders: float = 1.0
    trades: float = 1.0
    volatility: float = 1.0
    spread: float = 1.0
    depth: float = 1.0
    size: float = 1.0
    jumps: float = 1.0
    drift: float = 0.0
    sells: float = 0.5


class Phase(msgspec.Struct, frozen=True):
    """Some seconds under the same conditions."""

    seconds: float
    conditions: Conditions


class Scenario(msgspec.Struct, frozen=True):
    """A named weather: its phases, one after another, then again from the first."""

    name: str
    phases: tuple[Phase, ...]


def _steady(name: str, conditions: Conditions) -> Scenario:
    return Scenario(name, (Phase(FOREVER_S, conditions),))


_UP = Conditions(drift=0.18, sells=0.4, trades=1.3, orders=1.3)
_DOWN = Conditions(drift=-0.18, sells=0.6, trades=1.3, orders=1.3)
_FALL = Conditions(
    orders=4.0, trades=6.0, volatility=2.5, spread=3.0, depth=0.35, size=0.5, jumps=0.0, drift=-11.0, sells=0.85
)
_BOTTOM = Conditions(orders=3.0, trades=4.0, volatility=3.0, spread=2.5, depth=0.5, size=0.6, sells=0.5)
_RECOVERY = Conditions(orders=2.0, trades=2.5, volatility=1.8, spread=1.5, depth=0.8, size=0.8, drift=1.0, sells=0.4)

NORMAL = _steady("normal", Conditions())
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        NORMAL,
        _steady("calm", Conditions(orders=0.6, trades=0.4, volatility=0.5, spread=0.95, jumps=0.0)),
        _steady("busy", Conditions(orders=5.5, trades=4.0, volatility=1.7, spread=1.1, jumps=2.0)),
        Scenario("trend", (Phase(600, _UP), Phase(120, Conditions()), Phase(600, _DOWN), Phase(120, Conditions()))),
        Scenario(
            "crash",
            (
                Phase(120, Conditions()),
                Phase(45, _FALL),
                Phase(90, _BOTTOM),
                Phase(240, _RECOVERY),
                Phase(1305, Conditions()),
            ),
        ),
        _steady("thin", Conditions(orders=0.5, trades=0.5, spread=2.0, depth=0.3, size=0.25)),
        _steady("dead", Conditions(orders=0.03, trades=0.02, volatility=0.15, spread=1.5, depth=0.6, size=0.6, jumps=0.0)),
    )
}
"""By name. `normal` is the default."""


class Script:
    """A scenario tied to a time: it begins at `opens_ns`; earlier it is `normal`."""

    def __init__(self, scenario: Scenario, opens_ns: int) -> None:
        self._phases = scenario.phases
        self._opens_ns = opens_ns
        self._cycle_ns = sum(_nanos(phase) for phase in scenario.phases)
        if self._cycle_ns <= 0:
            raise InvariantError(f"scenario {scenario.name!r} has no phase that lasts")
        self._from_ns = self._until_ns = 0
        self._conditions = Conditions()

    def at(self, now_ns: int) -> Conditions:
        """Return the conditions at a time."""
        if not self._from_ns <= now_ns < self._until_ns:
            self._find(now_ns)
        return self._conditions

    def _find(self, now_ns: int) -> None:
        if now_ns < self._opens_ns:
            self._from_ns, self._until_ns = now_ns, self._opens_ns
            self._conditions = Conditions()
            return
        begins_ns = now_ns - (now_ns - self._opens_ns) % self._cycle_ns
        for phase in self._phases:
            ends_ns = begins_ns + _nanos(phase)
            if now_ns < ends_ns:
                self._from_ns, self._until_ns = begins_ns, ends_ns
                self._conditions = phase.conditions
                return
            begins_ns = ends_ns


def _nanos(phase: Phase) -> int:
    return int(phase.seconds * NANOS_PER_SECOND)
