"""Fees charged in the traded coin: lots, dust, cost and profit stay exact to the last unit."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.trading.builders_trading import ONE, PAIR, SOL, a_fill
from wildbot.model.desk import PositionState
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.executions import Filled
from wildbot.model.instrument import Liquidity, Money
from wildbot.model.orders import Side
from wildbot.trading.position import Position

UNIT = 10 ** (ASSET_DECIMALS - SOL.lot_decimals)


def in_coins(fill: Filled, fee_units: int) -> Filled:
    return replace(fill, fee=Money(fee_units), fee_asset="SOL")


@st.composite
def any_fills(draw: st.DrawFn) -> list[Filled]:
    """Quote and base fees mixed, base fees finer than a lot, sells of anything, sizes down to one lot."""
    fills = []
    for _ in range(draw(st.integers(1, 25))):
        fill = a_fill(
            draw(st.sampled_from(Side)),
            draw(st.integers(1, 5 * ONE)),
            draw(st.integers(1, 30_000)),
            liquidity=draw(st.sampled_from(Liquidity)),
        )
        if draw(st.booleans()):
            fill = in_coins(fill, draw(st.integers(0, fill.lots * UNIT)))
        fills.append(fill)
    return fills


@given(any_fills())
def test_lots_and_dust_are_exactly_what_was_traded_less_the_fees_in_coins(fills: list[Filled]) -> None:
    position, coins = Position(PositionState(PAIR)), 0
    for fill in fills:
        position.apply(fill, SOL.lot_decimals)
        coins += fill.side.sign * fill.lots * UNIT - (fill.fee if fill.fee_asset == "SOL" else 0)
        assert position.state.lots * UNIT + position.state.dust == coins
        assert 0 <= position.state.dust < UNIT


@given(any_fills())
def test_cash_and_cost_of_the_position_explain_profit_and_fees(fills: list[Filled]) -> None:
    position, cash = Position(PositionState(PAIR)), 0
    for fill in fills:
        position.apply(fill, SOL.lot_decimals)
        cash += -fill.side.sign * fill.cost - (fill.fee if fill.fee_asset == "USDC" else 0)
        state = position.state
        assert cash + state.basis == state.realised - state.fees


def test_fee_in_coins_lowers_the_position_and_counts_at_the_price_of_its_fill() -> None:
    position = Position(PositionState(PAIR))
    outcome = position.apply(in_coins(a_fill(Side.BUY, ONE, 10_000), ONE * UNIT // 400), SOL.lot_decimals)
    fill = a_fill(Side.BUY, ONE, 10_000)
    assert position.state.lots == ONE - ONE // 400
    assert outcome.fee == fill.cost // 400
    assert position.state.basis == fill.cost - fill.cost // 400


def test_fee_finer_than_a_lot_leaves_dust_that_adds_up_to_lots_again() -> None:
    position = Position(PositionState(PAIR))
    position.apply(in_coins(a_fill(Side.BUY, 10, 10_000), 1), SOL.lot_decimals)
    assert (position.state.lots, position.state.dust) == (9, UNIT - 1)
    position.apply(in_coins(a_fill(Side.BUY, 10, 10_000), UNIT - 1), SOL.lot_decimals)
    assert (position.state.lots, position.state.dust) == (19, 0)
