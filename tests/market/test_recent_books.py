"""What a new trader gets to see of the past: enough to warm its signals, in order, and nothing across a gap."""

from hypothesis import given
from hypothesis import strategies as st

from wildbot.market.recent_books import SECONDS_MAX, TOUCHES_MAX, RecentBooks
from wildbot.market.signals import ClockVolatility
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot

START_NS = 1_700_000_000 * NANOS_PER_SECOND


def a_book(seq: int, second: float, bid: int) -> BookSnapshot:
    ts_ns = START_NS + int(second * NANOS_PER_SECOND)
    return BookSnapshot("BTC/USDC", seq, ts_ns, ts_ns, (bid,), (5,), (bid + 2,), (5,))


walks = st.lists(st.tuples(st.floats(0.01, 1.5), st.integers(990, 1_010)), min_size=2, max_size=400)


@given(walks)
def test_volatility_over_the_history_equals_volatility_over_everything(walk: list[tuple[float, int]]) -> None:
    recent, whole, warmed = RecentBooks(), ClockVolatility(NANOS_PER_SECOND, 50), ClockVolatility(NANOS_PER_SECOND, 50)
    second, books = 0.0, []
    for seq, (step, bid) in enumerate(walk, start=1):
        second += step
        books.append(a_book(seq, second, bid))
    for book in books:
        recent.add(book)
        whole.update(book.bid_ticks[0] + 1.0, book.venue_ts_ns)
    for book in recent.history():
        warmed.update(book.bid_ticks[0] + 1.0, book.venue_ts_ns)
    if second < SECONDS_MAX and len(books) <= TOUCHES_MAX:
        last = START_NS + int((second + 2) * NANOS_PER_SECOND)
        for signal in (whole, warmed):
            signal.update(1_000.0, last)
        ours, theirs = warmed.bps(NANOS_PER_SECOND), whole.bps(NANOS_PER_SECOND)
        assert ours == theirs or (ours is not None and theirs is not None and abs(ours - theirs) < 1e-9)


@given(walks)
def test_history_is_bounded_ordered_and_ends_with_the_newest_touch(walk: list[tuple[float, int]]) -> None:
    recent = RecentBooks()
    second = 0.0
    for seq, (step, bid) in enumerate(walk, start=1):
        second += step
        recent.add(a_book(seq, second, bid))
    history = recent.history()
    seqs = [book.seq for book in history]
    assert seqs == sorted(set(seqs)) and len(history) <= SECONDS_MAX + TOUCHES_MAX
    assert history[-1].bid_ticks[0] == walk[-1][1]


def test_a_gap_forgets_everything() -> None:
    recent = RecentBooks()
    recent.add(a_book(1, 0.0, 1_000))
    recent.forget()
    assert recent.history() == ()
