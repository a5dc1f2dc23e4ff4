"""What a trader does when the exchange says "insufficient funds", and how it sells when fees are taken in coins."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.builders_trading import PAIR, SECOND, SOL, START, a_beat, a_book, a_quoting_engine, new_orders
from wildbot.model.desk import PositionState
from wildbot.model.executions import Rejected
from wildbot.model.instrument import FeeSchedule
from wildbot.trading.standing import Standing


@given(st.integers(1, 10**12), st.integers(1, 99), st.integers(-100, 10_000))
def test_a_sell_leaves_the_coins_its_fee_takes(held: int, dust: int, rate_ppm: int) -> None:
    standing = Standing(1, SOL, FeeSchedule(rate_ppm, rate_ppm), PositionState(PAIR, lots=held, dust=dust))
    lots = standing.sellable_lots(held)
    assert 0 <= lots <= held
    assert lots * (1_000_000 + max(0, rate_ppm)) <= held * 1_000_000
    assert (lots + SOL.lot_step) * (1_000_000 + max(0, rate_ppm)) > held * 1_000_000


def test_a_sell_is_whole_where_fees_are_taken_in_quote() -> None:
    standing = Standing(1, SOL, FeeSchedule(2_500, 4_000), PositionState(PAIR, lots=5_000_000))
    assert standing.sellable_lots(5_000_000) == 5_000_000


def test_refusals_for_lack_of_funds_are_answered_with_longer_and_longer_pauses_at_the_same_size() -> None:
    engine, order = a_quoting_engine()
    sizes, sent_at, at = {order.lots}, [START], START
    engine.handle(Rejected(order.cl_ord_id, "EOrder:Insufficient funds", at), at)
    for step in range(1, 400):
        at = START + step * SECOND // 4
        engine.handle(a_beat(at, 1 + step), at)
        for again in new_orders(engine.handle(a_book(at=at, seq=1 + step), at)):
            sizes.add(again.lots)
            sent_at.append(at)
            engine.handle(Rejected(again.cl_ord_id, "EOrder:Insufficient funds", at), at)
    gaps = [after - before for before, after in pairwise(sent_at)]
    assert len(sizes) == 1
    assert len(gaps) >= 4
    assert all(after > before for before, after in pairwise(gaps))
