"""Twins of single orders, step by step: where they join, what moves them, when they leave."""

import random

import pytest

from tests.truth.builders_truth import FEES, PAIR, SOL, START
from wildbot.model.executions import Accepted, Amended, Canceled, Filled
from wildbot.model.instrument import NANOS_PER_SECOND, Liquidity
from wildbot.model.market_data import BookInvalidated, BookSnapshot, TradePrint
from wildbot.model.orders import NewOrder, Purpose, Side, client_order_id
from wildbot.simulation.fills import FILL_MODELS, QueuePosition
from wildbot.simulation.queue_fit import SeenLevel, fit_power
from wildbot.truth.fill_values import Tally
from wildbot.truth.twin_pair import ACTUAL, STAY_NS, TwinPair

BID, ASK = 10_000, 10_010
LOTS = 50
NAME = client_order_id(1, 1)


class Told:
    """One pair with one bid of ours at the touch; the outside's lots there are stated, ours are added to what is shown."""

    def __init__(self, *, shows_own: bool = True, outside: int = 100) -> None:
        self.tallies = {name: Tally() for name in (ACTUAL, *FILL_MODELS)}
        self.pair = TwinPair(SOL, tuple(FILL_MODELS.values()), self.tallies, window=10, shows_own=shows_own)
        self.pair.fees = FEES
        self.now, self.trades, self.own = START, 0, 0
        self.show(outside)

    def show(self, outside: int, *, bid: int = BID, ask: int = ASK) -> "Told":
        self.now += NANOS_PER_SECOND
        bids = tuple(level for level in ((bid, outside + self.own), (bid - 10, 500)) if level[1])
        prices, sizes = zip(*bids, strict=True)
        self.pair.on_market(BookSnapshot(PAIR, 1, self.now, self.now, prices, sizes, (ask,), (500,)), self.now)
        return self

    def join(self, counter: int = 1, ticks: int = BID) -> "Told":
        name = client_order_id(1, counter)
        self.pair.on_order(NewOrder(name, PAIR, Side.BUY, ticks, LOTS, Purpose.ENTRY))
        self.pair.on_report(Accepted(name, f"O{counter}", self.now), self.now)
        self.own = LOTS
        return self

    def trade(self, lots: int, *, ours: int = 0) -> "Told":
        self.now += NANOS_PER_SECOND
        self.trades += 1
        if ours:
            cost = SOL.cost(BID, ours)
            self.own -= ours
            self.pair.on_report(
                Filled(
                    NAME, "O1", f"T{self.trades}", self.trades, PAIR, Side.BUY, BID, ours, cost,
                    SOL.fee(cost, FEES.maker_ppm), "USDC", Liquidity.MAKER, self.now,
                ),
                self.now,
            )  # fmt: skip
        self.pair.on_market(TradePrint(PAIR, self.trades, Side.SELL, BID, lots, self.now, self.now), self.now)
        return self

    def end(self) -> "Told":
        self.pair.on_report(Canceled(NAME, 0, "", self.now), self.now)
        return self

    def fills(self) -> dict[str, int]:
        return {name: tally.fills for name, tally in self.tallies.items()}


def test_models_differ_by_the_queue_they_believe_in() -> None:
    told = Told().join().show(100).trade(60)
    assert told.fills() == {ACTUAL: 0, "back_of_queue": 0, "queue_position": 0, "touch": 1, "picked_off": 1}
    told.trade(60, ours=20)
    assert told.fills() == {ACTUAL: 1, "back_of_queue": 1, "queue_position": 1, "touch": 1, "picked_off": 1}


@pytest.mark.parametrize(("shows_own", "fills"), [(True, 1), (False, 0)])
def test_our_own_lots_in_the_public_book_are_no_queue_before_our_twin(shows_own: bool, fills: int) -> None:
    told = Told(shows_own=shows_own).join().show(100).show(0).show(0).trade(10, ours=10)
    assert told.fills()["back_of_queue"] == fills


def test_a_twin_stays_when_only_the_real_order_was_filled_until_the_next_order_of_its_side() -> None:
    told = Told().join().show(100).trade(LOTS, ours=LOTS).show(100)
    assert told.tallies[ACTUAL].orders == 0
    told.trade(100).trade(60)
    assert told.fills()["back_of_queue"] > 0
    told.join(2)
    assert (told.tallies[ACTUAL].orders, told.tallies[ACTUAL].filled_orders) == (1, 1)


def test_a_twin_that_nobody_replaces_leaves_after_a_while() -> None:
    told = Told().join().show(100).trade(LOTS, ours=LOTS)
    told.now += STAY_NS + NANOS_PER_SECOND
    told.show(100)
    assert told.tallies[ACTUAL].orders == 1


