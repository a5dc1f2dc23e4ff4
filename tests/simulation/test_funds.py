from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.builders_simulation import FEES, ONE, PRICE_OF_TESTS, btc, buy, exchange, placed, refused, view
from wildbot.model.exchange import SelfTrade
from wildbot.model.instrument import FeeSchedule, Money
from wildbot.model.orders import Side
from wildbot.simulation.funds import affordable_lots, lots_for_quote, protection_ticks
from wildbot.simulation.matching import LimitBook

levels = st.lists(st.tuples(st.integers(6_800_000, 6_900_000), st.integers(1, 50_000)), min_size=1, max_size=8)
coarse = btc(cost_decimals=2)


def offered(asks):
    book = LimitBook()
    for key, (ticks, lots) in enumerate(asks):
        book.add(key, "~house", Side.SELL, ticks, lots)
    return book


def bill(book, instrument, fees, lots):
    """What buying so much really costs: (cost, cost and fees), each fill rounded as the exchange books it."""
    copy = LimitBook()
    for resting in book.walk(Side.BUY, None):
        copy.add(resting.key, resting.owner, resting.side, resting.ticks, resting.lots)
    limit = protection_ticks(book, Side.BUY)
    fills = copy.match(Side.BUY, lots, limit, owner="me", stp=SelfTrade.CANCEL_NEWEST).fills
    costs = [instrument.cost(fill.ticks, fill.lots) for fill in fills]
    return sum(costs), sum(cost + instrument.fee(cost, fees.taker_ppm) for cost in costs)


@given(levels, st.integers(1, 400_000), st.integers(0, 100 * ONE), st.sampled_from([FEES, FeeSchedule(0, 0)]))
@settings(max_examples=300, deadline=None)
def test_affordable_part_of_a_market_buy_is_paid_in_full_and_nearly_all_that_could_be(asks, lots, money, fees):
    for instrument in (btc(), coarse):
        book = offered(asks)
        bought = affordable_lots(book, instrument, fees, lots, money)
        assert bought <= lots
        assert bill(book, instrument, fees, bought)[1] <= money
        unit = 10 ** (10 - instrument.cost_decimals)
        if bought < lots:
            # Not more than the rounding of one fill and its fee is left on the table.
            assert bill(book, instrument, fees, min(lots, bought + 200))[1] + 4 * unit > money


@given(levels, st.integers(0, 100 * ONE))
@settings(max_examples=300, deadline=None)
def test_market_buy_by_quote_amount_costs_at_most_that_amount(asks, money):
    for instrument in (btc(), coarse):
        book = offered(asks)
        lots = lots_for_quote(book, instrument, Money(money))
        assert bill(book, instrument, FEES, lots)[0] <= money


def test_plain_limit_buy_needs_the_taker_fee_and_a_post_only_one_the_maker_fee():
    made = exchange("alice")
    lots = 146_500_000  # 99 620 USDC: 0.25 % more fits into 100 000, 0.40 % more does not
    assert refused(made, buy(PRICE_OF_TESTS, lots)) == "EOrder:Insufficient funds"
    order = view(made, placed(made, buy(PRICE_OF_TESTS, lots, post_only=True)))
    assert made.holds("alice")["USDC"] == 99_620 * ONE + 99_620 * ONE * 25 // 10_000
    assert order.filled_lots == 0
