"""Fees whose asset the venue's history does not say: read from the amount, else from the order, never guessed."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.desk.builders_router import FEES, LOTS, PAIR, SOL, START, Desk, a_fill, a_ready_desk, a_view, an_order
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.fee_asset import asset_of_fee
from wildbot.desk.gateway_commands import WriteFill
from wildbot.model.exchange import OrderStatus
from wildbot.model.executions import Accepted, Filled
from wildbot.model.instrument import PPM, Instrument, Lots, Money

PAR = Instrument(PAIR, "SOL", "USDC", "SOLUSDC", 4, 8, 6, 1, 1, Lots(2_000_000), Money(1))


def told_by_rest(fill: Filled) -> Filled:
    return replace(fill, cl_ord_id="", fee_asset="")


def paid_in_coins(fill: Filled) -> Filled:
    return replace(fill, fee=Money(fill.lots * 100 * FEES.maker_ppm // PPM), fee_asset="SOL")


@given(st.integers(200, 10**7), st.integers(10**6, 10**10), st.booleans(), st.sampled_from([None, True, False]))
def test_the_amount_tells_the_asset_wherever_a_coin_is_not_worth_about_one(
    ticks: int, lots: int, is_base: bool, flag: bool | None
) -> None:
    fill = replace(a_fill(lots=lots), ticks=ticks, cost=SOL.cost(ticks, lots))
    fill = paid_in_coins(fill) if is_base else replace(fill, fee=SOL.fee(fill.cost, FEES.maker_ppm))
    if fill.fee < 10_000 or fill.cost * FEES.maker_ppm // PPM < 10_000:
        return  # too little to tell anything from
    assert asset_of_fee(told_by_rest(fill), SOL, FEES, in_base=flag) == ("SOL" if is_base else "USDC")


def test_where_a_coin_is_worth_one_the_order_s_flag_decides_and_without_it_nothing_does() -> None:
    fill = told_by_rest(replace(a_fill(lots=10**9), ticks=10_000, cost=PAR.cost(10_000, 10**9)))
    fill = replace(fill, fee=PAR.fee(fill.cost, FEES.maker_ppm))
    found = [asset_of_fee(fill, PAR, FEES, in_base=flag) for flag in (True, False, None)]
    assert found == ["SOL", "USDC", ""]


def test_an_amount_that_fits_no_rate_is_left_to_the_flag() -> None:
    fill = told_by_rest(replace(a_fill(), fee=Money(123_456_789)))
    assert asset_of_fee(fill, SOL, FEES, in_base=None) == ""
    assert asset_of_fee(fill, SOL, None, in_base=False) == "USDC"


# --- in the gateway ---


def a_desk_whose_stream_told_nothing(fill: Filled) -> Desk:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.world.fills = [told_by_rest(fill)]
    return desk


def booked(desk: Desk) -> list[Filled]:
    return [each.fill for each in desk.done if isinstance(each, WriteFill)]


def test_a_fee_in_coins_learned_over_rest_alone_is_booked_as_coins() -> None:
    fill = paid_in_coins(replace(a_fill(), ts_ns=START + 1))
    desk = a_desk_whose_stream_told_nothing(fill)
    desk.run(40)
    assert [(each.exec_id, each.fee_asset) for each in booked(desk)] == [("T1", "SOL")]
    assert desk.router.state.books.position(PAIR).lots < LOTS


def test_a_fill_whose_fee_nothing_explains_waits_for_its_order_and_is_booked_once() -> None:
    fill = replace(a_fill(), fee=Money(1_234_567), ts_ns=START + 1)
    desk = a_desk_whose_stream_told_nothing(fill)
    desk.run(40)
    assert booked(desk) == []
    assert any(isinstance(each, RaiseAlert) and each.key == "fee_unexplained" for each in desk.done)
    desk.world.closed = [a_view(status=OrderStatus.FILLED, filled_lots=LOTS)]
    desk.run(40)
    assert [(each.exec_id, each.fee_asset) for each in booked(desk)] == [("T1", "USDC")]


def test_a_fill_that_waits_is_booked_as_soon_as_the_stream_tells_it() -> None:
    fill = replace(a_fill(), fee=Money(1_234_567), ts_ns=START + 1)
    desk = a_desk_whose_stream_told_nothing(fill)
    desk.run(40)
    desk.hear(replace(fill, fee_asset="SOL"))
    desk.run(40)
    assert [(each.exec_id, each.fee_asset) for each in booked(desk)] == [("T1", "SOL")]
