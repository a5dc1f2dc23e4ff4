"""A key for trading: the rights that trading needs, none that moves money, none that nobody knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.desk.key_rights import EXPIRY_WARNING_S, MOVES_MONEY, NEEDED, READS_ONLY, KeyFacts, judge_key

NOW_S = 1_790_000_000
GOOD = KeyFacts(NEEDED, 0, ("192.0.2.7",), 0)


def test_a_key_with_exactly_the_needed_rights_is_good() -> None:
    assert judge_key(GOOD, NOW_S) == ((), ())


@pytest.mark.parametrize("right", sorted(MOVES_MONEY))
def test_a_key_that_can_move_money_is_refused(right: str) -> None:
    (refusal,) = judge_key(GOOD._replace(permissions=NEEDED | {right}), NOW_S).refusals
    assert right in refusal and "make one without" in refusal


def test_a_right_nobody_has_judged_is_refused_and_printed_harmlessly() -> None:
    (refusal,) = judge_key(GOOD._replace(permissions=NEEDED | {"lend\n\x1b[2J" + "x" * 99}), NOW_S).refusals
    assert "nobody here knows: lend??[2J" in refusal and len(refusal) < 200


@pytest.mark.parametrize("right", sorted(NEEDED))
def test_a_key_that_lacks_a_right_is_refused_before_it_fails_in_the_middle(right: str) -> None:
    (refusal,) = judge_key(GOOD._replace(permissions=NEEDED - {right}), NOW_S).refusals
    assert f"lacks the rights {right}" in refusal


@pytest.mark.parametrize("window", [1, 15, -1])
def test_a_nonce_window_is_refused(window: int) -> None:
    assert "has to be 0" in judge_key(GOOD._replace(nonce_window=window), NOW_S).refusals[0]


@pytest.mark.parametrize(
    ("ends_in_s", "refused", "warned"),
    [(-1, 1, 0), (0, 1, 0), (60, 0, 1), (EXPIRY_WARNING_S, 0, 1), (EXPIRY_WARNING_S + 1, 0, 0)],
)
def test_a_key_that_ends_is_told_in_time_and_refused_afterwards(ends_in_s: int, refused: int, warned: int) -> None:
    refusals, warnings = judge_key(GOOD._replace(valid_until_s=NOW_S + ends_in_s), NOW_S)
    assert (len(refusals), len(warnings)) == (refused, warned)


@pytest.mark.parametrize("addresses", [(), ("",)])
def test_a_key_for_any_address_and_one_that_reads_more_are_warned_of(addresses: tuple[str, ...]) -> None:
    refusals, warnings = judge_key(GOOD._replace(ip_allowlist=addresses, permissions=NEEDED | READS_ONLY), NOW_S)
    assert refusals == ()
    assert "allow-list" in warnings[0] and "export-data, query-ledger" in warnings[1]


@given(st.frozensets(st.sampled_from(sorted(NEEDED | READS_ONLY | MOVES_MONEY | {"other"}))), st.integers(-3, 3))
def test_only_needed_and_reading_rights_without_a_window_ever_pass(rights: frozenset[str], window: int) -> None:
    passes = not judge_key(GOOD._replace(permissions=rights, nonce_window=window), NOW_S).refusals
    assert passes == (rights >= NEEDED and rights <= NEEDED | READS_ONLY and window == 0)