def test_an_order_taken_back_leaves_the_models_at_once() -> None:
    told = Told().join().show(100).end()
    told.own = 0
    told.show(100).trade(1_000)
    assert told.fills() == dict.fromkeys((ACTUAL, *FILL_MODELS), 0)
    assert told.tallies["touch"].orders == 1


def test_a_smaller_order_keeps_its_place_and_a_moved_one_goes_to_the_back() -> None:
    smaller, moved = (Told().join().show(100).trade(90).show(10) for _ in range(2))
    for each, ticks in ((smaller, BID), (moved, BID + 2)):
        each.pair.on_report(Amended(NAME, ticks, LOTS - 20, each.now), each.now)
        each.own = LOTS - 20
        each.show(200)
    moved.pair.on_report(Amended(NAME, BID, LOTS, moved.now), moved.now)
    moved.own = LOTS
    for each in (smaller, moved):
        each.show(200).trade(40)
    assert (smaller.fills()["back_of_queue"], moved.fills()["back_of_queue"]) == (1, 0)


def test_orders_that_came_to_rest_on_no_valid_book_have_no_twin() -> None:
    told = Told()
    told.pair.on_market(BookInvalidated(PAIR, "checksum", told.now), told.now)
    told.join().show(100).trade(1_000)
    assert told.fills()["touch"] == 0


def test_the_queue_parameter_of_a_market_comes_out_of_our_own_fills() -> None:
    """Reality is a queue that moves up by a known power; the tapes of our orders tell which side of one it lies on."""
    found = {power: _fitted(power) for power in (0.25, 4.0)}
    assert found[0.25] < 1 < found[4.0], found


def _fitted(power: float) -> float:
    rng, told = random.Random(7), Told(shows_own=False)
    reality = QueuePosition(power)
    for number in range(1, 120):
        ahead = shown = rng.randrange(200, 2_000)
        told.own = 0
        told.show(shown)
        name = client_order_id(1, number)
        told.pair.on_order(NewOrder(name, PAIR, Side.BUY, BID, LOTS, Purpose.ENTRY))
        told.pair.on_report(Accepted(name, f"O{number}", told.now), told.now)
        left = LOTS
        while left and shown > 20:
            shown += rng.randrange(0, 40)
            told.show(shown)
            gone = rng.randrange(1, max(2, shown // 5))
            ahead = reality.ahead_after_cancels(ahead, shown, gone)
            shown -= gone
            told.show(shown)
            lots = rng.randrange(1, 60)
            ours = min(left, max(0, lots - ahead))
            ahead, left = max(0, ahead - lots), left - ours
            told.trades += 1
            if ours:
                _fill(told, name, ours)
            told.pair.on_market(TradePrint(PAIR, told.trades, Side.SELL, BID, lots, told.now, told.now), told.now)
            shown = max(0, shown - (lots - ours))
            told.show(shown)
        told.pair.on_report(Canceled(name, 0, "", told.now), told.now)
    return fit_power(told.pair.tapes).power


def _fill(told: Told, name: str, lots: int) -> None:
    told.now += NANOS_PER_SECOND
    cost = SOL.cost(BID, lots)
    fill = Filled(
        name, "O", f"T{told.trades}", told.trades, PAIR, Side.BUY, BID, lots, cost,
        SOL.fee(cost, FEES.maker_ppm), "USDC", Liquidity.MAKER, told.now,
    )  # fmt: skip
    told.pair.on_report(fill, told.now)


@pytest.mark.parametrize("shows_own", [True, False])
def test_a_bid_alone_at_its_price_is_picked_off_when_the_market_falls_past_it(shows_own: bool) -> None:
    told = Told(shows_own=shows_own)
    told.join(ticks=BID + 8)

    def show(ask: int) -> None:
        told.now += NANOS_PER_SECOND
        own = ((BID + 8, LOTS),) if shows_own else ()
        prices, sizes = zip(*own, (BID, 100), (BID - 10, 500), strict=True)
        told.pair.on_market(BookSnapshot(PAIR, 1, told.now, told.now, prices, sizes, (ask,), (500,)), told.now)

    show(ASK + 10)
    assert told.fills()["picked_off"] == 0
    show(BID + 9)
    assert told.fills()["picked_off"] == 1


def test_a_level_out_of_view_is_told_as_such_and_not_as_empty() -> None:
    told = Told(shows_own=False).join()
    bids = tuple(range(BID + 20, BID + 10, -1))
    told.now += NANOS_PER_SECOND
    told.pair.on_market(BookSnapshot(PAIR, 1, told.now, told.now, bids, (5,) * 10, (BID + 30,), (5,)), told.now)
    told.end()
    (tape,) = told.pair.tapes
    assert [step.shown for step in tape.steps if isinstance(step, SeenLevel)] == [None]
