"""What time brings: a supervisor that does not come back, a switch that must have fired, records that lag or vanish."""

import pytest
from msgspec.structs import replace

from tests.desk.builders_router import (
    LOTS,
    PAIR,
    SECOND,
    Desk,
    a_fill,
    a_ready_desk,
    a_view,
    an_order,
    balances_after,
)
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.gateway_commands import ArmTimer, AskVenue, Leave
from wildbot.desk.gateway_state import Phase
from wildbot.desk.reconciliation import LATE_FILL_NS
from wildbot.desk.venue_queries import DeadManArmed, Query, QueryRefused, StreamLost, SystemStated, Topic, TradesSeen
from wildbot.model.control import StopAll
from wildbot.model.exchange import OrderStatus
from wildbot.model.executions import Accepted, Canceled, Denied, NotPlaced, OutcomeUnknown
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import CancelOrder
from wildbot.trading.order_state import OrderState


def a_resting_desk() -> Desk:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.world.open = [a_view()]
    return desk


def leaves(desk: Desk) -> list[Leave]:
    return [each for each in desk.done if isinstance(each, Leave)]


def alerted(desk: Desk, key: str) -> bool:
    return any(isinstance(each, RaiseAlert) and each.key == key for each in desk.done)


def test_supervisor_that_does_not_come_back_has_everything_taken_back_and_the_process_started_anew() -> None:
    desk = a_resting_desk()
    desk.run(3)
    gone_ns = desk.now
    while not any(isinstance(each, CancelOrder) for each in desk.sent()):
        desk.supervisor_silence_ns = desk.now - gone_ns
        desk.run(0.1)
    assert desk.now - gone_ns < 11 * SECOND
    desk.world.open = []
    desk.hear(Canceled("wb7x1", 0, "User requested", desk.now))
    while not leaves(desk):
        desk.supervisor_silence_ns = desk.now - gone_ns
        desk.run(0.1)
    assert desk.now - gone_ns < 15 * SECOND
    assert (leaves(desk)[0].clean, leaves(desk)[0].again) == (True, True)


def test_supervisor_that_was_never_heard_is_given_a_minute() -> None:
    desk = Desk()
    desk.supervisor_silence_ns = 4 * SECOND
    desk.take(desk.router.begin(desk.now))
    began_ns = desk.now
    while not leaves(desk) and desk.now - began_ns < 120 * SECOND:
        desk.supervisor_silence_ns = 4 * SECOND + desk.now - began_ns
        desk.run(0.1)
    assert desk.now - began_ns > 50 * SECOND
    assert leaves(desk)


def test_supervisor_that_comes_back_in_time_finds_the_gateway_where_it_was() -> None:
    desk = a_resting_desk()
    desk.run(3)
    desk.supervisor_silence_ns = 8 * SECOND
    desk.run(1)
    desk.supervisor_silence_ns = 0
    desk.run(1)
    assert leaves(desk) == []
    assert desk.router.state.phase is Phase.READY


def test_ordered_end_of_the_run_is_an_exit_that_was_asked_for() -> None:
    desk = a_ready_desk()
    desk.take(desk.router.on_supervisor(StopAll(False, "the run ends"), desk.now))
    desk.run(5)
    assert (leaves(desk)[0].clean, leaves(desk)[0].again) == (True, False)


@pytest.mark.parametrize(("refused_s", "is_clean"), [(8, True), (60, False)])
def test_stop_that_the_exchange_refuses_an_answer_goes_on_asking_and_ends_in_its_time(
    refused_s: int, is_clean: bool
) -> None:
    desk = a_resting_desk()
    desk.world.open = []
    began_ns = desk.now
    desk.world.refuse = lambda query: (
        QueryRefused(query, "EGeneral:Permission denied")
        if query.topic is Topic.OPEN_ORDERS and desk.now < began_ns + refused_s * SECOND
        else None
    )
    desk.take(desk.router.on_supervisor(StopAll(False, "the run ends"), desk.now))
    desk.hear(Canceled("wb7x1", 0, "User requested", desk.now))
    desk.run(27)
    assert [each.clean for each in leaves(desk)] == [is_clean]


def test_switch_whose_time_ran_out_over_resting_orders_counts_as_fired_and_is_armed_before_the_next_order() -> None:
    desk = a_resting_desk()
    desk.supervisor_silence_ns = 4 * SECOND  # frozen: nobody renews
    desk.run(3)
    desk.now += 70 * SECOND
    desk.streams = False
    desk.supervisor_silence_ns = 0
    desk.run(0.1)
    assert alerted(desk, "timer_fired")
    desk.ask(an_order(2))
    assert [each.code for each in desk.told(Denied) if isinstance(each, Denied)] == ["safety_timer"]
    desk.streams = True
    desk.run(3)
    assert desk.router.state.timer_until_ns > desk.now + 50 * SECOND


def test_confirmation_that_was_on_its_way_when_the_switch_fired_confirms_nothing() -> None:
    desk = a_resting_desk()
    asked_ns = desk.now
    desk.streams = False
    desk.run(1)
    desk.hear(Canceled("wb7x1", 0, "CancelAllOrdersAfter Timeout", desk.now))
    desk.take(desk.router.on_stream(DeadManArmed(asked_ns, 60), desk.now))
    assert desk.router.state.timer_until_ns == 0
    desk.run(0.1)
    desk.take(desk.router.on_stream(DeadManArmed(asked_ns, 60), desk.now))
    assert desk.router.state.timer_until_ns == 0
    desk.streams = True
    desk.run(5)
    assert desk.router.state.timer_until_ns > desk.now + 50 * SECOND


