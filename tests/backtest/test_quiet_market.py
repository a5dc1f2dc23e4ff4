"""Keeping events back changes nothing: the venue that hears everything at once says and does the same."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backtest.builders_backtest import DAY, DEMO, SECOND
from wildbot.backtest.exchange_venue import News
from wildbot.backtest.venue import BacktestVenue
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.instrument import FeeSchedule
from wildbot.model.market_data import BookInvalidated, BookSnapshot, TradePrint
from wildbot.model.orders import CancelOrder, NewOrder, OrderType, Purpose, Side, TimeInForce
from wildbot.simulation.fills import FILL_MODELS

WINDOW = 3
MID = 20_000

STEPS = 60


LIVELY = ("book", "book", "trade", "trade", "order", "cancel", "time", "void")
CALM = ("book", "book", "book", "book", "trade", "trade", "order", "time")


def a_script(rng: random.Random) -> list[tuple[object, ...]]:
    """A market in a narrow band, with orders of ours in the middle of it, or, when calm, only some that wait in its queues."""
    is_calm = rng.random() < 0.6
    return [_step(rng, is_calm=is_calm) for _ in range(STEPS)]


def _step(rng: random.Random, *, is_calm: bool) -> tuple[object, ...]:
    side = rng.choice(list(Side))
    match rng.choice(CALM if is_calm else LIVELY):
        case "book":
            lots = [rng.randint(1, 3) for _ in range(6)]
            return "book", rng.randint(-1, 1), rng.choice((1, 2, 2, 4)), lots, rng.choice((1, 1, 2)), rng.random() < 0.1
        case "trade":
            return "trade", side, rng.randint(-2, 3), rng.randint(1, 5)
        case "order" if is_calm:
            return "order", side, -side.sign * rng.randint(1, 4), rng.randint(1, 4), "gtc"
        case "order":
            kind = rng.choice(("gtc", "gtc", "gtc", "ioc", "stop"))
            return "order", side, rng.randint(-4, 4), rng.randint(1, 4), kind
        case "cancel":
            return "cancel", rng.randint(0, STEPS)
        case "void" if rng.random() < 0.2:
            return ("void",)
        case _:
            return ("time",)


def a_venue(model: str) -> BacktestVenue:
    venue = BacktestVenue(
        (DEMO,),
        model=FILL_MODELS[model],
        fees=FeeSchedule(10, 20),
        tier="pro",
        windows={DEMO.pair: WINDOW},
        rng=random.Random(1),
    )
    for asset in ("USD", "DEMO"):
        venue.deposit(asset, 10 ** (ASSET_DECIMALS + 9), DAY)
    return venue


def play(venue: BacktestVenue, script: list[tuple[object, ...]], *, at_once: bool) -> list[tuple[int, News]]:
    told: list[tuple[int, News]] = []
    hear = venue.hear_at_once if at_once else venue.hear
    for number, step in enumerate([("book", 0, 1, [2] * 6, 1, False), *script]):
        now = DAY + number * SECOND // 10
        match step:
            case ("book", int(shift), int(spread), list(lots), int(apart), bool(is_late)):
                stamp = now - SECOND if is_late else now
                bids = tuple(MID + shift - level * apart for level in range(3))
                asks = tuple(MID + shift + spread + level * apart for level in range(3))
                sizes = tuple(lots[:3]), tuple(lots[3:])
                news = hear(BookSnapshot("DEMO/USD", number, stamp, now, bids, sizes[0], asks, sizes[1]), now)
            case ("trade", Side() as side, int(away), int(lots)):
                news = hear(TradePrint("DEMO/USD", number, side, MID + away, lots, now, now), now)
            case ("order", Side() as side, int(away), int(lots), str(kind)):
                news = venue.carry_out(
                    NewOrder(
                        cl_ord_id=f"c{number}",
                        pair="DEMO/USD",
                        side=side,
                        ticks=MID + away,
                        lots=lots,
                        order_type=OrderType.STOP_LOSS if kind == "stop" else OrderType.LIMIT,
                        limit_ticks=MID + away + 6 * side.sign if kind == "stop" else 0,
                        time_in_force=TimeInForce.IOC if kind == "ioc" else TimeInForce.GTC,
                        post_only=False,
                        purpose=Purpose.ENTRY,
                    ),
                    now + SECOND,
                    now,
                )
            case ("cancel", int(which)):
                news = venue.carry_out(CancelOrder(f"c{which}", "DEMO/USD"), now + SECOND, now)
            case ("void",):
                news = hear(BookInvalidated("DEMO/USD", "test", now), now)
            case _:
                news = venue.advance(now)
        told += [(number, each) for each in news]
    return told


@pytest.mark.parametrize("model", list(FILL_MODELS))
@given(seed=st.integers(0, 1 << 32))
@settings(max_examples=150, deadline=None)
def test_a_venue_that_keeps_quiet_events_back_says_the_same(model: str, seed: int) -> None:
    script = a_script(random.Random(seed))
    one, other = a_venue(model), a_venue(model)
    assert play(one, script, at_once=False) == play(other, script, at_once=True)
    assert one.balances() == other.balances()
    assert one.executions() == other.executions()
