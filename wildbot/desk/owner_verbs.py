"""The owner's verbs: each is looked at first, then done or refused with a code and a sentence.

Rules: a refused verb changes nothing. A swap is answered when the old trader has left and the new one is started, all
    others at once.
"""

from typing import assert_never

from wildbot.desk.halt_switch import HaltSwitch
from wildbot.desk.pair_slots import PairSlots
from wildbot.desk.supervision_state import SupervisionMemory
from wildbot.desk.supervision_words import (
    Asked,
    ChangeUniverse,
    FlattenPair,
    HaltAll,
    PausePair,
    RearmAll,
    Reply,
    ResumePair,
    SendToTrader,
    SetUniverse,
    StartPair,
    StopPair,
    Swap,
)
from wildbot.desk.swap import SWAP_NS_MAX, Obstacle, PendingSwap, obstacle_to_leave, obstacle_to_start
from wildbot.model.control import Flatten, Pause, Resume

UNIVERSE_MAX = 64


class OwnerVerbs:
    """The part of supervision that answers the control socket."""

    def __init__(self, memory: SupervisionMemory, slots: PairSlots, switch: HaltSwitch) -> None:
        self._memory = memory
        self._slots = slots
        self._switch = switch

    def handle(self, asked: Asked, now_ns: int) -> None:
        """Do one verb, or say why not."""
        memory, ticket = self._memory, asked.ticket
        if memory.stopping:
            self._refuse(ticket, Obstacle("stopping", "the run is ending"))
            return
        match asked.verb:
            case Swap(out, into):
                self.swap(PendingSwap(out, into, ticket, "the owner asked", now_ns + SWAP_NS_MAX), now_ns)
            case StopPair(pair):
                self._stop_pair(pair, ticket, now_ns)
            case StartPair(pair):
                self._start_pair(pair, ticket)
            case PausePair(pair):
                self._pause(pair, ticket, flatten=False)
            case FlattenPair(pair):
                self._pause(pair, ticket, flatten=True)
            case ResumePair(pair):
                self._resume(pair, ticket)
            case HaltAll():
                self._switch.halt("the owner asked", now_ns)
                memory.do(Reply(ticket, {"state": "halted", "reason": memory.saved.halt_reason}))
            case RearmAll():
                was_halted = memory.saved.halted
                if was_halted:
                    self._switch.rearm(now_ns)
                memory.do(Reply(ticket, {"was_halted": was_halted}))
            case SetUniverse(pairs):
                self._set_universe(pairs, ticket)
            case _:
                assert_never(asked.verb)

    def swap(self, swap: PendingSwap, now_ns: int) -> None:
        """Begin a swap, of the owner or of the scanner, when nothing forbids it."""
        memory = self._memory
        obstacle = (
            self._obstacle_now()
            or obstacle_to_start(swap.into, memory.ranked, memory.wanted, memory.quarantined)
            or obstacle_to_leave(swap.out, memory.wanted, memory.position_lots(swap.out), memory.rules.swap_policy)
        )
        if obstacle is not None:
            self._refuse(swap.ticket, obstacle)
        else:
            self._slots.begin_swap(swap, now_ns)

    def _stop_pair(self, pair: str, ticket: str, now_ns: int) -> None:
        memory = self._memory
        if pair in memory.quarantined:
            memory.quarantined.discard(pair)
            memory.stopped.add(pair)
            memory.do(Reply(ticket, {"out": pair, "in": None}))
            return
        lots = memory.position_lots(pair)
        obstacle = self._obstacle_now() or obstacle_to_leave(pair, memory.wanted, lots, memory.rules.swap_policy)
        if obstacle is not None:
            self._refuse(ticket, obstacle)
        else:
            self._slots.begin_swap(PendingSwap(pair, "", ticket, "the owner asked", now_ns + SWAP_NS_MAX), now_ns)

    def _start_pair(self, pair: str, ticket: str) -> None:
        memory = self._memory
        obstacle = self._obstacle_now() or obstacle_to_start(pair, memory.ranked, memory.wanted, ())
        if obstacle is None and len(memory.wanted) >= memory.rules.max_traders:
            traded = ", ".join(memory.wanted)
            obstacle = Obstacle(
                "no_free_slot", f"all {memory.rules.max_traders} slots are taken by {traded}: swap or stop one"
            )
        if obstacle is not None:
            self._refuse(ticket, obstacle)
            return
        if pair in memory.quarantined:
            memory.quarantined.discard(pair)
            memory.budget.forgive(pair)
            memory.save(restarts=memory.budget.history)
            memory.clear(f"quarantine:{pair}")
        # The slot it takes is one the owner had emptied, if there is one.
        memory.stopped.discard(pair if pair in memory.stopped else next(iter(sorted(memory.stopped)), ""))
        memory.wanted.append(pair)
        memory.announce("trader", f"{pair} is chosen: the owner asked")
        memory.do(Reply(ticket, {"pair": pair}))

    def _pause(self, pair: str, ticket: str, *, flatten: bool) -> None:
        memory = self._memory
        if pair and pair not in memory.wanted:
            self._refuse(ticket, Obstacle("not_active", f"{pair} is not traded"))
            return
        pairs = [pair] if pair else list(memory.wanted)
        memory.paused |= set(pairs)
        memory.paused_all = memory.paused_all or not pair
        memory.do(*(SendToTrader(each, Flatten() if flatten else Pause()) for each in pairs))
        memory.announce("trader", f"{', '.join(pairs)}: the owner asked to {'flatten and ' if flatten else ''}pause")
        memory.do(Reply(ticket, {"pairs": list(pairs)}))

    def _resume(self, pair: str, ticket: str) -> None:
        memory = self._memory
        if pair and pair not in memory.wanted:
            self._refuse(ticket, Obstacle("not_active", f"{pair} is not traded"))
            return
        if memory.saved.entries_closed:
            self._refuse(
                ticket, Obstacle("daily_loss", "the day's loss limit was reached: no entries until the next UTC day")
            )
            return
        pairs = [pair] if pair else list(memory.wanted)
        memory.paused -= set(pairs) if pair else set(memory.paused)
        memory.paused_all = False
        memory.do(*(SendToTrader(each, Resume()) for each in pairs))
        memory.announce("trader", f"{', '.join(pairs)}: the owner asked to resume")
        memory.do(Reply(ticket, {"pairs": list(pairs)}))

    def _set_universe(self, pairs: tuple[str, ...], ticket: str) -> None:
        memory = self._memory
        unique = tuple(dict.fromkeys(pairs))
        missing = [pair for pair in memory.wanted if pair not in unique]
        if not 1 <= len(unique) <= UNIVERSE_MAX:
            self._refuse(ticket, Obstacle("bad_argument", f"a universe has 1 to {UNIVERSE_MAX} pairs, not {len(unique)}"))
        elif missing:
            self._refuse(ticket, Obstacle("pair_active", f"{', '.join(missing)} is traded: swap or stop it first"))
        else:
            memory.ranked = {pair: row for pair, row in memory.ranked.items() if pair in unique}
            memory.save(universe=unique, universe_of=memory.rules.universe)
            memory.do(ChangeUniverse(unique), Reply(ticket, {"pairs": list(unique)}))

    def _obstacle_now(self) -> Obstacle | None:
        memory = self._memory
        if memory.saved.halted:
            return Obstacle("halted", f"trading is halted: {memory.saved.halt_reason}; `rearm` lifts that")
        if memory.swap is not None:
            return Obstacle("busy", f"{memory.swap.out} is just being replaced; ask again when that is done")
        return None

    def _refuse(self, ticket: str, obstacle: Obstacle) -> None:
        if ticket:
            self._memory.do(Reply(ticket, code=obstacle.code, message=obstacle.message))
        else:
            self._memory.announce("swap", f"not swapped: {obstacle.message}")


def restore_universe(memory: SupervisionMemory) -> None:
    """Watch again what the owner chose in an earlier life, unless the settings name other pairs than they did then."""
    saved, configured = memory.saved, memory.rules.universe
    if not saved.universe:
        return
    if saved.universe_of == configured:
        memory.do(ChangeUniverse(saved.universe))
    else:
        memory.announce("limits", "trading.universe was changed: it counts, what `set_universe` said before does not")
        memory.save(universe=(), universe_of=())
