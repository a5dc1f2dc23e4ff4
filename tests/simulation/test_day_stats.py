from hypothesis import given
from hypothesis import strategies as st

from wildbot.simulation.day_stats import DayStats, TradeWindow, after_trade


def test_statistics_follow_the_trades():
    stats = DayStats()
    assert stats.vwap_ticks == 0
    for ticks, lots in ((100, 1), (104, 2), (98, 1)):
        stats = after_trade(stats, ticks, lots)
    assert (stats.open_ticks, stats.high_ticks, stats.low_ticks, stats.last_ticks) == (100, 104, 98, 98)
    assert (stats.volume_lots, stats.count, stats.last_lots) == (4, 3, 1)
    assert stats.vwap_ticks == (100 + 208 + 98) / 4


HOUR = 3600 * 10**9
DAY = 24 * HOUR


def test_window_forgets_what_is_a_day_old():
    window = TradeWindow()
    for hour, ticks in ((0, 100), (12, 300), (23, 200)):
        window.add(ticks, 10, hour * HOUR)
    assert (window.last_day(23 * HOUR).count, window.last_day(23 * HOUR).high_ticks) == (3, 300)
    later = window.last_day(25 * HOUR)
    assert (later.count, later.open_ticks, later.high_ticks, later.last_ticks) == (2, 300, 300, 200)
    assert (window.last_day(40 * HOUR).count, window.last_day(40 * HOUR).high_ticks) == (1, 200)


def test_silent_window_shows_the_last_price_and_no_volume():
    window = TradeWindow()
    assert window.last_day(DAY) == DayStats()
    window.add(200, 10, HOUR)
    quiet = window.last_day(5 * DAY)
    assert (quiet.open_ticks, quiet.low_ticks, quiet.last_ticks, quiet.volume_lots, quiet.count) == (200, 200, 200, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 3 * 1440), st.integers(1, 1000), st.integers(1, 50)), min_size=1, max_size=60))
def test_window_equals_the_sums_over_its_minutes(trades):
    trades.sort(key=lambda trade: trade[0])
    window = TradeWindow()
    for minute, ticks, lots in trades:
        window.add(ticks, lots, minute * 60 * 10**9)
    now = trades[-1][0]
    inside = [trade for trade in trades if trade[0] > now - 1440]
    stats = window.last_day(now * 60 * 10**9)
    assert stats.volume_lots == sum(lots for _, _, lots in inside)
    assert (stats.high_ticks, stats.low_ticks) == (max(t for _, t, _ in inside), min(t for _, t, _ in inside))
    assert (stats.open_ticks, stats.last_ticks, stats.count) == (inside[0][1], inside[-1][1], len(inside))
    today = [trade for trade in trades if trade[0] >= now // 1440 * 1440]
    assert window.today(now * 60 * 10**9).volume_lots == sum(lots for _, _, lots in today)
