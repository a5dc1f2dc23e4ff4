"""A failing schedule made small: which of its blows are needed for the failure?

Source: greedy one-at-a-time removal, the last step of Zeller's delta debugging (ddmin with n = number of parts).
"""

from collections.abc import Callable
from dataclasses import replace

from wildbot.rehearsal.plan import Blow, RehearsalPlan


def shrink(plan: RehearsalPlan, blows: tuple[Blow, ...], fails: Callable[[RehearsalPlan], bool]) -> RehearsalPlan:
    """Return the plan with as few of the blows as still make it fail, each tried once from the last to the first."""
    needed = list(blows)
    for blow in reversed(blows):
        fewer = [each for each in needed if each is not blow]
        if fails(replace(plan, blows=tuple(fewer))):
            needed = fewer
    return replace(plan, blows=tuple(needed))
