"""The checker's arithmetic agrees with the books', whatever fees are paid in, though they share no line."""

from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from wildbot.audit.inventory import Inventory
from wildbot.model.desk import PositionState
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.executions import Filled, Liquidity
from wildbot.model.instrument import MONEY_DECIMALS, Money
from wildbot.model.orders import Side
from wildbot.trading.position import Position

PAIR = "SOL/USDC"
LOT_DECIMALS = 2
FILLS = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 500), st.integers(1, 10**9), st.integers(0, 400), st.booleans()),
    min_size=1, max_size=30,
)  # fmt: skip


def a_fill(number: int, side: Side, lots: int, price: int, fee_in_10_000: int, in_coins: bool) -> Filled:
    """A fill at a price in money units a lot, with its fee in quote or in coins."""
    coins = lots * 10 ** (ASSET_DECIMALS - LOT_DECIMALS)
    fee = (coins if in_coins else lots * price) * fee_in_10_000 // 10_000
    return Filled(
        cl_ord_id="wb1", order_id="O", pair=PAIR, trade_id=number, exec_id=str(number), side=side, ticks=1, lots=lots,
        cost=Money(lots * price), fee=Money(fee), fee_asset="SOL" if in_coins else "USDC", liquidity=Liquidity.MAKER, ts_ns=number,
    )  # fmt: skip


def row_of(fill: Filled) -> dict[str, object]:
    return {
        "pair": fill.pair,
        "side": fill.side.value,
        "qty": str(Decimal(fill.lots).scaleb(-LOT_DECIMALS)),
        "cost": str(Decimal(fill.cost).scaleb(-MONEY_DECIMALS)),
        "fee": str(Decimal(fill.fee).scaleb(-MONEY_DECIMALS)),
        "fee_asset": fill.fee_asset,
    }


@given(FILLS)
@example([(Side.SELL, 2, 1, 0, False), (Side.SELL, 2, 2, 0, False), (Side.BUY, 1, 1, 0, False)])
@example(
    [(Side.BUY, 67, 1, 0, False), (Side.SELL, 129, 2, 0, False), (Side.SELL, 186, 4, 0, False), (Side.BUY, 1, 1, 0, False)]
)
def test_position_profit_and_cash_agree_with_the_books_after_every_fill(
    made: list[tuple[Side, int, int, int, bool]],
) -> None:
    books, checker = Position(PositionState(PAIR)), Inventory({PAIR: Decimal("0.01")})
    for number, each in enumerate(made):
        fill = a_fill(number, *each)
        profit = books.apply(fill, LOT_DECIMALS).realised
        assert checker.book_row(row_of(fill)) == Decimal(profit).scaleb(-MONEY_DECIMALS)
        state = books.state
        assert checker.qty(PAIR) == Decimal(state.lots).scaleb(-LOT_DECIMALS)
        assert checker.basis(PAIR) == Decimal(state.basis).scaleb(-MONEY_DECIMALS)
        assert checker.realised_net == Decimal(state.realised - state.fees).scaleb(-MONEY_DECIMALS)
        assert checker.cash_flow == checker.realised_net - checker.basis(PAIR)
