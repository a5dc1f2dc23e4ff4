"""S4: the closed form, and what is done with it."""

from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies.builders_strategies import a_view, held
from tests.trading.builders_trading import ONE, PAIR, SECOND, SOL, START, a_book
from wildbot.market.arrival_intensity import Intensity
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import FeeSchedule
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Purpose, Side
from wildbot.strategies.base import Decision
from wildbot.strategies.glft_maker import STRATEGY, GlftMaker, Reason, optimal_quotes

FREE = FeeSchedule(0, 0)
NEVER_STOP = {"stop_loss_bps": 10_000.0}
LAWS = st.builds(Intensity, st.floats(0.05, 50), st.floats(0.05, 5))


def a_maker(**parameters: object) -> GlftMaker:
    maker = STRATEGY.make(parameters, SOL)
    assert isinstance(maker, GlftMaker)
    return maker


def warmed(maker: GlftMaker, seconds: int = 120) -> BookSnapshot:
    """Two minutes of a wandering market in which takers reach one to four steps; return its last book."""
    book = a_book()
    for second in range(seconds):
        at = START + second * SECOND
        bid = 15_000 + second % 3
        book = a_book(bid, bid + 10, at=at, seq=second + 1)
        maker.on_book(book)
        ticks = bid + 10 + second % 4 * 2
        maker.on_trade(TradePrint(PAIR, second, Side.BUY, ticks, ONE, at, at))
    return book


def decide(maker: GlftMaker, book: BookSnapshot, **changes: object) -> Decision:
    return maker.decide(a_view(book, **{"fees": FREE, **changes}))


# --- the formula --------------------------------------------------------------------------------------------------


def test_the_quotes_are_those_of_the_papers_closed_form() -> None:
    gamma, xi, sigma, law = 0.1, 0.05, 0.7, Intensity(1.5, 0.4)
    c1 = log(1 + xi / 0.4) / xi
    c2 = sqrt(gamma / (2 * 1.5 * 0.4) * (1 + xi / 0.4) ** (0.4 / xi + 1))
    assert optimal_quotes(law, sigma, gamma, xi) == pytest.approx((c1 + 0.5 * sigma * c2, sigma * c2))


def test_without_risk_aversion_to_adverse_fills_the_first_term_is_one_over_k() -> None:
    half, skew = optimal_quotes(Intensity(1.0, 0.5), 0.0, 0.1, 1e-9)
    assert half == pytest.approx(2.0)
    assert skew == 0.0


@given(LAWS, st.floats(0.01, 20), st.floats(0.001, 1), st.floats(0.001, 1))
def test_more_volatility_widens_and_leans_more(law: Intensity, sigma: float, gamma: float, xi: float) -> None:
    calm, wild = optimal_quotes(law, sigma, gamma, xi), optimal_quotes(law, 2 * sigma, gamma, xi)
    assert wild[0] > calm[0] > 0
    assert wild[1] == pytest.approx(2 * calm[1])


# --- the maker ----------------------------------------------------------------------------------------------------


def test_it_waits_until_the_market_has_told_its_intensities() -> None:
    assert decide(a_maker(), a_book()).reason == Reason.WARMING_UP


def test_flat_it_bids_only_unless_shorts_are_allowed() -> None:
    maker = a_maker()
    book = warmed(maker)
    plain, margin = decide(maker, book), decide(maker, book, allow_short=True)
    assert (plain.target.bid is not None, plain.target.ask) == (True, None)
    assert margin.action == "quote_both"


def test_the_account_fee_widens_each_side_by_itself() -> None:
    maker = a_maker()
    book = warmed(maker)
    free, paying = decide(maker, book), decide(maker, book, fees=FeeSchedule(2_500, 4_000))
    assert paying.indicators["half_spread_bps"] == pytest.approx((free.indicators["half_spread_bps"] or 0) + 25)


def test_what_is_held_moves_both_quotes_down() -> None:
    maker = a_maker(order_fraction=0.3, **NEVER_STOP)
    book = warmed(maker)
    empty, loaded = decide(maker, book, allow_short=True), decide(maker, book, position=held(ONE // 25), allow_short=True)
    assert empty.target.bid
    assert empty.target.ask
    assert loaded.target.bid
    assert loaded.target.ask
    assert loaded.target.bid.ticks < empty.target.bid.ticks
    assert loaded.target.ask.ticks < empty.target.ask.ticks


def test_a_rest_that_could_not_be_sold_alone_leaves_with_the_order() -> None:
    maker = a_maker(order_fraction=0.9, **NEVER_STOP)
    book = warmed(maker)
    size = decide(maker, book).target.bid
    assert size is not None
    ask = decide(maker, book, position=held(size.lots + 1)).target.ask
    assert ask is not None
    assert (ask.lots, ask.purpose) == (size.lots + 1, Purpose.EXIT)


def test_when_entries_are_blocked_what_is_held_still_leaves() -> None:
    maker = a_maker(**NEVER_STOP)
    book = warmed(maker)
    decision = decide(maker, book, position=held(ONE // 50), entry_block="paused")
    assert (decision.target.bid, decision.reason) == (None, Reason.EXITING)
    assert decision.target.ask is not None


def test_quotes_never_cross_the_opposite_touch() -> None:
    maker = a_maker(gamma=1e-6, xi=1e-6)
    book = warmed(maker)
    decision = decide(maker, a_book(14_000, 14_010, at=book.venue_ts_ns, seq=999), allow_short=True)
    assert decision.target.bid
    assert decision.target.ask
    assert decision.target.bid.ticks < 14_010
    assert decision.target.ask.ticks > 14_000


def test_the_stop_loss_leaves_as_taker() -> None:
    decision = decide(a_maker(), a_book(), position=held(ONE, 15_100))
    assert decision.taker is not None
    assert (decision.taker.side, decision.taker.is_stop, decision.reason) == (Side.SELL, True, Reason.STOP_LOSS)


def test_after_a_gap_it_learns_anew() -> None:
    maker = a_maker()
    book = warmed(maker)
    maker.on_gap()
    assert decide(maker, book).reason == Reason.WARMING_UP


@pytest.mark.parametrize("parameters", [{"gamma": 0}, {"xi": -1}, {"bins": 2}, {"order_fraction": 1.1}])
def test_a_parameter_out_of_range_is_named_with_its_rule(parameters: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(parameters))):
        STRATEGY.configure(parameters)
