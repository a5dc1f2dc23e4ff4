"""Fill models: where an order stands in a queue that does not know of it, and what trades and cancellations do to that."""

import pytest

from tests.simulation.builders_mirror import bought, sold
from wildbot.model.orders import Side
from wildbot.simulation.fills import FILL_MODELS, SETTLE_NS, QueuedOrder, QueuePosition, fill_models

LATER = 10 * SETTLE_NS
LEFT = 10


def bid(model: str = "queue_position", shown: int | None = 100) -> QueuedOrder:
    """A bid of 10 lots at 100 that joined a book of time 0."""
    return QueuedOrder(FILL_MODELS[model], Side.BUY, 100, shown, 0)


def trade(order: QueuedOrder, lots: int, ts_ns: int = 1, ticks: int = 100, left: int = LEFT) -> int:
    return order.on_trade(sold(ticks, lots, ts_ns), left, lots, ts_ns)


def test_models_are_listed_from_the_most_pessimistic_to_the_most_optimistic() -> None:
    assert list(FILL_MODELS) == ["back_of_queue", "queue_position", "touch", "picked_off"]


@pytest.mark.parametrize("model", ["back_of_queue", "queue_position"])
def test_trades_fill_what_was_ahead_first(model: str) -> None:
    order = bid(model)
    assert trade(order, 70) == 0
    assert order.ahead == 30
    assert trade(order, 34, 2) == 4
    assert order.ahead == 0
    assert trade(order, 50, 3, left=6) == 6


def test_touch_fills_whole_orders_on_the_smallest_trade() -> None:
    assert trade(bid("touch"), 1) == LEFT


def test_a_trade_through_the_price_fills_up_to_its_size() -> None:
    assert trade(bid(), 4, ticks=99) == 4
    assert trade(bid(), 40, ticks=99) == LEFT
    assert trade(bid("touch"), 1, ticks=99) == LEFT


@pytest.mark.parametrize("model", list(FILL_MODELS))
def test_no_model_fills_what_the_market_did_not_reach(model: str) -> None:
    order = bid(model)
    assert trade(order, 1_000, ticks=101) == 0
    assert order.on_trade(bought(100, 1_000, 1), LEFT, 1_000, 1) == 0


def test_a_trade_that_is_already_in_the_book_joined_does_not_count_again() -> None:
    order = QueuedOrder(QueuePosition(), Side.BUY, 100, 40, 500)
    assert trade(order, 60, 500) == 0
    assert order.ahead == 40
    assert trade(order, 10, 501) == 0
    assert order.ahead == 30


def test_cancellations_are_shared_by_size_and_rounded_against_us() -> None:
    order = bid(shown=90)
    order.on_level(100, 1, 1)  # 10 lots joined behind us
    order.on_level(80, 2, 2)
    assert order.ahead == 90  # it may still have been a trade
    order.settle(2 + SETTLE_NS)
    assert order.ahead == 72
    order = bid(shown=1)
    order.on_level(3, 1, 1)
    order.on_level(2, 2, 2)
    order.settle(LATER)
    assert order.ahead == 1


def test_the_pessimist_moves_up_only_when_it_is_certain() -> None:
    order = bid("back_of_queue", shown=90)
    order.on_level(100, 1, 1)
    order.on_level(95, 2, 2)
    order.settle(LATER)
    assert order.ahead == 90
    order.on_level(60, LATER, LATER)
    order.settle(2 * LATER)
    assert order.ahead == 60


def test_only_the_calibrated_model_takes_the_power_and_the_standard_ones_stay() -> None:
    models = fill_models(2.0)
    assert list(models) == list(FILL_MODELS)
    assert [getattr(each, "power", None) for each in models.values()] == [None, 2.0, None, None]
    assert getattr(FILL_MODELS["queue_position"], "power", None) == 1.0


@pytest.mark.parametrize(("power", "ahead"), [(0.5, 67), (1.0, 64), (2.0, 62)])
def test_the_power_says_how_cancellations_are_shared(power: float, ahead: int) -> None:
    assert QueuePosition(power).ahead_after_cancels(80, 100, 20) == ahead
    assert QueuePosition(power).ahead_after_cancels(0, 100, 20) == 0
    assert QueuePosition(power).ahead_after_cancels(100, 100, 20) == 80


