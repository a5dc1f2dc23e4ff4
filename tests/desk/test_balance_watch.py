"""What others do with the account: written down, never profit, and capital follows downward at once."""

from msgspec.structs import replace

from tests.desk.builders_router import (
    LOTS,
    PAIR,
    SECOND,
    START,
    Desk,
    a_fill,
    a_ready_desk,
    a_view,
    an_order,
    balances_after,
)
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.gateway_commands import TellAllocator, WriteEvent, WriteFill, WriteMeta
from wildbot.desk.gateway_state import Phase
from wildbot.desk.venue_queries import Query, Topic
from wildbot.model.control import Rearm
from wildbot.model.desk import AccountState, LeaseRecall
from wildbot.model.exchange import OrderStatus
from wildbot.model.executions import Accepted, Completed
from wildbot.model.instrument import MONEY_ONE


def a_holding_desk() -> Desk:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    fill = replace(a_fill(), ts_ns=desk.now)
    desk.hear(fill)
    desk.hear(Completed("wb7x1", LOTS, desk.now))
    desk.world.fills, desk.world.balances = [fill], balances_after(fill)
    desk.world.closed = [a_view(status=OrderStatus.FILLED, filled_lots=LOTS)]
    desk.run(1)
    return desk


def notes(desk: Desk, kind: str) -> list[str]:
    return [each.text for each in desk.done if isinstance(each, WriteEvent) and each.kind == kind]


def capital(desk: Desk) -> int:
    states = [e.message for e in desk.done if isinstance(e, TellAllocator) and isinstance(e.message, AccountState)]
    return states[-1].starting


def test_deposit_is_written_down_within_half_a_minute_and_changes_neither_profit_nor_capital() -> None:
    desk = a_holding_desk()
    before = desk.router.state.books.account()
    desk.world.balances["USDC"] += 5 * MONEY_ONE
    desk.run(30)
    assert notes(desk, "external_movement") == ["USDC 5.0000000000"]
    assert desk.router.state.books.account() == before
    assert desk.router.state.phase is Phase.READY
    desk.take(desk.router.on_peer(LeaseRecall(), desk.now))
    assert capital(desk) == 16 * MONEY_ONE


def test_withdrawal_beyond_the_owners_own_part_lowers_what_may_be_lent_out_at_once() -> None:
    desk = a_holding_desk()
    desk.world.balances["USDC"] -= 5 * MONEY_ONE
    desk.run(30)
    assert capital(desk) == 11 * MONEY_ONE
    assert notes(desk, "external_movement") == ["USDC -5.0000000000"]
    assert desk.router.state.books.account().starting == 16 * MONEY_ONE, "not a loss"
    assert desk.router.state.phase is Phase.READY


def test_second_withdrawal_of_the_same_size_is_told_as_the_first_was() -> None:
    desk = a_holding_desk()
    for movement in (1, 2):  # the second before the next look finds nothing new
        desk.world.balances["USDC"] -= 3 * MONEY_ONE
        while len(notes(desk, "external_movement")) < movement:
            desk.run(1)
            assert desk.now < START + 200 * SECOND
    told = [each for each in desk.done if isinstance(each, RaiseAlert) and each.key == "external_movement"]
    assert len(told) == len({each.text for each in told}) == 2


def test_capital_comes_back_only_by_rearm() -> None:
    desk = a_holding_desk()
    desk.world.balances["USDC"] -= 5 * MONEY_ONE
    desk.run(30)
    desk.world.balances["USDC"] += 5 * MONEY_ONE
    desk.run(60)
    assert capital(desk) == 11 * MONEY_ONE
    desk.router.state.halt(desk.now, "by hand")
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    desk.run(2)
    assert capital(desk) == 16 * MONEY_ONE


def test_movement_is_the_owners_from_then_on_and_the_next_start_does_not_stumble_over_it() -> None:
    desk = a_holding_desk()
    desk.world.balances["USDC"] += 5 * MONEY_ONE
    desk.run(30)
    stored = {each.key: each.value for each in desk.done if isinstance(each, WriteMeta)}
    assert stored["baseline/USDC"] == str(21 * MONEY_ONE)
    desk.done.clear()
    desk.run(60)
    assert notes(desk, "external_movement") == []


def test_sale_of_our_inventory_by_hand_halts_and_books_no_fill() -> None:
    desk = a_holding_desk()
    booked = len(desk.of(WriteFill))
    desk.world.balances["SOL"] -= LOTS * 100 // 2
    desk.world.balances["USDC"] += 2 * MONEY_ONE
    desk.run(30)
    assert desk.router.state.phase is Phase.HALTED
    assert "somebody sold or withdrew our inventory" in desk.router.state.halt_reason
    assert len(desk.of(WriteFill)) == booked
    assert desk.router.state.books.position(PAIR).lots == LOTS


def test_coins_of_the_owner_that_leave_are_no_reason_to_halt() -> None:
    desk = a_holding_desk()
    desk.world.balances["SOL"] += 7 * MONEY_ONE
    desk.run(30)
    desk.world.balances["SOL"] -= 6 * MONEY_ONE
    desk.run(30)
    assert notes(desk, "external_movement") == ["SOL 7.0000000000", "SOL -6.0000000000"]
    assert desk.router.state.phase is Phase.READY


def test_trade_that_the_stream_tells_a_moment_later_is_no_movement() -> None:
    desk = a_holding_desk()
    desk.ask(an_order(2))
    desk.hear(Accepted("wb7x2", "O2", desk.now))
    desk.world.open = [a_view(2)]
    late = replace(a_fill(2, exec_id="T2"), ts_ns=desk.now + 25 * 10**9)
    asked: list[Query] = []

    def answer(query: Query) -> None:
        if query.topic is Topic.BALANCES:
            asked.append(query)
            desk.world.balances = balances_after(*desk.world.fills[:1], late)

    desk.world.refuse = answer
    while not asked:
        desk.run(0.1)
    desk.run(1)
    desk.hear(late)
    desk.hear(Completed("wb7x2", LOTS, desk.now))
    desk.world.open, desk.world.fills = [], [*desk.world.fills, late]
    desk.world.closed += [a_view(2, status=OrderStatus.FILLED, filled_lots=LOTS)]
    desk.run(40)
    assert notes(desk, "external_movement") == []
    assert not any(isinstance(each, RaiseAlert) and each.key == "external_movement" for each in desk.done)


def test_difference_that_is_still_changing_is_looked_at_again_before_it_is_anybodys() -> None:
    desk = a_holding_desk()
    answers: list[int] = []

    def draining(query: Query) -> None:
        if query.topic is Topic.BALANCES:
            desk.world.balances["USDC"] -= MONEY_ONE
            answers.append(len(answers))

    desk.world.refuse = draining
    while len(answers) < 2:
        desk.run(0.1)
    desk.world.refuse = lambda query: None
    assert notes(desk, "external_movement") == []
    desk.run(40)
    assert notes(desk, "external_movement") == ["USDC -2.0000000000"]
