"""The order router's beginnings and ends: starts that find something, stops that leave nothing."""

import pytest

from tests.desk.builders_router import (
    FEES,
    PAIR,
    Desk,
    a_ready_desk,
    a_resting_desk,
    a_view,
)
from wildbot.desk.gateway_commands import (
    AskVenue,
    Leave,
    Refuse,
    TellSupervisor,
)
from wildbot.desk.gateway_state import Phase
from wildbot.desk.venue_queries import OrdersSeen, QueryRefused, QuerySilent, Topic
from wildbot.desk.watch import StopRequested
from wildbot.model.control import Rearm
from wildbot.model.executions import (
    Canceled,
)
from wildbot.model.instrument import MONEY_ONE
from wildbot.model.status import InstrumentTable


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
