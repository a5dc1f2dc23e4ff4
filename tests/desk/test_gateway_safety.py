"""The order router among its peers and in danger: epochs, cancels, the dead man's switch, halts, stops and starts."""

from tests.desk.builders_router import (
    EPOCH,
    LOTS,
    PAIR,
    SECOND,
    a_fill,
    a_ready_desk,
    a_resting_desk,
    a_view,
    an_order,
    codes,
)
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.allocation import CapitalAllocator
from wildbot.desk.gateway_commands import (
    AskVenue,
    TellAllocator,
    TellSupervisor,
    TellTrader,
    WriteFill,
)
from wildbot.desk.venue_queries import Topic
from wildbot.desk.watch import JournalFailed, NotSent, Tick
from wildbot.model.control import EndEpoch, EpochEnded, NoneRest, Rearm, StopAll
from wildbot.model.desk import (
    AccountState,
    CapitalLease,
    Inheritance,
    LeaseRecall,
    LeaseRefused,
    LeaseRequest,
    LeaseTable,
    LeaseTableAck,
    TraderHello,
)
from wildbot.model.executions import (
    Accepted,
    Canceled,
    NotPlaced,
)
from wildbot.model.instrument import MONEY_ONE, Money
from wildbot.model.orders import CancelOrder


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


def test_order_in_flight_while_its_pair_is_handed_over_is_proven_gone_before_its_capital_is_free() -> None:
    desk, allocator = a_ready_desk(), CapitalAllocator(slots=1, quote="USDC")
    desk.world.silent = {Topic.ORDERS, Topic.OPEN_ORDERS}
    allocator.handle(desk.router.state.account_for_leases(), desk.now)
    assert allocator.status(desk.now).leases[0].epoch == EPOCH
    desk.ask(an_order())  # no word of it comes back
    desk.take(desk.router.on_supervisor(EndEpoch(PAIR, EPOCH), desk.now))
    newcomer = LeaseRequest("XRP/USDC", EPOCH + 1, Money(MONEY_ONE))
    desk.run(20)
    assert TellSupervisor(EpochEnded(PAIR, EPOCH)) not in desk.done
    assert [type(each) for each in allocator.handle(newcomer, desk.now)] == [LeaseRefused]
    desk.world.silent = set()
    desk.run(60)
    assert TellSupervisor(EpochEnded(PAIR, EPOCH)) in desk.done
    (without,) = allocator.handle(EpochEnded(PAIR, EPOCH), desk.now)
    assert isinstance(without, LeaseTable) and without.leases == ()
    desk.take(desk.router.on_peer(without, desk.now))
    allocator.handle(LeaseTableAck(without.version), desk.now)
    tables = allocator.handle(desk.router.state.account_for_leases(), desk.now)
    assert [lease.pair for each in tables if isinstance(each, LeaseTable) for lease in each.leases] == ["XRP/USDC"]


def test_late_fill_of_an_order_in_flight_at_the_handover_is_booked_before_its_epoch_counts_as_ended() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.take(desk.router.on_supervisor(EndEpoch(PAIR, EPOCH), desk.now))
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    assert TellSupervisor(EpochEnded(PAIR, EPOCH)) not in desk.done
    desk.hear(Canceled("wb7x1", LOTS // 2, "User requested", desk.now))
    assert TellSupervisor(EpochEnded(PAIR, EPOCH)) not in desk.done, "it has filled in part, by a fill not seen yet"
    desk.hear(a_fill(lots=LOTS // 2, ts_ns=desk.now))
    desk.run(0.2)
    ended, booked = desk.done.index(TellSupervisor(EpochEnded(PAIR, EPOCH))), desk.done.index(desk.of(WriteFill)[0])
    assert booked < ended
    assert desk.router.state.books.position(PAIR).lots == LOTS // 2


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


def test_no_order_leaves_before_the_supervisor_has_answered() -> None:
    desk = a_ready_desk()
    desk.take(desk.router.on_shell(Tick(0, answered=False), desk.now))
    desk.ask(an_order())
    assert codes(desk) == ["not_ready"]
    assert desk.sent() == []


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


def test_no_order_leaves_between_the_fired_timer_and_its_next_confirmation() -> None:
    desk = a_resting_desk()
    desk.hear(Canceled("wb7x1", 0, "CancelAllOrdersAfter Timeout", desk.now))
    desk.ask(an_order(2))
    assert codes(desk)[-1] == "safety_timer"


def test_an_old_end_by_the_fired_timer_that_is_read_again_is_no_new_alarm() -> None:
    desk = a_resting_desk()
    desk.hear(Canceled("wb7x1", 0, "CancelAllOrdersAfter Timeout", desk.now))
    desk.run(3)
    confirmed_ns = desk.router.state.timer_until_ns
    desk.hear(Canceled("wb7x1", 0, "CancelAllOrdersAfter Timeout", desk.now))
    assert not desk.router.state.timer_fired
    assert desk.router.state.timer_until_ns == confirmed_ns


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


def test_orders_of_a_trader_that_outlived_its_epoch_are_fenced_counted_and_alerted() -> None:
    desk = a_ready_desk()
    desk.take(desk.router.on_peer(TraderHello(PAIR, 8), desk.now))
    for counter in (1, 2):
        desk.ask(an_order(counter), EPOCH)
    assert codes(desk) == ["epoch_fenced"] * 2
    assert desk.sent() == []
    alerts = [each for each in desk.done if isinstance(each, RaiseAlert) and each.key == f"fenced/{PAIR}"]
    assert "(2 refused)" in alerts[-1].text


def test_a_trader_that_has_not_said_hello_yet_raises_no_fencing_alert() -> None:
    desk = a_ready_desk()
    desk.ask(an_order(), EPOCH + 1)
    assert codes(desk)
    assert not any(isinstance(each, RaiseAlert) and each.key.startswith("fenced") for each in desk.done)
