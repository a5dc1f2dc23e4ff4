"""Breakers open on bursts and close by themselves."""

from tests.trading.builders_trading import MS, SECOND, START
from wildbot.trading.breakers import (
    REJECT_BACK_OFF_NS,
    SLOW_BACK_OFF_NS,
    STOP_LOSS_COOL_DOWN_NS,
    BreakerCode,
    Breakers,
    BurstBreaker,
)

SLOW_NS = SECOND


def test_three_rejects_in_ten_seconds_open_and_time_closes() -> None:
    breakers = Breakers(SLOW_NS)
    assert not breakers.order_rejected(START)
    assert not breakers.order_rejected(START + SECOND)
    assert breakers.open_code(START + SECOND) is None
    assert breakers.order_rejected(START + 10 * SECOND)
    assert breakers.open_code(START + 10 * SECOND) is BreakerCode.REJECTS
    assert breakers.open_code(START + 10 * SECOND + REJECT_BACK_OFF_NS) is None


def test_three_rejects_spread_wider_than_the_window_do_not_open() -> None:
    breakers = Breakers(SLOW_NS)
    for at in (0, 5 * SECOND, 10 * SECOND + 1):
        assert not breakers.order_rejected(START + at)
    assert breakers.open_code(START + 10 * SECOND + 1) is None


def test_trouble_while_open_extends_it_without_opening_again() -> None:
    breaker = BurstBreaker(1, SECOND, 10 * SECOND)
    assert breaker.incident(START)
    assert not breaker.incident(START + 5 * SECOND)
    assert breaker.is_open(START + 15 * SECOND - 1)
    assert not breaker.is_open(START + 15 * SECOND)


def test_only_slow_answers_count_as_latency() -> None:
    breakers = Breakers(SLOW_NS)
    for number in range(5):
        assert not breakers.order_answered(SLOW_NS, START + number * MS)
    opened = [breakers.order_answered(SLOW_NS + 1, START + number * MS) for number in range(3)]
    assert opened == [False, False, True]
    assert breakers.open_code(START + 3 * MS) is BreakerCode.LATENCY


def test_late_books_in_three_seconds_open_the_latency_breaker() -> None:
    breakers = Breakers(SLOW_NS)
    opened = [breakers.book_late(START + number * SECOND) for number in range(3)]
    assert opened == [False, False, True]
    assert breakers.open_code(START + 2 * SECOND) is BreakerCode.LATENCY
    assert breakers.open_code(START + 2 * SECOND + SLOW_BACK_OFF_NS) is None


def test_one_hold_up_that_delays_many_books_counts_once() -> None:
    breakers = Breakers(SLOW_NS)
    assert not any(breakers.book_late(START + number * MS) for number in range(999))
    assert breakers.open_code(START + SECOND) is None


def test_a_stop_loss_is_followed_by_a_cool_down() -> None:
    breakers = Breakers(SLOW_NS)
    breakers.stopped_out(START)
    assert breakers.open_code(START + STOP_LOSS_COOL_DOWN_NS - 1) is BreakerCode.COOL_DOWN
    assert breakers.open_code(START + STOP_LOSS_COOL_DOWN_NS) is None
