"""Requests at the gateway's door: repeated, stale and runaway ones; checks that fail; limits that trip within a second."""

import dataclasses

import pytest
from msgspec.structs import replace

from tests.desk.builders_router import EPOCH, LIMITS, LOTS, MID, PAIR, SECOND, Desk, a_fill, a_ready_desk, an_order
from wildbot.desk import order_checks
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.gateway_commands import TellSupervisor
from wildbot.desk.gateway_state import GatewaySetup, Phase
from wildbot.desk.order_router import OrderRouter
from wildbot.desk.venue_queries import Query, QueryRefused, Topic
from wildbot.desk.watch import JournalFailed, JournalMended, Tick
from wildbot.model.control import Rearm
from wildbot.model.desk import OrderRequest
from wildbot.model.executions import Accepted, Amended, Canceled, Completed, Denied, Rejected
from wildbot.model.instrument import MONEY_ONE, Money
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, OrderType, Side, client_order_id
from wildbot.model.status import GatewayStatus


def codes(desk: Desk) -> list[str]:
    return [each.code for each in desk.told(Denied) if isinstance(each, Denied)]


def placed(desk: Desk) -> list[str]:
    return [each.cl_ord_id for each in desk.sent() if isinstance(each, NewOrder)]


def a_limited_desk(**limits: object) -> Desk:
    desk = Desk()
    desk.router = OrderRouter(
        GatewaySetup((PAIR,), "USDC", Money(16 * MONEY_ONE), dataclasses.replace(LIMITS, **limits))  # type: ignore[arg-type]
    )
    return desk.start().trade()


def test_repetition_of_a_denied_request_is_not_sent_behind_the_traders_back() -> None:
    desk = a_ready_desk()
    until_ns, desk.router.state.timer_until_ns = desk.router.state.timer_until_ns, 0
    desk.ask(an_order())
    desk.router.state.timer_until_ns = until_ns
    desk.ask(an_order())
    assert codes(desk) == ["safety_timer"]
    assert placed(desk) == []


def test_cancel_of_an_order_that_this_gateway_never_heard_of_is_answered_with_a_denial() -> None:
    desk = a_ready_desk()
    desk.ask(CancelOrder("wb7x9", PAIR, "requote"))
    assert codes(desk) == ["no_such_order"]
    assert [each.about for each in desk.told(Denied) if isinstance(each, Denied)] == ["cancel"]


def test_cancel_of_another_epochs_order_is_denied_and_the_order_stays() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.ask(CancelOrder("wb7x1", PAIR, "requote"), epoch=6)
    assert not [each for each in desk.sent() if isinstance(each, CancelOrder)]


def test_older_request_that_was_overtaken_is_not_sent() -> None:
    desk = a_ready_desk()
    desk.ask(an_order(2))
    desk.hear(Rejected(client_order_id(EPOCH, 2), "EOrder:Post only order", desk.now))
    desk.ask(an_order(1))
    assert placed(desk) == [client_order_id(EPOCH, 2)]


def test_entry_decided_on_an_old_tick_is_refused_whatever_its_trader_allows() -> None:
    desk = a_ready_desk()
    decided_ns = desk.now
    desk.run(0.6)
    desk.take(desk.router.on_peer(OrderRequest(EPOCH, an_order(), decided_ns, desk.now + SECOND), desk.now))
    assert codes(desk) == ["too_late"]
    desk.take(desk.router.on_peer(OrderRequest(EPOCH, an_order(2), desk.now, desk.now + SECOND), desk.now))
    assert len(placed(desk)) == 1


def test_every_request_is_counted_by_what_became_of_it() -> None:
    desk = a_ready_desk()
    desk.ask(an_order(1))
    desk.hear(Accepted(client_order_id(EPOCH, 1), "O1", desk.now))
    desk.ask(AmendOrder(client_order_id(EPOCH, 1), PAIR, MID - 12, LOTS))
    desk.ask(an_order(2, ticks=MID + 9_000))
    desk.ask(CancelOrder("wb7x9", PAIR, "requote"))
    desk.ask(an_order(3))
    desk.hear(Rejected(client_order_id(EPOCH, 3), "EOrder:Post only order", desk.now))
    desk.ask(CancelOrder(client_order_id(EPOCH, 1), PAIR, "requote"))
    told = desk.router.state.requests
    assert told == {"placed": 2, "amended": 1, "cancelled": 1, "denied": 2, "rejected": 1}
    desk.run(1)
    (*_, last) = [each.message for each in desk.done if isinstance(each, TellSupervisor)]
    assert isinstance(last, GatewayStatus) and last.requests["denied"] == 2


