"""Whatever books, traders and lost messages do, one may enter at most."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.builders_entry_slot import AN_ORDER, PAIRS, World
from wildbot.market.dominance import EntrySignal, strongest_first
from wildbot.model.orders import Side

# --- properties ---------------------------------------------------------------------------------------------------

STEPS = st.one_of(
    st.tuples(st.just("book"), st.sampled_from(PAIRS), st.integers(0, 100).filter(lambda n: n not in (0, 100))),
    st.tuples(st.just("enter"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("leave"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("send"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("hush"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("speak"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("look"), st.sampled_from(PAIRS), st.integers(1, 30)),
    st.tuples(st.just("deaf"), st.sampled_from(PAIRS), st.integers(1, 30)),
)


@given(st.lists(STEPS, max_size=60))
@settings(max_examples=300, deadline=None)
def test_there_are_never_two_who_may_enter_nor_two_positions(steps: list[tuple[str, str, int]]) -> None:
    world = World()
    for kind, pair, number in steps:
        may_enter = pair in world.holders()
        if kind == "book":
            world.book(pair, number)
        elif kind == "send" and may_enter:
            world.orders[pair] = (AN_ORDER,)
        elif kind == "enter" and (may_enter or world.orders.get(pair)) and not world.positions[pair].lots:
            world.orders[pair] = ()
            world.trade(pair, 1)
        elif kind == "leave" and world.positions[pair].lots:
            world.trade(pair, 0)
        elif kind == "hush":
            world.silent.add(pair)
        elif kind == "speak":
            world.silent.discard(pair)
        elif kind in ("look", "deaf"):
            for _ in range(number):
                world.look(deaf=kind == "deaf")
                assert len(world.holders()) <= 1
        about_to = {p for p in PAIRS if world.orders.get(p)} | {p for p in PAIRS if world.positions[p].lots}
        assert len(about_to) <= 1, about_to
        assert len(set(world.holders()) | about_to) <= 1 or not set(world.holders()) - about_to


@given(st.lists(st.tuples(st.floats(50, 100), st.floats(0, 200)), max_size=20))
def test_the_ranking_is_a_plain_sort(values: list[tuple[float, float]]) -> None:
    signals = [(f"P{number}", EntrySignal(Side.BUY, dominance, score)) for number, (dominance, score) in enumerate(values)]
    ranked = strongest_first(signals)
    assert ranked == sorted(sorted(sorted(signals), key=lambda s: s[1].score, reverse=True), key=lambda s: s[1].dominance,
                            reverse=True)  # fmt: skip
    assert strongest_first(reversed(signals)) == ranked
