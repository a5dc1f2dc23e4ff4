"""Breakers open on bursts and close by themselves."""

from tests.trading.builders_trading import MS, SECOND, START
from wildbot.trading.breakers import (
    REJECT_BACK_OFF_NS,
    SLOW_ANSWER_NS,
    STOP_LOSS_COOL_DOWN_NS,
    BreakerCode,
    Breakers,
    BurstBreaker,
)


def test_three_rejects_in_ten_seconds_open_and_time_closes() -> None:
    breakers = Breakers()
    assert not breakers.order_rejected(START)
    assert not breakers.order_rejected(START + SECOND)
    assert breakers.open_code(START + SECOND) is None
    assert breakers.order_rejected(START + 10 * SECOND)
    assert breakers.open_code(START + 10 * SECOND) is BreakerCode.REJECTS
    assert breakers.open_code(START + 10 * SECOND + REJECT_BACK_OFF_NS) is None


def test_three_rejects_spread_wider_than_the_window_do_not_open() -> None:
    breakers = Breakers()
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
    breakers = Breakers()
    for number in range(5):
        assert not breakers.order_answered(SLOW_ANSWER_NS, START + number * MS)
    opened = [breakers.order_answered(SLOW_ANSWER_NS + 1, START + number * MS) for number in range(3)]
    assert opened == [False, False, True]
    assert breakers.open_code(START + 3 * MS) is BreakerCode.LATENCY


def test_a_stop_loss_is_followed_by_a_cool_down() -> None:
    breakers = Breakers()
    breakers.stopped_out(START)
    assert breakers.open_code(START + STOP_LOSS_COOL_DOWN_NS - 1) is BreakerCode.COOL_DOWN
    assert breakers.open_code(START + STOP_LOSS_COOL_DOWN_NS) is None
