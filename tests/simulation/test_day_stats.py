from wildbot.simulation.day_stats import DayStats, after_trade


def test_statistics_follow_the_trades():
    stats = DayStats()
    assert stats.vwap_ticks == 0
    for ticks, lots in ((100, 1), (104, 2), (98, 1)):
        stats = after_trade(stats, ticks, lots)
    assert (stats.open_ticks, stats.high_ticks, stats.low_ticks, stats.last_ticks) == (100, 104, 98, 98)
    assert (stats.volume_lots, stats.count, stats.last_lots) == (4, 3, 1)
    assert stats.vwap_ticks == (100 + 208 + 98) / 4
