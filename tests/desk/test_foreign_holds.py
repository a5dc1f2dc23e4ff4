"""What the owner's own open orders hold is not lent out; it is again, once they have ended and the balances agree."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.builders_router import EPOCH, SOL, Desk, a_fill, a_ready_desk, a_resting_desk, a_view, balances_after
from wildbot.desk.allocation import CapitalAllocator
from wildbot.desk.gateway_commands import TellAllocator, WriteEvent
from wildbot.desk.gateway_state import Phase
from wildbot.desk.venue_queries import Query, Topic
from wildbot.model.control import Rearm
from wildbot.model.desk import AccountState, LeaseRequest, LeaseTable, LeaseTableAck
from wildbot.model.instrument import MONEY_ONE, Money

LOOK_S = 30
"""A quiet desk looks at open orders and at balances every 25 s each; a movement is looked at twice."""

START = 16


def lent(desk: Desk) -> int:
    """What the router last told the allocator of its own accord, in whole units of quote."""
    told = [e.message for e in desk.done if isinstance(e, TellAllocator) and isinstance(e.message, AccountState)]
    return told[-1].starting // MONEY_ONE if told else START


def hold(desk: Desk, amount: int) -> None:
    desk.world.foreign_holds = {"USDC": amount * MONEY_ONE}


def test_foreign_buy_lowers_what_may_be_lent_within_one_look_and_gives_it_back_after_its_end() -> None:
    desk = a_ready_desk()
    hold(desk, 5)
    desk.run(LOOK_S)
    assert lent(desk) == 11
    hold(desk, 0)
    desk.run(2 * LOOK_S)
    assert lent(desk) == 16
    notes = [each.text for each in desk.done if isinstance(each, WriteEvent) and each.kind == "foreign_holds"]
    assert [note.split()[1] for note in notes] == ["5.0000000000", "0.0000000000"]


def test_leases_shrink_by_what_is_held_and_grow_again() -> None:
    desk, allocator = Desk().start(), CapitalAllocator(slots=1, quote="USDC")

    def capital_at_work() -> int:
        account = desk.router.state.account_for_leases()
        commands = allocator.handle(account, desk.now) + allocator.handle(
            LeaseRequest(SOL.pair, EPOCH, Money(MONEY_ONE)), desk.now
        )
        for table in [each for each in commands if isinstance(each, LeaseTable)]:
            allocator.handle(LeaseTableAck(table.version), desk.now)
        return int(allocator.status(desk.now).granted) // MONEY_ONE

    assert capital_at_work() == 16
    hold(desk, 5)
    desk.run(LOOK_S)
    assert capital_at_work() == 11
    hold(desk, 0)
    desk.run(2 * LOOK_S)
    assert capital_at_work() == 16


def test_orders_of_ours_are_not_subtracted_a_second_time() -> None:
    desk = a_resting_desk()
    desk.world.open = [a_view()]
    desk.run(2 * LOOK_S)
    assert desk.router.state.account_for_leases().starting == START * MONEY_ONE


def test_owners_own_part_of_the_balance_pays_first() -> None:
    desk = Desk()
    desk.world.balances["USDC"] = 20 * MONEY_ONE
    desk.start().trade()
    hold(desk, 3)
    desk.run(LOOK_S)
    assert desk.router.state.account_for_leases().starting == 16 * MONEY_ONE
    hold(desk, 7)
    desk.run(LOOK_S)
    assert desk.router.state.account_for_leases().starting == 13 * MONEY_ONE


def test_what_came_back_after_a_withdrawal_is_the_owners_and_pays_first_too() -> None:
    desk = a_ready_desk()
    desk.world.balances["USDC"] -= 5 * MONEY_ONE
    desk.run(LOOK_S)
    desk.world.balances["USDC"] += 5 * MONEY_ONE
    hold(desk, 5)
    desk.run(2 * LOOK_S)
    assert desk.router.state.account_for_leases().starting == 11 * MONEY_ONE


def test_foreign_buy_that_fills_never_frees_its_money_for_a_moment() -> None:
    desk = a_ready_desk()
    hold(desk, 5)
    desk.run(LOOK_S)
    hold(desk, 0)
    desk.world.balances["USDC"] -= 5 * MONEY_ONE
    for _ in range(20 * LOOK_S):
        desk.run(0.1)
        assert desk.router.state.account_for_leases().starting <= 11 * MONEY_ONE
    assert lent(desk) == 11
    assert desk.router.state.phase is Phase.READY
    desk.router.state.halt(desk.now, "by hand")
    desk.world.balances["USDC"] += 5 * MONEY_ONE
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    desk.run(2)
    assert lent(desk) == 16


def test_what_our_own_fills_move_changes_nothing_in_what_others_hold() -> None:
    desk = a_resting_desk()
    hold(desk, 5)
    desk.run(LOOK_S)
    fill = a_fill(ts_ns=desk.now)
    desk.hear(fill)
    desk.world.fills, desk.world.balances = [fill], balances_after(fill)
    desk.run(LOOK_S)
    assert desk.router.state.account_for_leases().starting == 11 * MONEY_ONE


def test_nothing_is_given_back_while_the_balances_stay_silent() -> None:
    desk = a_ready_desk()
    hold(desk, 5)
    desk.run(LOOK_S)
    hold(desk, 0)
    desk.world.silent = {Topic.BALANCES}
    desk.run(2 * LOOK_S)
    assert desk.router.state.account_for_leases().starting == 11 * MONEY_ONE


def test_balances_that_were_asked_before_the_end_was_seen_give_nothing_back() -> None:
    desk = a_ready_desk()
    hold(desk, 5)
    desk.run(LOOK_S)
    asked: list[Query] = []

    def late(query: Query) -> None:
        if query.topic is Topic.BALANCES:
            asked.append(query)
            desk.router.state.foreign_seen = 0  # a look saw the end while this question was on its way

    desk.world.refuse = late
    while not asked:
        desk.run(0.1)
    assert desk.router.state.account_for_leases().starting == 11 * MONEY_ONE


def test_orders_resting_since_before_the_start_are_known_before_anything_is_lent() -> None:
    desk = Desk()
    hold(desk, 5)
    desk.start()
    assert desk.router.state.account_for_leases().starting == 11 * MONEY_ONE


@settings(max_examples=40, deadline=None)
@given(
    owners=st.integers(0, 9),
    steps=st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=4),
)
def test_what_is_lent_and_what_is_held_never_exceed_the_balance(owners: int, steps: list[tuple[int, bool]]) -> None:
    """Each step leaves some amount held; with True what is held less than before was bought, not taken back."""
    desk = Desk()
    desk.world.balances["USDC"] = (START + owners) * MONEY_ONE
    desk.start().trade()
    for amount, is_bought in steps:
        before = desk.world.foreign_holds.get("USDC", 0)
        amount = min(amount, desk.world.balances["USDC"] // MONEY_ONE)
        if is_bought and amount * MONEY_ONE < before:
            desk.world.balances["USDC"] -= before - amount * MONEY_ONE
        hold(desk, amount)
        desk.run(2 * LOOK_S + 5)
        free = desk.world.balances["USDC"] - amount * MONEY_ONE
        may_be_lent = desk.router.state.account_for_leases().starting
        assert may_be_lent == min(START * MONEY_ONE, free) or desk.router.state.withdrawn
        assert may_be_lent <= max(0, free)
