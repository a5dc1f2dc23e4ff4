"""What its owner wants of a trader: trade, pause, flatten, retire; when winding down has been tried long enough; and, where
only the strongest of several may enter, whether this one may.

Owns: the mode, the end of the entry slot. Rules: `flattening` ends in `paused`; retiring is final: no verb is obeyed after
    it. An entry slot ends by itself; a word that promises more than `SLOT_NS_MAX` counts for so much only.
"""

from enum import StrEnum
from typing import assert_never

from wildbot.model.control import EntrySlot, Flatten, Pause, Resume, Retire
from wildbot.model.instrument import NANOS_PER_SECOND

FLATTEN_TRIES_MAX = 10
RETIRE_PATIENCE_NS = 60 * NANOS_PER_SECOND
"""A retiring trader gives up flattening after so many attempts or so long, and says so."""

NOT_STRONGEST = "not_strongest"
SLOT_NS_MAX = 2 * NANOS_PER_SECOND

Verb = Pause | Resume | Flatten | Retire


class Mode(StrEnum):
    """What the trader is about."""

    TRADING = "trading"
    PAUSED = "paused"
    FLATTENING = "flattening"
    RETIRING = "retiring"
    RETIRED = "retired"


class Mandate:
    """The mode of one trader. `mode_block` is the mode's own code when it forbids new entries, else ""; `is_winding_down`:
    nothing may rest and the strategy is not asked."""

    __slots__ = ("_needs_slot", "_retire_began_ns", "_slot_until_ns", "is_winding_down", "mode", "mode_block", "wants_flat")

    def __init__(self, *, needs_slot: bool = False) -> None:
        """Begin to trade. `needs_slot`: entries need the word of who ranks all instruments."""
        self._needs_slot, self._slot_until_ns = needs_slot, 0
        self.wants_flat = False
        self._retire_began_ns = 0
        self._turn(Mode.TRADING)

    def _turn(self, mode: Mode) -> None:
        self.mode = mode
        self.mode_block = "" if mode is Mode.TRADING else mode
        self.is_winding_down = mode not in (Mode.TRADING, Mode.PAUSED)

    def obey(self, verb: Verb, now_ns: int) -> bool:
        """Change the mode as told; return whether anything changed. The supervisor repeats itself until it is answered."""
        before = self.mode
        if before in (Mode.RETIRING, Mode.RETIRED):
            return False
        self.wants_flat = False
        match verb:
            case Pause():
                self._turn(Mode.PAUSED)
            case Resume():
                self._turn(Mode.TRADING)
            case Flatten():
                self._turn(Mode.FLATTENING)
                self.wants_flat = True
            case Retire():
                self._turn(Mode.RETIRING)
                self.wants_flat, self._retire_began_ns = verb.flatten, now_ns
            case _:
                assert_never(verb)
        return self.mode is not before

    def grant(self, slot: EntrySlot, now_ns: int) -> None:
        """Hold the entry slot until it ends, or hold it no longer."""
        self._slot_until_ns = min(slot.until_ns, now_ns + SLOT_NS_MAX)

    def slot_block(self, now_ns: int) -> str:
        """Return the code that forbids new entries while another instrument may be entered, or ""."""
        return NOT_STRONGEST if self._needs_slot and now_ns >= self._slot_until_ns else ""

    def has_tried_enough(self, tries: int, now_ns: int) -> bool:
        """Return whether a retiring trader has to keep its position after all."""
        is_late = now_ns - self._retire_began_ns >= RETIRE_PATIENCE_NS
        return self.mode is Mode.RETIRING and (tries >= FLATTEN_TRIES_MAX or is_late)

    def wound_down(self) -> None:
        """Nothing rests and what should be sold is sold, or never will be."""
        self._turn(Mode.RETIRED if self.mode is Mode.RETIRING else Mode.PAUSED)
        self.wants_flat = False
