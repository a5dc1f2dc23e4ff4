"""The ways trading ends: the safety halt, which is sticky, and the ordered end of the run.

Rules: a halt is on disk before anyone is told, and only `rearm` lifts it. The gateway and this switch keep each other
    honest: what one of them holds halted, the other one halts too. An ordered end waits until the gateway has confirmed
    that nothing rests; without that word the process ends with code 1 and an alert, never with 0.
Owns: when the peers were last told.
"""

from wildbot.desk.pair_slots import PairSlots
from wildbot.desk.supervision_state import GATEWAY_HALTED, GATEWAY_READY, SupervisionMemory
from wildbot.desk.supervision_words import GATEWAY, EndRun, SendTo
from wildbot.model.control import Rearm, StopAll
from wildbot.model.instrument import NANOS_PER_SECOND, Money
from wildbot.model.status import Severity

REPEAT_NS = NANOS_PER_SECOND
GRACE_NS = 5 * NANOS_PER_SECOND
"""After a rearm the gateway's older rows, still saying halted, are not taken for a halt of its own."""

STOP_NS_MAX = 20 * NANOS_PER_SECOND
TRADERS_NS_MAX = 10 * NANOS_PER_SECOND
START_NS = 600 * NANOS_PER_SECOND
STARTS_MAX = 3
"""The third start within `START_NS` without a clean end between them comes up halted."""


