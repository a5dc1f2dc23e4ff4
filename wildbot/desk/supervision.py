"""The supervisor's mind: who runs, what the run's state is, and what follows from every piece of news.

Rules: pure; `handle` for news, `on_timer` several times a second. Heartbeats are answered, so that every actor knows that
    its supervisor lives. A gap between two timer calls means that *we* slept: nobody's silence is counted across it.
Owns: the parts and their shared memory.
Source: Erlang/OTP supervision (one_for_one among traders); liveness as in the ZeroMQ guide's Paranoid Pirate.
"""

from typing import assert_never

from wildbot.desk.entry_gate import EntryGate
from wildbot.desk.halt_switch import HaltSwitch
from wildbot.desk.limit_changes import announce_limits
from wildbot.desk.loss_limits import LossLimits
from wildbot.desk.owner_verbs import OwnerVerbs, restore_universe
from wildbot.desk.pair_modes import on_mode
from wildbot.desk.pair_slots import PairSlots
from wildbot.desk.peer_watch import PeerWatch
from wildbot.desk.restart_budget import RestartBudget
from wildbot.desk.run_health import has_begun, judge
from wildbot.desk.supervision_state import SupervisionMemory, SupervisionRules
from wildbot.desk.supervision_words import (
    Asked,
    ChildEnded,
    EquityMarked,
    FeedHealth,
    Heard,
    PairModeSeen,
    Ranked,
    RunState,
    SendTo,
    StopAsked,
    SupervisionCommand,
    SupervisionEvent,
    SupervisorState,
    SwapProposed,
)
from wildbot.desk.swap import SWAP_NS_MAX, PendingSwap
from wildbot.desk.trader_fleet import TraderRecord
from wildbot.model.control import EpochEnded, NoneRest, Retired
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import AllocatorStatus, GatewayStatus, Heartbeat, HeartbeatAck, TraderStatus

SLEPT_NS = NANOS_PER_SECOND
"""Timer calls come every quarter of a second; a gap of more than this was ours."""


class Supervision:
    """Decides for the whole run; `state` and what the properties say is for the status document."""

    def __init__(self, rules: SupervisionRules, saved: SupervisorState) -> None:
        self._memory = SupervisionMemory(rules, saved, RestartBudget(saved.restarts))
        self._slots = PairSlots(self._memory)
        self._switch = HaltSwitch(self._memory, self._slots)
        self._losses = LossLimits(self._memory, self._slots, self._switch)
        self._peers = PeerWatch(self._memory, self._switch)
        self._entries = EntryGate(self._memory)
        self._verbs = OwnerVerbs(self._memory, self._slots, self._switch)
        self._timer_ns = 0

    def start(self, now_ns: int) -> list[SupervisionCommand]:
        """Return what to do first."""
        memory = self._memory
        self._switch.start(now_ns)
        announce_limits(memory)
        restore_universe(memory)
        return memory.take()

    def handle(self, event: SupervisionEvent, now_ns: int) -> list[SupervisionCommand]:
        """Return what follows from one event."""
        memory = self._memory
        match event:
            case Heard():
                self._on_message(event, now_ns)
            case ChildEnded(pair, epoch, code):
                record = memory.fleet.get(pair, epoch)
                if record is not None:
                    memory.do(*memory.fleet.on_exit(record, code, now_ns))
            case Ranked(rows):
                memory.ranked = {row.pair: row for row in rows}
            case SwapProposed(out, into, reason):
                if not memory.stopping and not memory.saved.halted and not memory.rules.pinned:
                    self._verbs.swap(PendingSwap(out, into, "", reason, now_ns + SWAP_NS_MAX), now_ns)
            case EquityMarked():
                self._losses.on_equity(event, now_ns)
            case FeedHealth(ok, reason):
                memory.feed_ok, memory.feed_reason = ok, reason
            case PairModeSeen():
                on_mode(memory, event)
            case StopAsked():
                self._switch.stop(now_ns)
            case Asked():
                self._verbs.handle(event, now_ns)
            case _:
                assert_never(event)
        self._slots.look(now_ns)
        self._entries.look(now_ns)
        return memory.take()

    def on_timer(self, now_ns: int) -> list[SupervisionCommand]:
        """Return what is due by time alone."""
        memory = self._memory
        if self._timer_ns and now_ns - self._timer_ns > SLEPT_NS:
            memory.fleet.forgive_silence(now_ns)
        self._timer_ns = now_ns
        self._slots.look(now_ns)
        self._switch.look(now_ns)
        self._entries.look(now_ns)
        self._peers.look(now_ns)
        state, reasons = judge(memory, now_ns)
        if state is not memory.run_state:
            memory.announce("state", f"{state}: {'; '.join(reasons) or 'all well'}")
        memory.run_state, memory.reasons = state, reasons
        memory.has_begun = has_begun(memory.has_begun, state)
        return memory.take()

    # --- for the status document ----------------------------------------------------------------------------------

    @property
    def run_state(self) -> RunState:
        """The state of the run at the last timer call."""
        return self._memory.run_state

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the run is not simply running."""
        return self._memory.reasons

    @property
    def saved(self) -> SupervisorState:
        """What is on disk: epoch, halt, peak."""
        return self._memory.saved

    @property
    def traded(self) -> tuple[str, ...]:
        """The pairs that have, or are about to have, a trader."""
        return tuple(self._memory.wanted)

    @property
    def quarantined(self) -> frozenset[str]:
        """The pairs whose traders died too often."""
        return frozenset(self._memory.quarantined)

    @property
    def traders(self) -> tuple[TraderRecord, ...]:
        """Every trader of which something is left; read only."""
        return tuple(self._memory.fleet.records.values())

    # --- messages -------------------------------------------------------------------------------------------------

    def _on_message(self, heard: Heard, now_ns: int) -> None:
        memory, message = self._memory, heard.message
        match message:
            case Heartbeat():
                self._on_heartbeat(heard.actor, message, now_ns)
            case TraderStatus():
                record = memory.fleet.get(message.pair, message.epoch)
                if record is not None:
                    self._slots.on_trader_status(record, message)
            case Retired():
                record = memory.fleet.get(message.pair, message.epoch)
                if record is not None:
                    self._slots.on_retired(record, message, now_ns)
            case GatewayStatus():
                memory.gateway, memory.gateway_ns = message, now_ns
            case AllocatorStatus():
                memory.allocator, memory.allocator_ns = message, now_ns
            case EpochEnded():
                memory.fleet.on_epoch_ended(message)
                memory.do(*memory.old_epochs.on_epoch_ended(message))
            case NoneRest():
                self._switch.on_none_rest()
            case _:
                pass  # trade records, alerts and tables concern the status board and the scanner only

    def _on_heartbeat(self, actor: str, beat: Heartbeat, now_ns: int) -> None:
        memory = self._memory
        if beat.epoch:
            record = next((each for each in memory.fleet.records.values() if each.epoch == beat.epoch), None)
            if record is None:
                return  # left over from an earlier life: without an answer it ends itself
            if not self._peers.is_our_build(actor, beat):
                memory.do(*memory.fleet.kill(record))
                return
            self._slots.on_heartbeat(record, beat, now_ns)
        elif not self._peers.on_beat(actor, beat, now_ns):
            return  # without an answer it takes its orders back
        memory.do(SendTo(actor, HeartbeatAck(now_ns, memory.run_state)))
