from wildbot.model.instrument import PairStatus
from wildbot.simulation.venue_pairs import UNIVERSE


def test_universe_is_the_eight_pairs_with_the_venues_rules():
    assert list(UNIVERSE) == [f"{coin}/USDC" for coin in ("BTC", "ETH", "SOL", "XRP", "ADA", "LINK", "DOGE", "AVAX")]
    doge = UNIVERSE["DOGE/USDC"].instrument
    assert (doge.rest_key, doge.price_decimals, doge.cost_decimals, doge.min_lots) == ("XDGUSDC", 5, 9, 13 * 10**8)
    btc = UNIVERSE["BTC/USDC"].instrument
    assert (btc.rest_key, btc.price_decimals, btc.lots_text(btc.min_lots)) == ("XBTUSDC", 2, "0.00005000")
    assert all(pair.instrument.status is PairStatus.ONLINE for pair in UNIVERSE.values())


def test_smallest_order_of_every_pair_fits_sixteen_dollars():
    for pair in UNIVERSE.values():
        instrument = pair.instrument
        ticks = round(pair.shape.start_price * 10**instrument.price_decimals)
        cost = instrument.cost(ticks, instrument.min_order_lots(ticks))
        assert instrument.min_cost <= cost < 16 * 10**10
