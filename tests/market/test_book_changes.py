"""A recording keeps changes of books; the very books come back from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.market import book_changes
from wildbot.market.book_changes import BookChanges, BookRebuilder
from wildbot.model.errors import ProtocolError
from wildbot.model.market_data import BookSnapshot

sides = st.dictionaries(st.integers(1, 30), st.integers(1, 9), max_size=10)
streams = st.lists(st.tuples(sides, sides, st.booleans()), min_size=1, max_size=40)


def snapshot(seq: int, bids: dict[int, int], asks: dict[int, int]) -> BookSnapshot:
    best_bids, best_asks = sorted(bids.items(), reverse=True), sorted((ticks + 50, lots) for ticks, lots in asks.items())
    return BookSnapshot(
        pair="BTC/USDC",
        seq=seq,
        venue_ts_ns=seq * 10,
        recv_ts_ns=seq * 10 + 3,
        bid_ticks=tuple(ticks for ticks, _ in best_bids),
        bid_lots=tuple(lots for _, lots in best_bids),
        ask_ticks=tuple(ticks for ticks, _ in best_asks),
        ask_lots=tuple(lots for _, lots in best_asks),
    )


@given(streams)
def test_every_book_comes_back_from_its_changes(stream: list[tuple[dict[int, int], dict[int, int], bool]]) -> None:
    changes, rebuilder = BookChanges(), BookRebuilder()
    for seq, (bids, asks, gap) in enumerate(stream, start=1):
        if gap:
            changes.gap()
            rebuilder.gap()
        book = snapshot(seq, bids, asks)
        row = changes.row(book)
        assert row.is_whole == (gap or seq == 1)
        assert rebuilder.book(row) == book


def test_a_whole_book_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_changes, "WHOLE_EVERY", 3)
    changes = BookChanges()
    rows = [changes.row(snapshot(seq, {1: seq}, {})) for seq in range(1, 9)]
    assert [row.is_whole for row in rows] == [True, False, False, False, True, False, False, False]


def test_nothing_but_what_changed_is_kept() -> None:
    changes = BookChanges()
    changes.row(snapshot(1, {1: 5, 2: 6}, {3: 7}))
    row = changes.row(snapshot(2, {2: 6, 3: 1}, {3: 7}))
    assert (set(row.bids), row.asks) == ({(1, 0), (3, 1)}, ())


def test_a_change_without_a_book_before_it_is_an_error() -> None:
    changes = BookChanges()
    changes.row(snapshot(1, {1: 5}, {}))
    with pytest.raises(ProtocolError, match="nothing stands before it"):
        BookRebuilder().book(changes.row(snapshot(2, {1: 6}, {})))


def test_books_that_were_not_heard_are_counted() -> None:
    changes = BookChanges()
    assert changes.misses(snapshot(40, {}, {})) == 0  # joined late
    changes.row(snapshot(40, {}, {}))
    assert changes.misses(snapshot(41, {}, {})) == 0
    assert changes.misses(snapshot(44, {}, {})) == 3
    assert changes.misses(snapshot(1, {}, {})) == 0  # the publisher began anew