class HaltSwitch:
    """The part of supervision that ends trading."""

    def __init__(self, memory: SupervisionMemory, slots: PairSlots) -> None:
        self._memory = memory
        self._slots = slots
        self._told_ns = 0
        self._rearmed_ns = 0
        self._stop_ns = 0
        self._none_rest = False
        self._killed = False
        self._is_over = False

    def start(self, now_ns: int) -> None:
        """Write this start down; too many unclean ones come up halted."""
        memory = self._memory
        unclean = tuple(at for at in memory.saved.starts_ns if now_ns - at < START_NS)
        starts = (*unclean, now_ns)
        memory.save(starts_ns=starts)
        if len(starts) >= STARTS_MAX and not memory.saved.halted:
            self.halt(f"the supervisor started {len(starts)} times within ten minutes without a clean end", now_ns)
        elif memory.saved.halted:
            memory.alert(Severity.CRITICAL, "halt", f"still halted: {memory.saved.halt_reason}")
        for pair in sorted(memory.quarantined):
            memory.alert(Severity.CRITICAL, f"quarantine:{pair}", f"{pair} is still in quarantine; `start` lifts that")

    # --- the halt -------------------------------------------------------------------------------------------------

    def halt(self, reason: str, now_ns: int) -> None:
        """Stop trading until the owner rearms."""
        memory = self._memory
        if memory.saved.halted:
            return
        memory.save(halted=True, halt_reason=reason)
        memory.do(SendTo(GATEWAY, StopAll(halt=True, reason=reason)))
        self._told_ns = now_ns
        memory.alert(Severity.CRITICAL, "halt", f"halted: {reason}")
        memory.announce("halt", reason)
        self._slots.abandon_swap(f"halted: {reason}")
        self._retire_all(now_ns)

    def rearm(self, now_ns: int) -> None:
        """Lift the halt. What led to it is forgotten, or it would trip again at once: the peak (taken anew from the next
        mark), the deaths and restarts that count. The day's loss limit, pauses, stops and quarantines stay."""
        memory = self._memory
        memory.save(halted=False, halt_reason="", peak=Money(0), restarts=(), peer_restarts=(), starts_ns=(now_ns,))
        memory.budget.forgive()
        memory.clear("halt")
        memory.announce("rearm", "the owner has lifted the halt")
        self._rearmed_ns = now_ns
        self._tell_rearm(now_ns)

    # --- the end of the run ---------------------------------------------------------------------------------------

    def stop(self, now_ns: int) -> None:
        """End the run in order; asked a second time, end the traders at once, but still wait for the cancels."""
        memory = self._memory
        if memory.stopping:
            self._kill_traders()
            return
        memory.stopping = True
        self._stop_ns = self._told_ns = now_ns
        memory.announce("stop", "the run ends: no new orders, cancel, confirm, then the processes")
        memory.do(SendTo(GATEWAY, StopAll(halt=False, reason="the run ends")))
        self._slots.abandon_swap("the run ends")
        self._retire_all(now_ns)

    def on_none_rest(self) -> None:
        """The gateway confirmed that nothing of ours rests; a word from before the stop (a halt's, or that of a gateway
        that was restarted since) says nothing about its end."""
        self._none_rest = self._memory.stopping

    def look(self, now_ns: int) -> None:
        """Repeat what the gateway has not taken up, follow its halt, bring the end of the run about."""
        memory = self._memory
        if self._slots.halt_asked:
            self.halt(self._slots.halt_asked, now_ns)
            self._slots.halt_asked = ""
        if memory.stopping:
            self._look_at_stop(now_ns)
        elif memory.saved.halted:
            if memory.gateway_phase == GATEWAY_READY and now_ns - self._told_ns >= REPEAT_NS:
                self._told_ns = now_ns
                memory.do(SendTo(GATEWAY, StopAll(halt=True, reason=memory.saved.halt_reason)))
        else:
            self._look_at_gateway(now_ns)

    def _look_at_gateway(self, now_ns: int) -> None:
        memory = self._memory
        if memory.gateway_phase == GATEWAY_HALTED and memory.gateway is not None:
            if now_ns - self._rearmed_ns > GRACE_NS:
                self.halt(f"the order gateway halted: {memory.gateway.reason}", now_ns)
            else:
                self._tell_rearm(now_ns)

    def _tell_rearm(self, now_ns: int) -> None:
        if now_ns - self._told_ns >= REPEAT_NS or self._rearmed_ns == now_ns:
            self._told_ns = now_ns
            self._memory.do(SendTo(GATEWAY, Rearm()))

    def _look_at_stop(self, now_ns: int) -> None:
        memory = self._memory
        waited = now_ns - self._stop_ns
        if waited > TRADERS_NS_MAX:
            self._kill_traders()
        if not self._none_rest and waited < STOP_NS_MAX and now_ns - self._told_ns >= REPEAT_NS:
            self._told_ns = now_ns
            memory.do(SendTo(GATEWAY, StopAll(halt=False, reason="the run ends")))
        traders_left = any(not record.exited for record in memory.fleet.records.values())
        confirmed = self._none_rest or self._gateway_left_nothing(now_ns)
        if ((confirmed and not traders_left) or waited >= STOP_NS_MAX) and not self._is_over:
            self._is_over = True
            self._end(confirmed)

    def _end(self, confirmed: bool) -> None:
        memory = self._memory
        if confirmed:  # the next run begins afresh: what was paused, stopped or in quarantine is not remembered
            memory.save(starts_ns=(), peers={}, peer_restarts=())
            memory.paused, memory.stopped, memory.quarantined, memory.paused_all = set(), set(), set(), False
        else:
            text = "the run ended without the exchange's word that no order rests; its own timer will cancel them"
            memory.alert(Severity.CRITICAL, "unclean_stop", text)
        memory.do(EndRun(0 if confirmed else 1))

    def _gateway_left_nothing(self, now_ns: int) -> bool:
        """Whether the gateway is gone, having said last that nothing rests; or was never there at all."""
        gateway = self._memory.gateway
        if self._memory.is_gateway_heard(now_ns):
            return False
        return gateway is None or gateway.open_orders + gateway.unknown_orders == 0

    def _retire_all(self, now_ns: int) -> None:
        memory = self._memory
        for record in memory.fleet.records.values():
            memory.do(*memory.fleet.retire(record, flatten=False, now_ns=now_ns))

    def _kill_traders(self) -> None:
        memory = self._memory
        if not self._killed:
            self._killed = True
            for record in memory.fleet.records.values():
                memory.do(*memory.fleet.kill(record))
