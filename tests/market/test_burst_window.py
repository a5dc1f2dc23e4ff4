"""The window of S2 equals a plain computation over its trades, whatever the trades."""

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.builders_trading import PAIR, SECOND, START
from wildbot.market.burst_window import BurstWindow
from wildbot.model.market_data import TradePrint
from wildbot.model.orders import Side

MS = SECOND // 1_000
SECONDS = 5

TRADES = st.lists(st.tuples(st.integers(0, 2_500), st.integers(9_990, 10_010), st.integers(0, 50)), min_size=1, max_size=60)
"""(milliseconds since the last trade, price in ticks, lots)"""


def a_trade(at: int, ticks: int, lots: int = 1) -> TradePrint:
    return TradePrint(PAIR, 1, Side.BUY, ticks, lots, at, at)


def a_window(*trades: tuple[float, int, int], now: float | None = None) -> BurstWindow:
    """Trades as (seconds since the start, ticks, lots)."""
    window = BurstWindow(SECONDS)
    for at, ticks, lots in trades:
        window.on_trade(a_trade(START + int(at * SECOND), ticks, lots))
    if now is not None:
        window.advance(START + int(now * SECOND))
    return window


@given(TRADES, st.integers(0, 7_000))
def test_every_figure_equals_a_plain_computation(steps: list[tuple[int, int, int]], wait_ms: int) -> None:
    window, told, at = BurstWindow(SECONDS), [], START
    for gap_ms, ticks, lots in steps:
        at += gap_ms * MS
        window.on_trade(a_trade(at, ticks, lots))
        told.append((at, ticks, lots))
    now = at + wait_ms * MS
    window.advance(now)
    prices = [ticks for ts, ticks, _ in told if ts > now - SECONDS * SECOND]
    this_second = now // SECOND
    volumes = [sum(lots for ts, _, lots in told if ts // SECOND == this_second - back) for back in range(SECONDS)]
    assert window.momentum == (prices[-1] / prices[0] - 1 if prices else None)
    assert window.price_range == ((max(prices) - min(prices)) / prices[0] if prices else None)
    expected = volumes[0] / (sum(volumes) / SECONDS) if sum(volumes) else None
    assert window.volume_ratio is expected is None or abs((window.volume_ratio or 0) - (expected or 0)) < 1e-9


def test_two_flat_candles_in_a_row_are_a_flat_market() -> None:
    assert a_window((0.1, 10_000, 1), (0.8, 10_000, 1), (1.5, 10_001, 1), now=2.0).is_flat(2, START)


def test_the_second_that_is_still_running_is_no_candle() -> None:
    assert not a_window((0.1, 10_000, 1), (1.5, 10_001, 1), now=1.9).is_flat(2, START)


def test_a_candle_that_moved_is_not_flat() -> None:
    assert not a_window((0.1, 10_000, 1), (0.8, 10_001, 1), (1.5, 10_001, 1), now=2.0).is_flat(2, START)


def test_candles_with_an_empty_second_between_them_are_not_consecutive() -> None:
    assert not a_window((0.1, 10_000, 1), (2.5, 10_000, 1), now=3.0).is_flat(2, START)


def test_candles_from_before_the_entry_do_not_count() -> None:
    window = a_window((0.1, 10_000, 1), (1.5, 10_000, 1), now=2.0)
    assert not window.is_flat(2, START + 1)


def test_after_a_gap_nothing_is_known() -> None:
    window = a_window((0.1, 10_000, 1))
    window.clear()
    assert (window.momentum, window.price_range, window.volume_ratio) == (None, None, None)
