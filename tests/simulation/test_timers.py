import pytest

from wildbot.model.errors import InvariantError
from wildbot.simulation.timers import Timers


def test_expiries_come_in_order_of_time():
    timers = Timers()
    for key, at in ((1, 30), (2, 10), (3, 20)):
        timers.expire_at(key, at, alive={1, 2, 3}, alive_count=3)
    assert timers.next_due_ns() == 10
    assert [timers.pop_expired(20) for _ in range(3)] == [2, 3, None]


def test_entries_of_closed_orders_do_not_pile_up():
    timers = Timers()
    for key in range(10_000):
        timers.expire_at(key, 10**9 + key, alive={key}, alive_count=1)
    assert len(timers._expiries) < 100


def test_switch_fires_once_and_renewal_moves_it():
    timers = Timers()
    assert timers.arm("a", 60, 0) == 60 * 10**9
    timers.arm("a", 60, 10 * 10**9)
    assert timers.pop_fired(60 * 10**9) is None
    assert timers.pop_fired(70 * 10**9) == "a"
    assert timers.pop_fired(99 * 10**9) is None
    timers.arm("a", 60, 0)
    assert timers.arm("a", 0, 1) == 0 and timers.next_due_ns() is None


@pytest.mark.parametrize("timeout_s", [-1, 86_400])
def test_switch_refuses_times_outside_a_day(timeout_s):
    with pytest.raises(InvariantError):
        Timers().arm("a", timeout_s, 0)
