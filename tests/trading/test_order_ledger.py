"""Orders, reports in any order, and fills counted once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.builders_trading import ONE, PAIR, START, a_fill, canceled
from wildbot.model.executions import (
    Accepted,
    Amended,
    AmendRejected,
    CancelRejected,
    Completed,
    Denied,
    NotPlaced,
    OrderReport,
    OutcomeUnknown,
    Rejected,
)
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, Purpose, Side
from wildbot.trading.order_ledger import CLOSED_ORDERS_MAX, OrderLedger, Outstanding, WorkingOrder
from wildbot.trading.order_state import OrderState

ID = "wb1x1"


def a_ledger(lots: int = ONE, *, accepted: bool = True) -> tuple[OrderLedger, WorkingOrder]:
    ledger = OrderLedger()
    ledger.sent(NewOrder(ID, PAIR, Side.BUY, 15_000, lots, Purpose.ENTRY), START)
    if accepted:
        ledger.apply(Accepted(ID, "O1", START))
    order = ledger.order(ID)
    assert order is not None
    return ledger, order


def test_a_fill_is_counted_once_however_often_it_is_told() -> None:
    ledger, order = a_ledger()
    fill = a_fill(Side.BUY, ONE // 2, cl_ord_id=ID)
    assert ledger.apply(fill)
    assert not ledger.apply(fill)
    assert (order.filled_lots, order.state) == (ONE // 2, OrderState.PARTIALLY_FILLED)


def test_the_last_fill_is_told_by_cumulative_size() -> None:
    ledger, order = a_ledger()
    ledger.apply(a_fill(Side.BUY, ONE // 2, cl_ord_id=ID))
    ledger.apply(a_fill(Side.BUY, ONE // 2, cl_ord_id=ID))
    assert order.state is OrderState.FILLED
    assert ledger.is_empty


def test_a_fill_of_a_forgotten_order_is_still_news() -> None:
    assert OrderLedger().apply(a_fill(Side.BUY, ONE, cl_ord_id="wb1x99"))


def test_a_cancel_that_names_unseen_fills_keeps_the_order_in_view_until_they_come() -> None:
    ledger, order = a_ledger()
    ledger.apply(canceled(ID, filled_lots=ONE // 4))
    assert (order.state, order.owed_lots, ledger.is_empty) == (OrderState.CANCELLED, ONE // 4, False)
    assert order.remaining_lots == ONE // 4
    ledger.apply(a_fill(Side.BUY, ONE // 4, cl_ord_id=ID))
    assert (order.owed_lots, ledger.is_empty) == (0, True)


def test_completed_before_its_fills_owes_them() -> None:
    ledger, order = a_ledger()
    ledger.apply(Completed(ID, ONE, START))
    assert (order.state, order.owed_lots) == (OrderState.FILLED, ONE)
    ledger.apply(a_fill(Side.BUY, ONE, cl_ord_id=ID))
    assert ledger.is_empty


def test_a_late_acceptance_does_not_answer_a_cancel_under_way() -> None:
    ledger, order = a_ledger()
    ledger.sent(CancelOrder(ID, PAIR), START)
    ledger.apply(Accepted(ID, "O1", START))
    assert order.outstanding is Outstanding.CANCEL


def test_an_amend_counts_with_its_worse_side_until_answered() -> None:
    ledger, order = a_ledger()
    ledger.sent(AmendOrder(ID, PAIR, 15_010, 2 * ONE), START)
    assert (order.worst_ticks, order.remaining_lots) == (15_010, 2 * ONE)
    ledger.apply(Amended(ID, 15_010, 2 * ONE, START))
    assert (order.ticks, order.lots, order.outstanding) == (15_010, 2 * ONE, None)


def test_a_refused_change_leaves_the_order_as_it_was() -> None:
    ledger, order = a_ledger()
    ledger.sent(AmendOrder(ID, PAIR, 15_010, 2 * ONE), START)
    ledger.apply(AmendRejected(ID, "Post only order", START))
    assert (order.ticks, order.remaining_lots, order.is_settled) == (15_000, ONE, True)
    ledger.sent(CancelOrder(ID, PAIR), START)
    ledger.apply(CancelRejected(ID, "Unknown order", START))
    assert order.is_settled


def test_a_refused_amend_is_evidence_that_an_unknown_order_stands() -> None:
    ledger, order = a_ledger()
    ledger.sent(AmendOrder(ID, PAIR, 15_010, ONE), START)
    ledger.apply(OutcomeUnknown(ID, "amend", "timeout", START))
    assert (order.state, order.worst_ticks) == (OrderState.UNKNOWN, 15_010)
    ledger.apply(AmendRejected(ID, "the venue did not apply it", START))
    assert (order.state, order.worst_ticks) == (OrderState.OPEN, 15_000)


def test_an_amend_below_what_has_filled_ends_the_order() -> None:
    ledger, order = a_ledger()
    ledger.apply(a_fill(Side.BUY, ONE // 2, cl_ord_id=ID))
    ledger.sent(AmendOrder(ID, PAIR, 15_000, ONE // 2), START)
    ledger.apply(Amended(ID, 15_000, ONE // 2, START))
    assert order.state is OrderState.FILLED


def test_our_own_denial_of_an_amend_does_not_kill_the_order() -> None:
    ledger, order = a_ledger()
    ledger.sent(AmendOrder(ID, PAIR, 15_010, ONE), START)
    ledger.apply(Denied(ID, "amend", "budget", "no room", START))
    assert (order.state, order.outstanding) == (OrderState.OPEN, None)


def test_an_unknown_order_stays_live_until_evidence_comes() -> None:
    ledger, order = a_ledger(accepted=False)
    ledger.apply(OutcomeUnknown(ID, "new", "timeout", START))
    assert (order.state, ledger.is_empty) == (OrderState.UNKNOWN, False)
    ledger.apply(NotPlaced(ID, START))
    assert (order.state, ledger.is_empty) == (OrderState.NOT_PLACED, True)


def test_an_order_that_shows_up_after_it_was_given_up_is_live_again() -> None:
    ledger, order = a_ledger(accepted=False)
    ledger.apply(OutcomeUnknown(ID, "new", "timeout", START))
    ledger.apply(NotPlaced(ID, START))
    ledger.apply(Accepted(ID, "O1", START))
    assert (order.state, ledger.is_empty) == (OrderState.OPEN, False)


def test_closed_orders_are_forgotten_beyond_the_limit() -> None:
    ledger = OrderLedger()
    for number in range(CLOSED_ORDERS_MAX + 1):
        ledger.sent(NewOrder(f"wb1x{number:x}", PAIR, Side.BUY, 15_000, ONE, Purpose.ENTRY), START)
        ledger.apply(Rejected(f"wb1x{number:x}", "no", START))
    assert ledger.order("wb1x0") is None
    assert ledger.order("wb1x1") is not None


@given(st.permutations(range(5)), st.data())
def test_reports_in_any_order_and_twice_end_in_the_same_place(order_of: list[int], data: st.DataObject) -> None:
    reports: list[OrderReport] = [
        Accepted(ID, "O1", START),
        a_fill(Side.BUY, ONE // 4, cl_ord_id=ID, exec_id="Ta"),
        a_fill(Side.BUY, ONE // 4, cl_ord_id=ID, exec_id="Tb"),
        a_fill(Side.BUY, ONE // 2, cl_ord_id=ID, exec_id="Tc"),
        Completed(ID, ONE, START),
    ]
    ledger, order = a_ledger(accepted=False)
    for index in order_of:
        for _ in range(data.draw(st.integers(1, 2))):
            ledger.apply(reports[index])
    assert (order.state, order.filled_lots, order.owed_lots) == (OrderState.FILLED, ONE, 0)
    assert ledger.is_empty


@pytest.mark.parametrize("was_closed", [False, True])
def test_after_an_inheritance_no_late_report_brings_an_order_back_to_life(was_closed: bool) -> None:
    # A gateway that was restarted tells how an order ended whose fill is in the inherited position already.
    ledger, _ = a_ledger()
    if was_closed:
        ledger.apply(canceled(ID))
    ledger.forget_live()
    ledger.apply(Completed(ID, ONE, START))
    assert ledger.is_empty


def test_after_an_inheritance_a_late_fill_is_still_news() -> None:
    ledger, _ = a_ledger()
    ledger.forget_live()
    assert ledger.apply(a_fill(Side.BUY, ONE, cl_ord_id=ID))
    assert ledger.is_empty
