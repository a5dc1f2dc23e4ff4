"""The venue's order counter over restarts and over both ways a cancel can go."""

from tests.desk.builders_router import LIMITS, PAIR, SECOND, Desk, a_resting_desk, an_order, codes
from wildbot.desk.intents import new_intent
from wildbot.desk.order_checks import Code
from wildbot.desk.venue_queries import StreamLost
from wildbot.trading.order_state import OrderState
from wildbot.trading.rate_budget import TIER_LIMITS

LIMIT = TIER_LIMITS["intermediate"]
ALLOWED = LIMIT.threshold * (1 - LIMITS.cancel_reserve)


def a_desk_after(seconds: int) -> Desk:
    """A gateway that starts so long after its predecessor's last row about an order."""
    desk = Desk()
    changed_ns = desk.now - seconds * SECOND
    intent = new_intent(an_order(1), now_ns=changed_ns, answer_due_ns=0, settled_ns=changed_ns)
    intent.state = OrderState.CANCELLED
    desk.world.journal_intents = (intent,)
    return desk.start()


def test_a_new_gateway_takes_the_counter_for_as_full_as_its_predecessor_may_have_left_it() -> None:
    desk = a_desk_after(5)
    elapsed_s = 5 + 5  # the start takes five
    assert desk.router.state.budget(PAIR).level(desk.now) == ALLOWED - elapsed_s * LIMIT.decay_per_s


def test_what_a_predecessor_used_is_forgotten_with_time() -> None:
    desk = a_desk_after(60)
    assert desk.router.state.budget(PAIR).level(desk.now) == 0


def test_a_request_right_after_a_restart_waits_for_the_counter() -> None:
    desk = a_desk_after(-5).trade()  # its clock was put back meanwhile: no row is younger than now
    desk.router.state.budget(PAIR).assume(ALLOWED, desk.now)
    desk.ask(an_order(2))
    assert codes(desk) == [Code.BUDGET]


def test_a_cancel_counts_whichever_way_it_goes() -> None:
    desk = a_resting_desk()
    desk.take(desk.router.on_stream(StreamLost("cut"), desk.now))
    before = desk.router.state.budget(PAIR).level(desk.now)
    desk.run(0.1)  # there is no stream: it goes over REST
    assert desk.router.state.budget(PAIR).level(desk.now) > before
