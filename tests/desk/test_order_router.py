"""The order router: one intent is one order, silence is not an answer, nothing leaves unasked."""

import pytest

from tests.desk.builders_router import (
    EPOCH,
    FEES,
    LOTS,
    MID,
    PAIR,
    SECOND,
    Desk,
    a_fill,
    a_ready_desk,
    a_view,
    an_order,
)
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.gateway_commands import (
    AskVenue,
    CloseStream,
    Leave,
    Refuse,
    Send,
    TellAllocator,
    TellSupervisor,
    TellTrader,
    WriteFill,
    WriteOrder,
)
from wildbot.desk.gateway_state import Phase
from wildbot.desk.venue_queries import OrdersSeen, QueryRefused, QuerySilent, StreamLost, Topic
from wildbot.desk.watch import JournalFailed, NotSent, StopRequested
from wildbot.model.control import EndEpoch, EpochEnded, NoneRest, Rearm, StopAll
from wildbot.model.desk import AccountState, CapitalLease, Inheritance, LeaseRecall, LeaseTable, LeaseTableAck, TraderHello
from wildbot.model.exchange import OrderStatus
from wildbot.model.executions import (
    Accepted,
    Amended,
    AmendRejected,
    Canceled,
    CancelRejected,
    Completed,
    Denied,
    Filled,
    NotPlaced,
    OutcomeUnknown,
    Rejected,
)
from wildbot.model.instrument import MONEY_ONE, Money
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, Side
from wildbot.model.status import InstrumentTable
from wildbot.trading.order_state import OrderState


def a_resting_desk() -> Desk:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    return desk


def codes(desk: Desk) -> list[str]:
    return [each.code for each in desk.told(Denied) if isinstance(each, Denied)]


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


def test_ending_an_epoch_cancels_its_orders_and_says_so_only_when_they_are_gone() -> None:
    desk = a_resting_desk()
    desk.take(desk.router.on_supervisor(EndEpoch(PAIR, EPOCH), desk.now))
    desk.run(0.2)
    assert CancelOrder("wb7x1", PAIR, "epoch ended") in desk.sent()
    assert TellSupervisor(EpochEnded(PAIR, EPOCH)) not in desk.done
    desk.hear(Canceled("wb7x1", 0, "User requested", desk.now))
    assert TellSupervisor(EpochEnded(PAIR, EPOCH)) in desk.done
    desk.ask(an_order(2))
    assert codes(desk) == ["epoch_fenced"]


