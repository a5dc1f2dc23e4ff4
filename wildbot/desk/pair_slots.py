"""Which pairs have a trader: filling slots, replacing the dead, carrying a swap through.

Rules: a trader starts only when the gateway is ready, both peers were heard, nothing of an older epoch rests, and its
    epoch is on disk. Pairs that hold a position come first, so that nothing is left unattended; then pinned pairs, or the
    scanner's best. A pair the owner stopped leaves its slot empty.
"""

from wildbot.desk.quarantine import Quarantine
from wildbot.desk.restart_budget import Verdict
from wildbot.desk.run_health import why_idle
from wildbot.desk.supervision_state import GATEWAY_READY, SupervisionMemory
from wildbot.desk.supervision_words import Reply, SendToTrader, SpawnTrader
from wildbot.desk.swap import PendingSwap
from wildbot.desk.trader_fleet import TraderRecord, TraderState
from wildbot.model.control import Pause, Resume, Retired
from wildbot.model.desk import CapitalLease
from wildbot.model.status import Heartbeat, Severity, TraderStatus


class PairSlots:
    """The part of supervision that decides about traders."""

    def __init__(self, memory: SupervisionMemory) -> None:
        self._memory = memory
        self.halt_asked = ""
        """Why deaths call for a halt; the halt switch takes it."""
        self._is_idle = False
        self._quarantine = Quarantine(memory)

    # --- news of traders ------------------------------------------------------------------------------------------

    def on_heartbeat(self, record: TraderRecord, beat: Heartbeat, now_ns: int) -> None:
        """A trader lives; a new one of a paused pair is paused again."""
        memory = self._memory
        if memory.fleet.heard(record, beat.pid, beat.state, now_ns):
            memory.announce("trader", f"{record.pair} is up: epoch {record.epoch}, process {beat.pid}")
            if memory.holds_back(record.pair):
                self.pause(record)

    def on_trader_status(self, record: TraderRecord, status: TraderStatus) -> None:
        """The trader's own word decides whether it is paused; one that should be and is not is told again."""
        self._memory.fleet.said(record, status.state)
        if record.state is TraderState.QUOTING and self._memory.holds_back(record.pair):
            self.pause(record)

    def pause(self, record: TraderRecord) -> None:
        """Send the pause to one trader."""
        self._memory.do(SendToTrader(record.pair, Pause()))

    def pause_all(self) -> None:
        """No entries anywhere."""
        for record in self._memory.fleet.records.values():
            if record.is_up:
                self.pause(record)

    def resume_all(self) -> None:
        """Entries again, but for what the owner paused."""
        for record in self._memory.fleet.records.values():
            if record.is_up and not self._memory.holds_back(record.pair):
                self._memory.do(SendToTrader(record.pair, Resume()))

    def on_retired(self, record: TraderRecord, retired: Retired, now_ns: int) -> None:
        """The trader goes, or says that policy keeps its position; a stop or a halt takes the latter for going."""
        memory = self._memory
        swap = memory.swap
        if retired.ok or swap is None or swap.out != record.pair:
            memory.do(*memory.fleet.on_retired(record, retired, now_ns))
        else:
            self._give_up_swap(swap, "position_held", f"{record.pair} keeps its position: {retired.reason}")

    # --- timers ---------------------------------------------------------------------------------------------------

    def look(self, now_ns: int) -> None:
        """Do what is due: kill the hung, repeat the unanswered, replace the gone, fill the slots."""
        memory = self._memory
        leased = self._leased()
        for record in list(memory.fleet.records.values()):
            if memory.fleet.is_hung(record, now_ns, has_lease=(record.pair, record.epoch) in leased):
                memory.announce("trader", f"{record.pair}: process {record.pid} says nothing and is killed")
                memory.do(*memory.fleet.kill(record))
            memory.do(*memory.fleet.repeat(record, now_ns))
        for record in memory.fleet.take_gone():
            self._on_gone(record, now_ns)
        self._chase_old_epochs(now_ns)
        swap = memory.swap
        if swap is not None and now_ns > swap.deadline_ns and self._awaits_retirement(swap):
            self._give_up_swap(swap, "timed_out", f"{swap.out} did not leave its position in time")
        if self._may_spawn(now_ns):
            self._fill()
            self._say_idle()
            for pair in self._quarantine.due(now_ns):
                self._spawn(pair, now_ns, only_leaves=True)
            for pair in memory.wanted:
                if memory.fleet.get(pair) is None:
                    self._spawn(pair, now_ns)

    def _may_spawn(self, now_ns: int) -> bool:
        memory = self._memory
        return (
            not memory.saved.halted
            and not memory.stopping
            and memory.gateway_phase == GATEWAY_READY
            and memory.is_gateway_heard(now_ns)
            and memory.is_allocator_heard(now_ns)
            and not memory.old_epochs.is_waiting
        )

    def _fill(self) -> None:
        """Take pairs into free slots."""
        memory = self._memory
        rules = memory.rules
        candidates = [row.pair for row in memory.ranked.values() if row.tradeable]
        if rules.pinned:
            candidates = [pair for pair in rules.pinned if pair in memory.ranked]
        # What an earlier life holds comes first: it is tied-up capital that only its own trader can free.
        held = [pair for pair in (rules.pinned or memory.ranked) if pair in memory.ranked and memory.position_lots(pair)]
        for pair in dict.fromkeys([*held, *candidates]):
            if len(memory.wanted) + len(memory.stopped) + self._quarantine.slots_taken >= rules.max_traders:
                return
            if pair not in memory.wanted and pair not in memory.quarantined and pair not in memory.stopped:
                memory.wanted.append(pair)
                memory.announce("trader", f"{pair} is chosen: {memory.ranked[pair].reason}")

    def _say_idle(self) -> None:
        """Tell once why nothing is traded, and again only after something was: the figures change, the answer does not."""
        idle = why_idle(self._memory)
        if idle and not self._is_idle:
            self._memory.announce("trader", idle)
        self._is_idle = bool(idle)

    def _spawn(self, pair: str, now_ns: int, *, only_leaves: bool = False) -> TraderRecord:
        memory = self._memory
        memory.save(epoch=memory.saved.epoch + 1)
        memory.do(SpawnTrader(pair, memory.saved.epoch, only_leaves))
        return memory.fleet.add(pair, memory.saved.epoch, now_ns, only_leaves=only_leaves)

    # --- ends -----------------------------------------------------------------------------------------------------

    def _on_gone(self, record: TraderRecord, now_ns: int) -> None:
        memory = self._memory
        swap = memory.swap
        if swap is not None and swap.out == record.pair:
            self._finish_swap(swap, record, now_ns)
        elif record.only_leaves:
            self._quarantine.on_gone(record, _death(record), now_ns)
        elif record.kept and record.code == 0:
            memory.announce("trader", f"{record.pair} exited after keeping its position; a fresh start takes over")
        elif record.wanted and not memory.stopping and not memory.saved.halted:
            self._on_death(record, now_ns)

    def _on_death(self, record: TraderRecord, now_ns: int) -> None:
        memory = self._memory
        pair, how = record.pair, _death(record)
        verdict = memory.budget.died(pair, now_ns, silent=record.killed)
        memory.save(restarts=memory.budget.history)
        memory.alert(
            Severity.WARNING, f"trader_died:{pair}:{record.epoch}", f"the trader of {pair} {how}; {verdict} follows"
        )
        memory.clear(f"trader_died:{pair}:{record.epoch}")  # each death is news of its own
        if verdict is Verdict.HALT:
            self.halt_asked = f"traders died {len(memory.budget.history)} times within ten minutes, last {pair}: {how}"
        elif verdict is Verdict.QUARANTINE:
            self._quarantine.begin(pair, how)

    def _chase_old_epochs(self, now_ns: int) -> None:
        memory = self._memory
        listed = {key for key in self._leased() if memory.fleet.get(*key) is None}
        memory.do(*memory.old_epochs.chase(listed, now_ns))

    def _leased(self) -> set[tuple[str, int]]:
        """Return the pairs and epochs of which the gateway or the allocator lists a lease: they may rest something."""
        memory = self._memory
        leases: list[CapitalLease] = []
        if memory.gateway is not None:
            leases.extend(memory.gateway.account.leases)
        if memory.allocator is not None:
            leases.extend(memory.allocator.leases)
        return {(lease.pair, lease.epoch) for lease in leases}

    # --- swaps ----------------------------------------------------------------------------------------------------

    def begin_swap(self, swap: PendingSwap, now_ns: int) -> None:
        """Retire the old trader; the rest follows from its answers. The obstacles were looked at before."""
        memory = self._memory
        memory.swap = swap
        memory.announce("swap", f"{swap.out} makes room for {swap.into or 'nothing'}: {swap.reason}")
        record = memory.fleet.get(swap.out)
        if record is None:
            self._settle_swap(swap, now_ns)
        else:
            memory.do(*memory.fleet.retire(record, flatten=memory.rules.swap_policy == "flatten", now_ns=now_ns))

    def _awaits_retirement(self, swap: PendingSwap) -> bool:
        record = self._memory.fleet.get(swap.out)
        return record is not None and record.state is TraderState.RETIRING and record.retired is None

    def _finish_swap(self, swap: PendingSwap, record: TraderRecord, now_ns: int) -> None:
        """The old trader is gone; unless it died holding a position, the new one takes its slot."""
        if record.retired is None and self._memory.position_lots(swap.out):
            self._give_up_swap(
                swap, "position_held", f"the trader of {swap.out} {_death(record)} before it left its position"
            )
        else:
            self._settle_swap(swap, now_ns)

    def _settle_swap(self, swap: PendingSwap, now_ns: int) -> None:
        memory = self._memory
        memory.swap = None
        place = memory.wanted.index(swap.out) if swap.out in memory.wanted else len(memory.wanted)
        memory.wanted[place : place + 1] = [swap.into] if swap.into else []
        memory.paused.discard(swap.out)
        result: dict[str, object] = {"out": swap.out, "in": swap.into or None}
        if swap.into:
            if self._may_spawn(now_ns) and memory.fleet.get(swap.into) is None:
                result["epoch"] = self._spawn(swap.into, now_ns).epoch
            memory.announce("swap", f"{swap.into} is traded instead of {swap.out}")
        else:
            memory.stopped.add(swap.out)
            memory.announce("swap", f"{swap.out} is traded no longer")
        self._answer(swap, Reply(swap.ticket, result))

    def _give_up_swap(self, swap: PendingSwap, code: str, why: str) -> None:
        memory = self._memory
        memory.swap = None
        record = memory.fleet.get(swap.out)
        if record is not None:
            memory.do(*memory.fleet.keep(record))
            if memory.holds_back(swap.out):
                self.pause(record)
        memory.announce("swap", f"{swap.out} stays: {why}")
        self._answer(swap, Reply(swap.ticket, code=code, message=f"{why}; {swap.out} is traded on"))

    def abandon_swap(self, why: str) -> None:
        """A halt or a stop overtakes the swap; whoever waits is told."""
        swap, self._memory.swap = self._memory.swap, None
        if swap is not None:
            self._answer(swap, Reply(swap.ticket, code="overtaken", message=why))

    def _answer(self, swap: PendingSwap, reply: Reply) -> None:
        if swap.ticket:
            self._memory.do(reply)


def _death(record: TraderRecord) -> str:
    if record.killed:
        return "said nothing and was killed: it hung, or this machine is too busy"
    code = record.code or 0
    return f"was ended by signal {-code}" if code < 0 else f"exited with code {code}"
