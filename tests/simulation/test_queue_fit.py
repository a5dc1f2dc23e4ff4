"""The power of the queue model, found again from the fills of orders whose queue is known to the last lot."""

import random

import pytest

from wildbot.model.market_data import TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.fills import SETTLE_NS
from wildbot.simulation.queue_fit import POWERS, OrderTape, OrderWatch, fit_power, power_loss

SECOND = 1_000_000_000
TICKS, OWN = 100, 10


def sell(lots: int, at_ns: int, ticks: int = TICKS) -> TradePrint:
    return TradePrint("X/Y", at_ns, Side.SELL, ticks, lots, at_ns, at_ns)


def a_real_order(rng: random.Random, power: float) -> OrderTape:
    """A bid in a queue where each cancellation falls on those ahead with the model's own share, by whole orders."""
    ahead, behind, left, now = rng.randint(400, 900), 0, OWN, SECOND
    watch = OrderWatch(Side.BUY, TICKS, OWN, ahead, now)
    while left and now < 400 * SECOND:
        now += SECOND
        draw = rng.random()
        if draw < 0.35:
            behind += rng.randint(5, 60)
        elif draw < 0.85 and ahead + behind:
            share = ahead**power / (ahead**power + behind**power)
            gone = rng.randint(5, 60)
            if rng.random() < share:
                ahead -= min(ahead, gone)
            else:
                behind -= min(behind, gone)
        else:
            lots = rng.randint(5, 60)
            before = min(ahead, lots)
            filled = min(left, lots - before)
            rest = min(behind, lots - before - filled)
            ahead, behind, left = ahead - before, behind - rest, left - filled
            if before + filled + rest:
                watch.on_trade(sell(before + filled + rest, now), filled, now)
        watch.on_level(ahead + behind, now + 1, now + 1)
    return watch.tape()


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_power_that_made_the_fills_is_found_again_but_for_its_lean(power: float) -> None:
    fit = fit_power([a_real_order(random.Random(seed), power) for seed in range(300)], POWERS[::2])
    assert fit.orders > 250
    assert fit.trades > 1_000
    assert power / 1.5 <= fit.power <= power * 1.5
    assert fit.low <= fit.power <= fit.high
    assert fit.loss <= fit.loss_at_one


def test_fits_of_different_markets_differ() -> None:
    fits = [fit_power([a_real_order(random.Random(seed), power) for seed in range(200)]) for power in (0.4, 2.5)]
    assert fits[0].high < fits[1].low


def test_without_evidence_the_shares_stay_equal() -> None:
    empty = OrderWatch(Side.BUY, TICKS, OWN, 0, 1).tape()
    unseen = OrderWatch(Side.BUY, TICKS, OWN, 50, 1).tape()
    for tapes in ([], [empty], [unseen]):
        fit = fit_power(tapes)
        assert (fit.power, fit.orders, fit.trades) == (1.0, 0, 0)
        assert (fit.low, fit.high) == (POWERS[0], POWERS[-1])


@pytest.mark.parametrize(
    ("lots", "filled", "loss"),
    [(30, 0, 0.0), (130, 0, 0.3), (105, 5, 0.0), (95, 5, 0.1), (115, 10, 0.0), (60, 10, 0.5)],
)
def test_each_trade_says_what_it_says_of_the_queue(lots: int, filled: int, loss: float) -> None:
    watch = OrderWatch(Side.BUY, TICKS, OWN, 100, 1)
    watch.on_trade(sell(lots, SECOND), filled, SECOND)
    distance, count = power_loss(watch.tape(), 1.0)
    assert (round(distance, 6), count) == (loss, 1)


def test_trades_of_other_prices_and_sides_and_after_the_fill_say_nothing() -> None:
    watch = OrderWatch(Side.BUY, TICKS, OWN, 100, SECOND)
    watch.on_trade(sell(50, 2 * SECOND, TICKS + 1), 0, 2 * SECOND)
    watch.on_trade(TradePrint("X/Y", 1, Side.BUY, TICKS, 50, 2 * SECOND, 2 * SECOND), 0, 2 * SECOND)
    watch.on_trade(sell(50, SECOND), 0, 2 * SECOND)  # as old as the book that was joined
    watch.on_trade(sell(110, 3 * SECOND), OWN, 3 * SECOND)
    watch.on_trade(sell(70, 4 * SECOND), 0, 4 * SECOND)
    assert power_loss(watch.tape(), 1.0) == (0.0, 1)


def test_an_own_print_is_evidence_and_no_change_of_the_outside() -> None:
    watch = OrderWatch(Side.BUY, TICKS, OWN, 100, 1)
    watch.on_trade(sell(100, SECOND), 0, SECOND)
    watch.on_level(0, SECOND + 1, SECOND + 1)
    watch.on_trade(sell(4, 2 * SECOND), 4, 2 * SECOND)
    watch.on_level(0, 2 * SECOND + SETTLE_NS, 2 * SECOND + SETTLE_NS)
    watch.on_trade(sell(6, 3 * SECOND), 6, 3 * SECOND)
    assert power_loss(watch.tape(), 1.0) == (0.0, 3)