@pytest.mark.parametrize("model", ["back_of_queue", "queue_position"])
def test_a_smaller_level_before_its_trade_is_that_trade_and_no_cancellation(model: str) -> None:
    order = bid(model)
    order.on_level(200, 1, 1)
    order.on_level(140, 2, 2)
    assert trade(order, 60, 2) == 0
    assert order.ahead == 40
    order.settle(LATER)
    assert order.ahead == 40


@pytest.mark.parametrize("model", ["back_of_queue", "queue_position"])
def test_a_trade_before_its_smaller_level_is_counted_once(model: str) -> None:
    order = bid(model)
    order.on_level(200, 1, 1)
    assert trade(order, 60, 2) == 0
    order.on_level(140, 2, 2)
    order.settle(LATER)
    assert order.ahead == 40


def test_a_level_that_vanishes_before_its_trade_fills_nothing_of_ours() -> None:
    order = bid("queue_position")
    order.on_level(0, 1, 1)
    assert trade(order, 100, 1) == 0
    assert order.ahead == 0
    assert trade(order, 3, 2) == 3


@pytest.mark.parametrize("model", ["back_of_queue", "queue_position"])
def test_an_order_out_of_view_joins_behind_all_that_comes_into_view(model: str) -> None:
    order = bid(model, shown=None)
    assert trade(order, 1_000) == 0
    order.on_level(None, 2, 2)
    order.on_level(50, 3, 3)
    assert order.ahead == 50


@pytest.mark.parametrize("model", ["back_of_queue", "queue_position"])
def test_what_happened_in_a_gap_is_not_credited_beyond_certainty(model: str) -> None:
    order = bid(model)
    order.on_level(200, 1, 1)
    order.on_gap()
    assert trade(order, 500, 5) == 0
    order.on_level(150, 10, 10)
    order.settle(LATER)
    assert order.ahead == 100
    assert trade(order, 500, 10, left=LEFT) == 0  # told late, and already in the book
    order.on_gap()
    order.on_level(20, 20, LATER)
    assert order.ahead == 20


def test_an_offer_that_comes_to_our_price_fills_up_to_its_size() -> None:
    assert bid().on_crossed(LEFT, 3) == 3
    assert bid("touch").on_crossed(LEFT, 3) == LEFT
    assert bid("touch").on_crossed(LEFT, 0) == 0


@pytest.mark.parametrize(
    ("best", "is_taken"),
    [
        ([(98, 106)], False),  # the first look: how far away the mid is
        ([(98, 106), (98, 105)], False),  # 2 of 4 halves nearer, not yet half the way
        ([(98, 106), (98, 104)], True),
        ([(98, 106), (100, 102)], False),  # it betters nobody any more
        ([(98, 101)], True),  # better than the mid itself
        ([(98, 100)], True),
        ([(101, 103)], False),
    ],
)
def test_a_better_price_is_picked_off_once_the_mid_has_come_half_the_way_to_it(
    best: list[tuple[int, int]], is_taken: bool
) -> None:
    bid_at = {name: QueuedOrder(model, Side.BUY, 100, 0, 0) for name, model in FILL_MODELS.items()}
    ask_at = QueuedOrder(FILL_MODELS["picked_off"], Side.SELL, -100, 0, 0)
    told = {name: [order.is_picked_off(*prices) for prices in best] for name, order in bid_at.items()}
    assert told.pop("picked_off")[-1] is is_taken
    assert not any(any(each) for each in told.values())
    assert [ask_at.is_picked_off(-ask, -bid) for bid, ask in best][-1] is is_taken


def test_what_waits_for_an_explanation_is_bounded() -> None:
    order = bid(shown=10_000)
    for step in range(500):
        order.on_level(10_000 - step - 1, 1, 1)
    assert order.ahead == 10_000
    order.settle(LATER)
    assert order.ahead == 9_500
    for _ in range(500):
        trade(order, 1, 2)
    assert order.ahead == 9_000


def test_models_agree_on_an_empty_level() -> None:
    for model in FILL_MODELS.values():
        assert model.ahead_on_arrival(0) == 0
        assert model.ahead_after_cancels(0, 0, 0) == 0


@pytest.mark.parametrize("name", ["back_of_queue", "queue_position"])
def test_who_comes_back_to_an_emptied_level_comes_behind_the_order(name: str) -> None:
    ms = 10**6
    queued = QueuedOrder(FILL_MODELS[name], Side.BUY, 100, 50, 0)
    queued.on_level(0, 10 * ms, 10 * ms)
    queued.on_level(40, 100 * ms, 100 * ms)
    queued.settle(1_000 * ms)
    assert queued.ahead == 0
