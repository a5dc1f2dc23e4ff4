"""What the last run left behind: bounded first, taken back by the batch, and READY within seconds."""

import pytest

from tests.desk.builders_router import EPOCH, LOTS, PAIR, SECOND, Desk, a_fill, a_view, an_order, balances_after
from wildbot.desk.gateway_commands import AskVenue, GatewayCommand
from wildbot.desk.gateway_state import Phase
from wildbot.desk.intents import Intent, new_intent
from wildbot.desk.venue_queries import OrdersSeen, Query, QueryRefused, Topic
from wildbot.model.control import Rearm
from wildbot.model.desk import TraderHello
from wildbot.model.exchange import OrderStatus
from wildbot.model.orders import client_order_id
from wildbot.trading.order_state import OrderState

CALLS_PER_S = 1
TAKEN_BACK = "User requested"


class PacedDesk(Desk):
    """A desk whose private calls leave one a second, urgent ones first, as the venue's client lets them out."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Query] = []
        self.free_ns = 0
        self.left: list[tuple[int, Topic]] = []

    def take(self, batch: list[GatewayCommand]) -> None:
        private = [each for each in batch if isinstance(each, AskVenue) and each.query.topic.is_private]
        self.waiting += [each.query for each in private]
        self.done += private
        super().take([each for each in batch if each not in private])

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            super().run(0.1)
            if self.waiting and self.now >= self.free_ns:
                self.waiting.sort(key=lambda query: not query.urgent)
                query = self.waiting.pop(0)
                self.free_ns = self.now + SECOND // CALLS_PER_S
                self.left.append((self.now, query.topic))
                self._do_as_asked(query)
                answer = self.world.answer(query, self.now)
                assert answer is not None, query
                self.take(self.router.on_answer(answer, self.now))

    def _do_as_asked(self, query: Query) -> None:
        if query.topic is Topic.CANCEL:
            ours = [each for each in self.world.open if {each.order_id, each.cl_ord_id} & set(query.ids)]
            for each in ours:
                self.world.open.remove(each)
                counter = int(each.order_id[1:])
                self.world.closed.append(a_view(counter, status=OrderStatus.CANCELED, filled_lots=each.filled_lots))


def a_leftover(counter: int, *, order_id: str, created_ns: int) -> Intent:
    intent = new_intent(an_order(counter), now_ns=created_ns, answer_due_ns=0, settled_ns=created_ns + 7 * SECOND)
    intent.state, intent.order_id = OrderState.OPEN, order_id
    return intent


def a_desk_with_leftovers(count: int) -> PacedDesk:
    desk = PacedDesk()
    created_ns = desk.now - 30 * SECOND
    desk.world.open = [a_view(counter) for counter in range(1, count + 1)]
    desk.world.journal_intents = tuple(
        a_leftover(counter, order_id=f"O{counter}", created_ns=created_ns) for counter in range(1, count + 1)
    )
    return desk


def seconds_to_ready(desk: PacedDesk) -> float:
    began_ns = desk.now
    desk.take(desk.router.begin(desk.now))
    while desk.router.state.phase is not Phase.READY:
        desk.run(0.1)
        assert desk.now - began_ns < 120 * SECOND, (desk.router.state.reason, desk.left)
    return (desk.now - began_ns) / SECOND


@pytest.mark.parametrize("count", [0, 1, 6, 60])
def test_ready_within_twelve_seconds_at_one_call_a_second_whatever_was_left(count: int) -> None:
    desk = a_desk_with_leftovers(count)
    assert seconds_to_ready(desk) <= 12
    assert desk.world.open == []
    assert not any(desk.router.state.intents.live())


def test_switch_is_armed_before_any_other_call_that_needs_the_key() -> None:
    desk = a_desk_with_leftovers(6)
    seconds_to_ready(desk)
    assert [topic for _, topic in desk.left[:2]] == [Topic.TIMER, Topic.CANCEL]


def test_nothing_is_armed_early_when_nothing_can_rest() -> None:
    desk = a_desk_with_leftovers(0)
    seconds_to_ready(desk)
    assert Topic.TIMER not in [topic for _, topic in desk.left]


def test_batches_name_our_orders_and_no_others() -> None:
    desk = a_desk_with_leftovers(3)
    foreign = a_view(9)
    foreign = type(foreign)(
        **{n: getattr(foreign, n) for n in foreign.__struct_fields__} | {"cl_ord_id": "mine", "order_id": "O9"}
    )
    desk.world.open.append(foreign)
    seconds_to_ready(desk)
    asked = {each for e in desk.done if isinstance(e, AskVenue) and e.query.topic is Topic.CANCEL for each in e.query.ids}
    assert asked == {"O1", "O2", "O3"}
    assert desk.world.open == [foreign]
    assert desk.router.state.foreign_orders == 1


def test_leftovers_that_no_journal_knows_are_taken_back_as_one_batch() -> None:
    desk = a_desk_with_leftovers(0)
    desk.world.open = [a_view(counter) for counter in range(1, 5)]
    seconds_to_ready(desk)
    batches = [e.query.ids for e in desk.done if isinstance(e, AskVenue) and e.query.topic is Topic.CANCEL]
    assert batches[0] == ("O1", "O2", "O3", "O4")


def test_leftover_that_filled_while_nobody_looked_is_booked_before_ready() -> None:
    desk = a_desk_with_leftovers(2)
    fill = a_fill(1, ts_ns=desk.now - 5 * SECOND)
    desk.world.open = [a_view(2)]
    desk.world.closed = [a_view(1, status=OrderStatus.FILLED, filled_lots=LOTS)]
    desk.world.fills, desk.world.balances = [fill], balances_after(fill)
    assert seconds_to_ready(desk) <= 12
    assert desk.router.state.books.position(fill.pair).lots == LOTS


def test_intent_that_never_left_needs_two_looks_after_its_deadline() -> None:
    desk = PacedDesk()
    intent = new_intent(an_order(1), now_ns=desk.now, answer_due_ns=0, settled_ns=desk.now + 7 * SECOND)
    desk.world.journal_intents = (intent,)
    seconds_to_ready(desk)
    assert intent.cl_ord_id == client_order_id(EPOCH, 1)
    assert intent.state is OrderState.NOT_PLACED
    looks = [at for at, topic in desk.left if topic is Topic.OPEN_ORDERS and at >= intent.settled_ns]
    assert len(looks) >= 2


def test_order_whose_record_shows_up_late_is_taken_back_and_never_called_not_placed() -> None:
    desk = PacedDesk()
    intent = new_intent(an_order(1), now_ns=desk.now, answer_due_ns=0, settled_ns=desk.now + 7 * SECOND)
    desk.world.journal_intents = (intent,)
    shows_ns = desk.now + 9 * SECOND
    desk.world.open = [a_view(1)]

    def stale(query: Query) -> OrdersSeen | None:
        hidden = query.topic in (Topic.OPEN_ORDERS, Topic.ORDERS) and desk.now < shows_ns
        return OrdersSeen(query, (), 0) if hidden else None

    desk.world.refuse = stale
    desk._do_as_asked = lambda query: None if desk.now < shows_ns else PacedDesk._do_as_asked(desk, query)  # type: ignore[method-assign]
    seconds_to_ready(desk)
    assert intent.state is OrderState.CANCELLED


def test_leftover_that_only_the_second_cancel_takes_back_is_closed_before_ready() -> None:
    desk = a_desk_with_leftovers(1)
    cancels: list[Query] = []

    def forgets_the_first(query: Query) -> None:
        if query.topic is Topic.CANCEL:
            cancels.append(query)
        if query.topic is not Topic.CANCEL or len(cancels) > 1:
            PacedDesk._do_as_asked(desk, query)

    desk._do_as_asked = forgets_the_first  # type: ignore[method-assign]
    seconds_to_ready(desk)
    assert not any(desk.router.state.intents.live())


def test_leftovers_are_gone_before_anything_else_may_be_refused() -> None:
    desk = a_desk_with_leftovers(3)
    desk.world.refuse = lambda query: (
        QueryRefused(query, "EGeneral:Permission denied") if query.topic is Topic.FEES else None
    )
    desk.take(desk.router.begin(desk.now))
    desk.run(15)
    assert "EGeneral:Permission denied" in desk.router.state.halt_reason
    assert desk.world.open == []


def test_spent_order_rate_delays_a_start_and_does_not_halt_it() -> None:
    desk = a_desk_with_leftovers(3)
    spent_until_ns = desk.now + 6 * SECOND
    desk.world.refuse = lambda query: (
        QueryRefused(query, "EOrder:Rate limit exceeded")
        if query.topic in (Topic.CANCEL, Topic.FEES) and desk.now < spent_until_ns
        else None
    )
    assert seconds_to_ready(desk) <= 30
    assert not desk.router.state.halt_reason


def test_refused_plan_is_tried_again_and_ends_halted_with_everything_known() -> None:
    desk = a_desk_with_leftovers(2)
    refused_until_ns = desk.now + 20 * SECOND
    desk.world.refuse = lambda query: (
        QueryRefused(query, "EOrder:Insufficient funds")
        if query.topic is Topic.OPEN_ORDERS and desk.now < refused_until_ns
        else None
    )
    desk.take(desk.router.begin(desk.now))
    desk.run(60)
    assert desk.router.state.phase is Phase.HALTED
    assert not any(desk.router.state.intents.live())
    assert desk.router.state.stream_up


def test_rearm_after_a_refused_start_goes_through_the_whole_start() -> None:
    desk = a_desk_with_leftovers(1)
    desk.world.refuse = lambda query: (
        QueryRefused(query, "EGeneral:Permission denied") if query.topic is Topic.FEES else None
    )
    desk.take(desk.router.begin(desk.now))
    desk.run(15)
    desk.world.refuse = lambda query: None
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    desk.run(15)
    desk.take(desk.router.on_peer(TraderHello(PAIR, EPOCH), desk.now))
    assert desk.router.state.phase is Phase.READY
    assert PAIR in desk.router.state.fees
