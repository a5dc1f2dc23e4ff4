"""What the last run left at the venue: first a bound on how long it can rest, then gone, then explained.

Rules: the dead man's switch is armed before anything else when orders of ours may rest. They are taken back by batches,
    which the venue takes even when the order counter is exhausted; only ids of ours are named, never all orders. They
    are gone when the venue showed none of ours twice, and explained when its records account for each.
Source: Kraken "Cancel Order Batch": up to fifty ids; "Cancel All Orders After".
"""

from wildbot.desk.gateway_state import GatewayState
from wildbot.desk.plans import Pause, ask
from wildbot.desk.reconciliation import LOOKS_APART_NS, Reconciliation, Steps
from wildbot.desk.venue_queries import Query, TimerTaken, Topic
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import Severity

TIMER_S = 60
LOOKS_BEFORE_ALERT = 6


class Leftovers:
    """Parts of the start-up plan. The cancels themselves are the watch's: every leftover is wanted back."""

    def __init__(self, state: GatewayState, look: Reconciliation) -> None:
        self._state = state
        self._look = look

    def arm(self) -> Steps:
        """Have the venue take back everything in a minute, whatever becomes of us."""
        state = self._state
        state.reason = "arming the dead man's switch"
        asked_ns = state.now_ns
        yield from ask(Query(Topic.TIMER, urgent=True, timeout_s=TIMER_S), TimerTaken)
        state.timer_until_ns = asked_ns + TIMER_S * NANOS_PER_SECOND

    def clear(self) -> Steps:
        """Look until nothing of ours rests, twice, and nothing is unexplained."""
        yield from self._look.look()
        looks = 1
        while self._look.is_needed() or any(self._state.intents.live()):
            if looks == LOOKS_BEFORE_ALERT:
                text = "the venue's records do not explain all orders of the last run; still looking, no order leaves"
                self._state.alert(Severity.CRITICAL, "unexplained", text)
            yield Pause(LOOKS_APART_NS * min(looks, 5))
            yield from self._look.explain()
            looks += 1
        self._state.clear("unexplained")
        empty_looks = 0 if self._look.ours_resting else 1
        while empty_looks < 2:
            if not empty_looks:
                yield Pause(NANOS_PER_SECOND)
            ours = yield from self._look.open_orders()
            empty_looks = 0 if ours else empty_looks + 1
