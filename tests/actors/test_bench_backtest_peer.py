"""The backtest beside others': the same rows for everybody, the same quotes from everybody, and who is missing is named."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.bench_backtest_peer import PEERS, Peer, measure_beside, play_ours, sample_tape, why_no_peer
from actors.bench_tape_rows import ASK, BID, BUY_TRADE, COLUMNS, RowWriter, read_rows, write_rows
from wildbot.model.market_data import BookSnapshot

SECONDS = 60
Sizes = dict[int, int]

lots = st.integers(1, 9)
books = st.integers(5, 20).flatmap(
    lambda mid: st.tuples(
        st.dictionaries(st.integers(1, mid - 1), lots, max_size=4), st.dictionaries(st.integers(mid, 30), lots, max_size=4)
    )
)


def rows_of(writer: RowWriter) -> list[list[int]]:
    flat = writer.rows.tolist()
    return [flat[at : at + COLUMNS] for at in range(0, len(flat), COLUMNS)]


@given(st.lists(books, max_size=6))
def test_rows_rebuild_every_book_and_never_cross_on_the_way(told: list[tuple[Sizes, Sizes]]) -> None:
    writer = RowWriter()
    sides: dict[int, Sizes] = {BID: {}, ASK: {}}
    for bids, asks in told:
        began = len(rows_of(writer))
        writer.book(bids, asks, 5)
        for kind, ticks, size, *_ in rows_of(writer)[began:]:
            if size:
                sides[kind][ticks] = size
            else:
                del sides[kind][ticks]
            if sides[BID] and sides[ASK]:
                assert max(sides[BID]) < min(sides[ASK])
        assert (sides[BID], sides[ASK]) == (bids, asks)


def test_events_of_one_nanosecond_have_times_of_their_own_and_their_rows_share_one() -> None:
    writer = RowWriter()
    writer.book({10: 1, 9: 1}, {11: 1}, 5)
    writer.trade(is_buy=True, ticks=11, lots=1, ts_ns=5)
    writer.book({10: 1, 9: 1}, {11: 1}, 6)  # changes nothing
    assert [(kind, ts_ns, is_last) for kind, _, _, ts_ns, is_last, _ in rows_of(writer)] == [
        (BID, 5, 0), (BID, 5, 0), (ASK, 5, 1), (BUY_TRADE, 6, 1),
    ]  # fmt: skip
    assert writer.events == 2


def test_rows_come_back_from_their_folder(tmp_path: Path) -> None:
    writer = RowWriter()
    writer.book({10: 1}, {11: 2}, 5)
    header = writer.header(price_decimals=2, lot_decimals=0, tick_step=1, lots=4)
    write_rows(tmp_path, header, writer.rows)
    assert read_rows(tmp_path) == (header, writer.rows)


def test_our_quotes_follow_the_touch() -> None:
    touches = [(e.bid_ticks[0], e.ask_ticks[0]) for e in sample_tape(SECONDS).events if isinstance(e, BookSnapshot)]
    moves = sum((a[0] != b[0]) + (a[1] != b[1]) for a, b in pairwise(touches))
    played = play_ours(sample_tape(SECONDS), lots=2)
    assert 0.7 * moves <= played.requests <= moves + 2 * played.fills + 4, (moves, played)


def test_a_peer_that_is_not_installed_is_named_and_we_are_measured_alone() -> None:
    found = measure_beside(sample_tape(10), [Peer("Nobody", "nobody", "actors.nobody")], rounds=1)
    assert "Nobody is not installed" in str(found["missing"])
    assert "Nobody" not in found
    assert "wildbot" in found


@pytest.mark.e2e
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_requotes_about_as_often_as_we_do(peer: Peer) -> None:
    if why := why_no_peer(peer):
        pytest.skip(why)
    found = measure_beside(sample_tape(SECONDS), [peer], rounds=1)
    ours, theirs = found["wildbot"], found[peer.name]
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    assert theirs["seconds"] > 0
    assert 0.5 < theirs["requests"] / ours["requests"] < 2, found
