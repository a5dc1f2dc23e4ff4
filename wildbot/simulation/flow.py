"""The synthetic market: seeded participants on every pair of a simulated exchange.

Rules: the same seed, pairs, activity, scenario and time between start and opening give the same market, action by action
    and whatever the time of day, as long as nobody else trades in it; with a `SteadyRandom`, but for what the others'
    trading does to it. All participants go through the exchange like everybody else. Memory is bounded: each pair has a
    fixed number of actions waiting and a bounded number of orders.
Source: see `fundamental`, `crowd`, `quoters` and `takers` for the four parts of the model.
Known limit: participants do not learn; they react to a strategy's orders only by trading with them and by what those do to
    the best prices.
"""

import heapq
import random
from collections.abc import Callable, Sequence

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.fundamental import CommonFactor
from wildbot.simulation.pace import Pace
from wildbot.simulation.pair_flow import NEWS_PERIOD_NS, PairFlow
from wildbot.simulation.scenarios import NORMAL, Scenario, Script
from wildbot.simulation.steady_draws import SteadyRandom, in_turns
from wildbot.simulation.venue_pairs import VenuePair

LATENESS_NS_MAX = 600 * NANOS_PER_SECOND
"""A market that is called later than this (a suspended machine) goes on from now instead of making up for the gap; ten
minutes of eight pairs take two to three seconds to make up for."""


class SyntheticMarket:
    """Participants on the given pairs, which the exchange must know.

    `activity` scales all their rates. The scenario begins `opens_after_ns` after the start; until then it is `normal`.
    """

    def __init__(
        self,
        exchange: SimulatedExchange,
        pairs: Sequence[VenuePair],
        rng: random.Random,
        *,
        activity: float = 1.0,
        scenario: Scenario = NORMAL,
        opens_after_ns: int = 0,
        pace: Pace | None = None,
    ) -> None:
        self._exchange = exchange
        self._pairs = tuple(pairs)
        self._rng = rng
        self._activity = activity
        self._scenario = scenario
        self._pace = pace or Pace()
        self._opens_after_ns = opens_after_ns
        self._serial = 0
        self._due: list[tuple[int, int, Callable[[int], int]]] = []
        self.flows: dict[str, PairFlow] = {}

    def start(self, now_ns: int) -> None:
        """Seed the books; from now on the market is ready to trade."""
        script = Script(self._scenario, now_ns + self._opens_after_ns)
        common = CommonFactor(self._derived_rng(), now_ns, script)
        for pair in self._pairs:
            rng = self._derived_rng()
            times = self._derived_rng() if isinstance(rng, SteadyRandom) else rng
            flow = PairFlow(
                self._exchange,
                pair,
                common=common,
                script=script,
                pace=self._pace,
                rng=rng,
                times=times,
                activity=self._activity,
                now_ns=now_ns,
            )
            self.flows[pair.instrument.pair] = flow
            flow.seed(now_ns)
            for name, act in (("news", flow.on_news), ("crowd", flow.on_crowd), ("look", flow.on_look)):
                self._wait(now_ns + self._rng.randrange(NEWS_PERIOD_NS), in_turns(name, act, rng, times))
            self._wait(flow.draw_taker(), in_turns("taker", flow.on_taker, rng, times))

    def next_due_ns(self) -> int | None:
        """Return when the next participant acts; None before `start`."""
        return self._due[0][0] if self._due else None

    def step(self, now_ns: int) -> None:
        """Let everybody act who is due at or before `now_ns`, each at its own time."""
        if self._due and now_ns - self._due[0][0] > LATENESS_NS_MAX:
            self._skip(now_ns - self._due[0][0])
        while self._due and self._due[0][0] <= now_ns:
            due_ns, _, act = heapq.heappop(self._due)
            self._wait(act(due_ns), act)

    def _wait(self, due_ns: int, act: Callable[[int], int]) -> None:
        self._serial += 1
        heapq.heappush(self._due, (due_ns, self._serial, act))

    def _skip(self, by_ns: int) -> None:
        self._due = [(due_ns + by_ns, serial, act) for due_ns, serial, act in self._due]
        for flow in self.flows.values():
            flow.skip(by_ns)

    def _derived_rng(self) -> random.Random:
        # One generator per pair: what happens on one pair does not change the draws of another.
        return type(self._rng)(self._rng.getrandbits(64))
