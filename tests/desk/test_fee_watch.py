"""The account's rates: stated at start and daily, compared with every execution, the dearer one counts at once."""

import pytest
from msgspec.structs import replace

from tests.desk.builders_router import (
    EPOCH,
    FEES,
    PAIR,
    SOL,
    Desk,
    a_fill,
    a_ready_desk,
    an_order,
    balances_after,
)
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.desk.gateway_commands import AskVenue, TellSupervisor, TellTrader
from wildbot.desk.gateway_state import Phase
from wildbot.desk.venue_queries import Answer, FeesSeen, Query, QueryRefused, Topic
from wildbot.model.desk import FeesChanged
from wildbot.model.executions import Accepted, Filled
from wildbot.model.instrument import PPM, FeeSchedule, Liquidity, Money
from wildbot.model.status import InstrumentTable

DEARER = FeeSchedule(4_000, 8_000)
CHEAPER = FeeSchedule(1_400, 2_400)


def charged(fees: FeeSchedule, counter: int = 1, *, liquidity: Liquidity = Liquidity.MAKER) -> Filled:
    fill = a_fill(counter, exec_id=f"T{counter}")
    return replace(fill, fee=SOL.fee(fill.cost, fees.rate_ppm(liquidity)), liquidity=liquidity)


def in_coins(fill: Filled, rate_ppm: int) -> Filled:
    return replace(fill, fee=Money(fill.lots * 100 * rate_ppm // PPM), fee_asset="SOL")


def stating(desk: Desk, fees: FeeSchedule) -> None:
    def answer(query: Query) -> Answer | None:
        return FeesSeen(query, {PAIR: fees}) if query.topic is Topic.FEES else None

    desk.world.refuse = answer


def execute(desk: Desk, fill: Filled) -> None:
    counter = int(fill.order_id[1:])
    desk.ask(an_order(counter))
    desk.hear(Accepted(fill.cl_ord_id, fill.order_id, desk.now))
    desk.done.clear()
    desk.world.fills.append(fill)
    desk.world.balances = balances_after(*desk.world.fills)
    desk.hear(fill)


def alarms(desk: Desk) -> list[str]:
    return [each.key for each in desk.done if isinstance(each, RaiseAlert) and each.key.startswith("fee/")]


def cleared(desk: Desk) -> list[str]:
    return [each.key for each in desk.done if isinstance(each, ClearAlert) and each.key.startswith("fee/")]


def told_to_the_trader(desk: Desk) -> list[FeeSchedule]:
    messages = [each.message for each in desk.done if isinstance(each, TellTrader) and each.epoch == EPOCH]
    return [message.fees for message in messages if isinstance(message, FeesChanged)]


def told_to_the_scanner(desk: Desk) -> list[FeeSchedule]:
    messages = [each.message for each in desk.done if isinstance(each, TellSupervisor)]
    return [message.fees[PAIR] for message in messages if isinstance(message, InstrumentTable)]


def test_an_execution_at_the_stated_rate_is_no_news() -> None:
    desk = a_ready_desk()
    execute(desk, charged(FEES))
    assert (alarms(desk), told_to_the_trader(desk)) == ([], [])
    assert not desk.router.state.wants_fees


@pytest.mark.parametrize("liquidity", Liquidity)
def test_one_dearer_fill_alarms_and_raises_the_hurdle_in_the_same_turn(liquidity: Liquidity) -> None:
    desk = a_ready_desk()
    execute(desk, charged(DEARER, liquidity=liquidity))
    expected = FeeSchedule(4_000, 4_000) if liquidity is Liquidity.MAKER else FeeSchedule(2_500, 8_000)
    assert alarms(desk) == [f"fee/{PAIR}/{liquidity}"]
    assert told_to_the_trader(desk) == [expected]
    assert told_to_the_scanner(desk) == [expected]
    assert desk.router.state.fees[PAIR] == expected


def test_a_dearer_rate_in_coins_is_seen_too() -> None:
    desk = a_ready_desk()
    execute(desk, in_coins(charged(FEES), 4_000))
    assert alarms(desk) == [f"fee/{PAIR}/maker"]
    assert desk.router.state.fees[PAIR].maker_ppm == 4_000


def test_the_stated_rate_in_coins_is_no_news() -> None:
    desk = a_ready_desk()
    execute(desk, in_coins(charged(FEES), FEES.maker_ppm))
    assert alarms(desk) == []


def test_the_exchange_is_asked_at_once_and_its_word_ends_the_alarm() -> None:
    desk = a_ready_desk()
    stating(desk, DEARER)
    execute(desk, charged(DEARER))
    desk.run(0.2)
    assert cleared(desk) == [f"fee/{PAIR}/maker"]
    assert desk.router.state.fees[PAIR] == DEARER


def test_a_dearer_charge_outweighs_a_statement_until_a_fill_agrees_with_the_statement() -> None:
    desk = a_ready_desk()
    execute(desk, charged(DEARER))
    desk.run(90)
    assert desk.router.state.fees[PAIR] == FeeSchedule(4_000, 4_000)
    execute(desk, charged(FEES, 2))
    assert desk.router.state.fees[PAIR] == FEES
    assert cleared(desk) == [f"fee/{PAIR}/maker"]


def test_a_cheaper_charge_alarms_but_only_the_exchange_s_word_lowers_the_hurdle() -> None:
    desk = a_ready_desk()
    execute(desk, charged(CHEAPER))
    assert (alarms(desk), told_to_the_trader(desk)) == ([f"fee/{PAIR}/maker"], [])
    stating(desk, CHEAPER)
    desk.run(1)
    assert told_to_the_trader(desk) == [CHEAPER]
    assert desk.router.state.fees[PAIR] == CHEAPER


def test_rates_are_asked_once_a_day_without_any_reason() -> None:
    desk = a_ready_desk()
    desk.done.clear()
    stating(desk, CHEAPER)
    for _ in range(25):
        desk.now += 3_600 * 10**9
        desk.run(0.2)
    asked = [each for each in desk.done if isinstance(each, AskVenue) and each.query.topic is Topic.FEES]
    assert len(asked) == 1
    assert desk.router.state.fees[PAIR] == CHEAPER


def test_a_refused_question_about_fees_is_told_and_stops_nothing() -> None:
    desk = a_ready_desk()

    def refuse(query: Query) -> Answer | None:
        return QueryRefused(query, "EQuery:Unknown asset pair") if query.topic is Topic.FEES else None

    desk.world.refuse = refuse
    execute(desk, charged(DEARER))
    desk.run(1)
    assert "fees_refused" in [each.key for each in desk.done if isinstance(each, RaiseAlert)]
    assert desk.router.state.phase is Phase.READY