def test_check_that_fails_denies_and_the_third_one_halts(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = a_ready_desk()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("no price")

    monkeypatch.setattr(order_checks, "_price_fault", broken)
    for counter in (1, 2):
        desk.ask(an_order(counter))
    assert codes(desk) == ["check_failed", "check_failed"]
    assert not desk.router.state.halt_reason
    desk.ask(an_order(3))
    assert "checks failed" in desk.router.state.halt_reason
    assert placed(desk) == []


def test_trader_that_asks_a_hundred_times_a_second_is_halted_within_the_second() -> None:
    desk = a_ready_desk()
    began_ns = desk.now
    for counter in range(1, 101):
        desk.now += SECOND // 100
        desk.ask(an_order(counter, ticks=MID - 10 - counter % 7))
        if desk.router.state.halt_reason:
            break
    assert desk.now - began_ns < SECOND
    assert desk.router.state.halt_reason.startswith("runaway")
    desk.run(0.2)
    assert any(isinstance(each, CancelOrder) for each in desk.sent())
    assert any(isinstance(each, RaiseAlert) and each.key == "halt" for each in desk.done)
    desk.run(60)
    assert desk.router.state.halt_reason, "nobody but the owner lets it go on"


def test_more_open_orders_than_allowed_are_denied() -> None:
    desk = a_limited_desk(open_orders_max=2)
    for counter in (1, 2, 3):
        desk.ask(an_order(counter, lots=LOTS // 2, ticks=MID - 10 - counter))
        desk.hear(Accepted(client_order_id(EPOCH, counter), f"O{counter}", desk.now))
    assert codes(desk) == ["open_orders"]


def test_turnover_beyond_a_days_limit_halts_and_exits_stay_possible_until_then() -> None:
    desk = a_limited_desk(daily_turnover_max=Money(5 * MONEY_ONE))
    desk.ask(an_order())
    fill = replace(a_fill(), ts_ns=desk.now)
    desk.hear(fill)
    desk.hear(Completed("wb7x1", LOTS, desk.now))
    desk.ask(an_order(2, side=Side.SELL, ticks=MID + 10))
    assert placed(desk)[-1] == client_order_id(EPOCH, 2)
    desk.ask(an_order(3))
    assert codes(desk) == ["daily_turnover"]
    assert desk.router.state.halt_reason.startswith("runaway")


def test_turnover_of_yesterday_does_not_count() -> None:
    desk = a_limited_desk(daily_turnover_max=Money(5 * MONEY_ONE))
    desk.ask(an_order())
    desk.hear(replace(a_fill(), ts_ns=desk.now))
    assert desk.router.state.books.turnover(desk.now) > 0
    assert desk.router.state.books.turnover(desk.now + 86_400 * SECOND) == 0


def test_venue_that_takes_no_more_open_orders_is_left_alone_for_a_minute() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Rejected("wb7x1", "EOrder:Orders limit exceeded", desk.now))
    desk.ask(an_order(2))
    assert codes(desk) == ["open_orders"]
    desk.run(61)
    desk.trade()
    desk.ask(an_order(3))
    assert placed(desk)[-1] == client_order_id(EPOCH, 3)


def test_order_refused_for_a_changed_rule_has_the_rules_asked_again_once() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.done.clear()
    desk.hear(Rejected("wb7x1", "EOrder:Tick size check failed", desk.now))
    desk.run(5)
    asked = [each for each in desk.done if getattr(getattr(each, "query", None), "topic", None) is Topic.INSTRUMENTS]
    assert len(asked) == 1


def test_refusal_for_want_of_funds_is_looked_into_before_anything_is_believed() -> None:
    desk = a_ready_desk()
    desk.run(1)
    desk.ask(an_order())
    desk.hear(Rejected("wb7x1", "EOrder:Insufficient funds", desk.now))
    assert desk.router.state.wants_look


def test_own_order_in_the_way_of_another_of_ours_is_alarmed() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.hear(Canceled("wb7x1", 0, "Self trade prevention", desk.now))
    assert any(isinstance(each, RaiseAlert) and each.key == f"self_trade/{PAIR}" for each in desk.done)
    assert desk.router.state.resting_buys(PAIR) == 0


def test_size_that_the_venue_cut_is_what_stays_reserved() -> None:

    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    before = desk.router.state.resting_buys(PAIR)
    desk.hear(Amended("wb7x1", MID - 10, LOTS // 2, desk.now))
    assert desk.router.state.resting_buys(PAIR) == before // 2
    desk.hear(a_fill(lots=LOTS // 2))
    desk.hear(Completed("wb7x1", LOTS // 2, desk.now))
    assert desk.router.state.resting_buys(PAIR) == 0


def test_slow_disk_suspends_quoting_until_commits_are_quick_again() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.take(desk.router.on_shell(Tick(0, False, 2 * SECOND), desk.now))
    assert CancelOrder("wb7x1", PAIR, "journal slow") in desk.sent()
    desk.ask(an_order(2))
    assert codes(desk) == ["not_ready"]
    desk.hear(Canceled("wb7x1", 0, "User requested", desk.now))
    desk.run(0.2)
    desk.ask(an_order(3))
    assert placed(desk)[-1] == client_order_id(EPOCH, 3)
    assert not desk.router.state.halt_reason


def test_journal_that_takes_rows_again_lets_the_owner_rearm_and_not_before() -> None:
    desk = a_ready_desk()
    desk.take(desk.router.on_shell(JournalFailed("locked"), desk.now))
    desk.run(1)
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    assert desk.router.state.phase is Phase.HALTED
    desk.take(desk.router.on_shell(JournalMended(), desk.now))
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    assert desk.router.state.phase is Phase.READY


def test_amend_decided_on_an_old_tick_is_refused() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    decided_ns = desk.now
    desk.run(0.6)
    amend = AmendOrder("wb7x1", PAIR, MID - 12, LOTS)
    desk.take(desk.router.on_peer(OrderRequest(EPOCH, amend, decided_ns, desk.now + SECOND), desk.now))
    assert codes(desk) == ["too_late"]


def test_cancels_go_as_one_batch_when_the_order_counter_is_exhausted() -> None:
    desk = a_ready_desk()
    for counter in (1, 2):
        desk.ask(an_order(counter, lots=LOTS // 2, ticks=MID - 10 - counter))
        desk.hear(Accepted(client_order_id(EPOCH, counter), f"O{counter}", desk.now))
    desk.hear(Rejected(client_order_id(EPOCH, 2), "EOrder:Rate limit exceeded", desk.now))
    desk.router.state.budget(PAIR).exhaust(desk.now)
    desk.hear(Accepted(client_order_id(EPOCH, 2), "O2", desk.now))
    desk.done.clear()
    desk.router.state.halt(desk.now, "emergency")
    desk.run(0.2)
    queries = [each.query for each in desk.done if isinstance(getattr(each, "query", None), Query)]  # type: ignore[attr-defined]
    assert [each.ids for each in queries if each.topic is Topic.CANCEL] == [("O1", "O2")]
    assert not any(isinstance(each, CancelOrder) for each in desk.sent())


def test_cancel_batch_that_the_venue_knows_nothing_of_is_followed_by_a_look() -> None:
    desk = a_ready_desk()
    desk.run(1)
    query = Query(Topic.CANCEL, ids=("O1", "O2"), urgent=True)
    desk.world.refuse = lambda asked: QueryRefused(asked, "later") if asked.topic is Topic.OPEN_ORDERS else None
    desk.take(desk.router.on_answer(QueryRefused(query, "EOrder:Unknown order"), desk.now))
    assert desk.router.state.wants_look or desk.router.state.halt_reason


def test_stop_loss_leaves_with_the_collars_edge_as_its_worst_price_and_so_does_its_amend() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(a_fill())
    desk.hear(Completed("wb7x1", LOTS, desk.now))
    stop = replace(an_order(2, side=Side.SELL, ticks=MID - 100), order_type=OrderType.STOP_LOSS, post_only=False)
    desk.ask(stop)
    (sent,) = [each for each in desk.sent() if isinstance(each, NewOrder) and each.order_type is OrderType.STOP_LOSS]
    assert (sent.ticks, sent.limit_ticks) == (MID - 100, MID - 300)
    desk.hear(Accepted(stop.cl_ord_id, "O2", desk.now))
    desk.see(MID - 50)
    desk.ask(AmendOrder(stop.cl_ord_id, PAIR, MID - 120, LOTS, post_only=False))
    (amended,) = [each for each in desk.sent() if isinstance(each, AmendOrder)]
    assert amended.limit_ticks == 9_652, "three percent below 99.50, rounded up to the grid"
