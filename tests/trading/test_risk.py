"""Both sides of each limit of the risk gate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.trading.builders_trading import FEES, MS, ONE, PAIR, SECOND, SOL, START, a_book, money
from wildbot.model.desk import PositionState
from wildbot.model.executions import Accepted
from wildbot.model.instrument import PairStatus
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, OrderCommand, Purpose, Side, TimeInForce
from wildbot.trading.order_ledger import OrderLedger
from wildbot.trading.risk import Approved, Denial, DenialCode, RiskFacts, RiskGate, RiskLimits

TENTH = ONE // 10


def facts(**changes: object) -> RiskFacts:
    plain: dict[str, object] = {
        "now_ns": START,
        "book": a_book(),
        "is_valid": True,
        "data_age_ns": 0,
        "system": SystemStatus.ONLINE,
        "instrument": SOL,
        "fees": FEES,
        "position": PositionState(PAIR),
        "ledger": OrderLedger(),
        "lease": money("16"),
    }
    return RiskFacts(**{**plain, **changes})  # type: ignore[arg-type]


def a_buy(ticks: int = 15_000, lots: int = TENTH, **changes: object) -> NewOrder:
    return replace(NewOrder("wb1x1", PAIR, Side.BUY, ticks, lots, Purpose.ENTRY), **changes)


def a_sale(ticks: int = 15_010, lots: int = TENTH, purpose: Purpose = Purpose.EXIT, **changes: object) -> NewOrder:
    return replace(NewOrder("wb1x2", PAIR, Side.SELL, ticks, lots, purpose), **changes)


def long(lots: int = TENTH, basis: str = "15") -> PositionState:
    return PositionState(PAIR, lots=lots, basis=money(basis))


def judge(command: OrderCommand, given_facts: RiskFacts | None = None, **limits: object) -> DenialCode | None:
    verdict = RiskGate(RiskLimits(**limits)).review(command, given_facts or facts())  # type: ignore[arg-type]
    return verdict.code if isinstance(verdict, Denial) else None


def test_a_plain_buy_within_the_lease_is_approved() -> None:
    assert RiskGate(RiskLimits()).review(a_buy(), facts()) == Approved(a_buy())


@pytest.mark.parametrize(
    ("given_facts", "code"),
    [
        (facts(book=None), DenialCode.NO_BOOK),
        (facts(is_valid=False), DenialCode.NO_BOOK),
        (facts(book=replace(a_book(), ask_ticks=(), ask_lots=())), DenialCode.NO_BOOK),
        (facts(data_age_ns=500 * MS), None),
        (facts(data_age_ns=500 * MS + 1), DenialCode.DATA_AGE),
        (facts(system=SystemStatus.MAINTENANCE), DenialCode.VENUE),
        (facts(system=SystemStatus.POST_ONLY), None),
        (facts(instrument=replace(SOL, status=PairStatus.CANCEL_ONLY)), DenialCode.VENUE),
        (facts(instrument=replace(SOL, status=PairStatus.REDUCE_ONLY)), DenialCode.VENUE),
        (facts(lease=money("0")), DenialCode.NO_LEASE),
        (facts(lease=money("15.0375")), None),
        (facts(lease=money("15.037499")), DenialCode.AFFORDABILITY),
        (facts(lease=money("14.99")), DenialCode.POSITION),
        (facts(book=a_book(14_000, 14_200)), DenialCode.COLLAR),
    ],
)
def test_an_entry_is_judged_by_what_is_known(given_facts: RiskFacts, code: DenialCode | None) -> None:
    assert judge(a_buy(), given_facts) is code


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (a_buy(ticks=15_009), None),
        (a_buy(ticks=15_010), DenialCode.CROSSES),
        (a_buy(ticks=14_855), None),
        (a_buy(ticks=14_854), DenialCode.COLLAR),
        (a_buy(ticks=0), DenialCode.GRID),
        (a_buy(lots=0), DenialCode.GRID),
        (a_buy(lots=1_999_999), DenialCode.MINIMUM),
        (a_buy(lots=2_000_000), None),
        (a_buy(time_in_force=TimeInForce.IOC), DenialCode.GRID),
        (a_sale(purpose=Purpose.ENTRY), DenialCode.SHORT),
        (a_sale(), DenialCode.SHORT),
    ],
)
def test_an_order_is_judged_by_itself(command: NewOrder, code: DenialCode | None) -> None:
    assert judge(command) is code


def test_prices_and_sizes_off_the_grid_are_denied() -> None:
    coarse = facts(instrument=replace(SOL, tick_step=10, lot_step=1_000))
    assert judge(a_buy(ticks=15_005), coarse) is DenialCode.GRID
    assert judge(a_buy(lots=TENTH + 1), coarse) is DenialCode.GRID


def test_a_wide_spread_stops_entries_but_not_exits() -> None:
    wide = facts(book=a_book(14_950, 15_050), position=long())
    assert judge(a_buy(14_950, 2_000_000), wide, max_entry_spread_bps=50.0) is DenialCode.SPREAD
    assert judge(a_sale(15_050), wide, max_entry_spread_bps=50.0) is None


def test_an_order_above_the_notional_limit_is_denied() -> None:
    assert judge(a_buy(), max_order_notional=money("15")) is None
    assert judge(a_buy(), max_order_notional=money("14.999999")) is DenialCode.NOTIONAL


def test_inventory_and_resting_buys_count_against_the_lease() -> None:
    ledger = OrderLedger()
    ledger.sent(a_buy(cl_ord_id="wb1x7", lots=TENTH // 2), START)
    assert judge(a_buy(lots=TENTH // 2), facts(ledger=ledger)) is None
    assert judge(a_buy(lots=TENTH // 2), facts(ledger=ledger, position=long(TENTH // 10, "1.5"))) is DenialCode.POSITION


def test_the_position_limit_is_a_fraction_of_the_lease() -> None:
    assert judge(a_buy(lots=TENTH // 2), max_position=0.5) is None
    assert judge(a_buy(lots=TENTH * 6 // 10), max_position=0.5) is DenialCode.POSITION


def test_an_exit_may_close_the_position_but_never_turn_it() -> None:
    assert judge(a_sale(lots=TENTH), facts(position=long())) is None
    assert judge(a_sale(lots=TENTH + 1), facts(position=long())) is DenialCode.SHORT
    assert judge(a_buy(purpose=Purpose.EXIT), facts(position=long())) is DenialCode.SHORT


def test_resting_sales_count_when_selling_what_is_owned() -> None:
    ledger = OrderLedger()
    ledger.sent(a_sale(cl_ord_id="wb1x8", lots=TENTH // 2), START)
    assert judge(a_sale(lots=TENTH // 2), facts(ledger=ledger, position=long())) is None
    assert judge(a_sale(lots=TENTH // 2 + 1), facts(ledger=ledger, position=long())) is DenialCode.SHORT


def test_an_exit_needs_neither_lease_nor_entry_collar() -> None:
    far = a_sale(ticks=15_300)
    assert judge(far, facts(position=long(), lease=money("0"))) is None


def test_a_short_entry_is_allowed_only_by_setting_and_within_the_lease() -> None:
    sale = a_sale(purpose=Purpose.ENTRY)
    assert judge(sale, allow_short=True) is None
    assert judge(sale, facts(lease=money("15")), allow_short=True) is DenialCode.POSITION


def test_an_amend_is_judged_as_the_order_it_becomes() -> None:
    ledger = OrderLedger()
    ledger.sent(a_buy(), START)
    ledger.apply(Accepted("wb1x1", "O1", START))
    assert judge(AmendOrder("wb1x1", PAIR, 15_001, TENTH), facts(ledger=ledger)) is None
    assert judge(AmendOrder("wb1x1", PAIR, 15_001, 2 * TENTH), facts(ledger=ledger)) is DenialCode.POSITION
    assert judge(AmendOrder("wb1x1", PAIR, 15_010, TENTH), facts(ledger=ledger)) is DenialCode.CROSSES


def test_an_error_inside_the_gate_denies() -> None:
    assert judge(AmendOrder("wb1x99", PAIR, 15_000, TENTH)) is DenialCode.ERROR


def test_a_cancel_is_approved_whatever_else_is_wrong() -> None:
    assert judge(CancelOrder("wb1x1", PAIR), facts(book=None, is_valid=False, lease=money("0"))) is None


def test_orders_beyond_the_rate_are_denied_until_the_window_has_passed() -> None:
    gate = RiskGate(RiskLimits(max_orders_per_s=0.2))
    small = a_buy(lots=2_000_000)
    assert isinstance(gate.review(small, facts()), Approved)
    assert isinstance(gate.review(small, facts()), Approved)
    third = gate.review(small, facts(now_ns=START + 10 * SECOND - 1))
    assert isinstance(third, Denial)
    assert third.code is DenialCode.RATE
    assert isinstance(gate.review(small, facts(now_ns=START + 10 * SECOND)), Approved)


@given(st.integers(-(10**9), 10**9), st.integers(-(10**10), 10**10), st.sampled_from(Side), st.sampled_from(Purpose))
def test_whatever_is_approved_is_owned_affordable_and_near_the_market(
    ticks: int, lots: int, side: Side, purpose: Purpose
) -> None:
    position = long(TENTH // 2, "7.5")
    command = NewOrder("wb1x1", PAIR, side, ticks, lots, purpose)
    if judge(command, facts(position=position)) is not None:
        return
    assert lots > 0
    assert abs(ticks - 15_005) <= 15_005 * 3 // 100 + 1
    if side is Side.SELL:
        assert lots <= position.lots
    else:
        assert SOL.cost(ticks, lots) + position.basis <= money("16")
