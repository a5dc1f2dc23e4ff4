"""Chance that stays the same when somebody else trades: each turn of each kind of action draws from a start of its own.

With one stream of numbers, the first order of a stranger moves every later draw, and the same seed is another market from
then on. With a `SteadyRandom` in its stead the n-th turn of an action draws the same numbers whatever was drawn before, so
that two runs of a seed differ by what the stranger did and by nothing else.

Rules: seeded and reproducible; a turn may draw as often as it likes. Hand one to `SyntheticMarket` to get such a market.
Source: common random numbers, as in Glasserman and Yao, "Some guidelines and guarantees for common random numbers" (1992).
"""

import random
from collections.abc import Callable


class SteadyRandom(random.Random):
    """A generator that starts anew at every turn."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._own_seed = seed
        self._turns: dict[str, int] = {}

    def turn(self, name: str) -> None:
        """Begin the next turn of an action."""
        number = self._turns.get(name, 0)
        self._turns[name] = number + 1
        self.seed(f"{self._own_seed} {name} {number}")


def in_turns(name: str, act: Callable[[int], int], *generators: random.Random) -> Callable[[int], int]:
    """Return the action, before each call of which the generators begin a turn; with plain ones the action itself."""
    steady = [each for each in generators if isinstance(each, SteadyRandom)]
    if not steady:
        return act

    def turned(now_ns: int) -> int:
        for each in steady:
            each.turn(name)
        return act(now_ns)

    return turned
