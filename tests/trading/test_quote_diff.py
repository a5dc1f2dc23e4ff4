"""From wishes to the fewest commands."""

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.builders_trading import MS, ONE, PAIR, SECOND, START
from wildbot.model.orders import AmendOrder, CancelOrder, OrderType, Purpose, Side
from wildbot.trading.order_ledger import Outstanding, WorkingOrder
from wildbot.trading.order_state import OrderState
from wildbot.trading.quote_diff import (
    CANCEL_REPEAT_NS,
    NOTHING,
    RETRY_NS,
    Change,
    QuotePolicy,
    QuoteTarget,
    StaleOrderPolicy,
    WantedOrder,
    diff_quotes,
)
from wildbot.trading.rate_budget import RateBudget

NOW = START + 20 * SECOND


def a_bid(ticks: int = 15_000, lots: int = ONE) -> WantedOrder:
    return WantedOrder(Side.BUY, ticks, lots, Purpose.ENTRY, "quoting")


def an_exit(ticks: int = 15_100, lots: int = ONE) -> WantedOrder:
    return WantedOrder(Side.SELL, ticks, lots, Purpose.EXIT, "exiting")


def an_order(side: Side = Side.BUY, ticks: int = 15_000, lots: int = ONE, **fields: object) -> WorkingOrder:
    plain: dict[str, object] = {
        "cl_ord_id": f"wb1x{side}",
        "purpose": Purpose.ENTRY if side is Side.BUY else Purpose.EXIT,
        "order_type": OrderType.LIMIT,
        "reason": "quoting",
        "placed_ns": START,
        "rests": True,
        "state": OrderState.OPEN,
        "outstanding": None,
    }
    return WorkingOrder(side=side, ticks=ticks, lots=lots, **{**plain, **fields})  # type: ignore[arg-type]


def diff(
    target: QuoteTarget, *live: WorkingOrder, policy: QuotePolicy | None = None, spent: float = 0.0, now: int = NOW
) -> list[Change]:
    budget = RateBudget(125.0, 2.34)
    budget.spend(spent, now)
    return diff_quotes(target, live, policy or QuotePolicy(), budget, PAIR, now)


def test_nothing_is_sent_when_what_rests_is_what_should() -> None:
    assert diff(QuoteTarget(a_bid()), an_order()) == []


def test_a_missing_order_is_placed() -> None:
    assert diff(QuoteTarget(a_bid(), an_exit())) == [a_bid(), an_exit()]


