"""What an onlooker measures: figures of markets whose shape is known beforehand."""

import math
import random

import pytest

from tests.simulation.builders_simulation import ONE, PAIR, SECOND, btc, buy, exchange, sell
from wildbot.model.exchange import CancelPlaced, Kind, Placed, PlaceOrder
from wildbot.model.instrument import Lots, Money
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.market_shape import LOOK_NS, MarketShape, measure

TOUCH_LOTS = 10_000_000
HOUSE = "~house"


class Scripted:
    """A market that does, at each look, what the script says for it."""

    def __init__(self, made: SimulatedExchange, script: dict[int, list[tuple[str, Side, int, int]]]) -> None:
        self._made = made
        self._script = script
        self._standing: dict[Side, str] = {}
        made.open_account("~taker")
        for side, ticks in ((Side.BUY, 5_000_000), (Side.SELL, 5_010_000)):
            self._quote(side, ticks, TOUCH_LOTS, 0)

    def start(self, now_ns: int) -> None:
        """It stands already."""

    def next_due_ns(self) -> int | None:
        """Always."""
        return 0

    def step(self, now_ns: int) -> None:
        for what, side, ticks, lots in self._script.get(now_ns // LOOK_NS, ()):
            if what == "take":
                order = PlaceOrder(account="~taker", pair=PAIR, side=side, kind=Kind.LIMIT, lots=lots, ticks=ticks)
                self._made.place(order, now_ns)
            else:
                self._quote(side, ticks, lots, now_ns)

    def _quote(self, side: Side, ticks: int, lots: int, now_ns: int) -> None:
        if side in self._standing:
            self._made.cancel(CancelPlaced(account=HOUSE, order_id=self._standing[side]), now_ns)
        reply = self._made.place((buy if side is Side.BUY else sell)(ticks, lots, HOUSE), now_ns)
        assert isinstance(reply, Placed)
        self._standing[side] = reply.order_id


def shape(script: dict[int, list[tuple[str, Side, int, int]]], seconds: int = 20) -> MarketShape:
    made = exchange(instrument=btc(min_lots=Lots(1), min_cost=Money(0)))
    return measure(made, Scripted(made, script), start_ns=0, seconds=seconds)[PAIR]


def test_a_still_market_has_a_spread_and_a_depth_and_nothing_else() -> None:
    seen = shape({})
    mid = 50_050.0
    assert seen.spread_bps == pytest.approx(100 / mid * 10_000)
    assert seen.touch_usd == seen.depth_usd == pytest.approx(mid * TOUCH_LOTS / 1e8)
    assert (seen.trades_per_s, seen.trade_usd, seen.events_per_s, seen.range_bps, seen.volatility_5m_bps) == (0, 0, 0, 0, 0)


def test_trades_are_counted_and_worth_what_they_cost() -> None:
    seen = shape({5: [("take", Side.BUY, 5_010_000, 1_000_000)], 9: [("take", Side.SELL, 5_000_000, 3_000_000)]})
    assert seen.trades_per_s == 2 / 20
    assert seen.trade_usd == pytest.approx((501.0 + 1_500.0) / 2)
    assert seen.events_per_s == 2 / 20


def test_a_fill_before_the_price_moves_through_it_was_adverse() -> None:
    """A seller is lifted at the ask; then the book jumps up by 1 %: what he sold is worth more."""
    jump = [("quote", Side.SELL, 5_060_000, TOUCH_LOTS), ("quote", Side.BUY, 5_050_000, TOUCH_LOTS)]
    seen = shape({25: [("take", Side.BUY, 5_010_000, 1_000_000)], 28: jump})
    assert seen.adverse_1s_bps == pytest.approx(-500 / 50_050 * 10_000)
    assert seen.adverse_5s_bps == seen.adverse_1s_bps
    # What is left of the half-spread: sold at 50 100, worth 50 550.
    assert seen.realised_5s_bps == pytest.approx(-450 / 50_050 * 10_000)
    assert seen.mid_moves_per_min == 3
    assert seen.range_bps == pytest.approx(500 / 50_050 * 10_000)


def test_a_fill_before_the_price_comes_back_was_good() -> None:
    fall = [("quote", Side.BUY, 4_950_000, TOUCH_LOTS), ("quote", Side.SELL, 4_960_000, TOUCH_LOTS)]
    seen = shape({5: [("take", Side.BUY, 5_010_000, 1_000_000)], 8: fall})
    assert seen.adverse_5s_bps == pytest.approx(500 / 50_050 * 10_000)
    assert seen.realised_5s_bps == pytest.approx(550 / 50_050 * 10_000)


def test_a_fill_that_is_too_young_is_not_marked_out() -> None:
    seen = shape({195: [("take", Side.BUY, 5_010_000, 1_000_000)]})
    assert seen.trades_per_s > 0
    assert (seen.adverse_5s_bps, seen.realised_5s_bps) == (0, 0)


def test_volatility_is_that_of_seconds_scaled_to_five_minutes() -> None:
    rng = random.Random(5)
    ticks, script, returns, before = 5_000_000, {}, [], 5_005_000.0
    for second in range(1, 61):
        ticks += rng.choice([-100, 100])
        bid, ask = ("quote", Side.BUY, ticks, TOUCH_LOTS), ("quote", Side.SELL, ticks + 10_000, TOUCH_LOTS)
        script[second * SECOND // LOOK_NS] = [bid, ask]
        returns.append(math.log((ticks + 5_000) / before) * 10_000)
        before = ticks + 5_000
    mean = sum(returns[1:]) / 59
    deviation = math.sqrt(sum((each - mean) ** 2 for each in returns[1:]) / 59)
    assert shape(script, 60).volatility_5m_bps == pytest.approx(deviation * math.sqrt(300))


def test_the_measure_lets_go_of_every_event() -> None:
    made = exchange("alice", instrument=btc(min_lots=Lots(1), min_cost=Money(0)))
    measure(made, Scripted(made, {3: [("take", Side.BUY, 5_010_000, 1_000)]}), start_ns=0, seconds=1)
    assert made.drain() == []
    assert made.asset_total("USDC") == 100_000 * ONE
