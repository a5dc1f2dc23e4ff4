"""A locked, shared or revoked key: nobody hammers the venue, nobody trades, the owner hears what is at stake."""

import pytest

from tests.desk.builders_router import LOTS, PAIR, SECOND, Desk, a_fill, a_ready_desk, a_view, an_order, balances_after
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.gateway_commands import ArmTimer, AskVenue, HoldRest, Leave, Send, WriteMeta
from wildbot.desk.gateway_state import Phase
from wildbot.desk.venue_queries import Query, QueryRefused, StreamLost, Topic
from wildbot.desk.watch import StopRequested
from wildbot.model.control import Rearm
from wildbot.model.executions import Accepted, Canceled, CancelRejected
from wildbot.model.orders import CancelOrder, NewOrder

MINUTE = 60
LOCKED = "EGeneral:Temporary lockout"


def a_resting_desk() -> Desk:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.hear(a_fill(lots=LOTS // 2))
    desk.world.open = [a_view(filled_lots=LOTS // 2)]
    desk.world.fills = [a_fill(lots=LOTS // 2)]
    desk.world.balances = balances_after(a_fill(lots=LOTS // 2))
    return desk


def refuse(desk: Desk, error: str, *topics: Topic) -> None:
    def answer(query: Query) -> QueryRefused | None:
        asked = query.topic in topics if topics else query.topic.is_private
        return QueryRefused(query, error) if asked else None

    desk.world.refuse = answer


def private_calls(desk: Desk) -> list[Topic]:
    return [e.query.topic for e in desk.done if isinstance(e, AskVenue) and e.query.topic.is_private]


def alerts(desk: Desk, key: str) -> list[str]:
    return [each.text for each in desk.done if isinstance(each, RaiseAlert) and each.key == key]


def test_lockout_stops_every_private_call_for_a_quarter_of_an_hour_and_says_what_is_at_stake() -> None:
    desk = a_resting_desk()
    refuse(desk, LOCKED)
    desk.run(31)
    assert len(alerts(desk, "lockout")) == 1
    assert "1 open orders (buy 0.02000000 SOL/USDC at 99.90), holding 0.02000000 SOL" in alerts(desk, "lockout")[0]
    desk.done.clear()
    desk.run(14 * MINUTE)
    assert private_calls(desk) == []


def test_lockout_holds_back_what_waits_in_the_shell_and_survives_a_restart() -> None:
    desk = a_resting_desk()
    refuse(desk, LOCKED)
    desk.run(31)
    held = [each.until_ns for each in desk.of(HoldRest) if isinstance(each, HoldRest)]
    stored = [each.value for each in desk.of(WriteMeta) if isinstance(each, WriteMeta) and each.key == "locked_until_ns"]
    assert stored == [str(held[0])]
    successor = Desk()
    successor.take(successor.router.begin(successor.now, locked_until_ns=successor.now + 100 * SECOND))
    successor.run(90)
    assert private_calls(successor) == []
    successor.run(60)
    assert successor.router.state.phase is Phase.READY


def test_orders_are_taken_back_over_the_stream_during_a_lockout_urgent_or_not() -> None:
    desk = a_resting_desk()
    refuse(desk, LOCKED)
    desk.run(31)
    desk.done.clear()
    desk.run(10)
    cancels = [each for each in desk.sent() if isinstance(each, CancelOrder)]
    assert len(cancels) >= 2
    assert private_calls(desk) == []
    desk.ask(an_order(2))
    assert not any(isinstance(each, NewOrder) for each in desk.sent())


def test_trading_resumes_by_itself_after_a_lockout() -> None:
    desk = a_resting_desk()
    refuse(desk, LOCKED)
    desk.run(31)
    desk.hear(Canceled("wb7x1", LOTS // 2, "User requested", desk.now))
    desk.world.open, desk.world.refuse = [], lambda query: None
    desk.run(15 * MINUTE + 20)
    assert desk.router.state.phase is Phase.READY
    assert not desk.router.state.halt_reason


def test_refused_nonce_while_running_halts_and_names_the_other_program() -> None:
    desk = a_resting_desk()
    refuse(desk, "EAPI:Invalid nonce", Topic.TRADES)
    desk.run(31)
    assert "another program uses this API key" in desk.router.state.halt_reason
    assert len(alerts(desk, "key_shared")) == 1
    desk.ask(an_order(2))
    assert [each.cl_ord_id for each in desk.sent() if isinstance(each, NewOrder)] == ["wb7x1"]


def test_refused_nonces_at_start_are_waited_out_when_they_are_a_former_runs() -> None:
    desk = Desk()
    refuse(desk, "EAPI:Invalid nonce")
    desk.start()
    assert alerts(desk, "nonce")
    assert not desk.router.state.halt_reason
    desk.world.refuse = lambda query: None
    desk.run(40)
    assert desk.router.state.phase is Phase.READY


def test_refused_nonces_at_start_that_do_not_end_are_another_programs() -> None:
    desk = Desk()
    refuse(desk, "EAPI:Invalid nonce")
    desk.start()
    desk.run(3 * MINUTE)
    assert "another program" in desk.router.state.halt_reason
    assert len(private_calls(desk)) < 20


def test_revoked_key_halts_says_it_cannot_cancel_and_leaves_the_switch_to_run_out() -> None:
    desk = a_resting_desk()
    refuse(desk, "EAPI:Invalid key")
    desk.run(31)
    assert desk.router.state.phase is Phase.HALTED
    assert "cannot cancel" in alerts(desk, "key")[0]
    assert "1 open orders" in alerts(desk, "key")[0]
    desk.done.clear()
    desk.run(MINUTE)
    assert desk.of(ArmTimer) == []
    assert len(private_calls(desk)) <= 10, "a refused key is not hammered"


def test_lost_right_to_read_trades_halts_while_cancels_go_on() -> None:
    desk = a_resting_desk()
    refuse(desk, "EGeneral:Permission denied", Topic.TRADES)
    desk.run(31)
    assert desk.router.state.phase is Phase.HALTED
    assert "cancels are still tried" in alerts(desk, "key")[0]
    assert any(isinstance(each, Send) and isinstance(each.command, CancelOrder) for each in desk.done)


def test_lost_right_to_cancel_is_learned_from_the_stream() -> None:
    desk = a_resting_desk()
    desk.ask(CancelOrder("wb7x1", PAIR))
    desk.hear(CancelRejected("wb7x1", "EGeneral:Permission denied", desk.now))
    assert desk.router.state.phase is Phase.HALTED
    assert "cannot cancel" in alerts(desk, "key")[0]


def test_key_that_works_again_clears_the_alert_but_stays_halted_until_rearmed() -> None:
    desk = a_resting_desk()
    refuse(desk, "EGeneral:Permission denied", Topic.TRADES)
    desk.run(31)
    desk.world.refuse = lambda query: None
    desk.run(60)
    assert desk.router.state.refused_topics == set()
    assert desk.router.state.halt_reason
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    assert not desk.router.state.halt_reason


@pytest.mark.parametrize("error", [LOCKED, "EAPI:Invalid nonce"])
def test_stop_ends_within_its_budget_whatever_is_wrong_with_the_key(error: str) -> None:

    desk = a_resting_desk()
    refuse(desk, error)
    desk.take(desk.router.on_stream(StreamLost("reset"), desk.now))
    desk.take(desk.router.on_shell(StopRequested(), desk.now))
    desk.run(28)
    assert [each.clean for each in desk.of(Leave) if isinstance(each, Leave)] == [False]
