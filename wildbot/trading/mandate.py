"""What its owner wants of a trader: trade, pause, flatten, retire; and when winding down has been tried long enough.

Owns: the mode. Rules: `flattening` ends in `paused`; retiring is final: no verb is obeyed after it.
"""

from enum import StrEnum
from typing import assert_never

from wildbot.model.control import Flatten, Pause, Resume, Retire
from wildbot.model.instrument import NANOS_PER_SECOND

FLATTEN_TRIES_MAX = 10
RETIRE_PATIENCE_NS = 60 * NANOS_PER_SECOND
"""A retiring trader gives up flattening after so many attempts or so long, and says so."""

Verb = Pause | Resume | Flatten | Retire


class Mode(StrEnum):
    """What the trader is about."""

    TRADING = "trading"
    PAUSED = "paused"
    FLATTENING = "flattening"
    RETIRING = "retiring"
    RETIRED = "retired"


class Mandate:
    """The mode of one trader."""

    __slots__ = ("_retire_began_ns", "mode", "wants_flat")

    def __init__(self) -> None:
        self.mode = Mode.TRADING
        self.wants_flat = False
        self._retire_began_ns = 0

    def obey(self, verb: Verb, now_ns: int) -> bool:
        """Change the mode as told; return whether anything changed. The supervisor repeats itself until it is answered."""
        before = self.mode
        if before in (Mode.RETIRING, Mode.RETIRED):
            return False
        self.wants_flat = False
        match verb:
            case Pause():
                self.mode = Mode.PAUSED
            case Resume():
                self.mode = Mode.TRADING
            case Flatten():
                self.mode, self.wants_flat = Mode.FLATTENING, True
            case Retire():
                self.mode, self.wants_flat, self._retire_began_ns = Mode.RETIRING, verb.flatten, now_ns
            case _:
                assert_never(verb)
        return self.mode is not before

    @property
    def is_winding_down(self) -> bool:
        """Whether nothing may rest and the strategy is not asked."""
        return self.mode not in (Mode.TRADING, Mode.PAUSED)

    def has_tried_enough(self, tries: int, now_ns: int) -> bool:
        """Return whether a retiring trader has to keep its position after all."""
        is_late = now_ns - self._retire_began_ns >= RETIRE_PATIENCE_NS
        return self.mode is Mode.RETIRING and (tries >= FLATTEN_TRIES_MAX or is_late)

    def wound_down(self) -> None:
        """Nothing rests and what should be sold is sold, or never will be."""
        self.mode = Mode.RETIRED if self.mode is Mode.RETIRING else Mode.PAUSED
        self.wants_flat = False
