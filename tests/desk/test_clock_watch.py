"""Our clock against the exchange's: measured all the time, and on a wrong one nothing is signed and no order leaves."""

import pytest

from tests.desk.builders_router import PAIR, SECOND, Desk, a_resting_desk, an_order, codes
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.gateway_commands import AskVenue
from wildbot.desk.gateway_state import Phase
from wildbot.desk.venue_queries import Answer, ClockSeen, Query, Topic
from wildbot.model.orders import CancelOrder


def set_apart(desk: Desk, seconds: float) -> None:
    """From now on the exchange's clock is so far ahead of ours."""

    def answer(query: Query) -> Answer | None:
        if query.topic is not Topic.CLOCK:
            return None
        return ClockSeen(query, int(desk.now + seconds * SECOND) // SECOND * SECOND)

    desk.world.refuse = answer


def asked(desk: Desk, since: int) -> list[Topic]:
    return [each.query.topic for each in desk.done[since:] if isinstance(each, AskVenue) and each.query.topic.is_private]


@pytest.mark.parametrize("seconds", [-4.0, 4.0, -86_400.0, 86_400.0])
def test_a_clock_that_goes_wrong_while_running_ends_signing_and_orders(seconds: float) -> None:
    desk = a_resting_desk()
    set_apart(desk, seconds)
    desk.run(15)
    assert any(isinstance(each, RaiseAlert) and each.key == "clock" for each in desk.done)
    assert CancelOrder("wb7x1", PAIR, "clock") in desk.sent()
    since = len(desk.done)
    desk.run(60)
    assert set(asked(desk, since)) <= {Topic.CANCEL}
    desk.ask(an_order(2))
    assert codes(desk)[-1] == "not_ready"


@pytest.mark.parametrize("seconds", [-4.0, 4.0])
def test_clocks_that_agree_again_let_orders_leave(seconds: float) -> None:
    desk = a_resting_desk()
    set_apart(desk, seconds)
    desk.run(15)
    set_apart(desk, 0)
    desk.run(10)
    assert ClearAlert("clock") in desk.done
    since = len(desk.done)
    desk.run(40)
    assert Topic.OPEN_ORDERS in asked(desk, since)


@pytest.mark.parametrize("seconds", [-1.4, 0.0, 1.4])
def test_clocks_that_differ_by_less_than_two_seconds_are_well(seconds: float) -> None:
    desk = a_resting_desk()
    set_apart(desk, seconds)
    desk.run(60)
    assert not any(isinstance(each, RaiseAlert) and each.key == "clock" for each in desk.done)


@pytest.mark.parametrize("seconds", [-3_600.0, -4.0, 4.0, 86_400.0])
def test_nothing_is_signed_at_a_start_on_a_wrong_clock(seconds: float) -> None:
    desk = Desk()
    set_apart(desk, seconds)
    desk.take(desk.router.begin(desk.now))
    desk.run(30)
    assert asked(desk, 0) == []
    assert desk.router.state.phase is Phase.STARTING
    set_apart(desk, 0)
    desk.run(15)
    assert desk.router.state.phase is Phase.READY


def test_an_answer_that_took_long_says_nothing_about_the_clock() -> None:
    desk = a_resting_desk()
    desk.world.silent.add(Topic.CLOCK)
    desk.run(15)
    (query,) = {each.query for each in desk.done if isinstance(each, AskVenue) and each.query.topic is Topic.CLOCK}
    stale_ns = desk.now
    desk.run(6)
    desk.take(desk.router.on_answer(ClockSeen(query, stale_ns // SECOND * SECOND), desk.now))
    assert not any(isinstance(each, RaiseAlert) and each.key == "clock" for each in desk.done)
