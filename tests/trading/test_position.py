"""Inventory, average cost and round trips, exact to the last unit of money."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.builders_trading import ONE, PAIR, SECOND, SOL, START, a_fill, money
from wildbot.model.desk import PositionState
from wildbot.model.executions import Filled
from wildbot.model.instrument import Liquidity
from wildbot.model.orders import Side
from wildbot.trading.position import Position, average_cost_ticks


def a_position() -> Position:
    return Position(PositionState(PAIR))


fills = st.lists(
    st.builds(
        a_fill,
        st.sampled_from(Side),
        st.integers(min_value=1, max_value=5 * ONE),
        st.integers(min_value=1, max_value=30_000),
        liquidity=st.sampled_from(Liquidity),
    ),
    min_size=1,
    max_size=30,
)


def test_average_cost_is_weighted_by_size_when_a_position_grows() -> None:
    position = a_position()
    position.apply(a_fill(Side.BUY, ONE, 10_000))
    position.apply(a_fill(Side.BUY, 3 * ONE, 20_000))
    assert position.state.lots == 4 * ONE
    assert position.state.basis == money("700")
    assert average_cost_ticks(position.state, SOL) == 17_500.0


def test_a_partial_close_realises_against_average_cost_and_leaves_the_trip_open() -> None:
    position = a_position()
    position.apply(a_fill(Side.BUY, 2 * ONE, 10_000))
    outcome = position.apply(a_fill(Side.SELL, ONE, 11_000))
    assert (outcome.realised, outcome.trip_closed, outcome.closed_lots) == (money("10"), False, ONE)
    assert (position.state.lots, position.state.basis) == (ONE, money("100"))


def test_a_round_trip_is_lost_when_fees_eat_its_gain() -> None:
    position = a_position()
    position.apply(a_fill(Side.BUY, ONE, 10_000))
    outcome = position.apply(a_fill(Side.SELL, ONE, 10_040))
    assert outcome.realised == money("0.4")
    assert outcome.trip_closed
    assert outcome.trip_pnl == money("0.4") - money("0.25") - money("0.251")
    assert (position.state.wins, position.state.losses, position.state.trades) == (0, 1, 2)


def test_a_round_trip_is_won_when_it_gains_more_than_its_fees() -> None:
    position = a_position()
    position.apply(a_fill(Side.SELL, ONE, 10_100))
    position.apply(a_fill(Side.BUY, ONE, 10_000))
    assert (position.state.wins, position.state.losses, position.state.lots) == (1, 0, 0)
    assert position.state.opened_ns == 0


def test_a_fill_through_zero_closes_one_trip_and_opens_the_next_at_its_price() -> None:
    position = a_position()
    position.apply(a_fill(Side.BUY, ONE, 10_000, at=START))
    outcome = position.apply(a_fill(Side.SELL, 3 * ONE, 12_000, at=START + SECOND))
    assert (outcome.trip_closed, outcome.closed_lots, outcome.opened_lots) == (True, ONE, 2 * ONE)
    assert outcome.realised == money("20")
    state = position.state
    assert (state.lots, state.basis, state.wins, state.trades) == (-2 * ONE, -money("240"), 1, 2)
    assert state.opened_ns == START + SECOND
    assert state.trip_pnl == -(state.fees - money("0.25") - money("0.3"))


def test_unrealised_follows_the_mark_for_both_directions() -> None:
    long, short = a_position(), a_position()
    long.apply(a_fill(Side.BUY, ONE, 10_000))
    short.apply(a_fill(Side.SELL, ONE, 10_000))
    assert long.unrealised(10_100, SOL) == money("1")
    assert short.unrealised(10_100, SOL) == -money("1")
    assert a_position().unrealised(10_100, SOL) == 0


@given(fills)
def test_cash_basis_and_profit_always_balance(sequence: list[Filled]) -> None:
    position = a_position()
    for fill in sequence:
        position.apply(fill)
    state = position.state
    cash = sum(-fill.side.sign * fill.cost for fill in sequence)
    assert state.lots == sum(fill.side.sign * fill.lots for fill in sequence)
    assert state.realised == cash + state.basis
    assert state.fees == sum(fill.fee for fill in sequence)
    assert state.trades == len(sequence)
    assert (state.lots == 0) <= (state.basis == 0)


@given(fills)
def test_every_trip_adds_up_to_what_was_realised_after_fees(sequence: list[Filled]) -> None:
    position = a_position()
    trips = 0
    for fill in sequence:
        outcome = position.apply(fill)
        trips += outcome.trip_pnl
    assert trips + position.state.trip_pnl == position.state.realised - position.state.fees


@given(fills)
def test_flattening_in_any_pieces_realises_everything(sequence: list[Filled]) -> None:
    position = a_position()
    for fill in sequence:
        position.apply(fill)
    while position.state.lots:
        held = position.state.lots
        side = Side.SELL if held > 0 else Side.BUY
        position.apply(a_fill(side, max(1, abs(held) // 3), 12_345))
        if abs(position.state.lots) < 10 and position.state.lots:
            position.apply(a_fill(side, abs(position.state.lots), 12_345))
    assert position.state.basis == 0
    assert position.state.wins + position.state.losses >= 1 or not sequence


@given(fills)
def test_the_basis_stays_within_rounding_of_the_exact_average(sequence: list[Filled]) -> None:
    position, lots, basis = a_position(), 0, Fraction(0)
    for fill in sequence:
        signed = fill.side.sign * fill.lots
        if lots * signed >= 0:
            basis += fill.side.sign * fill.cost
        elif abs(signed) <= abs(lots):
            basis -= basis * fill.lots / abs(lots)
        else:
            basis = Fraction(fill.side.sign * fill.cost * (fill.lots - abs(lots)), fill.lots)
        lots += signed
        position.apply(fill)
        assert abs(position.state.basis - basis) <= len(sequence)
