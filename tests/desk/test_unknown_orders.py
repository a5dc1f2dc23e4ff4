"""Orders with an unknown outcome are explained with the few calls that there are."""

import pytest

from tests.desk.builders_router import LOTS, PAIR, SECOND, Desk, a_fill, a_ready_desk, a_resting_desk, a_view, an_order
from wildbot.desk.gateway_commands import ArmTimer, AskVenue, GatewayCommand, Leave
from wildbot.desk.intents import new_intent
from wildbot.desk.reconciliation import RECORDS_LAG_NS
from wildbot.desk.venue_queries import Query, QueryRefused, StreamLost, Topic
from wildbot.desk.watch import StopRequested
from wildbot.liaison.questions import Questions
from wildbot.model.exchange import OrderStatus
from wildbot.model.executions import CancelRejected, NotPlaced, OutcomeUnknown
from wildbot.venues.kraken.rest_pace import RestPace

CALLS = (Topic.OPEN_ORDERS, Topic.CLOSED_ORDERS, Topic.TRADES)


def an_unknown_desk() -> Desk:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.done.clear()
    desk.hear(OutcomeUnknown("wb7x1", "new", "EService:Busy", desk.now))
    return desk


class PacedDesk(Desk):
    """A desk whose questions leave as fast as the venue's call counter lets them."""

    def __init__(self) -> None:
        super().__init__()
        self.pace = RestPace(5.0)
        self.waiting: list[Query] = []
        self.questions = Questions((PAIR,))

    def take(self, batch: list[GatewayCommand]) -> None:
        self.waiting += [each.query for each in batch if isinstance(each, AskVenue)]
        self.done += [each for each in batch if isinstance(each, AskVenue)]
        super().take([each for each in batch if not isinstance(each, AskVenue)])

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            super().run(0.1)
            if self.waiting:
                self._leave(self.now / SECOND)

    def _leave(self, now_s: float) -> None:
        if self.waiting[0].topic.is_private:
            endpoint = self.questions.call(self.waiting[0]).endpoint
            if self.pace.wait_s(endpoint, now_s) > 0:
                return
            self.pace.left(endpoint, now_s)
        answer = self.world.answer(self.waiting.pop(0), self.now)
        assert answer is not None
        self.take(self.router.on_answer(answer, self.now))


def asked(desk: Desk, topic: Topic) -> int:
    return sum(isinstance(each, AskVenue) and each.query.topic is topic for each in desk.done)


def test_an_unknown_order_is_looked_for_once_before_its_absence_can_be_proved() -> None:
    desk = an_unknown_desk()
    desk.run(5)
    assert [asked(desk, topic) for topic in CALLS] == [1, 0, 0], "among the open orders, where most are"


def test_two_more_looks_prove_its_absence_and_that_is_soon_enough() -> None:
    desk = an_unknown_desk()
    desk.run(15)  # the deadline and ten seconds
    assert not any(desk.router.state.intents.live())
    assert [asked(desk, topic) for topic in CALLS] == [3, 2, 1], "executions are read where they complete the proof"


def test_absence_is_not_believed_before_records_that_lag_would_show_the_order() -> None:
    desk = an_unknown_desk()
    sent = desk.now
    while any(desk.router.state.intents.live()):
        desk.run(0.1)
    assert desk.now - sent >= RECORDS_LAG_NS
    assert desk.told(NotPlaced)


def test_an_unknown_order_is_explained_in_time_although_the_counter_is_used_up() -> None:
    desk = PacedDesk()
    desk.start()
    desk.run(30)
    desk.trade()
    while desk.pace.wait_s("ClosedOrders", desk.now / SECOND) == 0:  # others' waves: no room for another look
        desk.pace.left("OpenOrders", desk.now / SECOND)
    desk.ask(an_order())
    desk.hear(OutcomeUnknown("wb7x1", "new", "EService:Busy", desk.now))
    desk.run(25)
    assert desk.told(NotPlaced)


def test_an_unknown_order_that_was_filled_is_booked_in_the_look_that_finds_it_closed() -> None:
    desk = an_unknown_desk()
    desk.world.closed = [a_view(status=OrderStatus.FILLED, filled_lots=LOTS)]
    desk.world.fills = [a_fill(ts_ns=desk.now + 6 * SECOND)]
    desk.run(9)  # the deadline and a look
    assert desk.router.state.books.position(PAIR).lots == LOTS
    assert [asked(desk, topic) for topic in CALLS] == [2, 1, 1]


def test_comparisons_wait_for_unexplained_orders_but_not_for_ever() -> None:
    desk = a_ready_desk()
    desk.run(20)
    desk.ask(an_order())
    desk.done.clear()
    desk.world.silent = {Topic.OPEN_ORDERS}
    desk.hear(OutcomeUnknown("wb7x1", "new", "EService:Busy", desk.now))
    desk.run(15)
    assert asked(desk, Topic.BALANCES) == 0
    desk.run(40)
    assert asked(desk, Topic.BALANCES) == 1


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


@pytest.mark.parametrize("unknown", [False, True])
def test_a_stop_leaves_the_switch_armed_while_an_order_is_unexplained(unknown: bool) -> None:
    desk = a_ready_desk()
    if unknown:
        desk.ask(an_order())
        desk.hear(OutcomeUnknown("wb7x1", "new", "EService:Busy", desk.now))
    desk.take(desk.router.on_shell(StopRequested(), desk.now))
    desk.run(26)
    assert [each.clean for each in desk.done if isinstance(each, Leave)] == [True]
    assert (ArmTimer(0) in desk.done) is not unknown
