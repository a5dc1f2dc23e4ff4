"""A quiet book is compared with REST: wrong ones are found out within seconds, right ones are left in peace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.venues.builders_market_frames import an_instrument
from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot
from wildbot.venues.kraken.quiet_books import ACQUITTED_NS, ANSWER_OVERDUE_NS, QuietBooks, Top, read_tops

BTC, ETH = "BTC/USDC", "ETH/USDC"
START_NS = 1_767_571_200 * NANOS_PER_SECOND
STEP_NS = NANOS_PER_SECOND // 4


def a_book(pair: str = BTC, seq: int = 1, top: Top = (100, 101), at_ns: int = START_NS) -> BookSnapshot:
    return BookSnapshot(pair, seq, at_ns, at_ns, (top[0],), (5,), (top[1],), (5,))


def first_ask(quiet: QuietBooks, books: dict[str, BookSnapshot], from_ns: int = START_NS) -> tuple[int, tuple[str, ...]]:
    """Step time until something is asked; return (when, what)."""
    now_ns = from_ns
    while not (pairs := quiet.ask(books, now_ns)):
        now_ns += STEP_NS
        assert now_ns - from_ns < 120 * NANOS_PER_SECOND, "nothing was asked in two minutes"
    return now_ns, pairs


def disproved_after_s(quiet: QuietBooks, books: dict[str, BookSnapshot], shown: dict[str, Top]) -> float:
    now_ns = START_NS
    while True:
        now_ns, _ = first_ask(quiet, books, now_ns)
        if quiet.answer(shown, books):
            return (now_ns - START_NS) / NANOS_PER_SECOND


def test_a_moving_book_is_never_asked_about() -> None:
    quiet = QuietBooks()
    for step in range(400):
        now_ns = START_NS + step * STEP_NS
        assert quiet.ask({BTC: a_book(seq=step, at_ns=now_ns - STEP_NS)}, now_ns) == ()


def test_only_the_quiet_pair_is_asked_about() -> None:
    now_ns = START_NS + 10 * NANOS_PER_SECOND
    assert QuietBooks().ask({BTC: a_book(), ETH: a_book(ETH, at_ns=now_ns)}, now_ns) == (BTC,)


@pytest.mark.parametrize("shown", [(99, 101), (100, 102), (99, 100)])
def test_a_book_that_two_answers_contradict_is_disproved_within_five_seconds(shown: Top) -> None:
    assert disproved_after_s(QuietBooks(), {BTC: a_book()}, {BTC: shown}) <= 4.0


def test_a_quiet_book_that_rest_confirms_is_left_in_peace_for_minutes() -> None:
    quiet, books, now_ns, asked = QuietBooks(), {BTC: a_book()}, START_NS, 0
    while now_ns < START_NS + 300 * NANOS_PER_SECOND:
        now_ns, _ = first_ask(quiet, books, now_ns)
        assert quiet.answer({BTC: (100, 101)}, books) == []
        asked += 1
    assert 100 <= asked <= 151  # every two seconds, not more


def test_one_contradiction_alone_proves_nothing() -> None:
    quiet, books, now_ns = QuietBooks(), {BTC: a_book()}, START_NS
    for shown in [(99, 101), (100, 101)] * 20:
        now_ns, _ = first_ask(quiet, books, now_ns)
        assert quiet.answer({BTC: shown}, books) == []


def test_an_answer_about_a_book_that_has_moved_meanwhile_proves_nothing() -> None:
    quiet, now_ns = QuietBooks(), START_NS
    for seq in range(1, 20):
        before = {BTC: a_book(seq=seq, at_ns=now_ns)}
        now_ns, _ = first_ask(quiet, before, now_ns)
        assert quiet.answer({BTC: (90, 91)}, {BTC: a_book(seq=seq + 1, top=(90, 91), at_ns=now_ns)}) == []


def test_contradictions_of_two_different_books_do_not_add_up() -> None:
    quiet, books = QuietBooks(), {BTC: a_book()}
    now_ns, _ = first_ask(quiet, books)
    assert quiet.answer({BTC: (99, 101)}, books) == []
    books = {BTC: a_book(seq=2, at_ns=now_ns)}
    first_ask(quiet, books, now_ns)
    assert quiet.answer({BTC: (99, 101)}, books) == []


def test_an_answer_that_names_nothing_proves_nothing() -> None:
    quiet, books, now_ns = QuietBooks(), {BTC: a_book()}, START_NS
    for _ in range(10):
        now_ns, _ = first_ask(quiet, books, now_ns)
        assert quiet.answer({}, books) == []


def test_nothing_is_asked_while_an_answer_is_awaited_until_it_is_overdue() -> None:
    quiet, books = QuietBooks(), {BTC: a_book()}
    asked_ns, _ = first_ask(quiet, books)
    assert quiet.ask(books, asked_ns + ANSWER_OVERDUE_NS - 1) == ()
    assert quiet.ask(books, asked_ns + ANSWER_OVERDUE_NS) == (BTC,)


def test_where_the_book_comes_back_unchanged_rest_was_wrong_and_the_pair_is_let_alone() -> None:
    quiet = QuietBooks()
    seconds = disproved_after_s(quiet, {BTC: a_book()}, {BTC: (99, 101)})
    back_ns = START_NS + int((seconds + 1) * NANOS_PER_SECOND)
    anew = {BTC: a_book(seq=2, at_ns=back_ns)}
    asked_ns, _ = first_ask(quiet, anew, back_ns)
    assert asked_ns >= back_ns + ACQUITTED_NS


def test_where_another_book_comes_back_the_pair_is_watched_as_before() -> None:
    quiet = QuietBooks()
    seconds = disproved_after_s(quiet, {BTC: a_book()}, {BTC: (99, 101)})
    back_ns = START_NS + int((seconds + 1) * NANOS_PER_SECOND)
    asked_ns, _ = first_ask(quiet, {BTC: a_book(seq=2, top=(99, 101), at_ns=back_ns)}, back_ns)
    assert asked_ns <= back_ns + 4 * NANOS_PER_SECOND


def test_a_clock_that_steps_back_does_not_end_the_asking() -> None:
    quiet, books = QuietBooks(), {BTC: a_book()}
    asked_ns, _ = first_ask(quiet, books)
    quiet.answer({BTC: (100, 101)}, books)
    hour_ago_ns = asked_ns - 3_600 * NANOS_PER_SECOND
    assert quiet.ask({BTC: a_book(at_ns=hour_ago_ns - 3 * NANOS_PER_SECOND)}, hour_ago_ns) == (BTC,)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.booleans()), max_size=60))
def test_a_true_book_is_never_disproved_by_true_answers(steps: list[tuple[int, int, bool]]) -> None:
    quiet, now_ns, seq, top = QuietBooks(), START_NS, 1, (100, 101)
    books = {BTC: a_book()}
    for seconds, move, late in steps:
        now_ns += seconds * NANOS_PER_SECOND
        asked = quiet.ask(books, now_ns)
        before = top
        if move:
            seq, top = seq + 1, (100 + move, 101 + move)
            books = {BTC: a_book(seq=seq, top=top, at_ns=now_ns)}
        if asked:  # a late answer tells what was true when it was asked
            assert quiet.answer({BTC: before if late else top}, books) == []


def test_best_prices_are_read_whichever_way_rest_names_the_pair() -> None:
    row = b'{"a":["10001.00000","1","1.000"],"b":["10000.50000","1","1.000"],"c":["1","1"]}'
    instrument = an_instrument(BTC)
    for name in (b"BTCUSDC", b"BTC/USDC"):
        assert read_tops(b'{"' + name + b'":' + row + b"}", [instrument]) == {BTC: (1_000_050, 1_000_100)}
    assert read_tops(b"{}", [instrument]) == {}


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"BTCUSDC":{"a":1,"b":2}}', b'{"BTCUSDC":{"a":["x"],"b":["1"]}}'])
def test_an_unreadable_answer_is_told(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_tops(answer, [an_instrument(BTC)])
