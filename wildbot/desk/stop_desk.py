"""Stops, halts, leaves and rearms: what the supervisor and the operating system ask of the gateway.

Rules: stopping, halting and losing the supervisor for good mean the same for orders: no new ones, take back what rests,
    have the venue confirm it. Leaving is bounded in time; without a confirmation the dead man's switch stays armed and
    the exit says so. Only `rearm` ends a halt, and never while rows are missing in the journal.
Owns: by when to leave.
"""

from collections.abc import Callable

from wildbot.desk.balance_watch import BalanceWatch
from wildbot.desk.gateway_commands import Leave, TellSupervisor, WriteMeta
from wildbot.desk.gateway_state import ENTRIES_KEY, HALT_KEY, GatewayState, Phase
from wildbot.desk.peers import Peers
from wildbot.desk.plans import Plan, PlanRunner
from wildbot.desk.recovery import Recovery
from wildbot.model.control import Entries, NoneRest, StopAll
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import Purpose

STOP_BUDGET_NS = 25 * NANOS_PER_SECOND
"""After so long of stopping we leave, confirmed or not; supervisord kills at thirty seconds."""

REFUSED_AGAIN_NS = 3 * NANOS_PER_SECOND
"""A stop that the exchange refused an answer is begun again after so long."""

SUPERSEDED = ("main", "look", "balances", "clock", "fees", "rules", "halt")
"""The plans that a stop ends."""


class StopDesk:
    """`run` starts a plan under a name."""

    def __init__(
        self,
        state: GatewayState,
        peers: Peers,
        recovery: Recovery,
        balances: BalanceWatch,
        plans: PlanRunner,
        run: Callable[[str, Plan], None],
    ) -> None:
        self._state = state
        self._peers = peers
        self._recovery = recovery
        self._balances = balances
        self._plans = plans
        self._run = run
        self._leave_by_ns = 0
        self._again_ns = 0
        self._is_again = self._has_left = False

    def stop_all(self, command: StopAll, now_ns: int) -> None:
        """Halt, or end the run, as the supervisor says."""
        if not command.halt:
            self.leave()
            return
        self._state.halt(now_ns, command.reason)
        if self._state.phase is Phase.HALTED:
            self._run("halt", self._recovery.stop(leave=False))

    def entries(self, command: Entries, now_ns: int) -> None:
        """Close or open the door for entries; remembered until it is opened."""
        state = self._state
        if command.closed == state.entries_closed:
            return
        state.entries_closed = command.closed
        state.do(WriteMeta(ENTRIES_KEY, command.closed))
        state.note(now_ns, "entries", f"closed: {command.closed}" if command.closed else "open")
        for intent in state.intents.live():
            if command.closed and intent.order.purpose is Purpose.ENTRY and not intent.cancel_wanted:
                intent.cancel_wanted = True
                intent.reason = intent.reason or "entries closed"

    def leave(self, reason: str = "asked to stop", *, again: bool = False) -> None:
        """Take everything back, then end the process; `again`: so that it is started anew."""
        state = self._state
        if state.phase is Phase.STOPPING:
            return
        known = state.phase is not Phase.STARTING
        state.phase, state.reason = Phase.STOPPING, reason
        self._leave_by_ns, self._again_ns = state.now_ns + STOP_BUDGET_NS, state.now_ns + REFUSED_AGAIN_NS
        self._is_again = again
        state.note(state.now_ns, "stopping", f"{reason}; no new orders, taking back what rests")
        for name in SUPERSEDED:
            self._plans.stop(name)
        if known:
            state.want_cancel_all("stop")
            self._run("stop", self._stopping())
        else:
            self._has_left = True
            state.do(TellSupervisor(NoneRest()), Leave(True, "nothing was sent", again))

    def watch(self, now_ns: int) -> None:
        """Leave when it is time to: the supervisor is gone for good, or stopping has taken too long."""
        state = self._state
        if state.phase is Phase.STOPPING and not self._has_left:
            self._go_on(now_ns)
        if state.supervisor_lost and state.phase is not Phase.STOPPING:
            self.leave("the supervisor is gone for good", again=True)

    def _stopping(self) -> Plan:
        yield from self._recovery.stop(leave=True, again=self._is_again)
        self._has_left = True

    def _go_on(self, now_ns: int) -> None:
        if now_ns > self._leave_by_ns:
            self._has_left = True
            self._plans.stop("stop")
            self._state.do(Leave(False, "could not confirm that nothing rests; the dead man's switch stays armed"))
        elif now_ns >= self._again_ns and not self._plans.is_running("stop"):  # the exchange refused one of its questions
            self._again_ns = now_ns + REFUSED_AGAIN_NS
            self._run("stop", self._stopping())

    def rearm(self, now_ns: int) -> None:
        """The owner lets orders leave again."""
        state = self._state
        if state.journal_failed:
            return
        state.do(WriteMeta(HALT_KEY, ""))
        if not state.halt_reason:  # a gateway that started anew since the halt: the journal must still know that it is over
            state.note(now_ns, "rearm", "this gateway was not halted")
            return
        state.note(now_ns, "rearm", f"was halted: {state.halt_reason}")
        if "reconciliation" in state.alerts or state.withdrawn:
            self._run("rearm", self._balances.accept())
        state.halt_reason = ""
        for key in ("halt", "venue_refusal", "key_shared", "check_failed"):
            state.clear(key)
        self._plans.stop("halt")
        if state.phase is Phase.HALTED:
            state.phase, state.reason = Phase.READY, "rearmed"
        elif state.phase is Phase.RECONCILING and not self._plans.is_running("main"):
            self._run("main", self._recovery.go_on())
        self._peers.settle(now_ns)
