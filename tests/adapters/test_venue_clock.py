"""The exchange's clock: steady, movable, and never going back."""

from wildbot.adapters.venue_clock import VenueClock

OPENED_NS = 1_750_000_000 * 10**9
MINUTE_NS = 60 * 10**9


def test_offset_forward_is_there_at_once() -> None:
    clock = VenueClock(OPENED_NS, 1.0)
    clock.set_offset(MINUTE_NS)
    assert clock.now_ns() >= OPENED_NS + MINUTE_NS


def test_offset_backward_makes_the_clock_creep_and_never_go_back() -> None:
    clock, steady = VenueClock(OPENED_NS, 1.0), VenueClock(OPENED_NS, 1.0)
    clock.set_offset(-MINUTE_NS)
    before = steady.now_ns()
    times = [clock.now_ns() for _ in range(20_000)]
    after = steady.now_ns()
    assert times == sorted(times)
    assert times[-1] - times[0] < (after - before) // 2
