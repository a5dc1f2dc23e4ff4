"""Compares our clock with the exchange's, at the start and all the time.

Rules: nothing is signed and no order leaves while they are known to be more than `SKEW_NS_MAX` apart; resting orders are
    taken back, and cancels alone are still asked for over REST, since leaving orders alone is worse. An answer that took
    long says nothing. Nobody changes a clock here: it is the owner's to put right.
Owns: nothing; what is wrong is `GatewayState.clock_fault`.
Source: Kraken's Time answers in whole seconds, so half a second is added to it.
"""

from collections.abc import Generator

from wildbot.desk.gateway_state import GatewayState, Phase
from wildbot.desk.plans import Pause, Step, ask
from wildbot.desk.reconciliation import Steps
from wildbot.desk.venue_queries import Answer, ClockSeen, Query, Topic
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import Severity

SKEW_NS_MAX = 2 * NANOS_PER_SECOND
TRAVEL_NS_MAX = 2 * NANOS_PER_SECOND
AGAIN_NS = 5 * NANOS_PER_SECOND
HALF_NS = NANOS_PER_SECOND // 2


class ClockWatch:
    """The plans that ask for the time."""

    def __init__(self, state: GatewayState) -> None:
        self._state = state

    def agree(self) -> Steps:
        """Ask until the clocks agree; the first answer decides whether orders may leave meanwhile."""
        while (skew_ns := (yield from self._skew_ns())) is None or abs(skew_ns) > SKEW_NS_MAX:
            if skew_ns is not None:
                self._apart(skew_ns)
            yield Pause(AGAIN_NS)
        self._together()

    def _skew_ns(self) -> Generator[Step, Answer | None, int | None]:
        """Return by how much our clock is ahead; None when the answer took too long to tell."""
        state, asked_ns = self._state, self._state.now_ns
        clock = yield from ask(Query(Topic.CLOCK, urgent=True), ClockSeen)
        if state.now_ns - asked_ns > TRAVEL_NS_MAX:
            return None
        return (asked_ns + state.now_ns) // 2 - (clock.venue_ns + HALF_NS)

    def _apart(self, skew_ns: int) -> None:
        state = self._state
        text = f"our clock is {skew_ns / NANOS_PER_SECOND:+.0f} s off the exchange's, at most 2 s are allowed"
        if not state.clock_fault:
            state.note(state.now_ns, "clock", text)
            state.want_cancel_all("clock")
        state.clock_fault = text
        advice = "no order leaves until it agrees; where our machine is wrong, set its time and start WildBot anew"
        state.alert(Severity.CRITICAL, "clock", f"{text}; {advice}")
        if state.phase is Phase.STARTING:
            state.reason = text

    def _together(self) -> None:
        state = self._state
        if state.clock_fault:
            state.note(state.now_ns, "clock", "our clock agrees with the exchange's again")
        state.clock_fault = ""
        state.clear("clock")
