"""What the venue's refusals say about our key: locked out, used by somebody else, revoked; and what may still be asked.

Rules: during a lockout nothing private is asked over REST, urgent or not, since calls may prolong it; the private stream
    is still tried. A refused nonce halts: this process alone draws them, and they only rise, so somebody else has the
    key; nonces are never raised to win. A revoked key or right halts and is not retried in a hurry; the dead man's
    switch stays armed and, when cancels are refused, is no longer renewed, so that the venue takes the orders back.
Owns: since when nonces are refused before the first accepted call.
Source: Kraken "Error Messages": a temporary lockout lasts about fifteen minutes.
"""

from wildbot.desk.gateway_commands import HoldRest, WriteMeta
from wildbot.desk.gateway_state import GatewayState, Phase
from wildbot.desk.venue_queries import Answer, Query, QueryRefused, QuerySilent, Topic
from wildbot.model.executions import AmendRejected, CancelRejected, OrderReport, Rejected
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import Severity

LOCKOUT = "EGeneral:Temporary lockout"
BAD_NONCE = "EAPI:Invalid nonce"
KEY_REFUSALS = ("EAPI:Invalid key", "EAPI:Invalid signature", "EAPI:Feature disabled", "EGeneral:Permission denied")
WHOLE_KEY_REFUSALS = ("EAPI:Invalid key", "EAPI:Invalid signature")

LOCKOUT_NS = 900 * NANOS_PER_SECOND
LOCKED_UNTIL_KEY = "locked_until_ns"

NONCE_GRACE_NS = 90 * NANOS_PER_SECOND
"""A former run whose journal is gone may have drawn nonces up to a minute ahead of the clock; time passes them."""


class KeyHealth:
    """Hears every answer before anybody else."""

    def __init__(self, state: GatewayState) -> None:
        self._state = state
        self._bad_nonce_ns = 0
        self._is_proven = False

    def may_ask(self, query: Query) -> bool:
        """Whether this question may leave now."""
        return self._state.may_ask(query.topic)

    def heard(self, answer: Answer) -> None:
        """Draw the conclusions from one answer over REST."""
        topic = answer.query.topic
        if not topic.is_private or isinstance(answer, QuerySilent):
            return
        if not isinstance(answer, QueryRefused):
            self._accepted(topic)
        elif answer.error.startswith(LOCKOUT):
            self._locked()
        elif answer.error.startswith(BAD_NONCE):
            self._bad_nonce()
        elif answer.error.startswith(KEY_REFUSALS):
            self._refused(topic, answer.error)
        elif topic is Topic.CANCEL:
            self._accepted(topic)  # "unknown order" comes from behind the door

    def reported(self, report: OrderReport) -> None:
        """Draw the conclusions from a refusal on the private stream."""
        if isinstance(report, Rejected | AmendRejected | CancelRejected) and report.reason.startswith(KEY_REFUSALS):
            self._refused(Topic.CANCEL if isinstance(report, CancelRejected) else Topic.TOKEN, report.reason)

    def lock_again(self, until_ns: int) -> None:
        """A former run of ours was locked out until then."""
        if until_ns > self._state.now_ns:
            self._state.locked_until_ns = until_ns
            self._tell_lockout()

    def release(self) -> bool:
        """End the lockout when its time is over; return whether it just ended."""
        state = self._state
        if not 0 < state.locked_until_ns <= state.now_ns:
            return False
        state.locked_until_ns = 0
        state.clear("lockout")
        state.note(state.now_ns, "lockout_over", "private calls leave again")
        state.do(WriteMeta(LOCKED_UNTIL_KEY, "0"))
        return True

    # --- conclusions ----------------------------------------------------------------------------------------------

    def _accepted(self, topic: Topic) -> None:
        state = self._state
        self._is_proven, self._bad_nonce_ns = True, 0
        state.clear("nonce")
        state.refused_topics.discard(topic)
        if not state.refused_topics:
            state.clear("key")

    def _locked(self) -> None:
        state = self._state
        if state.now_ns < state.locked_until_ns:
            return  # a call that was under way
        state.locked_until_ns = state.now_ns + LOCKOUT_NS
        state.do(WriteMeta(LOCKED_UNTIL_KEY, str(state.locked_until_ns)))
        self._tell_lockout()

    def _tell_lockout(self) -> None:
        state = self._state
        minutes = -(-(state.locked_until_ns - state.now_ns) // (60 * NANOS_PER_SECOND))
        text = f"the exchange locked this key out for about {minutes} min; {state.exposure()}"
        state.do(HoldRest(state.locked_until_ns))
        state.note(state.now_ns, "lockout", text)
        state.alert(Severity.CRITICAL, "lockout", text)
        state.want_cancel_all("locked out")
        if state.phase is Phase.READY or state.phase is Phase.HALTED:
            state.phase, state.reason = Phase.RECONCILING, "locked out by the exchange"

    def _bad_nonce(self) -> None:
        state = self._state
        self._bad_nonce_ns = self._bad_nonce_ns or state.now_ns
        if not self._is_proven and state.now_ns - self._bad_nonce_ns < NONCE_GRACE_NS:
            text = "the exchange has seen higher nonces of this key; waiting for the clock to pass those of a former run"
            state.alert(Severity.WARNING, "nonce", text)
            return
        text = f"another program uses this API key: the exchange refused our nonce; {state.exposure()}"
        state.alert(Severity.CRITICAL, "key_shared", text)
        state.halt(state.now_ns, "another program uses this API key (invalid nonce); make one key per program")

    def _refused(self, topic: Topic, error: str) -> None:
        state = self._state
        whole = error.startswith(WHOLE_KEY_REFUSALS)
        state.refused_topics |= {topic, Topic.CANCEL} if whole else {topic}
        if state.phase is Phase.STARTING:
            return  # nothing was begun: the plan's own failure says it
        can = "cannot cancel" if Topic.CANCEL in state.refused_topics else "cancels are still tried"
        text = f"the exchange refuses this key ({topic}: {error}); {can}; {state.exposure()}"
        state.alert(Severity.CRITICAL, "key", f"{text}; the dead man's switch stays armed")
        state.halt(state.now_ns, f"the exchange refuses this key: {error}")