def test_new_epoch_inherits_only_after_the_old_ones_orders_are_gone() -> None:
    desk = a_resting_desk()
    desk.hear(a_fill(lots=LOTS // 2))
    desk.take(desk.router.on_peer(TraderHello(PAIR, 8), desk.now))
    desk.run(0.2)

    def inheritances() -> list[Inheritance]:
        return [e.message for e in desk.done if isinstance(e, TellTrader) and isinstance(e.message, Inheritance)]

    assert [each.epoch for each in inheritances()] == [EPOCH]
    desk.hear(Canceled("wb7x1", LOTS // 2, "User requested", desk.now))
    assert [(each.epoch, each.position.lots) for each in inheritances()] == [(EPOCH, 0), (8, LOTS // 2)]


def test_cancel_is_repeated_over_rest_until_the_order_has_ended() -> None:
    desk = a_resting_desk()
    desk.world.open = [a_view()]
    desk.ask(CancelOrder("wb7x1", PAIR))
    desk.run(2)
    cancels = [each.query.ids for each in desk.done if isinstance(each, AskVenue) and each.query.topic is Topic.CANCEL]
    assert cancels == [("O1",)]


def test_silent_supervisor_means_no_renewal_after_three_seconds_and_no_orders_after_ten() -> None:
    desk = a_resting_desk()
    desk.supervisor_silence_ns = 4 * SECOND
    before = desk.router.state.timer_until_ns
    desk.run(20)
    assert desk.router.state.timer_until_ns == before
    desk.supervisor_silence_ns = 11 * SECOND
    desk.run(0.2)
    assert CancelOrder("wb7x1", PAIR, "supervisor gone") in desk.sent()
    desk.ask(an_order(2))
    assert codes(desk)[-1] == "not_ready"


def test_orders_are_denied_while_the_safety_timer_is_not_confirmed() -> None:
    desk = a_ready_desk()
    desk.router.state.timer_until_ns = desk.now + SECOND
    desk.ask(an_order())
    assert codes(desk) == ["safety_timer"]


def test_fired_safety_timer_is_alerted_and_armed_again_before_the_next_order() -> None:
    desk = a_resting_desk()
    desk.hear(Canceled("wb7x1", 0, "CancelAllOrdersAfter Timeout", desk.now))
    desk.run(3)
    assert any(isinstance(each, RaiseAlert) and each.key == "timer_fired" for each in desk.done)
    assert desk.router.state.timer_until_ns > desk.now + 50 * SECOND


def test_halt_denies_orders_cancels_and_holds_until_rearmed() -> None:
    desk = a_resting_desk()
    desk.take(desk.router.on_supervisor(StopAll(True, "drawdown"), desk.now))
    desk.run(0.2)
    assert CancelOrder("wb7x1", PAIR, "halt") in desk.sent()
    desk.hear(Canceled("wb7x1", 0, "User requested", desk.now))
    desk.ask(an_order(2))
    assert codes(desk) == ["halted"]
    desk.run(5)
    assert TellSupervisor(NoneRest()) in desk.done
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    desk.ask(an_order(3))
    assert codes(desk) == ["halted"]
    assert an_order(3) in desk.sent()


def test_stop_leaves_cleanly_only_after_the_venue_confirmed_twice_that_nothing_rests() -> None:
    desk = a_resting_desk()
    desk.world.open = [a_view()]
    desk.take(desk.router.on_shell(StopRequested(), desk.now))
    desk.run(3)
    assert desk.of(Leave) == []
    desk.world.open = []
    desk.hear(Canceled("wb7x1", 0, "User requested", desk.now))
    desk.run(5)
    assert [each.clean for each in desk.of(Leave) if isinstance(each, Leave)] == [True]


def test_stop_gives_up_uncleanly_when_an_order_stays() -> None:
    desk = a_resting_desk()
    desk.world.open = [a_view()]
    desk.take(desk.router.on_shell(StopRequested(), desk.now))
    desk.run(40)
    assert [each.clean for each in desk.of(Leave) if isinstance(each, Leave)] == [False]


def test_failed_journal_halts() -> None:
    desk = a_ready_desk()
    desk.take(desk.router.on_shell(JournalFailed("disk full"), desk.now))
    desk.ask(an_order())
    assert codes(desk) == ["halted"]


def test_order_that_never_left_this_machine_is_not_placed_at_once() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.take(desk.router.on_shell(NotSent(an_order(), "not connected"), desk.now))
    assert len(desk.told(NotPlaced)) == 1


def test_runaway_trader_trips_the_halt() -> None:
    desk = a_ready_desk()
    for counter in range(1, 60):
        desk.ask(an_order(counter))
    assert desk.router.state.halt_reason.startswith("runaway")


def test_lease_table_is_acknowledged_and_one_above_its_capital_halts() -> None:
    desk = a_ready_desk()
    assert TellAllocator(LeaseTableAck(1)) in desk.done
    greedy = CapitalLease(PAIR, EPOCH, Money(17 * MONEY_ONE), desk.now + SECOND)
    desk.take(desk.router.on_peer(LeaseTable(2, Money(16 * MONEY_ONE), (greedy,)), desk.now))
    assert desk.router.state.halt_reason
    assert TellAllocator(LeaseTableAck(2)) not in desk.done


def test_recall_tells_cash_flow_and_positions_with_fees_included() -> None:
    desk = a_resting_desk()
    desk.hear(a_fill())
    desk.take(desk.router.on_peer(LeaseRecall(), desk.now))
    states = [e.message for e in desk.done if isinstance(e, TellAllocator) and isinstance(e.message, AccountState)]
    fill = a_fill()
    assert states[-1].cash_flow == -(fill.cost + fill.fee)
    assert states[-1].positions[0].lots == LOTS


def test_start_takes_leftover_orders_back_and_is_ready_only_when_none_rests_twice() -> None:
    desk = Desk()
    desk.world.open = [a_view()]
    desk.take(desk.router.begin(desk.now))
    desk.run(5)
    assert desk.router.state.phase is not Phase.READY
    cancels = [each.query.ids for each in desk.done if isinstance(each, AskVenue) and each.query.topic is Topic.CANCEL]
    assert cancels[0] == ("O1",)
    desk.world.open = []
    desk.run(5)
    assert desk.router.state.phase is Phase.READY


def test_start_with_a_balance_the_fills_do_not_explain_comes_up_halted_and_says_the_difference() -> None:
    desk = Desk()
    desk.world.meta = {"baseline/USDC": str(20 * MONEY_ONE)}
    desk.start()
    assert desk.router.state.phase is Phase.HALTED
    assert "difference -4.0000000000" in desk.router.state.halt_reason
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    assert desk.router.state.phase is Phase.READY
    assert desk.router.state.baseline == {"USDC": 16 * MONEY_ONE}


@pytest.mark.parametrize("error", ["EAPI:Invalid key", "EAPI:Invalid signature"])
def test_wrong_key_refuses_the_start_with_a_sentence(error: str) -> None:
    desk = Desk()
    desk.world.refuse = lambda query: QueryRefused(query, error) if query.topic is Topic.FEES else None
    desk.start()
    assert any(isinstance(each, Refuse) and error in each.text for each in desk.done)


def test_start_waits_for_an_exchange_that_is_not_up_yet() -> None:
    desk = Desk()
    desk.world.refuse = lambda query: QuerySilent(query, "refused")
    desk.start()
    assert desk.router.state.phase is Phase.STARTING
    desk.world.refuse = lambda query: None
    desk.run(40)
    assert desk.router.state.phase is Phase.READY


def test_foreign_orders_are_counted_and_never_cancelled() -> None:
    desk = a_ready_desk()
    foreign = a_view()
    desk.world.refuse = lambda query: (
        OrdersSeen(query, (type(foreign)(**{**_fields(foreign), "cl_ord_id": "mine", "order_id": "OF"}),), 1)
        if query.topic is Topic.OPEN_ORDERS
        else None
    )
    desk.done.clear()
    desk.run(35)
    assert desk.router.state.foreign_orders == 1
    assert not any(isinstance(each, AskVenue) and each.query.topic is Topic.CANCEL for each in desk.done)


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__struct_fields__}  # type: ignore[attr-defined]


def test_pairs_and_fees_are_stated_again_and_again_for_a_supervisor_that_started_anew() -> None:
    desk = a_ready_desk()
    desk.done.clear()
    desk.run(11)
    tables = [e.message for e in desk.done if isinstance(e, TellSupervisor) and isinstance(e.message, InstrumentTable)]
    assert len(tables) >= 2
    assert tables[-1].fees == {PAIR: FEES} and [each.pair for each in tables[-1].instruments] == [PAIR]
