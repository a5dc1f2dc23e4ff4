"""Replacing a traded pair, or ending one, without losing an order, a fill or a cent.

Rules: the old trader cancels, leaves its position by policy and says so; its epoch is ended at the gateway; only then does
    the new pair start. A position that cannot be left refuses the swap, and the old trader goes on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from wildbot.desk.supervision_words import RankedPair
from wildbot.model.instrument import NANOS_PER_SECOND

SWAP_NS_MAX = 20 * NANOS_PER_SECOND
"""A trader that has not left its position by then keeps it, and the swap is refused."""


@dataclass(frozen=True, slots=True)
class PendingSwap:
    """A swap on its way. `into` empty: the pair is only stopped. `ticket` empty: the scanner asked, nobody waits."""

    out: str
    into: str
    ticket: str
    reason: str
    deadline_ns: int


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a verb cannot be done: a code for programs and a sentence for people."""

    code: str
    message: str


def obstacle_to_start(
    pair: str, ranked: Mapping[str, RankedPair], wanted: Collection[str], quarantined: Collection[str]
) -> Obstacle | None:
    """Return why `pair` cannot be started, or None."""
    row = ranked.get(pair)
    if row is None:
        return Obstacle("unknown_pair", f"{pair} is not in the universe")
    if pair in wanted:
        return Obstacle("already_active", f"{pair} is traded already")
    if pair in quarantined:
        return Obstacle("quarantined", f"{pair} is in quarantine after repeated crashes; `start` lifts that")
    if not row.fits:
        return Obstacle("does_not_fit", f"{pair} cannot be traded: {row.reason}")
    return None


def obstacle_to_leave(pair: str, wanted: Collection[str], lots: int, policy: str) -> Obstacle | None:
    """Return why `pair` cannot be left, or None. `lots` is its position as last known."""
    if pair not in wanted:
        return Obstacle("not_active", f"{pair} is not traded")
    if policy == "refuse" and lots != 0:
        return Obstacle("position_held", f"{pair} holds a position and the swap policy is to refuse; flatten it first")
    return None
