"""The growth measurement: more pairs are more books, and what is drawn is what was measured."""

from actors.bench_growth import PairsRow, SoakRow, TradersRow, growth_chart, measure_pairs, soak_chart


def test_every_number_of_pairs_is_measured_and_costs_something() -> None:
    rows = measure_pairs()
    assert [row.pairs for row in rows] == [8, 16, 32, 64]
    assert all(row.us_per_update > 0 for row in rows)


def test_charts_hold_a_line_for_each_measure() -> None:
    traders = [TradersRow(number, 100.0 * number, 10.0, 200.0, 300.0) for number in (1, 2, 3)]
    drawn = growth_chart([PairsRow(8, 4.0), PairsRow(64, 5.0)], traders)
    assert drawn.count("<polyline") == 2
    soak = soak_chart([SoakRow(10.0 * n, 100.0, 90 + n, 5.0, 300.0, 500.0, 0) for n in range(3)])
    assert all(name in soak for name in ("private_mb", "descriptors", "internal_p50_us"))
