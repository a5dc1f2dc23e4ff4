"""The order router: one intent is one order, silence is not an answer, nothing leaves unasked."""

from tests.desk.builders_router import (
    LOTS,
    MID,
    PAIR,
    Desk,
    a_fill,
    a_ready_desk,
    a_resting_desk,
    a_view,
    an_order,
    codes,
)
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.gateway_commands import (
    AskVenue,
    CloseStream,
    Send,
    WriteFill,
    WriteOrder,
)
from wildbot.desk.gateway_state import Phase
from wildbot.desk.venue_queries import QuerySilent, StreamLost, Topic
from wildbot.model.exchange import OrderStatus
from wildbot.model.executions import (
    Accepted,
    Amended,
    AmendRejected,
    Canceled,
    CancelRejected,
    Completed,
    Filled,
    NotPlaced,
    OutcomeUnknown,
    Rejected,
)
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, Side
from wildbot.trading.order_state import OrderState


def test_row_of_an_intent_comes_before_its_send() -> None:
    desk = a_ready_desk()
    desk.done.clear()
    desk.ask(an_order())
    kinds = [type(each) for each in desk.done]
    assert kinds.index(WriteOrder) < kinds.index(Send)


def test_repeated_request_with_the_same_id_sends_nothing_more() -> None:
    desk = a_resting_desk()
    desk.ask(an_order())
    assert len(desk.sent()) == 1


def test_reports_of_an_epoch_are_numbered_from_one_without_gaps() -> None:
    desk = a_resting_desk()
    desk.hear(a_fill())
    desk.hear(Completed("wb7x1", LOTS, desk.now))
    assert desk.numbers() == [1, 2, 3]


def test_order_before_the_gateway_is_ready_is_denied() -> None:
    desk = Desk()
    desk.ask(an_order())
    assert codes(desk) == ["not_ready"]
    assert desk.sent() == []


def test_order_of_a_fenced_epoch_is_denied_and_told_outside_the_numbering() -> None:
    desk = a_ready_desk()
    desk.ask(NewOrder("wb6x1", PAIR, Side.BUY, MID - 10, LOTS, an_order().purpose), epoch=6)
    assert codes(desk) == ["epoch_fenced"]
    assert desk.numbers() == [0]


def test_trader_that_outlived_the_former_gateway_is_told_a_number_that_makes_it_say_hello() -> None:
    desk = Desk().start()
    desk.ask(an_order())
    assert codes(desk) == ["epoch_fenced"]
    assert desk.numbers()[0] > 10**9


def test_order_that_comes_too_late_is_denied() -> None:
    desk = a_ready_desk()
    desk.ask(an_order(), not_after_ns=desk.now - 1)
    assert codes(desk) == ["too_late"]


def test_fill_is_booked_once_however_often_it_is_told() -> None:
    desk = a_resting_desk()
    for _ in range(3):
        desk.hear(a_fill())
    assert len(desk.of(WriteFill)) == len(desk.told(Filled)) == 1
    assert desk.router.state.books.position(PAIR).lots == LOTS


def test_fill_before_the_acceptance_is_booked_and_the_state_stays_filled() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(a_fill())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    intent = desk.router.state.intents.by_client("wb7x1")
    assert intent is not None
    assert intent.state is OrderState.FILLED


