"""One side of a recorded book: equal to a plain dictionary that is sorted each time, and still where nothing moved."""

from hypothesis import given
from hypothesis import strategies as st

from wildbot.backtest.ladder import Ladder

LEVEL = st.tuples(st.integers(1, 60), st.integers(0, 3))


def plain(levels: dict[int, int], sign: int, shown: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    best = sorted(levels, key=lambda ticks: ticks * sign)[:shown]
    return tuple(best), tuple(levels[ticks] for ticks in best)


@given(
    st.sampled_from([-1, 1]),
    st.sampled_from([None, 100]),
    st.integers(1, 4),
    st.lists(LEVEL, max_size=60),
    st.lists(st.lists(LEVEL, min_size=1, max_size=12), max_size=24),
)
def test_a_ladder_shows_what_a_sorted_dictionary_shows(
    sign: int, depth: int | None, shown: int, first: list[tuple[int, int]], changes: list[list[tuple[int, int]]]
) -> None:
    ladder = Ladder(sign, depth, shown)
    levels = {ticks: lots for ticks, lots in dict(first).items() if lots}
    ladder.load(first)
    for change in changes:
        ladder.change([ticks for ticks, _ in change], [lots for _, lots in change])
        levels = {ticks: lots for ticks, lots in {**levels, **dict(change)}.items() if lots}
        assert ladder.top == plain(levels, sign, shown)


def test_levels_beyond_the_depth_are_forgotten() -> None:
    ladder = Ladder(1, 2, 2)
    ladder.load([(1, 1), (2, 1), (3, 1)])
    ladder.change([1], [0])
    assert ladder.top == ((2,), (1,))


def test_a_change_out_of_view_leaves_the_same_tuples() -> None:
    ladder = Ladder(1, 100, 2)
    ladder.load([(1, 1), (2, 1), (3, 1)])
    ticks, lots = ladder.top
    ladder.change([3], [9])
    assert ladder.top[0] is ticks
    assert ladder.top[1] is lots


def test_levels_far_out_that_came_and_went_are_forgotten() -> None:
    ladder = Ladder(1, None, 2)
    ladder.load([(ticks, 1) for ticks in range(1, 101)])
    for far in range(1_000, 6_000):
        ladder.change([1, far, far - 1], [far, 1, 0])
    assert ladder.top == ((1, 2), (5_999, 1))
    assert ladder.size < 500
