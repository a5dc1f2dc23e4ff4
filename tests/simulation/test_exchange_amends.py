from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.builders_simulation import PAIR, SECOND, buy, exchange, placed, sell, told, view
from wildbot.model.exchange import AmendDone, AmendPlaced, CancelPlaced, ExecType, OrderStatus, Refusal
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side

PRICE = 6_800_000


def amended(made, order_id, account="alice", now_ns=0, **changes):
    return made.amend(AmendPlaced(account=account, order_id=order_id, **changes), now_ns)


def queue(made, side=Side.BUY, ticks=PRICE):
    return [order_id for _, order_id, _ in made.queue(PAIR, side, ticks)]


def test_smaller_size_keeps_the_place_larger_and_repriced_go_to_the_back():
    made = exchange("alice")
    first, second, third = (placed(made, buy(PRICE)) for _ in range(3))
    assert isinstance(amended(made, first, lots=50_000), AmendDone)
    assert queue(made) == [first, second, third]
    assert isinstance(amended(made, first, lots=60_000), AmendDone)
    assert queue(made) == [second, third, first]
    assert isinstance(amended(made, second, ticks=PRICE - 1), AmendDone)
    assert isinstance(amended(made, second, ticks=PRICE), AmendDone)
    assert queue(made) == [third, first, second]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 1), st.integers(5_000, 9_000)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_queue_place_follows_the_amend_rules_for_any_sequence(changes):
    made = exchange("alice")
    ids = [placed(made, buy(PRICE, 7_000)) for _ in range(4)]
    expected = {PRICE - 1: [], PRICE: list(ids), PRICE + 1: []}
    state = dict.fromkeys(ids, (PRICE, 7_000))
    for step, (which, offset, lots) in enumerate(changes):
        order_id, ticks = ids[which], PRICE + offset
        assert isinstance(amended(made, order_id, ticks=ticks, lots=lots, now_ns=step * 60 * SECOND), AmendDone)
        old_ticks, old_lots = state[order_id]
        if ticks != old_ticks or lots > old_lots:
            expected[old_ticks].remove(order_id)
            expected[ticks].append(order_id)
        state[order_id] = (ticks, lots)
        for level, order_ids in expected.items():
            assert queue(made, ticks=level) == order_ids


def test_size_below_what_has_filled_cancels_the_rest():
    made = exchange("alice")
    order_id = placed(made, buy(PRICE))
    placed(made, sell(PRICE, 40_000, "~house"))
    made.drain()
    assert isinstance(amended(made, order_id, lots=30_000), AmendDone)
    order = view(made, order_id)
    assert (order.status, order.lots, order.filled_lots) == (OrderStatus.CANCELED, 40_000, 40_000)
    assert told(made) == [ExecType.AMENDED, ExecType.CANCELED]
    assert made.rate_counter("alice", PAIR, 0) == 1 + (1 + 3) + 8
    assert made.holds("alice") == {}


def test_total_size_counts_what_has_filled():
    made = exchange("alice")
    order_id = placed(made, buy(PRICE))
    placed(made, sell(PRICE, 40_000, "~house"))
    amended(made, order_id, lots=90_000)
    assert made.depth(PAIR, 1)[0] == [(PRICE, 50_000)]


def test_post_only_amend_that_would_match_is_refused_and_a_plain_one_trades():
    made = exchange("alice")
    placed(made, sell(PRICE + 10, 40_000, "~house"))
    order_id = placed(made, buy(PRICE))
    assert amended(made, order_id, ticks=PRICE + 10, post_only=True) == Refusal(error="EOrder:Post only order")
    assert queue(made) == [order_id]
    assert isinstance(amended(made, order_id, ticks=PRICE + 10), AmendDone)
    assert view(made, order_id).filled_lots == 40_000
    assert made.depth(PAIR, 1)[0] == [(PRICE + 10, 60_000)]


def test_nothing_matches_in_post_only_mode_not_even_by_an_amend():
    made = exchange("alice")
    placed(made, sell(PRICE + 10, 40_000, "~house"))
    order_id = placed(made, buy(PRICE, post_only=True))
    made.set_system(SystemStatus.POST_ONLY, 0)
    assert amended(made, order_id, ticks=PRICE + 10) == Refusal(error="EOrder:Post only order")
    assert isinstance(amended(made, order_id, ticks=PRICE + 9), AmendDone)


def test_amend_reports_one_book_change_with_both_levels_in_order():
    made = exchange("alice")
    order_id = placed(made, buy(PRICE))
    made.drain()
    amended(made, order_id, ticks=PRICE + 1)
    changes = [event.levels for event in made.drain() if hasattr(event, "levels")]
    assert changes == [((Side.BUY, PRICE, 0), (Side.BUY, PRICE + 1, 100_000))]


def test_amend_needs_funds_for_the_difference_only():
    made = exchange("alice")
    order_id = placed(made, buy(PRICE, 140_000_000))
    assert amended(made, order_id, lots=150_000_000) == Refusal(error="EOrder:Insufficient funds")
    assert isinstance(amended(made, order_id, lots=146_000_000, now_ns=60 * SECOND), AmendDone)
    assert made.balances("alice")["USDC"] - made.holds("alice")["USDC"] >= 0


def test_amend_of_a_closed_order_and_of_one_that_never_was_are_told_apart():
    made = exchange("alice")
    order_id = placed(made, buy(PRICE))
    made.cancel(CancelPlaced(account="alice", order_id=order_id), 0)
    assert amended(made, order_id, lots=50_000) == Refusal(error="EOrder:Unknown order")
    assert amended(made, "OAAAAA-AAAAA-AAAAAA", lots=50_000) == Refusal(error="EOrder:Invalid order")


def test_documented_rate_example_holds_on_the_exchange():
    """Add, amend after 7 s, cancel 36 s later costs 1 + (1 + 2) + 4, less what has decayed meanwhile."""
    made = exchange("alice")
    order_id = placed(made, buy(PRICE))
    amended(made, order_id, ticks=PRICE - 1, now_ns=7 * SECOND)
    assert made.rate_counter("alice", PAIR, 7 * SECOND) == 3  # the add has decayed
    made.cancel(CancelPlaced(account="alice", order_id=order_id), 43 * SECOND)
    assert made.rate_counter("alice", PAIR, 43 * SECOND) == 4  # the amend too