def test_partial_fill_then_cancel_keeps_the_executed_part() -> None:
    desk = a_resting_desk()
    desk.hear(a_fill(lots=LOTS // 4))
    desk.hear(Canceled("wb7x1", LOTS // 4, "User requested", desk.now))
    assert desk.router.state.books.position(PAIR).lots == LOTS // 4
    assert desk.router.state.resting_buys(PAIR) == 0


def test_cancel_that_counts_more_than_the_fills_seen_keeps_them_reserved_until_they_come() -> None:
    desk = a_resting_desk()
    desk.hear(Canceled("wb7x1", LOTS, "User requested", desk.now))
    assert desk.router.state.resting_buys(PAIR) > 0
    desk.world.fills = [a_fill(ts_ns=desk.now)]
    desk.run(4)
    assert desk.router.state.resting_buys(PAIR) == 0
    assert desk.router.state.books.position(PAIR).lots == LOTS


def test_cancel_is_not_done_when_it_was_refused_until_the_venues_record_says_so() -> None:
    desk = a_resting_desk()
    desk.ask(CancelOrder("wb7x1", PAIR))
    desk.hear(CancelRejected("wb7x1", "EOrder:Unknown order", desk.now))
    intent = desk.router.state.intents.by_client("wb7x1")
    assert intent is not None
    assert intent.is_live
    desk.world.closed = [a_view(status=OrderStatus.FILLED, filled_lots=LOTS)]
    desk.world.fills = [a_fill(ts_ns=desk.now)]
    desk.run(4)
    assert intent.state is OrderState.FILLED
    assert desk.told(Canceled) == []


def test_silence_becomes_unknown_and_freezes_the_side_after_deadline_and_grace() -> None:
    desk = a_ready_desk()
    desk.world.refuse = lambda query: QuerySilent(query, "away") if query.topic is Topic.OPEN_ORDERS else None
    desk.ask(an_order())
    desk.run(6.9)
    assert desk.told(OutcomeUnknown) == []
    desk.run(0.3)
    assert len(desk.told(OutcomeUnknown)) == 1
    desk.ask(an_order(2))
    assert codes(desk) == ["unknown_outstanding"]
    assert [each.cl_ord_id for each in desk.sent() if isinstance(each, NewOrder)] == ["wb7x1"]


def test_unknown_order_is_not_placed_only_after_two_looks_three_seconds_apart() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.run(7.2)
    assert desk.told(NotPlaced) == []
    desk.run(2)
    assert desk.told(NotPlaced) == []
    desk.run(6)
    assert len(desk.told(NotPlaced)) == 1
    assert len([each for each in desk.sent() if isinstance(each, NewOrder)]) == 1


def test_unknown_order_that_filled_at_once_is_booked_and_never_called_not_placed() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.world.closed = [a_view(status=OrderStatus.FILLED, filled_lots=LOTS)]
    desk.world.fills = [a_fill(ts_ns=desk.now)]
    desk.run(12)
    assert desk.told(NotPlaced) == []
    assert len(desk.told(Filled)) == 1


def test_order_held_for_dead_that_shows_up_alive_is_taken_back_and_alerted() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.run(16)
    assert len(desk.told(NotPlaced)) == 1
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.run(0.2)
    assert CancelOrder("wb7x1", PAIR, "held for dead") in desk.sent()
    assert any(isinstance(each, RaiseAlert) and "revived" in each.key for each in desk.done)


def test_rejection_frees_the_capital() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Rejected("wb7x1", "EOrder:Insufficient funds", desk.now))
    assert desk.router.state.resting_buys(PAIR) == 0
    assert len(desk.told(Rejected)) == 1


def test_amend_counts_the_dearer_of_both_prices_until_it_is_answered() -> None:
    desk = a_resting_desk()
    before = desk.router.state.resting_buys(PAIR)
    desk.ask(AmendOrder("wb7x1", PAIR, MID - 5, LOTS * 2))
    during = desk.router.state.resting_buys(PAIR)
    desk.hear(AmendRejected("wb7x1", "EOrder:Post only order", desk.now))
    assert before < during
    assert desk.router.state.resting_buys(PAIR) == before


def test_late_event_of_an_earlier_amend_does_not_answer_the_next_one() -> None:
    desk = a_resting_desk()
    desk.ask(AmendOrder("wb7x1", PAIR, MID - 5, LOTS))
    desk.hear(Amended("wb7x1", MID - 5, LOTS, desk.now))
    desk.ask(AmendOrder("wb7x1", PAIR, MID - 4, LOTS))
    desk.hear(Amended("wb7x1", MID - 5, LOTS, desk.now))
    intent = desk.router.state.intents.by_client("wb7x1")
    assert intent is not None
    assert intent.amend is not None
    desk.hear(Amended("wb7x1", MID - 4, LOTS, desk.now))
    assert intent.amend is None
    assert intent.ticks == MID - 4


def test_lost_stream_makes_unanswered_orders_unknown_and_denies_new_ones() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.streams = False
    desk.take(desk.router.on_stream(StreamLost("reset"), desk.now))
    assert len(desk.told(OutcomeUnknown)) == 1
    assert desk.of(CloseStream)
    desk.ask(an_order(2))
    assert codes(desk) == ["not_ready"]


def test_lost_stream_is_reopened_with_a_new_token_and_orders_are_taken_back_over_rest() -> None:
    desk = a_resting_desk()
    desk.world.open = [a_view()]
    desk.streams = False
    desk.take(desk.router.on_stream(StreamLost("reset"), desk.now))
    desk.done.clear()
    desk.run(2)
    topics = [each.query.topic for each in desk.done if isinstance(each, AskVenue)]
    assert Topic.CANCEL in topics
    assert Topic.TOKEN in topics
    desk.world.open, desk.world.closed = [], [a_view(status=OrderStatus.CANCELED)]
    desk.streams = True
    desk.run(40)
    assert desk.router.state.phase is Phase.READY
    assert len(desk.told(Canceled)) == 1
