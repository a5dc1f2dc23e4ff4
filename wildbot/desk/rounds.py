"""Which look at the venue is due: quick ones while something is unexplained, slow ones for the rest of the day.

Rules: the REST counter holds about twenty calls and forgets one in two seconds, so looks slow down when they do not help,
    and further while the venue refuses our key; while an order is unexplained its calls come first, and comparisons wait
    up to a period longer. Every thirty seconds orders, trades and balances are compared with the venue's records,
    whatever the private stream says: a stream that is silent about an execution is found out so.
Owns: when each round was made last, but for whole looks, which others make too.
"""

from wildbot.desk.balance_watch import BalanceWatch
from wildbot.desk.gateway_state import GatewayState
from wildbot.desk.plans import Plan, PlanRunner
from wildbot.desk.reconciliation import LOOKS_APART_NS, Reconciliation
from wildbot.desk.recovery import Recovery
from wildbot.model.instrument import NANOS_PER_SECOND

AUDIT_EVERY_NS = 25 * NANOS_PER_SECOND
"""The calls of a look leave one a second; with them the comparison is complete within thirty seconds."""

QUICK_LOOKS_MAX = 5
SLOW_LOOKS_NS = 10 * NANOS_PER_SECOND
BALANCES_EVERY_NS = 25 * NANOS_PER_SECOND
CLOCK_EVERY_NS = 10 * NANOS_PER_SECOND
FEES_AGAIN_NS = 60 * NANOS_PER_SECOND
FEES_EVERY_NS = 86_400 * NANOS_PER_SECOND
"""A tier that was reached or lost overnight shows within a day even where nothing was executed."""

RULES_AGAIN_NS = 60 * NANOS_PER_SECOND


class Rounds:
    """Asked after every turn in which time passed or an answer came."""

    def __init__(self, state: GatewayState, recovery: Recovery, look: Reconciliation, balances: BalanceWatch) -> None:
        self._state = state
        self._recovery = recovery
        self._look = look
        self._balances = balances
        self._looks = 0
        self._looked_ns = 0
        self._balances_ns = 0
        self._clock_ns = 0
        self._fees_ns = 0
        self._fees_day_ns = 0
        self._rules_ns = 0

    @property
    def due_ns(self) -> int:
        """Before then, and while nothing is unexplained, `due` returns nothing."""
        state = self._state
        if self._looks:
            return 0
        due_ns = min(
            self._look.whole_ns + AUDIT_EVERY_NS,
            self._balances_ns + BALANCES_EVERY_NS,
            self._clock_ns + CLOCK_EVERY_NS,
            self._fees_day_ns + FEES_EVERY_NS,
        )
        if state.wants_fees:
            due_ns = min(due_ns, self._fees_ns + FEES_AGAIN_NS)
        return min(due_ns, self._rules_ns + RULES_AGAIN_NS) if state.wants_rules else due_ns

    def due(self, plans: PlanRunner, now_ns: int) -> list[tuple[str, Plan]]:
        """Return the plans to start now, by name."""
        state, due = self._state, list[tuple[str, Plan]]()
        if not plans.is_running("look"):
            due += self._look_due(now_ns)
        patience_ns = BALANCES_EVERY_NS if self._look.has_unexplained() else 0
        if not plans.is_running("balances") and now_ns - self._balances_ns >= BALANCES_EVERY_NS + patience_ns:
            first, self._balances_ns = not self._balances_ns, now_ns
            if not first:  # the start has just compared them
                due.append(("balances", self._balances.while_running()))
        if not plans.is_running("clock") and now_ns - self._clock_ns >= CLOCK_EVERY_NS:
            self._clock_ns = now_ns
            due.append(("clock", self._recovery.check_clock()))
        self._fees_day_ns = self._fees_day_ns or now_ns  # the start has just asked
        is_day_over = now_ns - self._fees_day_ns >= FEES_EVERY_NS
        if is_day_over or (state.wants_fees and now_ns - self._fees_ns >= FEES_AGAIN_NS):
            state.wants_fees, self._fees_ns, self._fees_day_ns = False, now_ns, now_ns
            due.append(("fees", self._recovery.refresh_fees()))
        if state.wants_rules and now_ns - self._rules_ns >= RULES_AGAIN_NS:
            state.wants_rules, self._rules_ns = False, now_ns
            due.append(("rules", self._recovery.learn_rules()))
        return due

    def _look_due(self, now_ns: int) -> list[tuple[str, Plan]]:
        needed, whole = self._look.is_needed(), now_ns - self._look.whole_ns >= AUDIT_EVERY_NS
        self._looks = self._looks if needed else 0
        quick_ns = LOOKS_APART_NS if self._looks < QUICK_LOOKS_MAX else SLOW_LOOKS_NS
        quick = needed and not self._state.refused_topics and now_ns - self._looked_ns >= quick_ns
        if not (quick or whole):
            return []
        self._looked_ns = now_ns
        self._looks += 1
        return [("look", self._recovery.look() if whole else self._recovery.explain())]
