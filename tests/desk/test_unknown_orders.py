"""Orders with an unknown outcome are explained with the few calls that there are."""

from tests.desk.builders_router import SECOND, Desk, a_ready_desk, a_resting_desk, an_order
from wildbot.desk.gateway_commands import AskVenue
from wildbot.desk.intents import new_intent
from wildbot.desk.venue_queries import Query, QueryRefused, StreamLost, Topic
from wildbot.model.executions import CancelRejected, OutcomeUnknown

CALLS = (Topic.OPEN_ORDERS, Topic.CLOSED_ORDERS, Topic.TRADES)


def an_unknown_desk() -> Desk:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.done.clear()
    desk.hear(OutcomeUnknown("wb7x1", "new", "EService:Busy", desk.now))
    return desk


def asked(desk: Desk, topic: Topic) -> int:
    return sum(isinstance(each, AskVenue) and each.query.topic is topic for each in desk.done)


def test_an_unknown_order_is_looked_for_once_before_its_absence_can_be_proved() -> None:
    desk = an_unknown_desk()
    desk.run(5)
    assert [asked(desk, topic) for topic in CALLS] == [1, 1, 1]


def test_two_more_looks_prove_its_absence_and_that_is_soon_enough() -> None:
    desk = an_unknown_desk()
    desk.run(15)  # the deadline and ten seconds
    assert not any(desk.router.state.intents.live())


def test_a_refused_cancel_of_an_unknown_order_asks_for_no_more_looks() -> None:
    desk = an_unknown_desk()
    desk.run(1)
    desk.hear(CancelRejected("wb7x1", "EOrder:Unknown order", desk.now))
    refused = Query(Topic.CANCEL, ids=("wb7x1",), urgent=True)
    desk.take(desk.router.on_answer(QueryRefused(refused, "EOrder:Unknown order"), desk.now))
    assert not desk.router.state.wants_look


def test_a_refused_cancel_of_a_resting_order_asks_for_a_look() -> None:
    desk = a_resting_desk()
    desk.hear(CancelRejected("wb7x1", "EOrder:Unknown order", desk.now))
    assert desk.router.state.wants_look


def test_cancels_over_rest_go_in_batches_that_leave_room_for_looks() -> None:
    desk = a_ready_desk()
    desk.streams = False
    desk.take(desk.router.on_stream(StreamLost("cut"), desk.now))
    for counter in range(1, 6):
        intent = new_intent(an_order(counter), now_ns=desk.now, answer_due_ns=0, settled_ns=2**62)
        intent.cancel_wanted, intent.cancel_tries = True, 3
        intent.cancel_asked_ns = desk.now - counter * SECOND  # each was asked for at a time of its own
        desk.router.state.intents.add(intent)
    desk.done.clear()
    desk.run(30)
    assert 0 < asked(desk, Topic.CANCEL) <= 30 / 2.5 + 1
