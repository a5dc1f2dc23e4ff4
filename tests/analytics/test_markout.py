"""What a profit is made of: the parts sum exactly, and each is what its name says."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.trading.builders_trading import SECOND, SOL, START, a_fill
from wildbot.analytics.markout import HORIZONS_S, MarkoutDesk, sum_splits
from wildbot.model.instrument import MONEY_DECIMALS, Money
from wildbot.model.orders import Side

MID = 2 * 15_000
COIN = 10**8


def a_desk(mid: int = MID) -> MarkoutDesk:
    desk = MarkoutDesk(SOL)
    desk.on_mid(mid, START)
    return desk


def test_a_buy_below_the_mid_captures_the_difference() -> None:
    desk = a_desk()
    desk.on_fill(a_fill(Side.BUY, COIN, 14_990), START)
    assert desk.split().spread == Decimal("0.10")


def test_a_move_within_five_seconds_is_selection_and_later_ones_are_drift() -> None:
    desk = a_desk()
    desk.on_fill(a_fill(Side.BUY, COIN, 15_000), START)
    desk.on_mid(MID - 20, START + 2 * SECOND)
    desk.on_mid(MID + 40, START + 7 * SECOND)
    split = desk.split()
    assert (split.spread, split.adverse_selection, split.inventory) == (0, Decimal("-0.10"), Decimal("0.30"))


def test_a_horizon_takes_the_last_mid_before_it() -> None:
    desk = a_desk()
    desk.on_fill(a_fill(Side.SELL, COIN, 15_000), START)
    for second, mid in ((0.5, MID + 2), (1, MID + 4), (29, MID + 6), (31, MID + 8)):
        desk.on_mid(mid, START + int(second * SECOND))
    (markout,) = desk.markouts()
    assert markout.later_double_mids == (MID + 4, MID + 4, MID + 6, MID + 8)
    assert markout.move_bps(1) < 0, "the mid rose: bad for a sale"


FILLS = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(1, 5 * COIN), st.integers(14_000, 16_000), st.integers(0, 400)),
    min_size=1,
    max_size=30,
)


@given(FILLS, st.lists(st.integers(28_000, 32_000), min_size=1, max_size=30))
def test_the_parts_sum_exactly_to_cash_and_what_is_left_at_the_last_mid(
    fills: list[tuple[Side, int, int, int]], mids: list[int]
) -> None:
    desk, at, cash, held = a_desk(), START, Decimal(0), 0
    for number, (side, lots, ticks, wait_s) in enumerate(fills):
        fill = a_fill(side, lots, ticks, at=at)
        desk.on_fill(fill, at)
        cash -= Decimal(side.sign * fill.cost + fill.fee).scaleb(-MONEY_DECIMALS)
        held += side.sign * lots
        at += wait_s * SECOND
        desk.on_mid(mids[number % len(mids)], at)
    value = Decimal(held * desk.double_mid).scaleb(-10) / 2
    assert desk.split().total == cash + value


def test_splits_of_several_instruments_add_up() -> None:
    desk = a_desk()
    desk.on_fill(a_fill(Side.BUY, COIN, 14_990), START)
    one = desk.split()
    both = sum_splits([one, one])
    assert both.total == 2 * one.total
    assert len(HORIZONS_S) == 4


def test_a_fee_in_coins_costs_the_fill_s_price_and_the_coins_drift_no_more() -> None:
    desk = a_desk()
    fee_coins = COIN // 400
    fill = replace(a_fill(Side.BUY, COIN, 15_000), fee=Money(fee_coins * 100), fee_asset="SOL")
    desk.on_fill(fill, START)
    desk.on_mid(2 * MID, START + 400 * SECOND)
    split = desk.split()
    assert split.fees == Decimal("0.375")  # a 400th of a coin at 150
    assert split.inventory == Decimal("149.625")  # the rest of the coin, 150 dearer
    assert split.total == Decimal("300") * (COIN - fee_coins) / COIN - 150


@given(FILLS, st.integers(0, 30))
def test_fills_that_were_taken_away_leave_their_sums(fills: list[tuple[Side, int, int, int]], last: int) -> None:
    kept, taken, at = a_desk(), a_desk(), START
    for number, (side, lots, ticks, wait_s) in enumerate(fills):
        for desk in (kept, taken):
            desk.on_fill(a_fill(side, lots, ticks, at=at), at)
            desk.on_mid(MID + number, at + wait_s * SECOND)
        at += wait_s * SECOND
        taken.take_done()
    for desk in (kept, taken):
        desk.on_mid(MID - last, at + 400 * SECOND)
    assert taken.split() == kept.split()


def test_a_fill_of_an_earlier_run_goes_on_waiting_for_what_it_has_not_seen() -> None:
    desk = MarkoutDesk(SOL)
    desk.restore(a_fill(Side.BUY, COIN, 15_000), MID, [MID + 2, MID + 4], START)
    desk.on_mid(MID + 6, START + 200 * SECOND)  # thirty seconds went by unseen: the first mid after them
    desk.on_mid(MID + 8, START + 299 * SECOND)
    desk.on_mid(MID + 10, START + 301 * SECOND)
    (markout,) = desk.take_done()
    assert markout.later_double_mids == (MID + 2, MID + 4, MID + 6, MID + 8)
    assert desk.markouts() == []