def test_a_moved_price_is_amended_with_the_total_size() -> None:
    order = an_order(filled_lots=ONE // 4, state=OrderState.PARTIALLY_FILLED)
    (change,) = diff(QuoteTarget(a_bid(15_001, ONE // 2)), order)
    assert isinstance(change, AmendOrder)
    assert (change.ticks, change.lots) == (15_001, ONE // 4 + ONE // 2)


def test_a_move_below_the_threshold_is_left_alone() -> None:
    assert diff(QuoteTarget(a_bid(15_001)), an_order(), policy=QuotePolicy(requote_ticks=2)) == []
    assert diff(QuoteTarget(a_bid(15_002)), an_order(), policy=QuotePolicy(requote_ticks=2)) != []
    assert diff(QuoteTarget(a_bid(15_002)), an_order(), policy=QuotePolicy(requote_threshold_bps=2.0)) == []


def test_a_young_order_is_left_alone_unless_it_is_unwanted() -> None:
    young = an_order(placed_ns=NOW - 500 * MS + 1)
    assert diff(QuoteTarget(a_bid(15_001)), young) == []
    assert diff(QuoteTarget(a_bid(15_001)), young, now=NOW + 1) != []
    assert len(diff(NOTHING, young)) == 1


def test_a_small_change_of_size_moves_an_exit_but_not_an_entry() -> None:
    assert diff(QuoteTarget(a_bid(lots=ONE * 95 // 100)), an_order()) == []
    assert diff(QuoteTarget(a_bid(lots=ONE * 85 // 100)), an_order()) != []
    assert diff(QuoteTarget(None, an_exit(15_100, ONE - 1)), an_order(Side.SELL, 15_100)) != []


def test_an_unwanted_order_is_cancelled_even_when_the_budget_is_spent() -> None:
    (change,) = diff(NOTHING, an_order(), spent=125.0)
    assert isinstance(change, CancelOrder)


def test_moves_and_new_orders_wait_while_only_the_reserve_is_left() -> None:
    policy = QuotePolicy(rate_reserve=0.4)
    assert diff(QuoteTarget(a_bid(15_001)), an_order(), policy=policy, spent=74.5) == []
    assert diff(QuoteTarget(a_bid()), policy=policy, spent=74.5) == []
    assert diff(QuoteTarget(a_bid()), policy=policy, spent=74.0) == [a_bid()]


def test_amending_a_young_order_has_to_fit_its_higher_price() -> None:
    young = an_order(placed_ns=NOW - SECOND)
    assert diff(QuoteTarget(a_bid(15_001)), young, spent=72.0) == []
    assert diff(QuoteTarget(a_bid(15_001)), young, spent=71.0) != []


def test_an_unknown_order_freezes_its_side_only() -> None:
    unknown = an_order(state=OrderState.UNKNOWN)
    assert diff(QuoteTarget(a_bid(15_001), an_exit()), unknown) == [an_exit()]
    assert diff(NOTHING, unknown) == []


def test_an_order_that_owes_fills_freezes_its_side() -> None:
    assert diff(QuoteTarget(a_bid()), an_order(state=OrderState.CANCELLED, owed_lots=1)) == []


def test_one_request_at_a_time_but_a_cancel_may_overtake_an_amend() -> None:
    amending = an_order(outstanding=Outstanding.AMEND)
    assert diff(QuoteTarget(a_bid(15_001)), amending) == []
    assert len(diff(NOTHING, amending)) == 1
    assert diff(NOTHING, an_order(state=OrderState.PENDING, outstanding=Outstanding.NEW)) == []
    assert diff(NOTHING, an_order(outstanding=Outstanding.CANCEL, sent_ns=NOW)) == []


def test_a_cancel_that_brought_no_end_is_repeated() -> None:
    cancelling = an_order(outstanding=Outstanding.CANCEL, sent_ns=NOW)
    assert diff(NOTHING, cancelling, now=NOW + CANCEL_REPEAT_NS - 1) == []
    assert len(diff(NOTHING, cancelling, now=NOW + CANCEL_REPEAT_NS)) == 1


def test_after_a_refusal_the_next_request_waits() -> None:
    refused = an_order(refused_ns=NOW - RETRY_NS + 1)
    assert diff(NOTHING, refused) == []
    assert len(diff(NOTHING, refused, now=NOW + 1)) == 1


def test_the_literal_stale_policy_cancels_what_is_old_and_wanted() -> None:
    policy = QuotePolicy(stale_order_policy=StaleOrderPolicy.CANCEL, stale_order_ns=500 * MS)
    assert diff(QuoteTarget(a_bid()), an_order(placed_ns=NOW - 499 * MS), policy=policy) == []
    (change,) = diff(QuoteTarget(a_bid()), an_order(placed_ns=NOW - 500 * MS), policy=policy)
    assert isinstance(change, CancelOrder)
    assert change.reason == "stale"


def test_a_second_order_on_a_side_is_in_the_way() -> None:
    extra = an_order(cl_ord_id="wb1x9")
    (change,) = diff(QuoteTarget(a_bid()), an_order(), extra)
    assert isinstance(change, CancelOrder)
    assert change.cl_ord_id == "wb1x9"


def test_a_protective_stop_and_an_exit_on_one_side_are_two_slots() -> None:
    stop = WantedOrder(Side.SELL, 14_900, ONE, Purpose.EXIT, "stop", OrderType.STOP_LOSS)
    working = an_order(Side.SELL, 14_900, order_type=OrderType.STOP_LOSS)
    assert diff(QuoteTarget(None, an_exit(), stop), working) == [an_exit()]
    (gone,) = diff(NOTHING, working)
    assert isinstance(gone, CancelOrder)


@given(
    st.lists(st.builds(an_order, st.sampled_from(Side), st.integers(1, 10**6), st.integers(1, ONE)), max_size=4),
    st.booleans(),
    st.booleans(),
    st.floats(0, 200),
)
def test_no_order_gets_two_commands_and_withdrawals_come_first(
    live: list[WorkingOrder], bid: bool, ask: bool, spent: float
) -> None:
    for number, order in enumerate(live):
        order.cl_ord_id = f"wb1x{number}"
    changes = diff(QuoteTarget(a_bid() if bid else None, an_exit() if ask else None), *live, spent=spent)
    named = [c.cl_ord_id for c in changes if not isinstance(c, WantedOrder)]
    assert len(named) == len(set(named))
    kinds = [isinstance(c, CancelOrder) for c in changes]
    assert kinds == sorted(kinds, reverse=True)
