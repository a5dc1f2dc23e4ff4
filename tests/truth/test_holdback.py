"""Events of several sockets come out in the venue's order, orders before the market, each a little late."""

from hypothesis import given
from hypothesis import strategies as st

from wildbot.truth import holdback
from wildbot.truth.holdback import HOLD_NS, Holdback

NOW = 1_000 * HOLD_NS


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=40))
def test_the_venue_s_time_decides_and_orders_go_before_the_market(events: list[tuple[int, bool]]) -> None:
    held: Holdback[tuple[int, bool]] = Holdback()
    for event in events:
        held.push(event, event[0], NOW, first=event[1])
    came = [event for _, event in held.due(NOW + HOLD_NS)]
    assert came == sorted(events, key=lambda event: (event[0], not event[1]))


def test_an_event_waits_until_it_has_been_here_long_enough() -> None:
    held: Holdback[str] = Holdback()
    held.push("a", 1, NOW, first=False)
    assert list(held.due(NOW + HOLD_NS - 1)) == []
    assert list(held.due(NOW + HOLD_NS)) == [(1, "a")]
    assert held.handled_ns == 1


def test_what_is_older_by_the_venue_s_clock_is_waited_for() -> None:
    held: Holdback[str] = Holdback()
    held.push("younger", 9, NOW, first=False)
    held.push("older", 5, NOW + HOLD_NS // 2, first=False)
    assert list(held.due(NOW + HOLD_NS)) == []
    assert [event for _, event in held.due(NOW + 2 * HOLD_NS)] == ["older", "younger"]


def test_a_burst_beyond_all_measure_is_handled_at_once() -> None:
    held: Holdback[int] = Holdback()
    for number in range(holdback.HELD_MAX + 5):
        held.push(number, number, NOW, first=False)
    assert [event for _, event in held.due(NOW)] == [0, 1, 2, 3, 4]
