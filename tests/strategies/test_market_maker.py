"""S1, rule by rule: refusals, prices, momentum, and what is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.strategies.builders_strategies import a_maker, a_view, decide, held
from tests.trading.builders_trading import ONE, PAIR, SECOND, SOL, START, a_book, money
from wildbot.model.desk import PositionState
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import FeeSchedule
from wildbot.model.orders import Side
from wildbot.strategies.base import Decision
from wildbot.strategies.market_maker import STRATEGY
from wildbot.strategies.market_maker_config import Reason

INDICATORS = {
    "mid",
    "microprice",
    "ema",
    "momentum_bps",
    "volatility_bps",
    "spread_bps",
    "inventory_ratio",
    "reservation",
    "hurdle_bps",
    "exit_target_bps",
    "hold_fraction",
}


# --- rule 1: refusals ---------------------------------------------------------------------------------------------


def test_a_wide_spread_refuses_entries_and_keeps_exits() -> None:
    wide = a_book(15_000, 15_023)
    assert decide(a_view(wide), max_spread_bps=15).reason == Reason.SPREAD
    assert decide(a_view(a_book(15_000, 15_022)), max_spread_bps=15).reason == Reason.QUOTING
    holding = decide(a_view(wide, position=held(ONE // 10)), max_spread_bps=15)
    assert holding.target.ask is not None


def test_a_quiet_market_refuses_while_flat_and_a_cold_signal_says_so() -> None:
    maker = a_maker(min_volatility_bps=8)
    assert decide(maker=maker).reason == Reason.WARMING_UP
    for second in range(1, 30):
        maker.on_book(a_book(at=START + second * SECOND))
    assert decide(a_view(a_book(at=START + 30 * SECOND)), maker).reason == Reason.QUIET


def test_a_moving_market_is_quoted_once_volatility_is_known() -> None:
    maker = a_maker(min_volatility_bps=8, momentum_filter_enabled=False)
    for second in range(1, 30):
        maker.on_book(a_book(15_000 + second % 2, 15_010 + second % 2, at=START + second * SECOND))
    decision = decide(a_view(a_book(at=START + 30 * SECOND)), maker)
    assert decision.reason == Reason.QUOTING
    assert (decision.indicators["volatility_bps"] or 0) > 8


def test_the_edge_must_pay_the_hurdle_when_required() -> None:
    cheap = FeeSchedule(200, 400)
    assert decide(edge_policy="require").reason == Reason.EDGE
    assert decide(a_view(fees=cheap), edge_policy="require", min_profit_bps=2.6).reason == Reason.QUOTING
    assert decide(a_view(fees=cheap), edge_policy="require", min_profit_bps=2.7).reason == Reason.EDGE


def test_what_blocks_entries_from_outside_is_the_reason_shown() -> None:
    decision = decide(a_view(entry_block="paused"))
    assert (decision.reason, decision.action) == ("paused", "rest_nothing")


def test_entries_wait_for_the_ema_unless_the_filter_is_off() -> None:
    assert decide(ema_window=2).reason == Reason.WARMING_UP
    assert decide(ema_window=2, momentum_filter_enabled=False).reason == Reason.QUOTING


# --- rules 2 and 3: prices ----------------------------------------------------------------------------------------


def test_flat_and_balanced_the_touch_is_joined() -> None:
    decision = decide(a_view(allow_short=True), inventory_mode="margin")
    assert decision.target.bid is not None
    assert decision.target.ask is not None
    assert (decision.target.bid.ticks, decision.target.ask.ticks) == (15_000, 15_010)


def test_inventory_leans_both_quotes_by_its_share_of_the_spread() -> None:
    lots = SOL.floor_lots_for(money("8"), 15_005)
    decision = decide(a_view(position=held(lots, 15_005), allow_short=True), inventory_mode="margin")
    assert decision.indicators["inventory_ratio"] == pytest.approx(0.5)
    assert decision.indicators["reservation"] == pytest.approx(150.05 - 0.5 * 0.5 * 0.10)
    assert decision.target.bid is not None
    assert decision.target.bid.ticks == 14_997


def test_a_required_hurdle_widens_the_quotes() -> None:
    cheap = FeeSchedule(500, 900)
    decision = decide(
        a_view(a_book(15_000, 15_020), fees=cheap), edge_policy="require", min_profit_bps=0, max_spread_bps=20
    )
    assert decision.target.bid is not None
    assert decision.target.bid.ticks == 15_000
    maker = a_maker(edge_policy="require", min_profit_bps=0, momentum_filter_enabled=False)
    for second in range(1, 30):
        maker.on_book(a_book(15_000 + 5 * (second % 2), 15_010 + 5 * (second % 2), at=START + second * SECOND))
    leaned = decide(a_view(a_book(at=START + 30 * SECOND), fees=FeeSchedule(1_000, 2_000)), maker)
    assert leaned.target.bid is not None
    assert leaned.target.bid.ticks == 14_989  # the mid less ten basis points, rounded away from it


def test_the_least_half_spread_counts_in_ticks() -> None:
    decision = decide(min_half_spread_ticks=20)
    assert decision.target.bid is not None
    assert decision.target.bid.ticks == 14_985


@given(
    st.integers(1_000, 10**6),
    st.integers(1, 40),
    st.integers(1, 10**12),
    st.integers(1, 10**12),
    st.floats(0, 5),
    st.integers(-10, 10),
)
def test_no_quote_ever_crosses_or_leaves_the_grid(
    bid: int, spread: int, bids: int, asks: int, skew: float, tenths: int
) -> None:
    book = a_book(bid, bid + spread, bid_lots=bids, ask_lots=asks)
    lots = SOL.floor_lots_for(money("16"), bid) * tenths // 10
    view = a_view(book, position=held(lots, bid) if lots else PositionState(PAIR), allow_short=True)
    decision = decide(view, inventory_mode="margin", skew_factor=skew, max_spread_bps=1_000, stop_loss_bps=1_000)
    for order in (decision.target.bid, decision.target.ask):
        if order is not None:
            assert order.lots >= 0
            assert order.ticks < bid + spread if order.side is Side.BUY else order.ticks > bid


# --- rule 4: momentum ---------------------------------------------------------------------------------------------


def test_falling_prices_stop_buys_and_rising_prices_stop_short_sales() -> None:
    def after(step: int) -> Decision:
        maker = a_maker(ema_window=10, inventory_mode="margin")
        for number in range(20):
            maker.on_book(a_book(15_000 + step * number, 15_010 + step * number, at=START + number))
        last = 15_000 + step * 20
        return decide(a_view(a_book(last, last + 10), allow_short=True), maker)

    falling, rising = after(-2), after(2)
    assert falling.target.bid is None
    assert falling.target.ask is not None
    assert rising.target.bid is not None
    assert rising.target.ask is None


def test_momentum_never_filters_an_exit_and_never_strands_a_crumb() -> None:
    maker = a_maker(ema_window=10)
    for number in range(20):
        maker.on_book(a_book(15_000 - 2 * number, 15_010 - 2 * number, at=START + number))
    book = a_book(14_960, 14_970)
    assert decide(a_view(book), maker).reason == Reason.MOMENTUM_DOWN
    assert decide(a_view(book, position=held(ONE // 10, 14_970)), maker).target.ask is not None
    crumb = decide(a_view(book, position=held(1_000_000, 14_970)), maker)
    assert crumb.reason == Reason.COMPLETING
    assert crumb.target.bid is not None


# --- shown --------------------------------------------------------------------------------------------------------


def test_every_promised_indicator_is_there_in_every_decision() -> None:
    for decision in (decide(), decide(a_view(entry_block="paused")), decide(a_view(position=held(ONE // 10)))):
        assert set(decision.indicators) == INDICATORS


def test_the_ema_counts_changes_of_the_touch_not_messages() -> None:
    maker = a_maker(ema_window=2)
    for seq in range(5):
        maker.on_book(replace(a_book(seq=seq), bid_lots=(10 * ONE, seq + 1)))
    assert decide(maker=maker).reason == Reason.WARMING_UP
    assert decide(a_view(a_book(bid_lots=ONE)), maker).reason != Reason.WARMING_UP


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("ema_window", 0, "at least 1"),
        ("order_fraction", 1.5, "at most 1"),
        ("stop_loss_bps", 0, "above 0"),
        ("skew_factor", -1, "at least 0"),
        ("inventory_mode", "credit", "credit"),
    ],
)
def test_a_bad_parameter_is_refused_with_key_value_and_rule(key: str, value: object, rule: str) -> None:
    with pytest.raises(ConfigurationError, match="market_maker") as caught:
        STRATEGY.configure({key: value})
    assert key in str(caught.value)
    assert rule in str(caught.value)


def test_an_unknown_parameter_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"market_maker\.ema_widow is not a setting; did you mean 'ema_window'"):
        STRATEGY.configure({"ema_widow": 5})