def test_switch_is_armed_again_as_the_venue_comes_back_from_a_maintenance() -> None:
    """Kraken "Cancel All Orders After": a timer that runs through a maintenance fires at its end."""
    desk = a_resting_desk()
    desk.router.on_stream(SystemStated(SystemStatus.MAINTENANCE), desk.now)
    desk.run(5)
    armed = len(desk.of(ArmTimer))
    desk.router.on_stream(SystemStated(SystemStatus.CANCEL_ONLY), desk.now)
    desk.run(0.1)
    assert len(desk.of(ArmTimer)) == armed + 1
    desk.run(1)
    assert len(desk.of(ArmTimer)) == armed + 1  # once confirmed, it is renewed in its own time


def test_accepted_order_without_any_record_is_given_up_only_after_three_looks_over_half_a_minute() -> None:
    desk = a_resting_desk()
    desk.world.open = []
    gone_ns = desk.now
    while not desk.told(Canceled):
        desk.run(1)
        assert desk.now - gone_ns < 300 * SECOND
    looks = [each for each in desk.done if isinstance(each, AskVenue) and each.query.topic is Topic.OPEN_ORDERS]
    assert desk.now - gone_ns > 30 * SECOND
    assert len(looks) >= 3
    assert alerted(desk, "vanished/wb7x1")


def test_accepted_order_that_open_orders_shows_eight_seconds_late_stays_alive() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.hear(OutcomeUnknown("wb7x1", "new", "EService:Busy", desk.now))
    shows_ns = desk.now + 8 * SECOND
    while desk.now < shows_ns:
        desk.run(0.5)
    desk.world.open = [a_view()]
    desk.run(30)
    intent = desk.router.state.intents.by_client("wb7x1")
    assert intent is not None
    assert intent.state is OrderState.OPEN
    assert desk.told(NotPlaced) == desk.told(Canceled) == []


def test_order_that_rests_after_its_end_was_told_is_taken_back() -> None:
    desk = a_resting_desk()
    desk.hear(Canceled("wb7x1", 0, "User requested", desk.now))
    desk.done.clear()
    desk.run(35)
    assert ("O1",) in [e.query.ids for e in desk.done if isinstance(e, AskVenue) and e.query.topic is Topic.CANCEL]


def test_hundred_and_twenty_fills_while_disconnected_are_all_booked_before_the_next_order() -> None:
    desk = a_resting_desk()
    each_lots = LOTS // 120
    fills = [replace(a_fill(exec_id=f"T{n}", lots=each_lots), ts_ns=desk.now + n) for n in range(120)]
    desk.world.balances = balances_after(*fills)
    desk.world.open = [a_view(filled_lots=120 * each_lots)]

    def pages(query: Query) -> TradesSeen | None:
        if query.topic is not Topic.TRADES:
            return None
        newest_first = sorted(fills, key=lambda fill: -fill.ts_ns)
        page = tuple(newest_first[query.offset : query.offset + 50])
        return TradesSeen(query, page, len(page), len(fills))

    desk.world.refuse = pages
    desk.take(desk.router.on_stream(StreamLost("reset"), desk.now))
    while desk.router.state.phase is not Phase.READY:
        assert desk.router.state.books.fills in (0, 120), "half a catch-up would read back too little the next time"
        desk.run(0.1)
    assert desk.router.state.books.position(PAIR).lots == 120 * each_lots


def test_catch_up_after_a_reconnect_does_not_make_it_reconnect_again() -> None:
    desk = a_resting_desk()
    desk.take(desk.router.on_stream(StreamLost("reset"), desk.now))
    fill = replace(a_fill(lots=LOTS // 2), ts_ns=desk.now - 2 * LATE_FILL_NS)
    desk.world.fills, desk.world.balances = [fill], balances_after(fill)
    desk.world.open = [a_view(filled_lots=LOTS // 2)]
    desk.done.clear()
    desk.run(5)
    tokens = [each for each in desk.done if isinstance(each, AskVenue) and each.query.topic is Topic.TOKEN]
    assert len(tokens) == 1
    assert desk.router.state.phase is Phase.READY


def test_execution_that_the_stream_never_told_is_found_within_thirty_seconds() -> None:
    desk = a_resting_desk()
    desk.run(1)
    began_ns = desk.now
    fill = replace(a_fill(lots=LOTS // 2), ts_ns=desk.now)
    desk.world.fills, desk.world.balances = [fill], balances_after(fill)
    desk.world.open = [a_view(filled_lots=LOTS // 2)]
    while desk.router.state.books.fills == 0:
        desk.run(0.1)
    assert desk.now - began_ns <= 30 * SECOND
    desk.ask(an_order(2))
    assert [each.code for each in desk.told(Denied) if isinstance(each, Denied)] == ["not_ready"]


def test_order_that_ended_unheard_is_found_by_the_audit() -> None:
    desk = a_resting_desk()
    desk.world.open, desk.world.closed = [], [a_view(status=OrderStatus.CANCELED)]
    desk.run(30)
    assert len(desk.told(Canceled)) == 1
