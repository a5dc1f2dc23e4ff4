"""The gateway's own limits: each from both sides, each with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.desk.builders_router import EPOCH, FEES, LIMITS, LOTS, MID, PAIR, SECOND, SOL, START, an_order
from wildbot.desk.market_watch import Sight
from wildbot.desk.order_checks import Facts, buy_cost, find_fault
from wildbot.model.desk import CapitalLease, PositionState
from wildbot.model.instrument import MONEY_ONE, Lots, Money, PairStatus
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import NewOrder, OrderType, Purpose, Side, TimeInForce
from wildbot.trading.rate_budget import RateBudget


def facts(**changes: object) -> Facts:
    base = Facts(
        instrument=SOL,
        fees=FEES,
        position=PositionState(PAIR),
        lease=CapitalLease(PAIR, EPOCH, Money(16 * MONEY_ONE), START + SECOND),
        sight=Sight(2 * MID, True),
        system=SystemStatus.ONLINE,
        silence_ns=0,
        resting_buys=Money(0),
        resting_sell_lots=0,
        unknown_on_side=False,
        open_orders=0,
        turnover=Money(0),
        may_send=True,
        budget=RateBudget(125, 2.34),
        budget_cost=1,
        now_ns=START,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def code(order: NewOrder, given_facts: Facts | None = None) -> str:
    fault = find_fault(order, given_facts or facts(), LIMITS)
    return fault.code.value if fault is not None else ""


def holding(lots: int) -> PositionState:
    return PositionState(PAIR, lots=lots, basis=SOL.cost(MID, lots))


def an_exit(lots: int = LOTS, ticks: int = MID + 10) -> NewOrder:
    return an_order(side=Side.SELL, ticks=ticks, lots=lots)


def test_plain_order_passes() -> None:
    assert code(an_order()) == ""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"cl_ord_id": "x1"}, "malformed"),
        ({"ticks": 0}, "malformed"),
        ({"ticks": -5}, "malformed"),
        ({"lots": 0}, "malformed"),
        ({"ticks": 10**30}, "malformed"),
        ({"lots": 1_999_999}, "below_min_size"),
        ({"post_only": False}, "not_post_only"),
        ({"time_in_force": TimeInForce.GTD}, "malformed"),
        ({"time_in_force": TimeInForce.IOC}, "not_post_only"),
        ({"order_type": OrderType.STOP_LOSS, "post_only": False}, "not_post_only"),
    ],
)
def test_form_is_refused(change: dict[str, object], expected: str) -> None:
    assert code(replace(an_order(), **change)) == expected


def test_taker_order_is_allowed_only_as_immediate() -> None:
    assert code(replace(an_order(ticks=MID + 5), time_in_force=TimeInForce.IOC, post_only=False)) == ""


def test_price_off_the_tick_and_size_off_the_lot_are_refused() -> None:
    coarse = replace(SOL, tick_step=7, lot_step=3)
    assert code(an_order(ticks=9_996), facts(instrument=coarse)) == "off_lot"
    assert code(an_order(ticks=9_997), facts(instrument=coarse)) == "off_tick"


def test_minimum_cost_is_kept_at_both_sides_of_the_limit() -> None:
    small = replace(SOL, min_lots=Lots(1))
    assert code(an_order(ticks=MID, lots=500_000), facts(instrument=small)) == ""
    assert code(an_order(ticks=MID, lots=499_999), facts(instrument=small)) == "below_min_cost"


@pytest.mark.parametrize(("ticks", "expected"), [(9_900, ""), (9_899, "outside_collar"), (10_101, "outside_collar")])
def test_entry_stays_within_one_percent_of_the_mid(ticks: int, expected: str) -> None:
    assert code(an_order(ticks=ticks)) == expected


@pytest.mark.parametrize(("ticks", "expected"), [(10_300, ""), (10_301, "outside_collar"), (9_699, "outside_collar")])
def test_exit_stays_within_three_percent_of_the_mid(ticks: int, expected: str) -> None:
    assert code(an_exit(ticks=ticks), facts(position=holding(LOTS))) == expected


def test_entry_needs_fresh_valid_data_and_an_exit_a_mid_at_least() -> None:
    silent = {"silence_ns": 2 * SECOND + 1}
    assert code(an_order(), facts(**silent)) == "market_data"
    assert code(an_order(), facts(sight=Sight(2 * MID, False))) == "market_data"
    assert code(an_exit(), facts(position=holding(LOTS), **silent)) == ""
    assert code(an_exit(), facts(position=holding(LOTS), sight=Sight())) == "market_data"


def test_nothing_is_sold_that_is_not_owned_or_is_offered_already() -> None:
    assert code(an_exit(), facts(position=holding(LOTS))) == ""
    assert code(an_exit(LOTS + 1), facts(position=holding(LOTS))) == "cannot_sell_unowned"
    assert code(an_exit(), facts(position=holding(LOTS), resting_sell_lots=1)) == "cannot_sell_unowned"


def test_buy_fits_the_lease_to_the_last_unit_with_position_and_resting_buys_and_fee() -> None:
    order, position = an_order(), holding(LOTS)
    needed = buy_cost(order.ticks, order.lots, SOL, FEES) + position.basis + 5
    exact = CapitalLease(PAIR, EPOCH, Money(needed), START + 1)
    less = CapitalLease(PAIR, EPOCH, Money(needed - 1), START + 1)
    assert code(order, facts(lease=exact, position=position, resting_buys=Money(5))) == ""
    assert code(order, facts(lease=less, position=position, resting_buys=Money(5))) == "beyond_lease"


def test_entry_without_a_lease_or_with_one_that_ran_out_is_refused_and_an_exit_is_not() -> None:
    over = CapitalLease(PAIR, EPOCH, Money(16 * MONEY_ONE), START)
    assert code(an_order(), facts(lease=None)) == code(an_order(), facts(lease=over)) == "no_lease"
    assert code(an_exit(), facts(lease=None, position=holding(LOTS))) == ""


def test_buy_that_calls_itself_an_exit_still_needs_the_lease() -> None:
    assert code(replace(an_order(), purpose=Purpose.EXIT), facts(lease=None)) == "no_lease"


def test_order_above_the_notional_limit_is_refused() -> None:
    assert code(an_order(lots=10**8), facts(lease=None)) == "no_lease"
    assert code(an_order(lots=10**8 + 10**6), facts(lease=None)) == "order_notional"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (PairStatus.ONLINE, ""),
        (PairStatus.POST_ONLY, ""),
        (PairStatus.CANCEL_ONLY, "pair_status"),
        (PairStatus.DELISTED, "pair_status"),
    ],
)
def test_pair_status_decides_what_may_be_sent(status: PairStatus, expected: str) -> None:
    assert code(an_order(), facts(instrument=replace(SOL, status=status))) == expected


def test_reduce_only_pair_takes_exits_only() -> None:
    reduce_only = replace(SOL, status=PairStatus.REDUCE_ONLY)
    assert code(an_order(), facts(instrument=reduce_only)) == "pair_status"
    assert code(an_exit(), facts(instrument=reduce_only, position=holding(LOTS))) == ""


@pytest.mark.parametrize("system", [SystemStatus.MAINTENANCE, SystemStatus.CANCEL_ONLY, SystemStatus.UNKNOWN])
def test_engine_that_is_not_online_gets_no_orders(system: SystemStatus) -> None:
    assert code(an_order(), facts(system=system)) == "system_status"


def test_rate_budget_keeps_its_reserve_for_cancels() -> None:
    full, free = RateBudget(125, 2.34), RateBudget(125, 2.34)
    full.spend(74.5, START)
    free.spend(74, START)
    assert code(an_order(), facts(budget=full)) == "rate_budget"
    assert code(an_order(), facts(budget=free)) == ""


def test_unknown_outcome_on_the_side_freezes_it() -> None:
    assert code(an_order(), facts(unknown_on_side=True)) == "unknown_outstanding"


def test_check_that_throws_denies() -> None:
    assert code(an_order(), facts(sight=None)) == "check_failed"


@given(st.integers(-(10**20), 10**20), st.integers(-(10**20), 10**20), st.sampled_from(Side))
def test_whatever_passes_is_inside_every_limit(ticks: int, lots: int, side: Side) -> None:
    order = an_order(side=side, ticks=ticks, lots=lots)
    known = facts(position=holding(LOTS))
    if find_fault(order, known, LIMITS) is not None:
        return
    assert abs(ticks - MID) * 100 <= MID * (1 if side is Side.BUY else 3)
    assert side is Side.BUY or lots <= LOTS
    assert side is Side.SELL or buy_cost(ticks, lots, SOL, FEES) + known.position.basis <= 16 * MONEY_ONE
    assert lots >= SOL.min_lots


@given(st.integers(1, 10**6), st.integers(1, 10**10))
def test_denials_name_a_value_and_never_break(ticks: int, lots: int) -> None:
    fault = find_fault(an_order(ticks=ticks, lots=lots), facts(), LIMITS)
    assert fault is None or (len(fault.text) > 10 and fault.code != "check_failed")
