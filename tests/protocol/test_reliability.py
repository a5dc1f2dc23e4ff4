"""Numbered messages: what is missing is counted once, what is old is told apart."""

from hypothesis import given
from hypothesis import strategies as st

from wildbot.protocol.reliability import SequenceGuard


def test_messages_in_order_miss_nothing() -> None:
    guard = SequenceGuard()
    assert [guard.check(seq) for seq in (1, 2, 3)] == [0, 0, 0]


def test_a_gap_is_reported_once_with_its_size() -> None:
    guard = SequenceGuard(4)
    assert guard.check(8) == 3
    assert guard.check(9) == 0


@given(st.sets(st.integers(1, 200), min_size=1))
def test_the_gaps_add_up_to_what_never_came(seqs: set[int]) -> None:
    guard = SequenceGuard()
    missing = sum(guard.check(seq) for seq in sorted(seqs))
    assert missing == max(seqs) - len(seqs)


def test_a_duplicate_and_an_old_one_change_nothing() -> None:
    guard = SequenceGuard(5)
    assert (guard.check(5), guard.check(2), guard.last) == (-1, -1, 5)
